"""A porting guide on a terminal, in 80 columns."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from conformance.report import wording
from conformance.report.guide import sentences

_STYLE = {"verified": "green", "not as declared": "red", "declared, not probed": "bold"}


def show(guide: dict[str, Any], console: Console) -> None:
    """Print the account of a guide; foreign text is never read as markup."""
    console.print(_text(sentences.title(guide), "bold"))
    console.print(_text(sentences.opening(guide)))
    for target, reason in guide["not_run"].items():
        console.print(_text(f"not run {target}: {reason}", "bold"))
    for loss in guide["losses"]:
        _loss(loss, console)


def _text(text: str, style: str = "") -> Text:
    return Text(wording.visible(text), style=style)


def _indented(console: Console, text: str, left: int, style: str = "") -> None:
    console.print(Padding(_text(text, style), (0, 0, 0, left), expand=False))


def _loss(loss: dict[str, Any], console: Console) -> None:
    console.print()
    console.print(_text(f"{loss['loss']}: {loss['summary']}", "bold"))
    for target, reason in loss["lacking"].items():
        _indented(console, f"– {target}: {reason}", 2)
    for difference in loss["differences"]:
        _difference(difference, console)
    for pair in loss["pairs"]:
        _pair(pair, console)
    if loss["calls"]:
        topics = ", ".join(each["topic"] for each in loss["calls"])
        _indented(console, f"calls differ in (--format md shows each): {topics}", 2, "dim")


def _difference(difference: dict[str, Any], console: Console) -> None:
    verdict = difference["verdict"]
    head = f"{sentences.SYMBOL[verdict]} {difference['convention']}: {verdict}"
    _indented(console, head, 2, _STYLE[verdict])
    _indented(console, difference["question"], 4)
    for target, choice in difference["choices"].items():
        _indented(console, f"{target}: {choice}", 4)
    for probe in difference["probes"]:
        _indented(console, sentences.asked(probe), 4, "dim")
        for target, answer in probe["answers"].items():
            style = "" if answer["as_declared"] else "red"
            _indented(console, f"{target}: {sentences.answered(answer)}", 6, style)
    if difference["reason"]:
        _indented(console, difference["reason"], 4, "dim")


def _pair(pair: dict[str, Any], console: Console) -> None:
    agreed = pair["agreement"]
    _indented(console, f"{pair['one']} and {pair['other']}", 2, "bold")
    if agreed is None:
        _indented(console, "no written case demands the same of both", 4)
    else:
        told = f"agree with reduction {agreed['reduction']} on {agreed['case']}:"
        _indented(console, told, 4)
        for target, snippet in agreed["snippets"].items():
            _indented(console, snippet.splitlines()[-1] if snippet else target, 6)
            _indented(console, f"gives {agreed['answers'][target]}", 8, "dim")
    _indented(console, sentences.matches(pair), 4)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("dtype", "cases", "ulp apart", "bound used: one", "other"):
        table.add_column(heading)
    for residue in pair["residues"]:
        table.add_row(*map(_text, sentences.measured(residue)))
    console.print(Padding(table, (0, 0, 0, 4), expand=False))
    for line in sentences.oddities(pair):
        _indented(console, line, 4)
