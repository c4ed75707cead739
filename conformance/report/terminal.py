"""The report on a terminal: verdict, what did not run, causes, matrix, in 80 columns."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.report import matrix, wording
from conformance.results import Results, Summary, summarise
from conformance.results.cell import Cell, Finding, Outcome, Worst
from conformance.results.groups import Group
from conformance.results.verdict import SYMBOL, VERDICTS, Verdict

FIRST = 10
"""Causes told in full; a terminal is no place for more."""
LOSS = 32
"""Columns that the name of a loss gets before it is folded."""
SQUARE = 6
"""Columns of a verdict with its number."""

STYLE: dict[Verdict, str] = {
    "pass": "green",
    "known": "yellow",
    "xpass": "blue",
    "fail": "bold red",
    "error": "bold magenta",
    "n/a": "dim",
    "not run": "dim",
}
_HEADLINE: dict[str, Verdict] = {"conforms": "pass", "findings": "fail"}


def show(results: Results, console: Console) -> None:
    """Print the whole account; foreign text goes through `Text`, so no markup in it is obeyed."""
    summary = summarise(results)
    headline(summary, console)
    for absence in summary.absent[:FIRST]:
        line = Text(
            f"{SYMBOL['not run']} {wording.short(absence.target, wording.NAME)} did not run: "
        )
        console.print(line.append(wording.short(absence.reason, wording.LINE), "dim"))
    for group in summary.groups[:FIRST]:
        console.print()
        told(group, console)
    if len(summary.groups) > FIRST:
        left = wording.plural(len(summary.groups) - FIRST, "more cause")
        console.print(Text(f"\n{left} in the full report."))
    console.print()
    console.print(_matrix(results, console.width))
    console.print(_legend(summary))


def show_cell(cell: Cell, console: Console) -> None:
    """Print one cell: its verdict, then its findings, else what was compared and how close it was."""
    head = Text(f"{SYMBOL[cell.verdict]} {cell.verdict}", STYLE[cell.verdict])
    place = f"  {_name(cell.loss)} {_name(cell.property)} {cell.dtype} on {_name(cell.target)}"
    console.print(head.append(place, "bold"))
    if cell.reason:
        console.print(Text(f"  {wording.short(cell.reason, wording.LINE)}", "dim"))
    for outcome in cell.outcomes:
        _facts(_outcome_lines(outcome), console)
    if cell.worst is not None and not cell.findings:
        _facts(_worst_lines(cell.worst), console)
    for finding in cell.findings:
        _finding(finding, console)


def _finding(finding: Finding, console: Console) -> None:
    console.print(Text(f"  {finding.kind}", STYLE["known" if finding.known else "fail"]))
    told = [("why", finding.why), *_finding_lines(finding)]
    if finding.known is not None:
        told.append(("known", f"{finding.known.id}: {finding.known.reason}"))
    _facts(told, console)
    if finding.snippet:
        # To be copied as it stands, like the replay line.
        code = "\n".join(f"    {line}" for line in finding.snippet.splitlines())
        console.print(Text(wording.visible(code), "cyan"), soft_wrap=True)


def _outcome_lines(outcome: Outcome) -> list[tuple[str, str]]:
    told = [
        ("given", wording.value(outcome.given)),
        ("expected", wording.value(outcome.expected)),
        ("got", wording.value(outcome.actual)),
    ]
    return [("note", outcome.note), *told] if outcome.note else told


def _worst_lines(worst: Worst) -> list[tuple[str, str]]:
    allowed = f", {wording.ulp(worst.bound_ulp)} allowed" if worst.bound_ulp is not None else ""
    return [
        ("worst", f"{wording.ulp(worst.ulp)} ulp{allowed}"),
        ("given", wording.value(worst.inputs)),
        ("expected", wording.value(worst.expected)),
        ("got", wording.value(worst.actual)),
    ]


def _facts(lines: list[tuple[str, str]], console: Console) -> None:
    facts = Table.grid(padding=(0, 1))
    for label, text in lines:
        facts.add_row(Text(f"  {label}", "dim"), Text(wording.short(text, wording.LINE)))
    console.print(facts)


def headline(summary: Summary, console: Console) -> None:
    verdict = _HEADLINE.get(summary.word, "not run")
    sentence = wording.visible(summary.sentence)
    console.print(
        Text(f"{SYMBOL[verdict]} {sentence}", "bold" if verdict == "not run" else STYLE[verdict])
    )
    known = summary.known
    if known:
        names = ", ".join(
            wording.short(entry.deviation.id, wording.NAME) for entry in known[:FIRST]
        )
        console.print(
            Text(f"{SYMBOL['known']} {wording.plural(len(known), 'known deviation')}: {names}")
        )
    for each in summary.unmet[:FIRST]:
        name = wording.short(each.listed.id, wording.NAME)
        console.print(
            Text(f"{SYMBOL['xpass']} known deviation {name}: ").append(each.reason, "dim")
        )
    if len(summary.unmet) > FIRST:
        left = wording.plural(len(summary.unmet) - FIRST, "more known deviation")
        console.print(Text(f"{SYMBOL['xpass']} {left} not met or expired, in the full report"))


def told(group: Group, console: Console) -> None:
    cause, finding = group.cause, group.worst
    head = Text(f"{SYMBOL[group.verdict]} {cause.kind}", STYLE[group.verdict])
    head.append(f"  {_name(cause.loss)} {_name(cause.property)} on {_name(cause.family)}", "bold")
    console.print(head.append(f"  {wording.plural(group.cases, 'case')}", "dim"))
    where = ("where", f"{', '.join(group.dtypes)} on {', '.join(group.targets)}")
    _facts(_finding_lines(finding, where), console)
    if finding.replay:
        # Alone on its lines and never wrapped: it is there to be copied.
        replay = Text(f"  {wording.visible(finding.replay)}", "cyan")
        console.print(replay, soft_wrap=True)


def _finding_lines(finding: Finding, *more: tuple[str, str]) -> list[tuple[str, str]]:
    told = [("rule", finding.rule)] if finding.rule else []
    if finding.error_ulp is not None:
        share = wording.share(finding.share)
        allowed = f", {wording.ulp(finding.bound)} allowed ({share})" if finding.bound else ""
        told.append(("worst", f"{wording.ulp(finding.error_ulp)} ulp{allowed}"))
    told += more
    if finding.inputs:
        told.append(("given", wording.value(finding.inputs)))
    if finding.expected is not None or finding.actual is not None:
        refused = finding.expected is None and finding.kind == "exception"
        told.append(("expected", "a value" if refused else wording.value(finding.expected)))
        wrong = f"  ({finding.mismatched:,} of {finding.of:,} wrong)" if finding.of > 1 else ""
        told.append(("got", f"{wording.value(finding.actual)}{wrong}"))
    return told


def _matrix(results: Results, width: int) -> Table:
    """Symbol and number; the words are in the line below, where 80 columns have room for them."""
    lines = matrix.by_loss(results)
    first = min(max([len("loss"), *(len(line.name) for line in lines)]), LOSS)
    each = max((width - first - 1) // max(len(results.manifest.targets), 1) - 1, SQUARE)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("loss", overflow="fold", width=first)
    for target in results.manifest.targets:
        name = wording.short(target.name, wording.NAME)
        for mark in ("[", "==", "@"):
            name = name.replace(mark, "\n" + mark.strip("="))
        table.add_column(Text(name), overflow="fold", max_width=each)
    for line in lines:
        squares = [Text(f"{s.symbol} {s.number}", STYLE[s.verdict]) for s in line.squares]
        table.add_row(Text(_name(line.name)), *squares)
    return table


def _legend(summary: Summary) -> Text:
    counted = [word for word in VERDICTS if summary.counts[word]]
    said = "  ".join(f"{SYMBOL[word]} {summary.counts[word]:,} {word}" for word in counted)
    return Text(f"{said}  cells; numbers: share of the bound", "dim")


def _name(text: str) -> str:
    return wording.short(text, wording.NAME)
