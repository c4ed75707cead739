"""A call: a case as one framework is asked to evaluate it, or why it cannot be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from conformance.specs.models import Input, Loss
from conformance.targets.applicability import (
    CaseLike,
    Numbers,
    batch_shape,
    binding_of,
    equal,
    obstacles,
    takes_reduction,
    used_parameters,
)
from conformance.targets.bindings import Alias, Binding, Form, Scalar
from conformance.targets.worker.protocol import Packed, pack

Derivative = Literal["gradient", "forward", "reverse-over-reverse", "forward-over-reverse"]
"""What is asked for beside the value: the gradient; the derivative along the tangents by a forward
pass; or the gradient and its own derivative along them, by autograd twice or by a forward pass."""

#: Losses of these choices of the convention last-axis have lost the last axis of the batch.
_LAST_AXIS = "last-axis"
_LAST_AXIS_KEPT = "kept"


@dataclass(frozen=True)
class NotApplicable:
    """Why a framework cannot be asked: an answer to be shown, not a failure."""

    reason: str


@dataclass(frozen=True, eq=False)
class Call:
    """What a worker is asked: arrays by input and parameter, numbers by argument, classes last.

    `gradient` names the inputs to differentiate along `cotangent`. `dtypes` overrides the dtype of
    single inputs. `overrides` are arguments that replace `reduction`, as a deprecated alias does.
    With `squared` the gradient is that of the loss's square. `tangents` are the direction of any
    other `derivative`, one for each input in `gradient`.
    `layout` says how the arrays lie in memory (None: in one piece). `repeat` calls are made in one
    go, the answer is the first that differs from the first one, else the last. `threads` replaces
    the worker's own number.
    `stored` holds inputs that are in the form of the wire already. `python` names inputs that are
    given as Python numbers, or lists of them, and not as tensors.
    """

    binding: Binding
    form: Form
    dtype: str
    inputs: Mapping[str, Numbers]
    parameters: Mapping[str, float | int | bool | Numbers | None]
    reduction: str
    gradient: tuple[str, ...] = ()
    cotangent: Numbers | None = None
    dtypes: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, Scalar] | None = None
    classes: frozenset[str] = frozenset()
    layout: str | None = None
    repeat: int = 1
    threads: int | None = None
    squared: bool = False
    derivative: Derivative = "gradient"
    tangents: Mapping[str, Numbers] = field(default_factory=dict)
    stored: Mapping[str, Packed] = field(default_factory=dict)
    python: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return str(self.binding.call if self.form == "function" else self.binding.module)

    @property
    def arrays(self) -> dict[str, Numbers]:
        """Inputs that are tensors, then array parameters, in the order in which they are sent."""
        given = {k: v for k, v in self.parameters.items() if isinstance(v, np.ndarray)}
        return {**{k: v for k, v in self.inputs.items() if k not in self.python}, **given}

    @property
    def plain(self) -> dict[str, Any]:
        """The inputs that are no tensors, as nested lists or a number, their classes moved."""
        axis = self.binding.layout.get("classes")
        found = {}
        for name in self.python:
            array = self.inputs[name]
            if axis is not None and name in self.classes and array.ndim:
                array = np.moveaxis(array, -1, min(axis, array.ndim - 1))
            found[name] = array.tolist()
        return found

    @property
    def numbers(self) -> dict[str, Scalar]:
        """The framework's argument of each parameter that is one number."""
        return {
            self._argument(name): value
            for name, value in self.parameters.items()
            if not isinstance(value, np.ndarray)
        }

    def _argument(self, parameter: str) -> str:
        bound = self.binding.parameter(parameter)
        assert bound is not None  # bind saw to it
        return bound.name


def bind(
    case: CaseLike,
    binding: Binding,
    loss: Loss,
    *,
    form: Form | None = None,
    gradient: Sequence[str] | None = None,
    dtypes: Mapping[str, str] | None = None,
    alias: Alias | None = None,
    version: str | None = None,
) -> Call | NotApplicable:
    """Give the call of a case in the form asked for (else the first that serves the reduction).

    A parameter at the spec's default is left out, so that the framework's own default is what runs.
    `gradient` names inputs; None means every floating one that the framework differentiates.
    `dtypes` overrides the dtype of single inputs. `version` is the framework's: what it has only
    since a later one is not applicable.
    """
    binding = binding_of(case, binding, loss)
    used = used_parameters(case, loss)
    reason = next(obstacles(case, binding, loss, used, form, version), None)
    if reason is not None:
        return NotApplicable(reason)
    wanted = _floating(loss, dtypes or {}) if gradient is None else gradient
    kept = tuple(name for name in wanted if name not in binding.not_differentiated)
    return Call(
        binding=binding,
        form=form or binding.forms(case.reduction, used)[0],
        dtype=case.dtype,
        inputs=case.inputs,
        parameters=_passed(case, binding, loss, used),
        reduction=case.reduction,
        gradient=kept,
        cotangent=case.cotangent_for(output_shape(case, binding, loss)) if kept else None,
        dtypes=dict(dtypes or {}),
        overrides=None if alias is None else alias.arguments,
        classes=frozenset(name for name, item in loss.inputs.items() if "classes" in item.shape),
    )


def _passed(
    case: CaseLike, binding: Binding, loss: Loss, used: Sequence[str]
) -> dict[str, float | int | bool | Numbers | None]:
    """The parameters that must be said: those in use that are not the framework's default."""
    passed: dict[str, float | int | bool | Numbers | None] = {}
    for name in used:
        default = loss.parameters[name].default
        value, bound = case.parameters.get(name, default), binding.parameter(name)
        if bound is None or value is None:
            continue
        if not equal(value, bound.default if bound.differs else default):
            passed[name] = value
    return passed


def _floating(loss: Loss, dtypes: Mapping[str, str]) -> tuple[str, ...]:
    def floats(name: str, item: Input) -> bool:
        return item.kind == "real" and "float" in dtypes.get(name, "float")

    return tuple(name for name, item in loss.inputs.items() if floats(name, item))


def output_shape(case: CaseLike, binding: Binding, loss: Loss) -> tuple[int, ...]:
    """The shape of the value: none after a reduction, else the batch's, as the binding declares."""
    if case.reduction != "none":
        return ()
    batch = batch_shape(case, loss)
    choice = loss.choices(
        {k: v for k, v in binding.conventions.items() if k in loss.conventions}
    ).get(_LAST_AXIS, _LAST_AXIS_KEPT)
    return batch if choice == _LAST_AXIS_KEPT else batch[:-1]


def request(call: Call, number: int) -> tuple[dict[str, Any], list[Packed]]:
    """The header and the arrays of a call, as a worker reads them."""
    binding, names = call.binding, list(call.arrays)
    constants = {**binding.constants, **call.numbers, **_reduction_argument(call)}
    reduction = binding.reduction(call.reduction)
    header = {
        "id": number,
        "call": call.path,
        "after": reduction.after if reduction else None,
        "arguments": [_argument(call, name) for name in names],
        "constants": constants if call.form == "function" else {},
        "construction": constants if call.form == "module" else None,
        "dtype": call.dtype,
        "wanted": [names.index(name) for name in call.gradient],
        "layout": call.layout,
        "repeat": call.repeat,
        "threads": call.threads,
        "squared": call.squared,
        "derivative": call.derivative,
        "python": [["call", binding.inputs[name], value] for name, value in call.plain.items()],
    }
    return header, _packed(call)


def _argument(call: Call, name: str) -> list[Any]:
    """Where an array goes, under which name, and on which axis the framework has its classes."""
    axis = call.binding.layout.get("classes") if name in call.classes else None
    if name in call.inputs:
        return ["call", call.binding.inputs[name], axis]
    bound = call.binding.parameter(name)
    assert bound is not None  # bind saw to it
    return ["call" if call.form == "function" else "construct", bound.name, axis]


def _packed(call: Call) -> list[Packed]:
    """The arguments, then the cotangent of a gradient, then the tangents of a direction."""
    arrays = []
    for name, array in call.arrays.items():
        integer = array.dtype.kind in "iub"
        dtype = call.dtypes.get(name, "int64" if integer else call.dtype)
        arrays.append(call.stored.get(name) or pack(array, dtype))
    if call.gradient:
        assert call.cotangent is not None  # bind gives one
        arrays.append(pack(call.cotangent, call.dtype))
    if call.derivative != "gradient":
        arrays += [pack(call.tangents[name], call.dtype) for name in call.gradient]
    return arrays


def _reduction_argument(call: Call) -> Mapping[str, Scalar]:
    if call.overrides is not None:
        return call.overrides
    if call.form not in call.binding.reduced_by or not takes_reduction(call.binding):
        return {}
    bound = call.binding.reduction(call.reduction)
    if bound is None:  # a reject: the framework is to refuse what no spec knows
        return {call.binding.reduction_name: call.reduction}
    return {} if bound.argument is None else {call.binding.reduction_name: bound.argument}
