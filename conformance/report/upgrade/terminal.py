"""A diff on a terminal, in 80 columns: verdict, counts, what breaks, what did not run, drift."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.report import wording
from conformance.report.terminal import STYLE
from conformance.report.upgrade.decision import decisions
from conformance.report.upgrade.view import drifts, gaps, groups
from conformance.results.breaks import Break
from conformance.results.diff import Diff
from conformance.results.gate import sentence, word
from conformance.results.state import STATE_SYMBOL, STATES, State

FIRST = 10
"""Lines of each list; the other formats have more."""
MOST_MOVED = 24
"""Lines of the lock: a framework brings a score of packages of its own."""

_STYLE: dict[State, str] = {
    "new failure": STYLE["fail"],
    "different failure": STYLE["fail"],
    "not run now": "bold",
    "not comparable": "bold",
    "still failing": STYLE["known"],
    "fixed": STYLE["pass"],
    "drift": STYLE["xpass"],
    "added": "",
    "removed": "",
    "same bits": "dim",
}


def show(diff: Diff, console: Console, in_use: Sequence[str] = ()) -> None:
    """Print the whole account; foreign text goes through `Text`, so no markup in it is obeyed."""
    style = STYLE["fail"] if word(diff) == "findings" else "bold"
    console.print(Text(wording.visible(sentence(diff)), style))
    for pair in diff.pairs:
        console.print(Text(f"  {_name(pair.name)}", "dim"))
    _counts(diff, console)
    for entry in diff.breaks[:FIRST]:
        _break(entry, console)
    _more(console, len(diff.breaks), "cause")
    for gap in gaps(diff)[:FIRST]:
        head = Text(f"{STATE_SYMBOL[gap.state]} {gap.state}", _STYLE[gap.state])
        head.append(f"  {_name(gap.place)}, {wording.plural(gap.cases, 'case')}: ", "")
        console.print(head.append(wording.short(gap.reason, wording.LINE), "dim"))
    _drift(diff, console)
    _fixed(diff, console)
    _changes(diff, console)
    _decisions(diff, console, in_use)


def _counts(diff: Diff, console: Console) -> None:
    counted = [state for state in STATES if diff.cases[state]]
    line = Text("  ").join(
        Text(f"{STATE_SYMBOL[state]} {diff.cases[state]:,} {state}", _STYLE[state])
        for state in counted
    )
    console.print(line.append("  cases", "dim"))


def _break(entry: Break, console: Console) -> None:
    cause, finding = entry.cause, entry.worst.finding
    state = f"{entry.state}, documented" if entry.documented else entry.state
    head = Text(f"\n{STATE_SYMBOL[entry.state]} {state}", _STYLE[entry.state])
    place = f"  {cause.kind}: {_name(cause.loss)} {_name(cause.property)} on {_name(cause.family)}"
    head.append(place, "bold").append(f"  {wording.plural(entry.cases, 'case')}", "dim")
    console.print(head)
    facts = Table.grid(padding=(0, 1))
    for label, text in _facts(entry):
        facts.add_row(Text(f"  {label}", "dim"), Text(wording.short(text, wording.LINE)))
    console.print(facts)
    if finding is None and not entry.replay:
        return
    # Alone on its line and never wrapped: it is there to be copied.
    console.print(Text(f"  {wording.visible(entry.replay)}", "cyan"), soft_wrap=True)


def _facts(entry: Break) -> list[tuple[str, str]]:
    finding, example = entry.worst.finding, entry.smallest
    told = [("where", f"{', '.join(entry.dtypes)} on {', '.join(entry.targets)}")]
    if finding is not None:
        told.append(("why", finding.why or finding.rule))
        if finding.error_ulp is not None:
            told.append(
                ("worst", f"{wording.ulp(finding.error_ulp)} ulp ({wording.headline(finding)})")
            )
    if example is not None:
        told.append(("given", wording.value(example.inputs)))
        told.append(("expected", wording.value(example.expected)))
        told.append(("got", wording.value(example.actual)))
    return told


def _drift(diff: Diff, console: Console) -> None:
    found = drifts(diff)
    if not found:
        return
    console.print(Text("\n~ drift, nearest to the bound first", _STYLE["drift"]))
    rows = []
    for each in found[:FIRST]:
        base, head, cell = each.worst.base, each.worst.head, each.cell
        assert base is not None
        assert head is not None
        rows.append(
            (
                f"{cell.loss} {cell.property} {cell.dtype}",
                cell.pair.label,
                f"{each.cases:,}/{each.compared:,}",
                f"{wording.ulp(base.ulp)} → {wording.ulp(head.ulp)}",
                f"{wording.share(base.share)} → {wording.share(head.share)}",
            )
        )
    _table(console, ("cell", "target", "cases", "ulp off", "of the bound"), rows)
    _more(console, len(found), "cell")


def _fixed(diff: Diff, console: Console) -> None:
    found = groups(diff, "fixed")
    for each in found[:FIRST]:
        line = Text(f"{STATE_SYMBOL['fixed']} fixed", _STYLE["fixed"])
        line.append(f"  {_name(each.loss)} {_name(each.property)} on {_name(each.pair.label)}")
        notes = f", {', '.join(each.notes)}" if each.notes else ""
        told = f"  {wording.plural(each.cases, 'case')}{wording.short(notes, wording.LINE)}"
        console.print(line.append(told, "dim"))
    _more(console, len(found), "group")


def _changes(diff: Diff, console: Console) -> None:
    if diff.behaviours:
        console.print(Text("\nmanners", "bold"))
        rows = [
            (
                b.what,
                f"{b.loss} {b.property} {b.case} on {b.pair.label}".replace("  ", " "),
                b.base,
                b.head,
            )
            for b in diff.behaviours[:FIRST]
        ]
        _table(console, ("", "where", "base", "head"), rows)
        _more(console, len(diff.behaviours), "change")
    if diff.lock:
        console.print(Text("\nlock", "bold"))
        _table(
            console,
            ("", "", "base", "head"),
            [(c.place, c.name, c.base or "–", c.head or "–") for c in diff.lock[:MOST_MOVED]],
        )
        _more(console, len(diff.lock), "change", MOST_MOVED)


def _decisions(diff: Diff, console: Console, in_use: Sequence[str]) -> None:
    console.print(Text("\nlosses in use" if in_use else "\nlosses", "bold"))
    found = decisions(diff, in_use)
    told = [each for each in found if in_use or each.word != "same bits"]
    rows = [(each.loss, each.target, f"{each.symbol} {each.word}", each.text) for each in told]
    if rows:
        _table(console, ("loss", "target", "", ""), rows)
    if len(found) > len(told):
        same = f"{len(found) - len(told):,} of {len(found):,} rows"
        console.print(Text(f"  ✓ same bits: {same} of loss and target", STYLE["pass"]))


def _table(
    console: Console, heads: Sequence[str], rows: Iterable[Sequence[str]], length: int = 120
) -> None:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold", no_wrap=head == "loss")
    for row in rows:
        table.add_row(*(Text(wording.short(text, length)) for text in row))
    console.print(table)


def _more(console: Console, count: int, noun: str, shown: int = FIRST) -> None:
    if count > shown:
        left = wording.plural(count - shown, f"more {noun}")
        console.print(Text(f"  {left} in the full report", "dim"))


def _name(text: str) -> str:
    return wording.short(text, wording.NAME)
