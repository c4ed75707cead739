"""Comparisons with, and exceedances of, the own bound on the stock frameworks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.setting import packages, sources
from benchmarks.shares import Shares
from benchmarks.sweep import rounds
from benchmarks.tally import Key, Tally
from conformance import __version__
from conformance.cases.case import Case
from conformance.cases.generation import build
from conformance.cases.recipe import Recipe
from conformance.cli.progress import counted
from conformance.cli.selection import STOCK
from conformance.engine.block import Block
from conformance.engine.book import Explain, value_fault
from conformance.engine.judge import Judgement, judge
from conformance.engine.known import explainer
from conformance.engine.manifest import machine
from conformance.engine.practice import algorithm_name
from conformance.engine.tolerances import TYPED
from conformance.engine.workers import Station, ask, open_stations
from conformance.report.exceedances import text
from conformance.results.exceedances import Exceedances, Row
from conformance.specs.library import load_library
from conformance.specs.models import Loss
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from conformance.targets.target import Target

MAIN = 0.7
"""Share of the comparisons that the first target is asked for; the others divide the rest."""
SHOWN = 12
STATE = Path("build/exceedances.jsonl")
RECORD = Path("reports/exceedances.json")


@dataclass(frozen=True)
class Excess:
    """The worst element of one array that holds failures nothing explains."""

    target: str
    case: str
    judged: Judgement

    def __str__(self) -> str:
        place = self.judged.worst
        assert place is not None  # something failed
        actual, expected = float(self.judged.actual[place]), float(self.judged.expected[place])
        share = dict(zip(self.judged.probed.tolist(), self.judged.share.tolist(), strict=True))
        return (
            f"{self.target} {self.case}: {self.judged.failed.size} of {self.judged.classes.size}, "
            f"worst [{place}] {actual!r} for {expected!r}, {share.get(place, float('nan')):.3g} of "
            f"the bound, {float(self.judged.ulps[place]):.4g} ulp"
        )


def measure(elements: int) -> None:
    """Count until that many were compared, write the record, print a row an algorithm.

    An interrupted count goes on where it was, in `build/exceedances.jsonl`.
    """
    losses = load_library().losses
    excesses: list[Excess] = []
    refused: dict[str, int] = defaultdict(int)
    tally = Tally(STATE, {**packages(), "sources": sources()})
    names: dict[Key, str] = {}
    with ExitStack() as stack:
        stations, absent = open_stations([Target.parse(name) for name in STOCK], stack)
        for each in absent:
            print(f"{each.target.name}: not run: {each.reason}")
        for place, station in enumerate(stations):
            part = MAIN if place == 0 else (1 - MAIN) / max(len(stations) - 1, 1)
            sweep = Sweep(station, explainer(station, losses), excesses, refused)
            offered = [x for x in losses.values() if station.side.bindings[x.id].absent is None]
            for loss in offered:
                due = int(elements * part / len(offered)) + 1
                key = (station.target.label, loss.id)
                names[key] = algorithm_name(station.side.bindings[loss.id], loss)
                _count(sweep, loss, key, due, tally)
    made = record(tally, names)
    RECORD.write_text(made.text(), "utf-8")
    print(text(made))
    for reason, count in refused.items():
        print(f"no value in {count} calls: {reason}")
    print(f"arrays with exceedances, of those counted now: {len(excesses)}")
    for excess in excesses[:SHOWN]:
        print(f"    {excess}")


def _count(sweep: Sweep, loss: Loss, key: Key, due: int, tally: Tally) -> None:
    """Ask for round after round until enough was compared; one case is in memory at a time."""
    for number, recipes in rounds(loss, tally.rounds[key] + 1):
        if key in tally.shares and tally.shares[key].comparisons >= due:
            return
        shares = Shares()
        for recipe in counted(recipes, len(recipes), str):
            block = Block(sweep.station.side, loss, recipe.dtype, load_library().losses)
            sweep.compare(block, recipe, shares)
        tally.add(key, number, shares)


def record(tally: Tally, names: Mapping[Key, str]) -> Exceedances:
    """The count as it is published."""
    total = Shares()
    for each in tally.shares.values():
        total.merge(each)
    return Exceedances(
        suite=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=machine(),
        packages=packages(),
        all=_row("", "", "", total),
        rows=tuple(
            _row(*key, name, tally.shares[key])
            for key, name in names.items()
            if key in tally.shares
        ),
    )


def _row(target: str, loss: str, algorithm: str, shares: Shares) -> Row:
    known = shares.bounded > 0
    return Row(
        target, loss, algorithm, shares.comparisons, shares.exceedances, shares.known,
        shares.premature, shares.bounded,
        shares.quantile(0.5) if known else None, shares.quantile(0.99) if known else None,
        shares.largest if known else None,
        {name: shares.flagged[name] for name in TYPED},
    )  # fmt: skip


@dataclass(frozen=True)
class Sweep:
    """One target; `excesses` and `refused` take what nothing explains."""

    station: Station
    explain: Explain
    excesses: list[Excess]
    refused: dict[str, int]

    def compare(self, block: Block, recipe: Recipe, shares: Shares) -> None:
        """One array: its value and its gradients."""
        case = build(recipe, block.loss)
        call = block.bound(case)
        if not isinstance(call, Call):
            return  # a parameter or a dtype that the framework lacks; `conformance run` counts those
        outcome = ask(self.station, [call])[0]
        if outcome.value is None:
            self.refused[f"{self.station.target.label}: {outcome.raised or outcome.death}"] += 1
            return
        for judged, wanted in judgements(block, case, call, outcome):
            known = False
            if judged.failed.size:
                name = "gradient" if wanted else "value"
                known = self.explain(value_fault(name, case, call, judged, wanted)) is not None
            if judged.failed.size and not known:
                suffix = f" d/d {wanted}" if wanted else ""
                self.excesses.append(Excess(self.station.target.label, case.id + suffix, judged))
            shares.add(judged, recipe.dtype, known=known)


def judgements(
    block: Block, case: Case, call: Call, outcome: Outcome
) -> Iterator[tuple[Judgement, str | None]]:
    """The value, then each gradient with the name of its input; shapes are `conformance run`'s."""
    held = block.held(case)
    form = held.form
    expected = held.value()
    assert outcome.value is not None
    if outcome.value.shape == expected.shape:
        yield judge(outcome.value.values, expected, form, held.value_limits_at), None
    if not call.gradient or call.cotangent is None:
        return
    derived = held.gradients(call.cotangent)
    for name, found in outcome.gradients.items():
        if found.shape == derived[name].shape:
            limits = held.gradient_limits_at(name, call.cotangent)
            yield judge(found.values, derived[name], form, limits), name
