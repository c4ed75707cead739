"""`conformance.check`: hold a callable to a loss from Python, a notebook or a test."""

from __future__ import annotations

import io
import keyword
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance.engine.asked import Asked
from conformance.engine.checking import check_cells, check_manifest, prepare, prepare_live
from conformance.report.check import headline_table
from conformance.results import Results, ResultsWriter, Summary, summarise
from conformance.results.cell import Finding
from conformance.results.summary import ended
from conformance.targets.candidate import CandidateError
from conformance.targets.place import source_of


class NonConformance(AssertionError):
    """A callable departs from its loss; the message is the report as the terminal shows it."""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report


@dataclass(frozen=True)
class Report:
    """What a check came to; `isolated` says whether the callable ran in a process of its own."""

    results: Results
    isolated: bool

    @property
    def summary(self) -> Summary:
        return summarise(self.results)

    @property
    def ok(self) -> bool:
        """Everything that was asked for ran, and conforms."""
        return self.summary.exit == 0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every departure that is no known one, worst cause first."""
        return tuple(each for group in self.summary.groups for each in group.findings)

    def to_html(self, path: str | Path) -> Path:
        """Write the report as one HTML file."""
        from conformance.report.html import render

        file = Path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(render(self.results), encoding="utf-8")
        return file

    def save(self, path: str | Path) -> Path:
        """Write the results file, from which `conformance report` makes every other form."""
        with ResultsWriter(path, self.results.manifest) as writer:
            for cell in self.results.cells:
                writer.cell(cell)
            end = self.results.end
            if end is not None:
                writer.end(seconds=end.seconds, exit=end.exit, verdict=end.verdict)
        return Path(path)

    def __str__(self) -> str:
        from rich.console import Console

        from conformance.report.verdict import show_check

        text = io.StringIO()
        show_check(self.results, Console(file=text, highlight=False, no_color=True, width=100))
        return text.getvalue()

    def __repr__(self) -> str:
        return f"<Report: {self.summary.sentence}>"

    def _repr_html_(self) -> str:
        """The summary, as a notebook shows it."""
        return headline_table(self.results)


def check(
    fn: Any,
    loss: str | None = None,
    *,
    spec: str | Path | None = None,
    framework: str | None = None,
    rename: Mapping[str, str] | None = None,
    layout: Mapping[str, int] | None = None,
    params: Mapping[str, bool | int | float] | None = None,
    arguments: Mapping[str, bool | int | float | str | None] | None = None,
    batch_axes: Sequence[int] = (),
    conventions: Mapping[str, str] | None = None,
    no_gradient: str | Sequence[str] = (),
    algorithm: str | None = None,
    known: str | Path | None = None,
    dtypes: str | Sequence[str] = (),
    device: str = "cpu",
    properties: str | Sequence[str] = (),
    profile: str = "quick",
    seed: int = 0,
    timeout: float | None = None,
    memory: int | None = 6 << 30,
    alone: bool = False,
    isolated: bool | None = None,
) -> Report:
    """Hold `fn` to a loss: a function, class or object, or a place such as `kernel.py:fast_ce`.

    What can be imported runs in a worker process, with `timeout` (seconds a call) and `memory`
    (bytes). A closure, a lambda, an object or what a notebook defines runs in this process: it is
    not protected from a crash or an endless loop. `isolated` demands the one or the other.
    Raises CandidateError where the callable does not keep the contract.
    """
    _demand(fn, loss, spec)
    asked = Asked(
        place="",
        loss=loss or "",
        spec=None if spec is None else str(spec),
        framework=framework,
        rename=dict(rename or {}),
        layout={name: str(axis) for name, axis in (layout or {}).items()},
        params={name: str(value) for name, value in (params or {}).items()},
        arguments={name: str(value) for name, value in (arguments or {}).items()},
        batch_axes=",".join(map(str, batch_axes)) or None,
        conventions=dict(conventions or {}),
        no_gradient=_several(no_gradient),
        algorithm=algorithm,
        known=None if known is None else str(known),
        dtypes=_several(dtypes),
        device=device,
        properties=_several(properties),
        profile=profile,
        seed=seed,
        timeout=timeout,
        memory=memory,
        alone=alone,
    )
    return _checked(fn, asked, isolated)


def assert_conforms(fn: Any, loss: str | None = None, **options: Any) -> Report:
    """`check`, and NonConformance (an AssertionError) unless it conforms."""
    report = check(fn, loss, **options)
    if not report.ok:
        raise NonConformance(report)
    return report


def _demand(fn: Any, loss: str | None, spec: str | Path | None) -> None:
    """Raises CandidateError for what cannot be called, or has no loss or two of them."""
    if not callable(fn) and not isinstance(fn, str):
        raise CandidateError(
            f"check: {type(fn).__name__} cannot be called; give a function, a class, an object "
            "that can be called, or a place such as kernel.py:fast_ce"
        )
    if (loss is None) == (spec is None):
        raise CandidateError("check: give one of loss and spec")


def _checked(fn: Any, asked: Asked, isolated: bool | None) -> Report:
    """In a process of its own where the callable can be imported there, else in this one."""
    place = place_of(fn)
    if isolated is not False and place is not None:
        try:
            return _report(replace(asked, place=place), None)
        except CandidateError as error:
            if isolated or isinstance(fn, str) or "cannot be imported" not in str(error):
                raise
    if isolated or isinstance(fn, str):
        raise CandidateError(
            f"{name_of(fn)}: cannot be imported by another process; define it in a module, or leave "
            "out isolated=True to run it in this one"
        )
    return _report(replace(asked, place=name_of(fn)), fn)


def _report(asked: Asked, live: Any) -> Report:
    started = time.monotonic()
    with ExitStack() as stack:
        prepared = prepare(asked, stack) if live is None else prepare_live(asked, live, stack)
        manifest = check_manifest(asked, prepared)
        found = tuple(check_cells(prepared, stack))
    results = Results(Path(os.devnull), manifest, found, None)
    return Report(ended(results, time.monotonic() - started), live is None)


def _several(names: str | Sequence[str]) -> tuple[str, ...]:
    """One name by itself is a list of one."""
    return (names,) if isinstance(names, str) else tuple(names)


def name_of(fn: Any) -> str:
    """How a callable is named where it has no place; a lambda by a word that code can hold."""
    name = str(getattr(fn, "__name__", type(fn).__name__)).strip("<>")
    return f"{name}_" if keyword.iskeyword(name) else name


def place_of(fn: Any) -> str | None:
    """Where another process finds the same callable; None where it cannot."""
    if isinstance(fn, str):
        return fn
    module, name = getattr(fn, "__module__", None), getattr(fn, "__qualname__", None)
    if getattr(fn, "__name__", "") == "apply" and isinstance(getattr(fn, "__self__", None), type):
        module, name = fn.__self__.__module__, f"{fn.__self__.__qualname__}.apply"
    if not module or not name or "<" in name or module == "__main__":
        return None
    loaded = sys.modules.get(module)
    file = getattr(loaded, "__file__", None)
    if loaded is None or not _same(loaded, name, fn):
        return None
    source = source_of(module, [entry or os.getcwd() for entry in sys.path])
    if file is None or (source is not None and source == Path(file)):
        return f"{module}:{name}"
    return f"{file}:{name}" if str(file).endswith(".py") and "." not in module else None


def _same(module: Any, name: str, fn: Any) -> bool:
    found = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is fn or (name.endswith(".apply") and callable(found))
