"""A finding of a check once more, after the code has changed."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.verdict import FINDINGS, INCOMPLETE, NOTHING

if TYPE_CHECKING:
    from conformance.engine.asked import Asked
    from conformance.results.cell import Cell


def again(case_id: str, asked: Asked) -> int:
    """Run the case on the callable, print it, and say FIXED or FAILED; gives the exit code."""
    from rich.console import Console
    from rich.text import Text

    from conformance.cases.replay import rebuild, split_id
    from conformance.engine.asked import library_of
    from conformance.engine.checking import prepare
    from conformance.engine.replay import replay
    from conformance.report.terminal import show_cell
    from conformance.results.verdict import FINDINGS as BAD

    name, text = split_id(case_id)
    asked = replace(asked, loss="" if asked.spec else text.partition("/")[0], alone=True)
    library, _ = library_of(asked)
    case = rebuild(text, library.losses)
    console = Console(highlight=False)
    with ExitStack() as stack:
        prepared = prepare(replace(asked, dtypes=(case.dtype,)), stack)
        for absent in prepared.absent:
            console.print(Text(f"not run {absent.target.name}: {absent.reason}"))
            return INCOMPLETE
        cells = replay(case_id, prepared.stations[0], library.losses)
    for cell in cells:
        show_cell(cell, console)
    if any(cell.verdict in BAD for cell in cells):
        console.print(Text("FAILED", "bold red"))
        return FINDINGS
    if not any(_looked(cell, name) for cell in cells):
        console.print(Text("NOT CHECKED: the callable does not offer this case"))
        return NOTHING
    console.print(Text("FIXED", "bold green"))
    return 0


def _looked(cell: Cell, name: str) -> bool:
    return cell.verdict in ("pass", "known") and bool(cell.cases or cell.outcomes)


def read_call(file: str, asked: Asked) -> Asked:
    """The callable of a results file, as it was called then; raises ResultsError, UsageError."""
    from conformance.report.check import candidate
    from conformance.results import read_results

    subject = candidate(read_results(file))
    if subject is None:
        raise click.UsageError(f"{file}: holds no check of a callable; name it with --check PLACE")
    call = dict(subject.call)
    return replace(
        asked,
        place=asked.place or str(call["place"]),
        spec=call.get("spec"),
        framework=call.get("framework"),
        rename=dict(call.get("rename", {})),
        layout=dict(call.get("layout", {})),
        params=dict(call.get("params", {})),
        arguments=dict(call.get("argument", {})),
        batch_axes=call.get("batch-axes"),
        conventions=dict(call.get("convention", {})),
        no_gradient=tuple(call.get("no-gradient", ())),
        algorithm=call.get("algorithm"),
        known=call.get("known"),
        device=str(call.get("device", "cpu")),
        folder=Path.cwd(),
    )
