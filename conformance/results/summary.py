"""What a run comes to: one sentence, one exit code, the findings by cause, and what did not run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from conformance.results.cell import End
from conformance.results.gist import EVERYWHERE, EXIT, Absence, Gist, Word, plural
from conformance.results.groups import Group, Known, deviations, group
from conformance.results.read import Results
from conformance.results.unmet import Unmet, unmet
from conformance.results.verdict import Verdict

__all__ = [
    "EVERYWHERE",
    "EXIT",
    "Absence",
    "Summary",
    "Word",
    "ended",
    "plural",
    "summarise",
]


@dataclass(frozen=True)
class Summary:
    """The verdict of a run. `counts` has every verdict, in cells; `skipped` is what is `n/a`,
    `unmet` the project's known deviations that explained nothing.
    """

    word: Word
    sentence: str
    counts: Mapping[Verdict, int]
    cases: int
    elements: int
    groups: tuple[Group, ...]
    known: tuple[Known, ...]
    absent: tuple[Absence, ...]
    skipped: tuple[Absence, ...]
    unmet: tuple[Unmet, ...] = ()

    @property
    def exit(self) -> int:
        return EXIT[self.word]


def summarise(results: Results) -> Summary:
    """Judge a run by its records alone; targets that are there for comparison do not count."""
    gist = Gist(results.manifest)
    for cell in results.cells:
        gist.add(cell)
    word, sentence = gist.verdict(ended=results.end is not None, cut=results.cut)
    results = _judged(results)
    return Summary(
        word=word,
        sentence=sentence,
        counts=gist.counts,
        cases=sum(cell.cases for cell in results.cells),
        elements=sum(cell.elements for cell in results.cells),
        groups=group(results),
        known=deviations(results),
        absent=gist.absent(results.end is not None, results.cut),
        skipped=gist.absences("n/a", "not offered by the target"),
        unmet=unmet(results),
    )


def ended(results: Results, seconds: float) -> Results:
    """The run with its end marker, which says what it came to."""
    whole = replace(results, end=End(len(results.cells), seconds, 0, ""))
    summary = summarise(whole)
    return replace(whole, end=End(len(results.cells), seconds, summary.exit, summary.sentence))


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
