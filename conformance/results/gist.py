"""The verdict of a run, read off cell by cell: word, exit code and sentence, and what is missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Literal

from conformance.results.cell import Cell
from conformance.results.groups import Cause, cause_of, families_of, open_findings
from conformance.results.manifest import Manifest
from conformance.results.parts import missing_shards
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


class Gist:
    """What the verdict of a run is read off, cell by cell; it does not grow with their number.

    Of targets that are there for comparison it counts the cells, and judges none.
    """

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.found = 0
        self._targets = tuple(each for each in manifest.targets if each.role != "beside")
        self._beside = {each.name for each in manifest.targets if each.role == "beside"}
        self.counts: dict[Verdict, int] = dict.fromkeys(VERDICTS, 0)
        self._families = families_of(manifest)
        self._causes: set[Cause] = set()
        self._known: set[tuple[str, str]] = set()
        self._reasons: dict[tuple[Verdict, str, str | None], Counter[str]] = defaultdict(Counter)

    def add(self, cell: Cell) -> None:
        self.found += 1
        if cell.target in self._beside:
            return
        family = self._families.get(cell.target, cell.target)
        self.counts[cell.verdict] += 1
        self._causes |= {cause_of(each, self._families) for each in open_findings(cell)}
        if cell.verdict != "xpass":
            self._known |= {(deviation.id, family) for deviation in cell.known}
        if cell.verdict in ("not run", "n/a"):
            self._reasons[cell.verdict, cell.target, cell.reason][cell.loss] += 1

    def verdict(self, *, ended: bool, cut: str | None = None) -> tuple[Word, str]:
        """The word for the run, and the sentence."""
        absent = self.absent(ended, cut)
        word = self._word(absent)
        return word, self._sentence(word, absent)

    def absences(self, verdict: Verdict, otherwise: str) -> tuple[Absence, ...]:
        """What the cells of a verdict say, by target and reason."""
        return tuple(
            Absence(target, reason or otherwise, losses.total(), tuple(losses))
            for (found, target, reason), losses in self._reasons.items()
            if found == verdict
        )

    def absent(self, ended: bool, cut: str | None) -> tuple[Absence, ...]:
        """Targets, then single cells, then the rest of a run that stopped early."""
        targets = [
            Absence(target.name, target.reason or "no reason recorded", 0)
            for target in self._targets
            if target.status == "not run"
        ]
        gone = {absence.target for absence in targets}
        cells = [
            absence
            for absence in self.absences("not run", "no reason recorded")
            if absence.target not in gone
        ]
        return (*targets, *cells, *_missing(self.manifest, self.found, ended, cut))

    def _word(self, absent: tuple[Absence, ...]) -> Word:
        if self._causes or any(self.counts[verdict] for verdict in FINDINGS):
            return "findings"
        if absent:
            return "incomplete"
        return "conforms" if self.counts["pass"] + self.counts["known"] else "nothing selected"

    def _sentence(self, word: Word, absent: tuple[Absence, ...]) -> str:
        if word == "nothing selected":
            return f"Nothing was checked: no loss, target and property fit together; {_NOTHING}."
        ran = sum(target.status == "ran" for target in self._targets)
        of = plural(len(self.manifest.losses), "loss", "losses")
        gap = f"; {_gap(absent)}" if absent else ""
        if word == "findings":
            losses = len({cause.loss for cause in self._causes})
            where = f"in {losses} of {of}, on {plural(ran, 'target')}"
            return f"Does not conform: {plural(len(self._causes), 'cause')} {where}{gap}."
        over = f"{of} on {plural(ran, 'target')}"
        known = len(self._known)
        explained = f", {plural(known, 'known deviation')} among them" if known else ""
        if word == "incomplete":
            return f"Incomplete: {_gap(absent)}. What ran conforms: {over}{explained}."
        good = self.counts["pass"] + self.counts["known"]
        return f"Conforms: {over}, {plural(good, 'cell')}{explained}."


def plural(count: int, noun: str, many: str | None = None) -> str:
    """`1 cause`, `1,204 causes`."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def _missing(manifest: Manifest, found: int, ended: bool, cut: str | None) -> tuple[Absence, ...]:
    planned = manifest.planned
    if not ended:
        how = cut or "the file has no end marker"
        reason = f"the run was cut short ({how}): {found:,} of {planned:,} cells recorded"
    elif found < planned:
        gone = missing_shards(manifest.shard)
        named = f"; {plural(len(gone), 'shard')} missing: {', '.join(gone)}" if gone else ""
        reason = f"{found:,} of {planned:,} planned cells recorded{named}"
    else:
        return ()
    return (Absence(EVERYWHERE, reason, max(planned - found, 0)),)


def _gap(absent: tuple[Absence, ...]) -> str:
    """What is missing, in a few words: reasons are for the list below the sentence."""
    cells = sum(absence.cells for absence in absent)
    targets = [entry.target for entry in absent if not entry.cells and entry.target != EVERYWHERE]
    more = [f"{len(targets) - 2} more targets"] if targets[2:] else []
    missing = [*targets[:2], *more, *([plural(cells, "cell")] if cells else [])]
    return f"{' and '.join(missing)} did not run" if missing else "the run was cut short"
