"""Changed manners: exceptions, warnings, dtypes and shapes, and what the bindings declare."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from conformance.results.cell import Cell, Outcome
from conformance.results.manifest import Target
from conformance.results.pairing import Pair

What = Literal["exception", "dtype", "shape", "warning", "signature", "convention", "algorithm"]

ACCEPTED = "accepted"
DIED = "the worker died"
NONE = "none"

_RAISED = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)(: |$)")
_ARRAY = re.compile(r"([a-z]+[0-9]+)\[")
_VARYING = re.compile(r"0x[0-9a-f]+|[0-9]+")


@dataclass(frozen=True)
class Behaviour:
    """One change of manners on one target, over the dtypes that show it; `case` may be empty."""

    what: What
    loss: str
    property: str
    pair: Pair
    case: str
    base: str
    head: str
    dtypes: tuple[str, ...] = ()


def behaviours(
    cells: Iterable[tuple[str, Sequence[Behaviour]]], pairs: Sequence[Pair]
) -> tuple[Behaviour, ...]:
    """What changed besides the numbers, exceptions first; equal changes of several dtypes are one.

    `cells` has the dtype of each cell and its own changes.
    """
    merged: dict[tuple[str, ...], Behaviour] = {}
    for dtype, every in cells:
        for found in every:
            same = (found.what, found.loss, found.property, found.pair.name, found.case)
            key = (*same, found.base, found.head)
            dtypes = merged[key].dtypes if key in merged else ()
            merged[key] = replace(found, dtypes=tuple(dict.fromkeys([*dtypes, dtype])))
    order = get_args(What)
    return tuple(
        sorted([*merged.values(), *_declared(pairs)], key=lambda found: order.index(found.what))
    )


def reaction(outcome: Outcome) -> str | None:
    """What a call did: the class that it raised, or that it accepted; None where it was not made."""
    answer = outcome.actual
    if outcome.verdict in ("n/a", "not run") or answer is None:
        return None
    if not isinstance(answer, str):
        return ACCEPTED
    if answer.startswith("death: "):
        return DIED
    raised = _RAISED.match(answer)
    is_number = answer in ("NaN", "Infinity", "-Infinity")
    return raised[1] if raised and not is_number else ACCEPTED


def normal(warning: str) -> str:
    """A warning without what varies from call to call: sizes, addresses, numbers."""
    return _VARYING.sub("#", warning)


def manners(pair: Pair, base: Cell, head: Cell) -> Iterator[Behaviour]:
    """The changes of one cell that both sides have, without its dtype."""
    place = (head.loss, head.property, pair)
    before, after = _outcomes(base), _outcomes(head)
    for case, outcome in after.items():
        if case not in before:
            continue
        answers = reaction(before[case]), reaction(outcome)
        if None not in answers and answers[0] != answers[1]:
            yield Behaviour("exception", *place, case, str(answers[0]), str(answers[1]))
        dtypes = _dtype(before[case]), _dtype(outcome)
        if None not in dtypes and dtypes[0] != dtypes[1]:
            yield Behaviour("dtype", *place, case, str(dtypes[0]), str(dtypes[1]))
    yield from _forms(place, base, head)
    yield from _warnings(place, base, head)


def _outcomes(cell: Cell) -> dict[str, Outcome]:
    return {outcome.id: outcome for outcome in cell.outcomes}


def _dtype(outcome: Outcome) -> str | None:
    found = _ARRAY.match(outcome.actual) if isinstance(outcome.actual, str) else None
    return found[1] if found else None


def _forms(place: tuple[str, str, Pair], base: Cell, head: Cell) -> Iterator[Behaviour]:
    """Cells of the properties dtype and shape say what came only where it was wrong."""
    if head.property not in ("dtype", "shape"):
        return
    what: What = "dtype" if head.property == "dtype" else "shape"
    texts = _form(base), _form(head)
    if texts[0] != texts[1]:
        yield Behaviour(what, *place, "", *texts)


def _form(cell: Cell) -> str:
    for finding in cell.findings:
        if finding.actual is not None:
            return str(finding.actual)
        if finding.why:
            return finding.why
    return "as the spec says"


def _warnings(place: tuple[str, str, Pair], base: Cell, head: Cell) -> Iterator[Behaviour]:
    before = {normal(text): text for text in base.warnings}
    after = {normal(text): text for text in head.warnings}
    for key in after.keys() - before.keys():
        yield Behaviour("warning", *place, "", NONE, after[key])
    for key in before.keys() - after.keys():
        yield Behaviour("warning", *place, "", before[key], NONE)


def _declared(pairs: Iterable[Pair]) -> Iterator[Behaviour]:
    """What callables and bindings say of the two versions, where they say different things."""
    for pair in pairs:
        if not pair.base or not pair.head or "not run" in (pair.base.status, pair.head.status):
            continue
        for path, before, after in _differing(pair.base.signatures, pair.head.signatures):
            yield Behaviour("signature", "", "", pair, path, before, after)
        for loss in pair.head.conventions.keys() & pair.base.conventions.keys():
            choices = pair.base.conventions[loss], pair.head.conventions[loss]
            for name, before, after in _differing(*choices):
                yield Behaviour("convention", loss, "", pair, name, before, after)
        for loss in pair.head.algorithms.keys() & pair.base.algorithms.keys():
            steps = _steps(pair.base, loss), _steps(pair.head, loss)
            for name, before, after in _differing(*steps):
                yield Behaviour("algorithm", loss, "", pair, name, before, after)


def _steps(target: Target, loss: str) -> dict[str, str]:
    found = target.algorithms[loss]
    return {"value": found.value, "gradient": found.gradient, "rounding": found.rounding}


def _differing(base: Mapping[str, str], head: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name in dict.fromkeys([*base, *head]):
        before, after = base.get(name, NONE), head.get(name, NONE)
        if before != after:
            yield name, before, after
