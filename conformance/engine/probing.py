"""Whether targets do what they declare: a written case on which the choices lead to other results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from conformance.cases.edges import WrittenCase, edge_cases, examples
from conformance.engine.block import Block
from conformance.engine.comparison import Difference
from conformance.engine.judge import Held, judge
from conformance.engine.printed import shown
from conformance.engine.standard import arguments
from conformance.engine.workers import Station, ask
from conformance.numerics.formats import FORMATS, Floats, round_to
from conformance.specs.choice import Choice
from conformance.specs.models import Loss
from conformance.targets.call import Call
from conformance.targets.outcome import Array, Outcome

Verdict = Literal["verified", "not as declared", "declared, not probed"]
DTYPES = ("float32", "float64")
"""In which written cases are asked, the first that tells the choices apart."""
VALUE = ("value",)


@dataclass(frozen=True)
class Answer:
    """What a target returned for a probe, and what its choice demands."""

    choice: str
    expected: str
    actual: str
    as_declared: bool


@dataclass(frozen=True)
class Probe:
    """A written case asked of every target; without a case, why there is none.

    `part` is `value`, or the input whose gradient tells the choices apart.
    """

    verdict: Verdict
    case: str = ""
    why: str = ""
    given: Mapping[str, Any] | None = None
    dtype: str = ""
    part: str = ""
    answers: Mapping[str, Answer] | None = None
    reason: str = ""


@dataclass(frozen=True)
class _Asked:
    """One target's part of a probe: its call, what it owes, what the other choices would give."""

    station: Station
    held: Held
    call: Call
    due: Floats


Blocks = Mapping[str, Block]


MOST = 2
"""Cases asked for one difference: a target may keep its word on one and not on the other."""


def verdict_of(probes: Sequence[Probe]) -> Verdict:
    """Verified only where every target did as it declares in every case."""
    verdicts = {probe.verdict for probe in probes}
    order: tuple[Verdict, ...] = ("not as declared", "verified", "declared, not probed")
    return next(verdict for verdict in order if verdict in verdicts)


def probed(
    difference: Difference, loss: Loss, stations: Sequence[Station], losses: Mapping[str, Loss]
) -> tuple[Probe, ...]:
    """Ask every target for the first written cases on which the declared choices differ."""
    refusals: dict[str, None] = {}
    probes: list[Probe] = []
    for dtype in DTYPES:
        blocks = [Block(station.side, loss, dtype, losses) for station in stations]
        for written in _telling(difference, loss, dtype):
            found = _first(difference, written, (*VALUE, *loss.inputs), stations, blocks)
            if isinstance(found, Probe):
                probes.append(found)
            elif found:
                refusals.setdefault(found)
            if len(probes) == MOST:
                return tuple(probes)
        if probes:
            return tuple(probes)
    reason = "; ".join(refusals) or "no example or edge case of the spec tells these choices apart"
    return (Probe("declared, not probed", reason=reason),)


def _first(
    difference: Difference,
    written: WrittenCase,
    parts: Sequence[str],
    stations: Sequence[Station],
    blocks: Sequence[Block],
) -> Probe | str:
    """The case asked for the first part that tells the choices apart; else why it cannot be."""
    refusal = ""
    for part in parts:
        found = _asked(difference, written, part, stations, blocks)
        if isinstance(found, list):
            return _answered(difference, written, part, found)
        refusal = refusal or found
    return refusal


def _telling(difference: Difference, loss: Loss, dtype: str) -> Iterator[WrittenCase]:
    """Cases that the spec itself says to depend on the convention go first."""
    name = difference.convention
    cases = [*edge_cases(loss, dtype), *examples(loss, dtype)]
    free = [each for each in cases if name not in each.case.conventions]
    yield from (each for each in free if name in each.when)
    yield from (each for each in free if name not in each.when)


def _asked(
    difference: Difference,
    written: WrittenCase,
    part: str,
    stations: Sequence[Station],
    blocks: Sequence[Block],
) -> list[_Asked] | str:
    """The calls of all targets; else why one cannot be asked, empty where nothing differs."""
    found: list[_Asked] = []
    refusal = ""
    for station, block in zip(stations, blocks, strict=True):
        held = block.held(written.case)
        bound = block.bound(written.case)
        call = bound if isinstance(bound, Call) else None
        if not isinstance(bound, Call):
            refusal = refusal or f"{station.target.name}: {bound.reason}"
        if part != "value" and (call is None or part not in call.gradient):
            return ""
        along = call.cotangent if call else None
        due = _due(held, part, along)
        if not _told_apart(difference, station.target.name, held, part, along, due):
            return ""
        if call is not None:
            found.append(_Asked(station, held, call, due))
    return refusal or found


def _due(held: Held, part: str, cotangent: Floats | None) -> Floats:
    if part == "value":
        return held.value()
    assert cotangent is not None  # the call differentiates by this input
    return held.gradients(cotangent)[part]


def _told_apart(
    difference: Difference,
    target: str,
    held: Held,
    part: str,
    cotangent: Floats | None,
    due: Floats,
) -> bool:
    """Whether a target of any other choice would fail here."""
    own = Choice.parse(difference.choices[target])
    for text in difference.distinct:
        if Choice.parse(text) == own:
            continue
        other = _under(held, {difference.convention: text})
        if part != "value" and other.value().shape != held.value().shape:
            return False
        if _fits(_due(other, part, cotangent), due, held, part, cotangent):
            return False
    return True


def _under(held: Held, choices: Mapping[str, str]) -> Held:
    """The same case and target with other choices."""
    made = {**held.practice.choices, **choices}
    given = arguments(held.case, held.loss, made)
    return Held(held.case, held.loss, held.reference, replace(held.practice, choices=made), given)


def _fits(
    actual: Floats, expected: Floats, held: Held, part: str, cotangent: Floats | None
) -> bool:
    """Whether an answer is within the target's own bound of what is due, NaN and infinity alike.

    A run may excuse a NaN after an overflow; nobody would call that a choice kept.
    """
    form = FORMATS[held.case.dtype]
    if actual.shape != expected.shape or not _alike(
        round_to(actual, form), round_to(expected, form)
    ):
        return False
    if part == "value":
        return not judge(actual, expected, form, held.value_limits_at).failed.size
    assert cotangent is not None  # the call differentiates by this input
    limits = held.gradient_limits_at(part, cotangent)
    return not judge(actual, expected, form, limits).failed.size


def _alike(actual: Floats, expected: Floats) -> bool:
    odd = ~np.isfinite(expected)
    same = np.array_equal(actual[odd], expected[odd], equal_nan=True)
    return same and bool(np.all(np.isfinite(actual[~odd])))


def _answered(
    difference: Difference, written: WrittenCase, part: str, asked: Sequence[_Asked]
) -> Probe:
    answers = {}
    for each in asked:
        outcome = ask(each.station, [each.call])[0]
        array = outcome.value if part == "value" else outcome.gradients.get(part)
        fits = array is not None and _fits(
            array.values, each.due, each.held, part, each.call.cotangent
        )
        name = each.station.target.name
        answers[name] = Answer(
            difference.choices[name], shown(each.due), _said(array, outcome), fits
        )
    kept = all(answer.as_declared for answer in answers.values())
    return Probe(
        verdict="verified" if kept else "not as declared",
        case=written.name,
        why=written.why,
        given=written.given,
        dtype=written.case.dtype,
        part=part,
        answers=answers,
    )


def _said(array: Array | None, outcome: Outcome) -> str:
    if array is not None:
        return shown(array.values)
    raised = outcome.raised or outcome.gradient_raised
    if raised is not None:
        return f"raised {raised}"
    return f"died: {outcome.death.detail}" if outcome.death else "nothing"
