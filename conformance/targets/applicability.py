"""Whether a framework can be asked to evaluate a case, and with which of its callables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from conformance.specs.models import Loss, Parameter
from conformance.targets.bindings import Binding, Form, batch_key
from conformance.targets.target import release

Numbers = NDArray[Any]


class CaseLike(Protocol):
    """What of a case a call needs."""

    @property
    def dtype(self) -> str: ...
    @property
    def inputs(self) -> Mapping[str, Numbers]: ...
    @property
    def parameters(self) -> Mapping[str, float | int | bool | Numbers | None]: ...
    @property
    def reduction(self) -> str: ...
    def cotangent_for(self, shape: tuple[int, ...]) -> Numbers: ...


def binding_of(case: CaseLike, binding: Binding, loss: Loss) -> Binding:
    """Give the binding that serves a case: what is called instead where it gives a parameter."""
    for name in used_parameters(case, loss):
        if name in binding.instead:
            return binding.instead[name]
    return binding


def obstacles(
    case: CaseLike,
    binding: Binding,
    loss: Loss,
    used: Sequence[str],
    form: Form | None,
    version: str | None,
) -> Iterator[str]:
    """Every reason for which this case cannot be asked of this framework."""
    if binding.absent is not None:
        yield binding.absent
        return
    if _newer(binding.since, version):
        yield f"{binding.framework} has {loss.id} since {binding.since}"
    for key in (case.dtype, case.reduction, *used):
        if key in binding.unsupported:
            yield binding.unsupported[key]
    axes = batch_key(len(batch_shape(case, loss)))
    if axes in binding.unsupported:
        yield binding.unsupported[axes]
    for name, value in binding.held.items():
        if not equal(case.parameters.get(name, loss.parameters[name].default), value):
            yield f"narrowed to {name}={value}"
    if case.reduction in loss.reductions and binding.reduction(case.reduction) is None:
        yield f"the binding of {binding.framework} states no reduction {case.reduction!r}"
    for name in used:
        yield from _parameter(case, binding, loss, name, version)
    forms = binding.forms(case.reduction, used)
    if not forms or (form is not None and form not in forms):
        which = f"the {form} of" if form and forms else "none of"
        taken = ", ".join([f"the reduction {case.reduction}", *used])
        yield f"{which} {_shown(binding)} takes {taken}"
    if case.reduction not in loss.reductions and not takes_reduction(binding):
        yield f"{_shown(binding)} takes no reduction that could be refused"


def _shown(binding: Binding) -> str:
    """What is called; of a file only its name."""
    return str(binding.call or binding.module).rpartition("/")[2]


def _parameter(
    case: CaseLike, binding: Binding, loss: Loss, name: str, version: str | None
) -> Iterator[str]:
    bound, value = binding.parameter(name), case.parameters.get(name)
    if bound is None:
        if name not in binding.implied:
            yield f"the binding of {binding.framework} states no parameter {name!r}"
        return
    if _newer(bound.since, version):
        yield f"{binding.framework} has {name} since {bound.since}"
    batch = batch_shape(case, loss)
    if bound.whole and isinstance(value, np.ndarray) and _spreads(value.shape, batch):
        yield bound.whole


def _spreads(shape: tuple[int, ...], batch: tuple[int, ...]) -> bool:
    """Whether a shape is another one than the batch's, and broadcasts to it."""
    try:
        return shape != batch and np.broadcast_shapes(shape, batch) == batch
    except ValueError:
        return False


def takes_reduction(binding: Binding) -> bool:
    bounds = [binding.reduction(name) for name in binding.reductions]
    return any(bound is not None and bound.argument is not None for bound in bounds)


def _newer(since: str | None, version: str | None) -> bool:
    return since is not None and version is not None and release(version) < release(since)


def used_parameters(case: CaseLike, loss: Loss) -> list[str]:
    """Give the parameters that matter: not at the spec's default, or met by a class index."""
    return [name for name, each in loss.parameters.items() if _in_use(case, loss, name, each)]


def _in_use(case: CaseLike, loss: Loss, name: str, parameter: Parameter) -> bool:
    value = case.parameters.get(name, parameter.default)
    met = any(
        item.also == name and np.any(case.inputs[key] == value) for key, item in loss.inputs.items()
    )
    return met or not equal(value, parameter.default)


def equal(value: Any, default: Any) -> bool:
    if value is None or default is None or isinstance(value, np.ndarray):
        return value is default
    return bool(value == default)


def batch_shape(case: CaseLike, loss: Loss) -> tuple[int, ...]:
    shapes = [
        case.inputs[name].shape[:-1] if "classes" in item.shape else case.inputs[name].shape
        for name, item in loss.inputs.items()
    ]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:  # a reject: the shapes do not fit each other
        return shapes[0]
