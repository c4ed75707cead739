"""A place in the space of inputs: the numbers of a small case, and cases with other numbers there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from conformance.cases.case import Array, Case, frozen
from conformance.cases.generation import legal
from conformance.cases.given import LIMIT, explicit
from conformance.cases.reals import THRESHOLDS
from conformance.cases.sample import batch_of, per_sample
from conformance.cases.streams import Floats, Integers, Stream
from conformance.numerics.formats import FORMATS, Format, from_ordinal, ordinal, round_to
from conformance.specs.models import Loss


@dataclass(frozen=True)
class Spot:
    """A case small enough to be written out; `together` where other samples may lie beside it."""

    case: Case
    loss: Loss
    together: bool

    @property
    def form(self) -> Format:
        return FORMATS[self.case.dtype]

    @property
    def numbers(self) -> Floats:
        """Its floating inputs one after the other, then the cotangent."""
        parts = [self.case.inputs[name].reshape(-1) for name in self._floating()]
        if self.case.cotangents.pinned is not None:
            parts.append(self.case.cotangents.pinned.reshape(-1))
        return np.concatenate(parts).astype(np.float64)

    def cases(self, rows: Floats) -> Iterator[Case]:
        """Cases with these numbers, moved into their domains: one of many samples, or one a row."""
        if self.together:
            yield self._case(rows)
        else:
            yield from (self._case(row[None]) for row in rows)

    def _floating(self) -> list[str]:
        return [name for name, each in self.loss.inputs.items() if each.kind == "real"]

    def _case(self, rows: Floats) -> Case:
        """The samples of all rows in one batch; a single row has the spot's own shape."""
        case, count, start = self.case, len(rows), 0
        inputs: dict[str, Array] = {}
        for name, array in case.inputs.items():
            if name not in self._floating():
                inputs[name] = frozen(np.repeat(array, count, axis=0)) if count > 1 else array
                continue
            part = rows[:, start : start + array.size].reshape(-1, *array.shape[1:])
            start += array.size
            domain = self.loss.inputs[name].domain(dict(case.parameters))
            inputs[name] = frozen(legal(part.reshape(_shape(array, count)), domain, self.form))
        pinned = case.cotangents.pinned
        if pinned is not None:
            pinned = round_to(rows[:, start:].reshape(_shape(pinned, count)), self.form)
        batch = batch_of(case.inputs, self.loss)
        parameters = per_sample(
            case.parameters, self.loss, batch, lambda value: np.repeat(value, count, axis=0)
        )
        return explicit(
            case.loss,
            case.dtype,
            inputs,
            parameters,
            case.reduction,
            conventions=case.conventions,
            cotangent=pinned,
        )


def _shape(array: Array, count: int) -> tuple[int, ...]:
    return (count * array.shape[0], *array.shape[1:]) if count > 1 else array.shape


def spot_of(
    case: Case, loss: Loss, cotangent: Floats | None, *, column: bool, together: bool
) -> Spot | None:
    """The spot of a finite case with few numbers, else None; `column` gives it a last axis of one."""
    inputs, parameters = dict(case.inputs), dict(case.parameters)
    batch = batch_of(case.inputs, loss)
    if together and not (batch and set(batch) == {1}):
        return None
    if together and column:
        inputs = {name: frozen(array.reshape(1, 1)) for name, array in inputs.items()}
        parameters = per_sample(parameters, loss, batch, lambda value: value.reshape(1, 1))
        cotangent = None if cotangent is None else cotangent.reshape(1)
    arrays = [*inputs.values(), *parameters.values(), cotangent]
    sizes = [array.size for array in arrays if isinstance(array, np.ndarray)]
    if sum(sizes) > LIMIT or not all(np.isfinite(array).all() for array in inputs.values()):
        return None
    made = explicit(
        case.loss,
        case.dtype,
        inputs,
        parameters,
        case.reduction,
        conventions=case.conventions,
        cotangent=cotangent,
    )
    return Spot(made, loss, together)


_ULPS, _BINADES = 4, 3
_MOVES = 6


def neighbours(numbers: Floats, stream: Stream, form: Format, count: int) -> Floats:
    """Rows of numbers near these, the first of them unmoved; one or more of each row moves.

    A few ulp, any power of two of ulp, a few binades, to a threshold, beside another number of the
    row, or to the other sign.
    """
    rows = np.tile(numbers, (count, 1))
    shape = rows.shape
    moving = stream.some(1.5 / max(numbers.size, 1), shape)
    moving[0] = False
    kind = stream.integer(0, _MOVES - 1, shape)
    few = stream.integer(-_ULPS, _ULPS, shape)
    far = few * 2 ** stream.integer(0, form.precision - 2, shape)
    others = rows[np.arange(count)[:, None], stream.integer(0, numbers.size - 1, shape)]
    marks = np.clip(stream.one_of(THRESHOLDS, shape), 0.0, form.largest) * stream.sign(shape)
    moved = np.choose(
        kind,
        [
            stepped(rows, few, form),
            stepped(rows, far, form),
            _scaled(rows, stream.integer(-_BINADES, _BINADES, shape), form),
            stepped(marks, few, form),
            stepped(others, few, form),
            -rows,
        ],
    )
    return np.where(moving, moved, rows)


def stepped(values: Floats, steps: Integers, form: Format) -> Floats:
    """Values moved by that many numbers of the format."""
    return from_ordinal(ordinal(values, form) + steps, form)


def _scaled(values: Floats, exponents: Integers, form: Format) -> Floats:
    with np.errstate(over="ignore"):
        scaled = round_to(np.ldexp(values, exponents.astype(np.int32)), form)
    return np.clip(scaled, -form.largest, form.largest)


def is_written_out(case: Case) -> bool:
    """Whether the case's id rebuilds it."""
    return "/sha256-" not in case.id
