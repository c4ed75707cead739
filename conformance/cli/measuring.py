"""`conformance doctor --measure`: the arithmetic that is declared, against the one that is there."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.output import write
from conformance.cli.selection import DTYPES
from conformance.cli.verdict import FINDINGS, INCOMPLETE, NothingSelected

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.engine.measurement.comparison import Row
    from conformance.engine.measurement.survey import Finding, Plan, Subject
    from conformance.targets.target import Target

COUNT = 3_000_000
"""Inputs of each function in float32."""
USUAL = ("torch@cpu", "tensorflow@cpu", "jax@cpu+jit", "numpy@cpu")
"""One target a profile of its own."""
TIMEOUT = 300.0
TAKEN = 64
"""Columns of the screen that everything takes but the last one."""
SYMBOL = {"within": "✓", "beyond": "✗", "slack": "~", "undeclared": "?", "n/a": "·"}


@dataclass
class Account:
    """What was found of one target, and how it compares with what is declared."""

    subject: Subject
    profile: str
    findings: list[Finding] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        from conformance.engine.measurement.comparison import compared

        return [*compared(self.findings, self.subject.declared)]


def measure(
    targets: Sequence[Target], dtypes: tuple[str, ...], count: int, seed: int,
    output: str | None, form: str,
) -> int:  # fmt: skip
    """Measure the targets, print the comparison, write the profile; gives the exit code."""
    from conformance.engine.measurement.survey import Plan

    plan = Plan(tuple(each for each in DTYPES if each in (dtypes or DTYPES)), count, seed)
    with ExitStack() as stack:
        accounts, absent = _opened(targets, stack)
        if not accounts:
            raise NothingSelected("; ".join(f"{name}: {reason}" for name, reason in absent.items()))
        if output is not None and len(accounts) > 1:
            raise click.UsageError("-o writes one profile; name one target with -t")
        _measured(accounts, plan)
    if output is not None:
        _deliver(accounts[0], output)
    if form == "json":
        click.echo(json.dumps(_document(accounts, absent, plan), indent=1))
    elif output != "-":
        _show(accounts, absent)
    if any(row.verdict == "beyond" for each in accounts for row in each.rows):
        return FINDINGS
    return INCOMPLETE if absent else 0


def _opened(targets: Sequence[Target], stack: ExitStack) -> tuple[list[Account], dict[str, str]]:
    """The targets that run here, each in its worker; and why the others do not."""
    from conformance.engine.measurement.asking import Device
    from conformance.engine.measurement.survey import Subject
    from conformance.targets.driver import Worker, WorkerError
    from conformance.targets.profiles import backend_of, declared_of, profile_name
    from conformance.targets.target import Missing, resolve

    accounts, absent = [], {}
    for asked in targets:
        target = resolve(asked)
        if isinstance(target, Missing):
            absent[asked.name] = target.reason
            continue
        worker = Worker(target, timeout=TIMEOUT)
        try:
            worker.start()
        except WorkerError as error:
            absent[target.name] = str(error)
            continue
        stack.callback(worker.close)
        device = Device(backend_of(target), worker)
        subject = Subject(target, device, worker.facts, declared_of(target))
        accounts.append(Account(subject, profile_name(target)))
    return accounts, absent


def _measured(accounts: Sequence[Account], plan: Plan) -> None:
    from conformance.cli.progress import counted
    from conformance.engine.measurement.survey import survey

    subjects = [each.subject for each in accounts]
    steps = counted(
        survey(subjects, plan),
        plan.steps(len(subjects)),
        lambda step: f"{step[1]} {step[0].target.label}",
    )
    for subject, _, found in steps:
        next(each for each in accounts if each.subject is subject).findings += found


def _deliver(account: Account, output: str) -> None:
    """The profile, as it would be declared."""
    from conformance.engine.measurement.portrait import portrait

    source = f"{_versions(account.subject)} on {_processor(account.subject.facts)}; measured"
    text = portrait(account.subject, account.findings, source, _today())
    if output == "-":
        click.echo(text, nl=False)
    else:
        write(Path(output), text)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _versions(subject: Subject) -> str:
    """The framework and what it runs on."""
    facts = {"framework": "", **subject.facts}
    told = {subject.target.framework: facts["framework"]}
    told |= {name: facts[name] for name in ("jax", "jaxlib", "cuda", "vectors") if facts.get(name)}
    return ", ".join(f"{name} {version}" for name, version in told.items())


def _processor(facts: Mapping[str, Any]) -> str:
    """The GPU's name, else the processor's."""
    from conformance.engine.manifest import machine

    device = str(facts.get("device", "cpu"))
    return machine().processor if device == "cpu" else device


def _document(accounts: Sequence[Account], absent: Mapping[str, str], plan: Plan) -> dict[str, Any]:
    from conformance import __version__

    return {
        "suite": __version__,
        "date": _today(),
        "seed": plan.seed,
        "count": plan.count,
        "targets": [
            {
                "target": each.subject.target.name,
                "profile": each.profile,
                "declared": each.subject.declared is not None,
                "processor": _processor(each.subject.facts),
                "rows": [_row(row) for row in each.rows],
            }
            for each in accounts
        ],
        "not_run": dict(absent),
    }


def _row(row: Row) -> dict[str, Any]:
    return {name: _plain(value) for name, value in vars(row).items()}


def _plain(value: Any) -> Any:
    """Infinities as in results files."""
    return "Infinity" if isinstance(value, float) and math.isinf(value) else value


def _show(accounts: Sequence[Account], absent: Mapping[str, str]) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for each in accounts:
        _table(each, console)
        rows = each.rows
        counts = {
            verdict: sum(row.verdict == verdict for row in rows)
            for verdict in ("within", "beyond", "slack", "undeclared", "n/a")
        }
        told = [f"{count} {verdict}" for verdict, count in counts.items() if count]
        console.print(f"{each.profile}: {', '.join(told)}", markup=False)
        for row in rows:
            if row.verdict in ("beyond", "n/a"):
                console.print(f"{SYMBOL[row.verdict]} {_sentence(row)}", markup=False)
    for name, reason in absent.items():
        console.print(f"\n{SYMBOL['n/a']} {name} cannot be measured: {reason}", markup=False)


def _sentence(row: Row) -> str:
    if row.verdict == "n/a":
        return f"{row.what} {row.dtype}: {row.text}"
    unit = f" {row.unit}" if row.unit else ""
    return (
        f"{row.what} {row.dtype}: {_figure(row.declared)} declared, {_figure(row.measured)}{unit} "
        f"measured; {row.text}"
    )


def _table(account: Account, console: Console) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    name = account.subject.target.name
    console.print(f"\n{name} against profiles/{account.profile}.yaml", markup=False, soft_wrap=True)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("fact", "dtype", "declared", "measured", "verdict", "where"):
        right = heading in ("declared", "measured")
        table.add_column(heading, no_wrap=True, justify="right" if right else "left")
    for row in account.rows:
        verdict = Text(f"{SYMBOL[row.verdict]} {row.verdict}", _STYLE.get(row.verdict, ""))
        where = Text(row.text)
        where.truncate(max(console.width - TAKEN, 8), overflow="ellipsis")
        figures = (_figure(row.declared), _figure(row.measured))
        table.add_row(row.what, row.dtype, *figures, verdict, where)
    console.print(table)


_STYLE = {"beyond": "bold red", "within": "green", "slack": "yellow"}


def _figure(value: float | bool | str | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    return "–" if value is None else value
