"""Findings by cause: what is mended in one place is one entry, however many cases show it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from conformance.results.cell import Cell, Deviation, Example, Finding
from conformance.results.manifest import Manifest, Target
from conformance.results.read import Results
from conformance.results.verdict import FINDINGS, KINDS, Kind, Verdict, worst

SMALLEST = 3
"""Examples shown of a cause."""

_BAND: dict[str, int] = {"crash": 0, "memory": 0, "timeout": 0, "error": 1, "xpass": 4}
_BEHAVIOUR = ("shape", "dtype", "mutation", "exception", "wrong-exception", "warning")


@dataclass(frozen=True)
class Cause:
    """What findings have in common. `family` is the framework, whatever version, device or mode."""

    loss: str
    property: str
    kind: Kind
    family: str


@dataclass(frozen=True)
class Group:
    """The findings of one cause, worst first; `cases` counts every failing case behind them."""

    cause: Cause
    verdict: Verdict
    findings: tuple[Finding, ...]
    cases: int

    @property
    def worst(self) -> Finding:
        return self.findings[0]

    @property
    def targets(self) -> tuple[str, ...]:
        return _distinct(finding.target for finding in self.findings)

    @property
    def dtypes(self) -> tuple[str, ...]:
        return _distinct(finding.dtype for finding in self.findings)

    @property
    def smallest(self) -> tuple[Example, ...]:
        """At most three examples, those of the worst finding first."""
        found: dict[str, Example] = {}
        for finding in self.findings:
            for example in finding.smallest:
                found.setdefault(example.case, example)
        return tuple(found.values())[:SMALLEST]


@dataclass(frozen=True)
class Known:
    """One documented deviation and everything in this run that it explains, worst first."""

    deviation: Deviation
    family: str
    losses: tuple[str, ...]
    properties: tuple[str, ...]
    targets: tuple[str, ...]
    dtypes: tuple[str, ...]
    cases: int
    findings: tuple[Finding, ...]


def group(results: Results) -> tuple[Group, ...]:
    """Everything that needs somebody, by cause, worst first."""
    families = families_of(results.manifest)
    found: dict[Cause, list[tuple[Verdict, Finding]]] = defaultdict(list)
    for cell in results.cells:
        for finding in open_findings(cell):
            found[cause_of(finding, families)].append((cell.verdict, finding))
    groups = [_group(cause, entries) for cause, entries in found.items()]
    return tuple(sorted(groups, key=_rank))


def groups_of(cell: Cell) -> tuple[Group, ...]:
    """The causes of one cell, by the name of its target, worst first."""
    found: dict[Cause, list[tuple[Verdict, Finding]]] = defaultdict(list)
    for finding in open_findings(cell):
        found[cause_of(finding, {})].append((cell.verdict, finding))
    return tuple(sorted((_group(cause, each) for cause, each in found.items()), key=_rank))


def deviations(results: Results) -> tuple[Known, ...]:
    """The documented departures that this run met, those that explain most cases first."""
    families = families_of(results.manifest)
    cells: dict[tuple[str, str], list[tuple[Cell, Deviation]]] = defaultdict(list)
    for cell in results.cells:
        for deviation in cell.known:
            if cell.verdict != "xpass":
                family = families.get(cell.target, cell.target)
                cells[deviation.id, family].append((cell, deviation))
    known = [_known(family, entries) for (_, family), entries in cells.items()]
    return tuple(sorted(known, key=lambda entry: (-entry.cases, entry.deviation.id, entry.family)))


def families_of(manifest: Manifest) -> dict[str, str]:
    """Target name to family name."""
    return {target.name: _family(target) for target in manifest.targets}


def cause_of(finding: Finding, families: Mapping[str, str]) -> Cause:
    family = families.get(finding.target, finding.target)
    return Cause(finding.loss, finding.property, finding.kind, family)


def severity(finding: Finding) -> tuple[int, float, float]:
    """Sorts worst first: a dead process, then wrong numbers by share of the bound, then manners."""
    band = _BAND.get(finding.kind, 3 if finding.kind in _BEHAVIOUR else 2)
    return band, -_size(finding.share), -_size(finding.error_ulp)


def _family(target: Target) -> str:
    return target.label or target.framework


def _size(number: float | None) -> float:
    if number is None:
        return 0.0
    # A value of the wrong class has no distance; nothing is farther off.
    return math.inf if math.isnan(number) else number


def _group(cause: Cause, entries: list[tuple[Verdict, Finding]]) -> Group:
    findings = tuple(sorted((finding for _, finding in entries), key=severity))
    verdict = worst([verdict if verdict in FINDINGS else "fail" for verdict, _ in entries])
    return Group(cause, verdict, findings, sum(finding.cases for finding in findings))


def _rank(entry: Group) -> tuple[tuple[int, float, float], int, str, str, int, str]:
    cause = entry.cause
    kind = KINDS.index(cause.kind)
    place = (cause.loss, cause.property, kind, cause.family)
    return (severity(entry.worst), -entry.cases, *place)


def open_findings(cell: Cell) -> list[Finding]:
    """The undocumented findings of a cell; one made up where its verdict has none to show."""
    found = [finding for finding in cell.findings if finding.known is None]
    if cell.verdict == "xpass":
        return [_made(cell, "xpass", deviation) for deviation in cell.known] + found
    if cell.verdict in FINDINGS and not found:
        return [_made(cell, "error" if cell.verdict == "error" else _kind_of(cell), None)]
    return found


def _kind_of(cell: Cell) -> Kind:
    kinds: dict[str, Kind] = {kind: kind for kind in KINDS}
    return kinds.get(cell.property, "value")


def _made(cell: Cell, kind: Kind, deviation: Deviation | None) -> Finding:
    finding = Finding(
        id=f"{cell.loss}/{cell.property}/{cell.target}/{cell.dtype}",
        kind=kind,
        loss=cell.loss,
        property=cell.property,
        target=cell.target,
        dtype=cell.dtype,
        case=cell.worst.case if cell.worst else "",
        rule=cell.reason or "",
        why="",
        replay="",
    )
    failed = next((each for each in cell.outcomes if each.verdict in FINDINGS), None)
    if deviation is None and failed is not None:
        rule = f"{failed.id}: {failed.note}" if failed.note else failed.id
        return replace(
            finding, rule=rule, inputs=failed.given, expected=failed.expected, actual=failed.actual
        )
    if deviation is None:
        return finding
    rule = f"The known deviation '{deviation.id}' no longer happens; remove it from the list."
    return replace(finding, rule=rule, why=deviation.reason)


def _known(family: str, entries: list[tuple[Cell, Deviation]]) -> Known:
    cells = [cell for cell, _ in entries]
    deviation = entries[0][1]
    findings = [
        finding
        for cell in cells
        for finding in cell.findings
        if finding.known is not None and finding.known.id == deviation.id
    ]
    return Known(
        deviation=deviation,
        family=family,
        losses=_distinct(cell.loss for cell in cells),
        properties=_distinct(cell.property for cell in cells),
        targets=_distinct(cell.target for cell in cells),
        dtypes=_distinct(cell.dtype for cell in cells),
        cases=sum(entry.cases for _, entry in entries),
        findings=tuple(sorted(findings, key=severity)),
    )


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
