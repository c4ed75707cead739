"""Sweeps: every value of one input of an elementwise loss in 16 bits, against a grid of the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.cases.case import Case, frozen
from conformance.cases.cotangent import Cotangents
from conformance.cases.given import number_text
from conformance.cases.roles import has_classes, is_unbounded
from conformance.cases.streams import Floats, Stream
from conformance.numerics.formats import FORMATS, Format, round_to, ulp
from conformance.numerics.table import values_by_pattern
from conformance.specs.interval import Interval
from conformance.specs.models import Loss

DTYPES = ("float16", "bfloat16")
_MARKS = (0.0, 0.25, 0.5, 1.0, 2.0, 30.0)
_STEPS = (-1.0, -0.5, 0.0, 1.0)  # below a power of two the floats lie twice as close
_DRAWN = 4


def unsuited(loss: Loss, dtype: str) -> str:
    """Why a loss is not swept in a dtype; empty where it is."""
    if has_classes(loss) or len(loss.inputs) != 2:
        return "not elementwise: its inputs are too many to be tried one by one"
    return "" if dtype in DTYPES else f"{dtype} has too many values to try every one"


def values_of(loss: Loss, name: str, parameters: Mapping[str, bool], form: Format) -> Floats:
    """Every legal value of an input; infinities and one NaN where the input takes any size."""
    domain, found = loss.inputs[name].domain(dict(parameters)), values_by_pattern(form)
    legal = _inside(found, domain)
    if is_unbounded(loss, name, parameters):
        legal |= (found == domain.low) | (found == domain.high)
        legal[np.argmax(np.isnan(found))] = True
    return found[legal]


def grid_of(loss: Loss, name: str, parameters: Mapping[str, bool], form: Format) -> list[float]:
    """Values for the other input: ends, marks and their neighbours, limits, and a few drawn."""
    domain = loss.inputs[name].domain(dict(parameters))
    marks = [each + step * float(ulp(each, form)) for each in _MARKS for step in _STEPS]
    marks += [form.smallest_subnormal, form.smallest_normal, form.largest]
    drawn = Stream(loss.id, form.name, name).bell((_DRAWN,))
    both = np.concatenate([marks, drawn, np.abs(drawn) % 1.0])
    found = round_to(np.concatenate([both, -both]), form)
    kept = found[_inside(found, domain)]
    _, first = np.unique(kept.view(np.int64), return_index=True)
    return [float(each) for each in kept[np.sort(first)]]


def _inside(values: Floats, domain: Interval) -> np.ndarray[Any, np.dtype[np.bool_]]:
    high = float(domain.high)
    above = values >= domain.low if domain.low_closed else values > domain.low
    return np.asarray(above & (values <= high if domain.high_closed else values < high))


@dataclass(frozen=True, eq=False)
class Sweeps:
    """All sweeps of a loss in a dtype, made once; `column` gives them a last axis of one."""

    loss: Loss
    dtype: str
    column: bool = False

    def cases(self) -> Iterator[Case]:
        """A case for each swept input, grid value of the other, and value of the boolean parameters."""
        for parameters in _settings(self.loss):
            for name in self.loss.inputs:
                yield from self._of(name, parameters)

    def _of(self, swept: str, parameters: dict[str, bool]) -> Iterator[Case]:
        form = FORMATS[self.dtype]
        [other] = [name for name in self.loss.inputs if name != swept]
        every = values_of(self.loss, swept, parameters, form)
        every = np.asarray(frozen(every[:, None] if self.column else every), dtype=np.float64)
        for value in grid_of(self.loss, other, parameters, form):
            beside = np.asarray(frozen(np.full(every.shape, value)), dtype=np.float64)
            named = {swept: every, other: beside}
            stated = "".join(f"/{name}={str(each).lower()}" for name, each in parameters.items())
            text = f"{self.loss.id}/{self.dtype}/every/{swept}/{other}={number_text(value)}{stated}"
            yield Case(
                id=text,
                loss=self.loss.id,
                dtype=self.dtype,
                inputs={name: named[name] for name in self.loss.inputs},
                parameters=dict(parameters),
                reduction="none",
                cotangents=Cotangents(text, self.dtype, ones=True),
            )


def _settings(loss: Loss) -> Iterator[dict[str, bool]]:
    """Boolean parameters change the domain, so that each of their values is swept."""
    yield {}
    for name, parameter in loss.parameters.items():
        if parameter.kind == "boolean":
            yield {name: not parameter.default}
