"""What a run comes to: one sentence, one exit code, the findings by cause, and what did not run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from conformance.results.groups import Group, Known, deviations, group
from conformance.results.read import Results
from conformance.results.verdict import FINDINGS, VERDICTS, Verdict

Word = Literal["conforms", "findings", "incomplete", "nothing selected"]

EXIT: dict[Word, int] = {"conforms": 0, "findings": 1, "incomplete": 4, "nothing selected": 5}

EVERYWHERE = "all targets"
"""Stands for the target of what a run that was cut short did not come to."""

_NOTHING = "a run that checked nothing is not a pass"


@dataclass(frozen=True)
class Absence:
    """Something that was asked for and did not run, or does not apply, and why."""

    target: str
    reason: str
    cells: int
    losses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Summary:
    """The verdict of a run. `counts` has every verdict, in cells; `skipped` is what is `n/a`."""

    word: Word
    sentence: str
    counts: Mapping[Verdict, int]
    cases: int
    elements: int
    groups: tuple[Group, ...]
    known: tuple[Known, ...]
    absent: tuple[Absence, ...]
    skipped: tuple[Absence, ...]

    @property
    def exit(self) -> int:
        return EXIT[self.word]


def summarise(results: Results) -> Summary:
    """Judge a run by its records alone; targets that are there for comparison do not count."""
    planned_short = _missing(results)
    results = _judged(results)
    counts = dict.fromkeys(VERDICTS, 0)
    for cell in results.cells:
        counts[cell.verdict] += 1
    groups, absent = group(results), _absent(results, planned_short)
    word = _word(counts, groups, absent)
    known = deviations(results)
    return Summary(
        word=word,
        sentence=_sentence(word, results, counts, groups, known, absent),
        counts=counts,
        cases=sum(cell.cases for cell in results.cells),
        elements=sum(cell.elements for cell in results.cells),
        groups=groups,
        known=known,
        absent=absent,
        skipped=_by_reason(results, "n/a", "not offered by the target"),
    )


def plural(count: int, noun: str, many: str | None = None) -> str:
    """`1 cause`, `1,204 causes`."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def _word(
    counts: Mapping[Verdict, int], groups: tuple[Group, ...], absent: tuple[Absence, ...]
) -> Word:
    if groups or any(counts[verdict] for verdict in FINDINGS):
        return "findings"
    if absent:
        return "incomplete"
    return "conforms" if counts["pass"] + counts["known"] else "nothing selected"


def _judged(results: Results) -> Results:
    """The run without its targets for comparison."""
    shown = {each.name for each in results.manifest.targets if each.role == "beside"}
    if not shown:
        return results
    targets = tuple(each for each in results.manifest.targets if each.role != "beside")
    return replace(
        results,
        manifest=replace(results.manifest, targets=targets),
        cells=tuple(cell for cell in results.cells if cell.target not in shown),
    )


def _absent(results: Results, missing: list[Absence]) -> tuple[Absence, ...]:
    """Targets, then single cells, then the rest of a run that stopped early."""
    targets = [
        Absence(target.name, target.reason or "no reason recorded", 0)
        for target in results.manifest.targets
        if target.status == "not run"
    ]
    gone = {absence.target for absence in targets}
    cells = [
        absence
        for absence in _by_reason(results, "not run", "no reason recorded")
        if absence.target not in gone
    ]
    return (*targets, *cells, *missing)


def _missing(results: Results) -> list[Absence]:
    planned, found = results.manifest.planned, len(results.cells)
    if results.end is None:
        how = results.cut or "the file has no end marker"
        reason = f"the run was cut short ({how}): {found:,} of {planned:,} cells recorded"
        return [Absence(EVERYWHERE, reason, max(planned - found, 0))]
    if found < planned:
        reason = f"{found:,} of {planned:,} planned cells recorded"
        return [Absence(EVERYWHERE, reason, planned - found)]
    return []


def _by_reason(results: Results, verdict: Verdict, otherwise: str) -> tuple[Absence, ...]:
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for cell in results.cells:
        if cell.verdict == verdict:
            found[cell.target, cell.reason or otherwise][cell.loss] += 1
    return tuple(
        Absence(target, reason, losses.total(), tuple(losses))
        for (target, reason), losses in found.items()
    )


def _sentence(
    word: Word,
    results: Results,
    counts: Mapping[Verdict, int],
    groups: tuple[Group, ...],
    known: tuple[Known, ...],
    absent: tuple[Absence, ...],
) -> str:
    if word == "nothing selected":
        return f"Nothing was checked: no loss, target and property fit together; {_NOTHING}."
    ran = sum(target.status == "ran" for target in results.manifest.targets)
    over = f"{plural(len(results.manifest.losses), 'loss', 'losses')} on {plural(ran, 'target')}"
    gap = f"; {_gap(absent)}" if absent else ""
    if word == "findings":
        found = plural(len(groups), "cause")
        losses = len({entry.cause.loss for entry in groups})
        of = plural(len(results.manifest.losses), "loss", "losses")
        where = f"in {losses} of {of}, on {plural(ran, 'target')}"
        return f"Does not conform: {found} {where}{gap}."
    explained = f", {plural(len(known), 'known deviation')} among them" if known else ""
    if word == "incomplete":
        return f"Incomplete: {_gap(absent)}. What ran conforms: {over}{explained}."
    good = counts["pass"] + counts["known"]
    return f"Conforms: {over}, {plural(good, 'cell')}{explained}."


def _gap(absent: tuple[Absence, ...]) -> str:
    """What is missing, in a few words: reasons are for the list below the sentence."""
    cells = sum(absence.cells for absence in absent)
    targets = [entry.target for entry in absent if not entry.cells and entry.target != EVERYWHERE]
    more = [f"{len(targets) - 2} more targets"] if targets[2:] else []
    missing = [*targets[:2], *more, *([plural(cells, "cell")] if cells else [])]
    return f"{' and '.join(missing)} did not run" if missing else "the run was cut short"
