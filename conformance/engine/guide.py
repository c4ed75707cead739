"""A porting guide as data: what differs by declaration, what each really does, what is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from conformance.engine.comparison import (
    Contrast,
    Difference,
    contrasts,
    differences,
    serving,
)
from conformance.engine.probing import Probe, probed, verdict_of
from conformance.engine.residue import Agreement, Residue, Two, agreement, residue
from conformance.engine.workers import Absent, Station
from conformance.specs.library import Library
from conformance.specs.models import Loss

DTYPES = ("float64", "float32", "float16", "bfloat16")


@dataclass(frozen=True)
class Finding:
    """A difference by convention and what the targets did when they were asked."""

    difference: Difference
    probes: tuple[Probe, ...]

    @property
    def verdict(self) -> str:
        return verdict_of(self.probes)


@dataclass(frozen=True)
class Pair:
    """Two targets: the calls that agree, and what is left between them in each dtype."""

    one: str
    other: str
    agreement: Agreement | None
    residues: tuple[Residue, ...]


@dataclass(frozen=True)
class Chapter:
    """One loss; `lacking` says which targets have none, and why."""

    loss: str
    summary: str
    targets: tuple[str, ...]
    lacking: Mapping[str, str]
    findings: tuple[Finding, ...]
    contrasts: tuple[Contrast, ...]
    pairs: tuple[Pair, ...]


@dataclass(frozen=True)
class Guide:
    """Several targets compared; `missing` are those that did not run, and why."""

    targets: tuple[str, ...]
    missing: Mapping[str, str]
    chapters: tuple[Chapter, ...]
    count: int
    seed: int

    @property
    def common(self) -> bool:
        """Whether any loss is there in two of them."""
        return any(len(chapter.targets) > 1 for chapter in self.chapters)


def guide(
    library: Library,
    names: Sequence[str],
    stations: Sequence[Station],
    absent: Sequence[Absent],
    *,
    dtypes: Sequence[str] = DTYPES,
    count: int = 20,
    seed: int = 0,
) -> Guide:
    """Compare the targets on the losses named: `count` drawn cases a dtype and pair."""
    chapters = (
        _chapter(library, library.losses[name], stations, dtypes, count, seed) for name in names
    )
    return Guide(
        targets=tuple(station.target.name for station in stations),
        missing={each.target.name: each.reason for each in absent},
        chapters=tuple(chapters),
        count=count,
        seed=seed,
    )


def _chapter(
    library: Library,
    loss: Loss,
    stations: Sequence[Station],
    dtypes: Sequence[str],
    count: int,
    seed: int,
) -> Chapter:
    having, lacking = serving(stations, loss)
    both = len(having) > 1
    bindings = {station.target.name: station.side.bindings[loss.id] for station in having}
    found = differences(loss, bindings, library.conventions) if both else []
    return Chapter(
        loss=loss.id,
        summary=loss.summary,
        targets=tuple(bindings),
        lacking=lacking,
        findings=tuple(Finding(d, probed(d, loss, having, library.losses)) for d in found),
        contrasts=tuple(contrasts(loss, having)) if both else (),
        pairs=tuple(_pairs(library, loss, having, dtypes, count, seed)),
    )


def _pairs(
    library: Library,
    loss: Loss,
    stations: Sequence[Station],
    dtypes: Sequence[str],
    count: int,
    seed: int,
) -> Iterator[Pair]:
    two: Two
    for two in combinations(stations, 2):
        residues = tuple(residue(loss, d, two, library.losses, count, seed) for d in dtypes)
        agreed = agreement(loss, two, library.losses, _best(loss, residues))
        yield Pair(two[0].target.name, two[1].target.name, agreed, residues)


def _best(loss: Loss, residues: Sequence[Residue]) -> list[str]:
    """Reductions, first those in which most drawn cases demand the same; the mean before others."""

    def rate(name: str) -> tuple[float, bool]:
        matches = [each.matches[name] for each in residues if name in each.matches]
        of = sum(match.of for match in matches)
        return (sum(match.same for match in matches) / of if of else 0.0, name == "mean")

    return sorted(loss.reductions, key=rate, reverse=True)
