"""The cases written in a spec as arrays: decimals for the oracle, floats for the reference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from conformance.numerics import FORMATS, round_to
from conformance.specs.case import Example
from conformance.specs.models import Loss
from conformance.specs.values import entries, resolve


@dataclass(frozen=True)
class Expected:
    """A case of a spec in one dtype, under one set of choices, with what it must give."""

    loss: Loss
    case: Example
    dtype: str
    choices: dict[str, str]
    value: Any
    gradient: dict[str, Any]

    @property
    def id(self) -> str:
        changed = [f"{name}={text}" for name, text in self.choices.items()
                   if text != self.loss.conventions[name].default]  # fmt: skip
        return ":".join([self.loss.id, self.case.id, self.dtype, *changed])

    def exact(self, name: str) -> Any:
        """An input or parameter as its decimals say; a word stands for a float."""
        given = self.loss.inputs.get(name) or self.loss.parameters[name]
        if given.kind != "real":
            return self.floats(name)
        return self._array(name, lambda entry: _exact(entry, words(self.dtype)), object)

    def floats(self, name: str) -> Any:
        """An input or parameter rounded to the dtype; class indices are integers."""
        given = self.loss.inputs.get(name) or self.loss.parameters[name]
        if given.kind == "class_index":
            return self._array(name, int, np.int64)
        if given.kind != "real":
            return self.case.given.values[name]
        table = words(self.dtype)
        return self.rounded(self._array(name, lambda entry: resolve(entry, table), np.float64))

    def rounded(self, values: Any) -> Any:
        return round_to(np.asarray(values, np.float64), FORMATS[self.dtype])

    def number(self, value: Any) -> Any:
        """An expected value with the words replaced."""
        return np.asarray(resolve(value, words(self.dtype)), np.float64)

    def _array(self, name: str, convert: Any, kind: Any) -> Any:
        value = self.case.given.values[name]
        if value is None:
            return None
        flat = np.empty(len(entries(value)), dtype=kind)
        flat[:] = [convert(entry) for entry in entries(value)]
        return flat.reshape(self.case.given.shape_of(name))


def words(dtype: str) -> dict[str, float]:
    form = FORMATS[dtype]
    return {
        "largest": form.largest,
        "smallest_normal": form.smallest_normal,
        "smallest_subnormal": form.smallest_subnormal,
    }


def _exact(entry: float | str, table: dict[str, float]) -> Fraction | float:
    if isinstance(entry, str):
        return Fraction(resolve(entry, table))
    return Fraction(str(entry)) if np.isfinite(entry) else entry


def every(loss: Loss) -> Iterator[Expected]:
    """Every case in every dtype that it names, under the norm's choices and each other one."""
    for case in (*loss.examples, *loss.edge_cases):
        base = loss.choices(case.given.conventions)
        for dtype in case.dtypes:
            yield Expected(loss, case, dtype, base, case.loss, case.gradient)
            for name, expectations in case.when.items():
                for text, other in expectations.items():
                    choices = loss.choices({**case.given.conventions, name: text})
                    value = case.loss if other.loss is None else other.loss
                    gradient = {**case.gradient, **other.gradient}
                    yield Expected(loss, case, dtype, choices, value, gradient)
