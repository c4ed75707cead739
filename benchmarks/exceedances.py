"""Comparisons with, and exceedances of, the own bound on the stock frameworks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.shares import Shares
from benchmarks.sweep import rounds
from conformance.cases.case import Case
from conformance.cases.generation import build
from conformance.cases.recipe import Recipe
from conformance.cli.selection import STOCK
from conformance.engine.block import Block
from conformance.engine.book import Explain, value_fault
from conformance.engine.judge import Judgement, judge
from conformance.engine.known import explainer
from conformance.engine.practice import algorithm_name
from conformance.engine.run import ask
from conformance.engine.workers import Station, open_stations
from conformance.specs.library import load_library
from conformance.specs.models import Loss
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from conformance.targets.target import Target

MAIN = 0.7
"""Share of the comparisons that the first target is asked for; the others divide the rest."""
SHOWN = 12


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
    """Print a row for every algorithm, the total, and the arrays that hold excesses."""
    losses = load_library().losses
    excesses: list[Excess] = []
    total = Shares()
    refused: dict[str, int] = defaultdict(int)
    print("comparisons | exceedances outside known deviations | exceedances in those | premature")
    print("overflows || decided by their bound | median, 99 %, largest share of it | right by less")
    print("than an ulp but past it || flagged by default tolerances of torch | JAX | Keras\n")
    with ExitStack() as stack:
        stations, absent = open_stations([Target.parse(name) for name in STOCK], stack)
        for each in absent:
            print(f"{each.target.name}: not run: {each.reason}")
        for place, station in enumerate(stations):
            part = MAIN if place == 0 else (1 - MAIN) / max(len(stations) - 1, 1)
            explain = explainer(station.target, losses)
            offered = [x for x in losses.values() if station.side.bindings[x.id].absent is None]
            for loss in offered:
                due = int(elements * part / len(offered)) + 1
                shares = _sweep(station, explain, loss, due, excesses, refused)
                name = algorithm_name(station.side.bindings[loss.id], loss)
                print(f"{station.target.label} {loss.id} [{name}]\n    {row(shares)}", flush=True)
                total.merge(shares)
    print(f"\nall\n    {row(total)}")
    for reason, count in refused.items():
        print(f"no value in {count} calls: {reason}")
    print(f"arrays with exceedances: {len(excesses)}")
    for excess in excesses[:SHOWN]:
        print(f"    {excess}")


def row(shares: Shares) -> str:
    flags = " | ".join(f"{shares.flagged[name]:,}" for name in ("torch", "jax", "keras"))
    quantiles = f"{shares.quantile(0.5):.3f} {shares.quantile(0.99):.3f} {shares.largest:.4g}"
    found = (shares.comparisons, shares.exceedances, shares.known, shares.premature)
    counts = " | ".join(f"{each:,}" for each in found)
    return f"{counts} || {shares.bounded:,} | {quantiles} | {shares.beyond:,} || {flags}"


def _sweep(
    station: Station,
    explain: Explain,
    loss: Loss,
    due: int,
    excesses: list[Excess],
    refused: dict[str, int],
) -> Shares:
    """Ask for round after round until enough was compared; one case is in memory at a time."""
    shares = Shares()
    for recipes in rounds(loss):
        for recipe in recipes:
            block = Block(station.side, loss, recipe.dtype, load_library().losses)
            _one(station, explain, block, recipe, shares, excesses, refused)
        if shares.comparisons >= due:
            return shares
    raise AssertionError("rounds() never ends")


def _one(
    station: Station,
    explain: Explain,
    block: Block,
    recipe: Recipe,
    shares: Shares,
    excesses: list[Excess],
    refused: dict[str, int],
) -> None:
    case = build(recipe, block.loss)
    call = block.bound(case)
    if not isinstance(call, Call):
        return  # a parameter or a dtype that the framework lacks; `conformance run` counts those
    outcome = ask(station, [call])[0]
    if outcome.value is None:
        refused[f"{station.target.label}: {outcome.raised or outcome.death}"] += 1
        return
    for judged, wanted in judgements(block, case, call, outcome):
        known = False
        if judged.failed.size:
            name = "gradient" if wanted else "value"
            known = explain(value_fault(name, case, call, judged, wanted)) is not None
        if judged.failed.size and not known:
            suffix = f" d/d {wanted}" if wanted else ""
            excesses.append(Excess(station.target.label, case.id + suffix, judged))
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
