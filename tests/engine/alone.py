"""Mistakes that one property alone sees, put on honest answers: one a property, as people make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from conformance.targets.call import Call
from conformance.targets.outcome import Array, Outcome
from tests.engine.honest import Spoil, changed, one_off

Where = Callable[[Call], bool]


@dataclass(frozen=True)
class Mistake:
    """What is wrong, in words; on which loss and in which dtype it is planted."""

    text: str
    spoil: Spoil
    loss: str = "mse"
    dtype: str = "float32"


def value_where(where: Where, by: float = 1.5) -> Spoil:
    """The first element of the value is off."""

    def spoil(call: Call, was: Outcome) -> Outcome:
        if was.value is None or not where(call):
            return was
        return replace(was, value=changed(was.value, lambda values: one_off(values, by)))

    return spoil


def gradient_where(where: Where, by: float = 1.5) -> Spoil:
    """The first element of each gradient is off."""

    def spoil(call: Call, was: Outcome) -> Outcome:
        if was.value is None or not where(call):
            return was
        return replace(
            was,
            gradients={n: changed(g, lambda v: one_off(v, by)) for n, g in was.gradients.items()},
        )

    return spoil


def outcome_where(where: Where, change: Callable[[Outcome], Outcome]) -> Spoil:
    return lambda call, was: change(was) if was.value is not None and where(call) else was


def size(call: Call) -> int:
    return max(array.size for array in call.inputs.values())


def given(call: Call, **inputs: Any) -> bool:
    """Whether the call has exactly these inputs."""
    return all(np.array_equal(call.inputs[name], np.asarray(v)) for name, v in inputs.items())


def certain(call: Call) -> int:
    """Classes of probability one."""
    return int(np.count_nonzero(call.inputs["log_probabilities"] == 0.0))


def last_bit(outcome: Outcome) -> Outcome:
    assert outcome.value is not None
    bits = outcome.value.bits.copy()
    bits.reshape(-1)[-1] ^= 1
    return replace(outcome, value=Array(outcome.value.dtype, bits.view(outcome.value.stored.dtype)))


def widened(outcome: Outcome) -> Outcome:
    assert outcome.value is not None
    return replace(outcome, value=Array("float64", outcome.value.values))


def with_an_axis(outcome: Outcome) -> Outcome:
    assert outcome.value is not None
    return replace(outcome, value=Array(outcome.value.dtype, outcome.value.stored.reshape(-1, 1)))


def table(call: Call) -> bool:
    """33 by 31, which of what is drawn for the quick profile the value alone is asked for."""
    return size(call) == 33 * 31


ALONE: Mapping[str, Mistake] = MappingProxyType(
    {
        "value": Mistake("the first of a large table is off", value_where(table)),
        "gradient": Mistake("the first slope of a large table is off", gradient_where(table)),
        "gradient-path": Mistake(
            "another path where the target alone needs a gradient",
            gradient_where(lambda call: call.gradient == ("target",)),
        ),
        "cotangent": Mistake(
            "a loss that is squared is differentiated as one that is not",
            gradient_where(lambda call: call.squared),
        ),
        "weight-gradient": Mistake(
            "the gradient by the weight is off",
            lambda call, was: replace(
                was,
                gradients={
                    name: changed(array, one_off) if name == "weight" else array
                    for name, array in was.gradients.items()
                },
            ),
        ),
        "forward": Mistake(
            "forward mode lacks its factor",
            outcome_where(
                lambda call: call.derivative == "forward",
                lambda was: replace(was, tangent=was.tangent and changed(was.tangent, one_off)),
            ),
        ),
        "second-order": Mistake(
            "the gradient is right and its own gradient is not",
            lambda call, was: replace(
                was, curvature={n: changed(each, one_off) for n, each in was.curvature.items()}
            ),
        ),
        "dtype": Mistake("a large table gives float64", outcome_where(table, widened)),
        "shape": Mistake(
            "the sum of a large table has axes",
            outcome_where(lambda call: table(call) and call.reduction == "sum", with_an_axis),
        ),
        "mutation": Mistake(
            "a large table is written to",
            outcome_where(table, lambda was: replace(was, mutated=("prediction",))),
        ),
        "module": Mistake(
            "the class is a bit off the function",
            outcome_where(lambda call: call.form == "module", last_bit),
        ),
        "alias": Mistake(
            "a deprecated argument is taken without a warning",
            outcome_where(
                lambda call: call.overrides is not None, lambda was: replace(was, warnings=())
            ),
        ),
        "example": Mistake(
            "a number of the spec's is remembered wrongly",
            value_where(lambda call: given(call, prediction=[1.0, 2.0, 3.0], target=[2, 2, 1])),
        ),
        "edge-case": Mistake(
            "neighbours of one in bfloat16 are a special case",
            value_where(lambda call: given(call, prediction=[1.0078125], target=[1.0])),
        ),
        "identity": Mistake(
            "rows that are certain of every class pass for padding, but under log_target",
            value_where(
                lambda call: (
                    certain(call) == 9
                    and call.reduction == "none"
                    and not call.parameters.get("log_target")
                )
            ),
            "kl_divergence",
        ),
        "reduction": Mistake(
            "4099 losses are off, and their sum and mean are not",
            outcome_where(
                lambda call: size(call) == 4099 and call.reduction == "none",
                lambda was: replace(was, value=changed(was.value, lambda losses: 1.5 * losses)),
            ),
        ),
        "layout": Mistake(
            "strides are not looked at", value_where(lambda call: call.layout is not None)
        ),
        "determinism": Mistake(
            "many threads add otherwise", value_where(lambda call: call.threads is not None)
        ),
        "contract": Mistake(
            "a target of another dtype is read otherwise",
            value_where(lambda call: any("float" in each for each in call.dtypes.values())),
        ),
        "error": Mistake(
            "a target that is missing is broadcast",
            lambda call, was: (
                replace(was, raised=None, value=Array("float32", np.zeros(3, "<f4")))
                if was.raised and given(call, prediction=[1.0, 2.0, 3.0], target=[1.0, 2.0])
                else was
            ),
        ),
    }
)
