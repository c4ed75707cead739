"""Cases written into the spec, examples and edge cases, with what is expected in each dtype."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from conformance.cases.case import Case, frozen
from conformance.cases.cotangent import Cotangents
from conformance.cases.streams import Floats, Shape
from conformance.cases.written import given_inputs, given_parameters, inexact, misfit, words
from conformance.numerics.formats import FORMATS, Format
from conformance.specs.case import Example, Expectation, Given
from conformance.specs.choice import Choice
from conformance.specs.models import Loss
from conformance.specs.values import resolve

Kind = Literal["example", "edge-case"]

# What stands beside the values of a case.
_BESIDE = {"reduction", "conventions", "dtype", "shape"}


@dataclass(frozen=True, eq=False)
class Expected:
    """What a written case must give; None where the reference has to say it of the rounded inputs.

    `reason` tells why the spec's numbers do not serve, and is empty where they do.
    """

    loss: Floats | None
    gradient: Mapping[str, Floats] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, eq=False)
class WrittenCase:
    """A case of the spec in one dtype; `expected` is what a target with given choices must give."""

    kind: Kind
    name: str
    why: str
    case: Case
    given: Mapping[str, Any]
    sign_of_zero: bool
    norm: Expected
    when: Mapping[str, Mapping[str, Expected]]

    def expected(self, choices: Mapping[str, str]) -> Expected:
        """The expectation under a target's choices, all of them or those that are not the norm's.

        Where several of them each change the value, the spec has no number for all together.
        """
        changed = [
            expectation
            for convention, texts in self.when.items()
            for text, expectation in texts.items()
            if convention in choices and Choice.parse(choices[convention]) == Choice.parse(text)
        ]
        if not changed:
            return self.norm
        if all(_same(changed[0], other) for other in changed[1:]):
            return changed[0]
        return Expected(None, {}, "the spec does not say what these choices give together")


def _same(one: Expected, other: Expected) -> bool:
    if (one.loss is None) != (other.loss is None) or one.gradient.keys() != other.gradient.keys():
        return False
    pairs = [(one.gradient[name], other.gradient[name]) for name in one.gradient]
    if one.loss is not None and other.loss is not None:
        pairs.append((one.loss, other.loss))
    return all(np.array_equal(*pair, equal_nan=True) for pair in pairs)


def examples(loss: Loss, dtype: str) -> list[WrittenCase]:
    """The worked examples of a loss that fit the dtype."""
    return list(_fitting("example", loss, loss.examples, dtype))


def edge_cases(loss: Loss, dtype: str) -> list[WrittenCase]:
    """The edge cases of a loss that fit the dtype; `left_out` names the others."""
    return list(_fitting("edge-case", loss, loss.edge_cases, dtype))


def left_out(loss: Loss, dtype: str) -> dict[str, str]:
    """Ids of the written cases that do not fit the dtype, each with the reason."""
    reasons = {each.id: _misfit(each, dtype) for each in (*loss.examples, *loss.edge_cases)}
    return {name: reason for name, reason in reasons.items() if reason}


def _misfit(written: Example, dtype: str) -> str:
    if dtype not in written.dtypes:
        return f"the spec gives it for {', '.join(written.dtypes)} only"
    return misfit(written.given, FORMATS[dtype])


def _fitting(
    kind: Kind, loss: Loss, written: Sequence[Example], dtype: str
) -> Iterator[WrittenCase]:
    return (_case(kind, loss, each, dtype) for each in written if not _misfit(each, dtype))


def _case(kind: Kind, loss: Loss, written: Example, dtype: str) -> WrittenCase:
    form = FORMATS[dtype]
    text = f"{loss.id}/{dtype}/{written.id}"
    case = Case(
        id=text,
        loss=loss.id,
        dtype=dtype,
        inputs=given_inputs(loss, written.given, form),
        parameters=given_parameters(loss, written.given, form),
        reduction=written.given.reduction,
        cotangents=Cotangents(text, dtype, ones=True),
        conventions=dict(written.given.conventions),
    )
    base = Expectation(loss=written.loss, gradient=written.gradient)
    reason = inexact(loss, written.given, form)
    return WrittenCase(
        kind=kind,
        name=written.id,
        why=written.why or "",
        case=case,
        given=_plain(written.given),
        sign_of_zero=written.sign_of_zero,
        norm=_expected(base, base, case, form, reason),
        when={
            convention: {
                choice: _expected(expectation, base, case, form, reason)
                for choice, expectation in choices.items()
            }
            for convention, choices in written.when.items()
        },
    )


def _expected(
    changed: Expectation, base: Expectation, case: Case, form: Format, reason: str
) -> Expected:
    """The numbers of an expectation; what it leaves out is as without it."""
    if reason:
        return Expected(None, {}, reason)
    loss = _array(base.loss if changed.loss is None else changed.loss, form)
    gradient = {
        name: _filled(_array(value, form), case.inputs[name].shape)
        for name, value in {**base.gradient, **changed.gradient}.items()
        if name in case.inputs
    }
    return Expected(loss, gradient)


def _filled(array: Floats, shape: Shape) -> Floats:
    """An empty expectation takes the shape of its input, which YAML cannot write."""
    return array.reshape(shape) if array.size == 0 and math.prod(shape) == 0 else array


def _array(value: Any, form: Format) -> Floats:
    return np.asarray(frozen(np.asarray(resolve(value, words(form)), dtype=np.float64)))


def _plain(given: Given) -> dict[str, Any]:
    """What the spec writes, for the report."""
    return {**given.values, **given.model_dump(exclude_defaults=True, include=_BESIDE)}
