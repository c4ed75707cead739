"""What a diff comes to: one sentence, and one exit code by what the reader asked to fail on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, get_args

from conformance.results.change import Sort
from conformance.results.diff import Diff
from conformance.results.gist import Word, plural

Gate = Literal["new", "different", "any", "drift", "none"]

GATES: tuple[Gate, ...] = get_args(Gate)

GATE_MEANING: dict[Gate, str] = {
    "new": "cases that fail now and did not, or are new and fail",
    "different": "those, and cases that fail in another way than before",
    "any": "every case that fails in the head",
    "drift": "every case that fails in the head, and every case whose bits changed",
    "none": "nothing",
}

EXIT_FINDINGS, EXIT_INCOMPLETE, EXIT_NOTHING = 1, 4, 5


def _new(sort: Sort) -> bool:
    return sort.state in ("new failure", "added") and sort.fails


def _different(sort: Sort) -> bool:
    return _new(sort) or sort.state == "different failure"


def _any(sort: Sort) -> bool:
    return sort.fails and sort.state not in ("not run now", "not comparable")


def _drift(sort: Sort) -> bool:
    return _any(sort) or sort.state == "drift"


_HOLDS: Mapping[Gate, Callable[[Sort], bool]] = {
    "new": _new,
    "different": _different,
    "any": _any,
    "drift": _drift,
    "none": lambda _: False,
}


def gated(diff: Diff, gate: Gate = "new") -> int:
    """How many cases the gate stops at. A documented deviation stops nobody, as in a run."""
    holds = _HOLDS[gate]
    return sum(n for cell in diff.cells for sort, n in cell.sorts.items() if holds(sort))


def exit_code(diff: Diff, gate: Gate = "new") -> int:
    """1 where the gate stops, else 4 where an answer is missing or not comparable, else 5 or 0."""
    if gated(diff, gate):
        return EXIT_FINDINGS
    if gaps(diff):
        return EXIT_INCOMPLETE
    return 0 if any(cell.in_both() for cell in diff.cells) else EXIT_NOTHING


def gaps(diff: Diff) -> tuple[str, ...]:
    """What the diff could not compare, a phrase each; empty where it compared all there was."""
    found = []
    for name, run in (("base", diff.base), ("head", diff.head)):
        for absence in run.absent:
            found.append(f"{name}: {absence.target}, {absence.reason}")
    count = diff.cases["not comparable"]
    if count:
        why = ", ".join(dict.fromkeys(diff.incomparable.values())) or "their inputs differ"
        found.append(f"{plural(count, 'case')} not comparable: {why}")
    return tuple(found)


def word(diff: Diff) -> Word:
    """The verdict of the diff in the words of a run, whatever the gate."""
    code = exit_code(diff, "different")
    words: dict[int, Word] = {0: "conforms", 1: "findings", 4: "incomplete", 5: "nothing selected"}
    return words[code]


def sentence(diff: Diff) -> str:
    """The verdict on the first line: what breaks, else what is missing, else what moved."""
    compared = sum(cell.in_both() for cell in diff.cells)
    broken = [each for each in diff.breaks if not each.documented]
    gap = _gap(diff)
    if broken:
        cases = sum(each.cases for each in broken)
        losses = len({each.cause.loss for each in broken})
        of = plural(len(diff.head.manifest.losses), "loss", "losses")
        causes = plural(len(broken), "cause")
        return (
            f"Breaks: {plural(cases, 'case')} by {causes} in {losses} of {of}{gap and '; ' + gap}."
        )
    if gaps(diff):
        moved = f"Nothing breaks in what was compared: {_moved(diff)}."
        return f"Incomplete: {gap or gaps(diff)[0]}. {moved}"
    if not compared:
        return "Nothing was compared: the runs share no loss, property and dtype on these targets."
    return f"Nothing breaks: {_moved(diff)}."


def _gap(diff: Diff) -> str:
    counts = ((diff.cases[state], state) for state in ("not run now", "not comparable"))
    return " and ".join(
        f"{plural(count, 'case')} {'did not run now' if state == 'not run now' else state}"
        for count, state in counts
        if count
    )


def _moved(diff: Diff) -> str:
    documented = sum(each.cases for each in diff.breaks if each.documented)
    told = [
        (documented, "new documented deviation"),
        (diff.cases["drift"], "case drifted within the bound"),
        (diff.cases["fixed"], "case fixed"),
        (diff.cases["still failing"], "case departing as before"),
        (diff.cases["same bits"], "case the same to the bit"),
    ]
    return ", ".join(_said(count, text) for count, text in told if count) or "no case was compared"


def _said(count: int, text: str) -> str:
    noun, _, rest = text.partition(" ") if text.startswith("case") else (text, "", "")
    return f"{plural(count, noun)} {rest}".rstrip()
