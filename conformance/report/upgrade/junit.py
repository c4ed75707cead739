"""A diff as JUnit XML: a suite a pair of targets, a test case a loss and property."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from conformance.report import wording
from conformance.report.junit import count, spelled, told
from conformance.results.breaks import Break
from conformance.results.broken import BROKEN
from conformance.results.cell_change import CellChange, added
from conformance.results.change import Sort
from conformance.results.diff import Diff
from conformance.results.gate import gaps, gated
from conformance.results.pairing import Pair
from conformance.results.state import STATES, State

_MISSING = ("not run now", "not comparable")


def render(diff: Diff) -> str:
    """XML as text: what breaks is a failure, what has no comparison an error, the rest passes."""
    root = Element("testsuites", name="loss conformance, diff")
    for pair in diff.pairs:
        _suite(root, diff, pair)
    _whole(root, diff)
    for suite in (*root, root):
        count(suite)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, diff: Diff, pair: Pair) -> None:
    suite = SubElement(root, "testsuite", name=spelled(pair.name))
    places: dict[tuple[str, str], list[CellChange]] = defaultdict(list)
    for cell in diff.cells:
        if cell.pair is pair:
            places[cell.loss, cell.property].append(cell)
    broken = [each for each in diff.breaks if any(cell.pair is pair for cell, _ in each.parts)]
    for (loss, name), cells in places.items():
        mine = [b for b in broken if (b.cause.loss, b.cause.property) == (loss, name)]
        _case(suite, loss, name, cells, mine)


def _case(
    suite: Element, loss: str, name: str, cells: list[CellChange], broken: list[Break]
) -> None:
    case = SubElement(suite, "testcase", classname=spelled(loss), name=spelled(name))
    properties = SubElement(case, "properties")
    for cell in cells:
        for key, value in _numbers(cell):
            SubElement(properties, "property", name=f"{spelled(cell.dtype)}.{key}", value=value)
    sorts = added(cells)
    failing = _states(n for n in sorts.items() if n[0].state in BROKEN and n[0].fails)
    missing = _states(n for n in sorts.items() if n[0].state in _MISSING)
    if failing:
        said = ", ".join(f"{n:,} {state}" for state, n in failing.items())
        outcome = SubElement(case, "failure", message=spelled(said), type=next(iter(failing)))
        outcome.text = told(_account(each) for each in broken)
    elif missing:
        state = next(iter(missing))
        reason = next((cell.reason for cell in cells if cell.reason), None) or state
        SubElement(case, "error", message=spelled(reason), type=state)


def _states(counted: Iterable[tuple[Sort, int]]) -> dict[State, int]:
    """Cases by state, the worst first."""
    found: Counter[State] = Counter()
    for sort, cases in counted:
        found[sort.state] += cases
    return {state: found[state] for state in STATES if found[state]}


def _numbers(cell: CellChange) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = [("state", cell.state)]
    found += [(key, str(number)) for key, number in _states(cell.sorts.items()).items()]
    if cell.drift is not None:
        row = cell.drift.head
        assert row is not None  # a drift has both sides
        found += [("drift_ulp", repr(row.ulp)), ("drift_share", repr(row.share))]
    return found


def _account(entry: Break) -> str:
    finding, example = entry.worst.finding, entry.smallest
    lines = [f"{entry.state}, {entry.cause.kind}: {wording.plural(entry.cases, 'case')}"]
    if finding is not None:
        lines.append(finding.why or finding.rule)
    if example is not None:
        lines += [f"{name} = {wording.value(item)}" for name, item in example.inputs.items()]
        lines += [f"expected {wording.value(example.expected)}"]
        lines += [f"got {wording.value(example.actual)}"]
    return spelled("\n".join([*lines, entry.replay]))


def _whole(root: Element, diff: Diff) -> None:
    """The diff as a whole: what is missing is an error that no pair of targets carries."""
    suite = SubElement(root, "testsuite", name="diff")
    case = SubElement(suite, "testcase", classname="diff", name="complete")
    missing = gaps(diff)
    if missing:
        SubElement(case, "error", message=spelled("; ".join(missing)), type="not run")
    elif not gated(diff) and not any(cell.in_both() for cell in diff.cells):
        SubElement(case, "error", message="nothing was compared", type="not run")
