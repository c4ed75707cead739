"""From a recipe to its case: inputs drawn by their role, in their domain, exact in the dtype."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from conformance.cases.case import Array, Case, Value, frozen
from conformance.cases.cotangent import Cotangents
from conformance.cases.inputs import class_indices, first_input, further_input, paired
from conformance.cases.parameters import parameter_value
from conformance.cases.reals import Space
from conformance.cases.recipe import Recipe
from conformance.cases.regimes import NOT_FINITE
from conformance.cases.roles import CLASSES, Role, is_unbounded, role_of
from conformance.cases.sample import cut
from conformance.cases.streams import Floats, Integers, Shape, Stream
from conformance.numerics.formats import FORMATS, Format, round_to, ulp
from conformance.specs.interval import Interval
from conformance.specs.models import Loss

_IGNORED_SHARE = 0.25
_SPECIAL_SHARE = 0.125


def build(recipe: Recipe, loss: Loss) -> Case:
    """The case of a recipe: the same bits on every machine, whatever was built before."""
    text = recipe.whole().text()
    parameters = _parameters(recipe, loss, text)
    inputs: dict[str, Array] = {}
    roles: dict[str, Role] = {}
    for name in loss.inputs:
        roles[name] = role_of(loss, name, parameters)
        space = Space(Stream(text, name), _shape(recipe, loss, name), FORMATS[recipe.dtype])
        if roles[name] is Role.CLASS_INDEX:
            inputs[name] = _indices(recipe, loss, name, inputs, parameters, space)
        else:
            inputs[name] = _floats(recipe, loss, name, inputs, roles, parameters, space)
    case = Case(
        id=text,
        loss=loss.id,
        dtype=recipe.dtype,
        inputs={name: frozen(array) for name, array in inputs.items()},
        parameters=parameters,
        reduction=recipe.reduction,
        cotangents=Cotangents(text, recipe.dtype),
    )
    return case if recipe.element is None else cut(case, loss, recipe.element)


def _shape(recipe: Recipe, loss: Loss, name: str) -> Shape:
    with_classes = loss.inputs[name].shape == CLASSES and recipe.classes is not None
    return (*recipe.batch, recipe.classes or 0) if with_classes else recipe.batch


def _parameters(recipe: Recipe, loss: Loss, text: str) -> dict[str, Value]:
    form = FORMATS[recipe.dtype]
    values: dict[str, Value] = {}
    for name, token in recipe.parameters:
        space = Space(Stream(text, name), (), form)
        parameter = loss.parameters[name]
        value = parameter_value(parameter, token, recipe.batch, recipe.classes, space)
        if parameter.shape is not None:
            drawn = np.asarray(value, dtype=np.float64)
            value = np.asarray(frozen(legal(drawn, parameter.domain(), form)), dtype=np.float64)
        values[name] = value
    return values


def _indices(
    recipe: Recipe,
    loss: Loss,
    name: str,
    inputs: Mapping[str, Array],
    parameters: Mapping[str, Value],
    space: Space,
) -> Integers:
    """Class indices; the mark of ignored samples appears only where the recipe states it."""
    scores = next(array for array in inputs.values() if array.dtype.kind == "f")
    drawn = class_indices(recipe.regime, scores, space.shape, space)
    mark = parameters.get(loss.inputs[name].also or "")
    if not isinstance(mark, int):
        return drawn
    return np.where(space.stream.some(_IGNORED_SHARE, space.shape), mark, drawn)


def _floats(
    recipe: Recipe,
    loss: Loss,
    name: str,
    inputs: Mapping[str, Array],
    roles: Mapping[str, Role],
    parameters: Mapping[str, Value],
    space: Space,
) -> Floats:
    regime, role = recipe.regime, roles[name]
    if not inputs:
        values = first_input(role, regime, space)
    elif regime == "cancelling":
        first = next(iter(inputs))
        values = paired(role, np.asarray(inputs[first], dtype=np.float64), roles[first], space)
    else:
        values = further_input(role, regime, space)
    domain = loss.inputs[name].domain(dict(parameters))
    values = legal(values, domain, space.form)
    if regime in NOT_FINITE and is_unbounded(loss, name, parameters):
        values = _sprinkled(regime, values, domain, space)
    return values


def legal(values: Floats, domain: Interval, form: Format) -> Floats:
    """Values moved into the domain, rounded to the format and finite.

    What lies on the wrong side of a half-line is mirrored, anything else is clipped.
    """
    low, high = domain.low, domain.high
    if not isinstance(high, float):
        raise TypeError(f"{domain.text}: real values are drawn in an interval with two numbers")
    bottom, top = max(low, -form.largest), min(high, form.largest)
    if low > -np.inf and high == np.inf:
        values = low + np.abs(values - low)
    elif high < np.inf and low == -np.inf:
        values = high - np.abs(values - high)
    if not domain.low_closed and low > -np.inf:
        bottom = low + float(ulp(low, form))
    if not domain.high_closed and high < np.inf:
        top = high - float(ulp(high, form))
    values = round_to(values, form)
    if values.size and values.min() >= bottom and values.max() <= top:
        return values
    # Not np.clip: whether it keeps the sign of a zero at an end depends on the processor.
    values = np.where(values < bottom, bottom, values)
    return np.where(values > top, top, values)


def _sprinkled(regime: str, values: Floats, domain: Interval, space: Space) -> Floats:
    """Infinities of the domain's signs, or NaN, in an eighth of the places and at least one."""
    odd = np.full(space.shape, np.nan)
    if regime == "infinite":
        ends = [end for end in map(float, (domain.low, domain.high)) if np.isinf(end)]
        odd = space.stream.one_of(ends, space.shape)
    return np.where(space.stream.some(_SPECIAL_SHARE, space.shape), odd, values)
