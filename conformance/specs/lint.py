"""Check spec files: their schema, then the rules beyond it; all faults of all files at once."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from conformance.specs.errors import Problem, SpecError
from conformance.specs.library import (
    BIBLIOGRAPHY,
    CONVENTIONS,
    folders_about,
    load_loss,
    load_shared,
    loss_files,
    shared_of,
    spec_folder,
)
from conformance.specs.models import Loss
from conformance.specs.reading import read
from conformance.specs.rules import cases, conventions, declarations, formulas, references
from conformance.specs.rules.context import Context, options
from conformance.specs.rules.layout import line_lengths
from conformance.specs.shared import Convention, Work

RULES = (
    declarations.names,
    declarations.inputs,
    declarations.parameters,
    formulas.formulas,
    formulas.changed_formulas,
    formulas.arguments,
    conventions.conventions,
    references.sources,
    references.identities,
    references.invariants,
    cases.ids,
    cases.reasons,
    cases.given_names,
    cases.given_shapes,
    cases.given_values,
    cases.expectations,
)


def lint(paths: Iterable[Path]) -> list[Problem]:
    """Give every problem of the files, in order of place; none for a file that is right.

    A loss is checked against the conventions and the bibliography of the spec folder that it lies
    in, or else of the suite's own and of what lies beside it.
    """
    files = [Path(path) for path in paths]
    problems: list[Problem] = []
    losses = dict[Path, Loss]()
    for path in files:
        try:
            if path.name in (CONVENTIONS, BIBLIOGRAPHY):
                problems += _lint_shared(path)
            else:
                losses[path] = load_loss(path)
        except SpecError as error:
            problems += error.problems
            continue
        problems += line_lengths(path)
    for path, loss in losses.items():
        problems += _lint_loss(path, loss, losses.values())
    return sorted(set(problems))


def _lint_loss(path: Path, loss: Loss, beside: Iterable[Loss]) -> list[Problem]:
    folders = folders_about(path)
    try:
        known: Mapping[str, Any] = shared_of(folders, CONVENTIONS, Convention)
        works: Mapping[str, Any] = shared_of(folders, BIBLIOGRAPHY, Work)
    except SpecError as error:
        return error.problems
    losses = {**_losses(_folder(path)), **{each.id: each for each in beside}}
    context = Context(loss, read(path), losses, known, works)
    return [problem for rule in RULES for problem in rule(context)]


def _lint_shared(path: Path) -> list[Problem]:
    """Check the conventions or the bibliography; conventions may cite works, too."""
    if path.name == BIBLIOGRAPHY:
        load_shared(path, Work)
        return []
    document, entries = read(path), load_shared(path, Convention)
    works = shared_of(folders_about(path), BIBLIOGRAPHY, Work)
    return [
        document.problem(
            (name, "sources", index, "key"),
            f"the work {source.key!r} is not in the bibliography",
            options(str(source.key), works),
        )
        for name, convention in entries.items()
        for index, source in enumerate(convention.sources)
        if source.key is not None and source.key not in works
    ]


def _folder(path: Path) -> Path:
    """Give the spec folder of a file: the nearest above that has both shared files."""
    for folder in path.resolve().parents[:2]:
        if (folder / CONVENTIONS).is_file() and (folder / BIBLIOGRAPHY).is_file():
            return folder
    return spec_folder()


def _losses(folder: Path) -> dict[str, Loss]:
    """Give the losses of a folder that can be read; the others are reported by themselves."""
    losses: dict[str, Loss] = {}
    for path in loss_files(folder):
        try:
            loss = load_loss(path)
        except SpecError:
            continue
        losses[loss.id] = loss
    return losses
