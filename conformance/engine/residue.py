"""How far two targets are apart where their conventions demand the same: in ulp, on drawn cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from conformance.cases.case import Case
from conformance.cases.drawing import draw
from conformance.cases.edges import edge_cases, examples
from conformance.cases.generation import build
from conformance.engine.block import Block
from conformance.engine.judge import Held
from conformance.engine.shapes import coarse
from conformance.engine.workers import Station, ask
from conformance.numerics.classification import settle
from conformance.numerics.formats import FORMATS, Floats, Format, round_to, ulp
from conformance.specs.models import Loss
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from conformance.targets.snippet import snippet

Two = tuple[Station, Station]
Blocks = tuple[Block, Block]
LARGEST = 200
"""Most elements of an input: the guide is made while somebody waits."""
SPARE = 5
"""Recipes drawn for each case compared: others state what one lacks, or not the same is due."""


@dataclass(frozen=True)
class Match:
    """A reduction: drawn cases that both take, and those in which the same is due from both."""

    same: int
    of: int


@dataclass(frozen=True)
class Residue:
    """What is left between two targets in one dtype, over cases in which the same is due.

    `ulp` is the largest difference in ulp of the true value, None where nothing was compared;
    `shares` is what each uses of its own bound at most; `apart` counts values of which one alone is
    NaN or infinite, `failed` cases in which one gave no value of the due shape.
    """

    dtype: str
    matches: Mapping[str, Match]
    cases: int
    elements: int
    identical: int
    ulp: float | None
    shares: tuple[float, float]
    apart: int
    failed: int


@dataclass(frozen=True)
class Agreement:
    """A case of the spec in which the same is due from both, the call of each, what each gave."""

    case: str
    reduction: str
    snippets: tuple[str, str]
    answers: tuple[Outcome, Outcome]
    ulp: float | None


@dataclass(frozen=True)
class _Pair:
    """A case asked of both."""

    case: Case
    held: tuple[Held, Held]
    calls: tuple[Call, Call]


def residue(
    loss: Loss, dtype: str, two: Two, losses: Mapping[str, Loss], count: int, seed: int
) -> Residue:
    """Ask both for drawn cases that both take, where their declared choices give one truth."""
    blocks = _blocks(loss, dtype, two, losses)
    asked = [
        pair for case in _drawn(loss, dtype, two, count, seed) if (pair := _pair(case, blocks))
    ]
    same = [pair for pair in asked if _one_truth(pair)]
    matches = {
        name: Match(_count(same, name), _count(asked, name))
        for name in loss.reductions
        if _count(asked, name)
    }
    kept = same[:count]
    answers = [ask(two[at], [pair.calls[at] for pair in kept]) for at in (0, 1)]
    return _measured(dtype, matches, kept, list(zip(*answers, strict=True)))


def _count(pairs: Sequence[_Pair], reduction: str) -> int:
    return sum(pair.case.reduction == reduction for pair in pairs)


def _blocks(loss: Loss, dtype: str, two: Two, losses: Mapping[str, Loss]) -> Blocks:
    one, other = (Block(station.side, loss, dtype, losses) for station in two)
    return one, other


def _drawn(loss: Loss, dtype: str, two: Two, count: int, seed: int) -> Iterator[Case]:
    recipes = draw(loss, dtype, SPARE * count, seed, largest=LARGEST)
    if any(station.target.compiles for station in two):
        recipes = list(dict.fromkeys(coarse(recipe) for recipe in recipes))
    return (build(recipe, loss) for recipe in recipes)


def _pair(case: Case, blocks: Blocks) -> _Pair | None:
    one, other = (block.bound(case, gradient=()) for block in blocks)
    if not isinstance(one, Call) or not isinstance(other, Call):
        return None
    return _Pair(case, (blocks[0].held(case), blocks[1].held(case)), (one, other))


def _one_truth(pair: _Pair) -> bool:
    """Whether the same is due from both, up to the rounding of the reference itself."""
    one, other = (held.value() for held in pair.held)
    if one.shape != other.shape or not np.array_equal(np.isfinite(one), np.isfinite(other)):
        return False
    if np.array_equal(one, other, equal_nan=True):
        return True
    every = np.arange(one.size)
    allowed = sum(held.value_limits_at(every).truth().bound for held in pair.held)
    with np.errstate(all="ignore"):
        gap = np.abs(one - other).reshape(-1)
    finite = np.isfinite(one).reshape(-1)
    rest = np.array_equal(one.reshape(-1)[~finite], other.reshape(-1)[~finite], equal_nan=True)
    return rest and bool(np.all(gap[finite] <= np.asarray(allowed)[finite]))


def _measured(
    dtype: str,
    matches: Mapping[str, Match],
    pairs: Sequence[_Pair],
    answers: Sequence[tuple[Outcome, ...]],
) -> Residue:
    form = FORMATS[dtype]
    gaps, shares = [np.empty(0)], ([0.0], [0.0])
    failed = identical = 0
    for pair, outcomes in zip(pairs, answers, strict=True):
        due = pair.held[0].value()
        values = [_value(outcome, due.shape) for outcome in outcomes]
        if values[0] is None or values[1] is None:
            failed += 1
            continue
        one, other = values[0].reshape(-1), values[1].reshape(-1)
        gaps.append(_gaps(one, other, due.reshape(-1), form))
        identical += int(np.count_nonzero(gaps[-1] == 0))
        for at, found in enumerate((one, other)):
            shares[at].append(_share(found, pair.held[at], form))
    every = np.concatenate(gaps)
    apart = int(np.count_nonzero(np.isnan(every)))
    most = None if every.size == apart else float(np.nanmax(every))
    return Residue(
        dtype, matches, len(pairs), every.size, identical, most,
        (max(shares[0]), max(shares[1])), apart, failed,
    )  # fmt: skip


def _value(outcome: Outcome, shape: tuple[int, ...]) -> Floats | None:
    value = outcome.value
    if value is None or value.shape != shape or "float" not in value.dtype:
        return None
    return np.asarray(value.values)


def _gaps(one: Floats, other: Floats, due: Floats, form: Format) -> Floats:
    """Differences in ulp of the true value; NaN where one alone is NaN or infinite."""
    with np.errstate(all="ignore"):
        gap = np.abs(one - other) / ulp(round_to(due, form), form)
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    either = ~(np.isfinite(one) & np.isfinite(other))
    return np.where(same, 0.0, np.where(either, np.nan, gap))


def _share(actual: Floats, held: Held, form: Format) -> float:
    """The largest part that a target uses of its own bound, over its finite values."""
    if not actual.size:
        return 0.0
    limits = held.value_limits_at(np.arange(actual.size))
    due = held.value().reshape(-1)
    _, share = settle(actual, due, form, limits.own, limits.ideal, limits.truth())
    return float(np.nanmax(np.nan_to_num(share, nan=0.0)))


def agreement(
    loss: Loss, two: Two, losses: Mapping[str, Loss], reductions: Sequence[str]
) -> Agreement | None:
    """The calls that agree, on the first written case of the first reduction that serves."""
    blocks = _blocks(loss, "float32", two, losses)
    written = [*examples(loss, "float32"), *edge_cases(loss, "float32")]
    cases = [each.case for each in written if not each.case.conventions]
    for reduction in reductions:
        for case in sorted(
            (each for each in cases if each.reduction == reduction),
            key=lambda each: len(each.parameters),
        ):
            pair = _pair(case, blocks)
            if pair and np.isfinite(pair.held[0].value()).all() and _one_truth(pair):
                return _shown(pair, reduction, two)
    return None


def _shown(pair: _Pair, reduction: str, two: Two) -> Agreement:
    answers = ask(two[0], pair.calls[:1])[0], ask(two[1], pair.calls[1:])[0]
    found = _measured("float32", {}, [pair], [answers])
    name = pair.case.id.rpartition("/")[2]
    snippets = snippet(pair.calls[0]), snippet(pair.calls[1])
    return Agreement(name, reduction, snippets, answers, found.ulp)
