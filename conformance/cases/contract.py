"""Calls that a contract speaks of: inputs that differ in dtype, Python numbers, few or no axes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from conformance.cases.case import Array, Case, frozen
from conformance.cases.cotangent import SIGNED
from conformance.cases.generation import build
from conformance.cases.roles import Role, has_classes, role_of
from conformance.cases.streams import Floats
from conformance.cases.variant import CLASSES, plain_recipe, variant
from conformance.numerics.formats import FORMATS, round_to, ulp
from conformance.specs.models import Loss

#: The dtypes that a target is given beside a first input of each dtype: a wider one, a narrower one.
OTHERS: Mapping[str, tuple[str, ...]] = {
    "float64": ("float32",),
    "float32": ("float64", "bfloat16"),
    "float16": ("float32", "bfloat16"),
    "bfloat16": ("float32", "float16"),
}
#: Lists have no dtype of their own: frameworks take them for this one.
OF_LISTS = "float32"
INTEGER_GRADIENT = "gradient-of-integers"
WEIGHT = "weight"
MIXED = ("mixed-floats", "mixed-weight")
"""The clauses about two floating dtypes, that of the first input and another one."""
_BATCH = (3,)
_LARGEST_INTEGER = 8.0
_TELLING = ("mixed-floats", "index-dtype", "zero-dimensional", "integer-target", "size-one")


@dataclass(frozen=True, eq=False)
class Asking:
    """A call, the clause that it is about, and the key of the word that a binding has for it.

    `dtypes` names inputs of another dtype than the case's, in which their numbers are exact;
    `python` those that are no tensors. `gradients`: whether they are asked for.
    """

    clause: str
    key: str
    case: Case
    dtypes: Mapping[str, str] = field(default_factory=dict)
    python: tuple[str, ...] = ()
    gradients: bool = True


def common(one: str, other: str) -> str:
    """The narrowest dtype that holds the numbers of both."""
    if one == other:
        return one
    if "float64" in (one, other):
        return "float64"
    return "float32"


def narrower(one: str, other: str) -> str:
    """The dtype with fewer digits."""
    return min(one, other, key=lambda name: FORMATS[name].precision)


def first_of(loss: Loss) -> str:
    """The input that a result looks like: the first one."""
    return next(iter(loss.inputs))


def target_of(loss: Loss) -> str | None:
    """The input that is given in another form: the target, else the last; None beside no other."""
    names = list(loss.inputs)
    if len(names) < 2:
        return None
    return "target" if "target" in names[1:] else names[-1]


def askings(loss: Loss, dtype: str) -> Iterator[Asking]:
    """Every call of the contract, a dozen; each names itself in its case's id.

    The first four are the ones that a target is asked for which has time for few.
    """
    target, made = target_of(loss), []
    if target is not None and loss.inputs[target].kind == "real":
        made = [*_mixed(loss, dtype, target), *_whole(loss, dtype, target)]
    elif target is not None:
        made = [*_indices(loss, dtype, target)]
    if target is not None:
        made += _python(loss, dtype, target)
    made += [*_weighted(loss, dtype), *_shapes(loss, dtype)]
    before: Counter[str] = Counter()
    placed = []
    for asking in made:
        rank = _TELLING.index(asking.clause) if asking.clause in _TELLING else len(_TELLING)
        placed.append((before[asking.clause], rank, asking))
        before[asking.clause] += 1
    yield from (asking for *_, asking in sorted(placed, key=lambda each: each[:2]))


def _plain(loss: Loss, dtype: str, batch: tuple[int, ...], reduction: str, classes: int) -> Case:
    named = reduction if reduction in loss.reductions else next(iter(loss.reductions))
    return build(plain_recipe(loss, dtype, batch, named, classes), loss)


def _asked(
    loss: Loss,
    dtype: str,
    word: str,
    batch: tuple[int, ...] = _BATCH,
    reduction: str = "none",
    classes: int = CLASSES,
) -> Case:
    """A plain case under its word; its cotangent is of ones and signs, exact in every dtype."""
    case = variant(_plain(loss, dtype, batch, reduction, classes), word)
    return replace(case, cotangents=replace(case.cotangents, structure=SIGNED))


def _mixed(loss: Loss, dtype: str, target: str) -> Iterator[Asking]:
    """Two dtypes, unreduced, and the first two of them in the mean too."""
    for place, other in enumerate(OTHERS[dtype]):
        reductions = ("none", "mean") if place == 0 and "mean" in loss.reductions else ("none",)
        for reduction in reductions:
            case = _asked(loss, dtype, f"target-in-{other}", reduction=reduction)
            inputs = _of_two_dtypes(loss, dtype, other, target, reduction)
            key = f"{dtype}+{other}"
            yield Asking("mixed-floats", key, replace(case, inputs=inputs), {target: other})


def _of_two_dtypes(
    loss: Loss, dtype: str, other: str, target: str, reduction: str
) -> dict[str, Array]:
    """Numbers that use the digits of their own dtypes.

    Where both inputs have one domain every second pair is so close that the narrower dtype does
    not tell them apart.
    """
    drawn = _plain(loss, common(dtype, other), _BATCH, reduction, CLASSES).inputs
    own = {name: other if name == target else dtype for name in loss.inputs}
    inputs = {
        name: round_to(array, FORMATS[own[name]]) if array.dtype.kind == "f" else array
        for name, array in drawn.items()
    }
    first = first_of(loss)
    one, two = loss.inputs[first], loss.inputs[target]
    if (one.interval, one.shape) == (two.interval, two.shape):
        fine, rough = (first, target) if narrower(dtype, other) == other else (target, first)
        near = _beside(inputs[rough], own[rough], own[fine])
        inputs[fine] = np.where(np.arange(near.size).reshape(near.shape) % 2, inputs[fine], near)
    return {name: frozen(array) for name, array in inputs.items()}


def _beside(values: Array, rough: str, fine: str) -> Floats:
    """Numbers of the finer dtype, a quarter ulp of the rougher one nearer to zero."""
    step = np.copysign(ulp(values, FORMATS[rough]), values) / 4.0
    return round_to(np.asarray(values) - step, FORMATS[fine])


def _whole(loss: Loss, dtype: str, target: str) -> Iterator[Asking]:
    """Integers and booleans for real numbers, unless the spec has them refused."""
    refused = {name for each in loss.rejects for name in each.given.dtype}
    if loss.inputs[target].shape == "*batch classes" or (refused == {target}):
        return
    for clause, word, kind in (
        ("integer-target", "integer-target", "int64"),
        ("boolean-target", "boolean-target", "bool"),
        ("integer-gradient", INTEGER_GRADIENT, "int64"),
    ):
        case = _asked(loss, dtype, word)
        whole = _integers(loss, target, case.inputs[target], kind)
        made = replace(case, inputs={**case.inputs, target: frozen(whole)})
        yield Asking(clause, dtype, made, {target: kind})


def _integers(loss: Loss, name: str, values: Array, kind: str) -> Array:
    """Small integers in the domain of the input, as float64."""
    role = role_of(loss, name, {})
    if role is Role.REAL and kind != "bool":
        return np.rint(np.clip(4.0 * values, -_LARGEST_INTEGER, _LARGEST_INTEGER))
    if role is Role.MASS:
        return np.ones(values.shape)
    return np.asarray(values > np.median(values), dtype=np.float64)


def _indices(loss: Loss, dtype: str, target: str) -> Iterator[Asking]:
    for kind in ("int32", "uint8"):
        case = _asked(loss, dtype, f"target-in-{kind}")
        yield Asking("index-dtype", kind, case, {target: kind})
    yield Asking("integer-gradient", dtype, _asked(loss, dtype, INTEGER_GRADIENT))


def _weighted(loss: Loss, dtype: str) -> Iterator[Asking]:
    """Weights in another dtype, where the loss has any that are an array."""
    declared = loss.parameters.get(WEIGHT)
    if declared is None or declared.shape is None or "none" not in loss.reductions:
        return
    other = OTHERS[dtype][0]
    recipe = replace(plain_recipe(loss, dtype, _BATCH, "none"), parameters=((WEIGHT, "typical"),))
    case = variant(build(recipe, loss), f"weight-in-{other}")
    wide = build(replace(recipe, dtype=common(dtype, other)), loss).parameters[WEIGHT]
    weight = round_to(np.asarray(wide, dtype=np.float64), FORMATS[other])
    cotangents = replace(case.cotangents, structure=SIGNED)
    case = replace(case, parameters={WEIGHT: weight}, cotangents=cotangents)
    yield Asking("mixed-weight", f"{dtype}+{other}", case, {WEIGHT: other})


def _python(loss: Loss, dtype: str, target: str) -> Iterator[Asking]:
    number = _asked(loss, dtype, "target-as-number", ())
    if number.inputs[target].ndim == 0:
        yield Asking("python-number", dtype, number, python=(target,), gradients=False)
    case = _asked(loss, dtype, "target-as-list")
    yield Asking("python-list", dtype, case, python=(target,), gradients=False)
    if dtype == OF_LISTS:
        case, names = _asked(loss, dtype, "all-as-lists"), tuple(loss.inputs)
        yield Asking("all-lists", dtype, case, python=names, gradients=False)


def _shapes(loss: Loss, dtype: str) -> Iterator[Asking]:
    yield Asking("zero-dimensional", dtype, _asked(loss, dtype, "zero-dimensional", ()))
    yield Asking("size-one", dtype, _asked(loss, dtype, "size-one-axis", (3, 1)))
    if has_classes(loss):
        yield Asking("single-class", dtype, _asked(loss, dtype, "single-class", classes=1))
        yield Asking("empty", dtype, _asked(loss, dtype, "empty", (0,)))
    else:
        yield Asking("empty", dtype, _asked(loss, dtype, "empty", (0, 3)))
