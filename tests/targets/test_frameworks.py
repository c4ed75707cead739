"""Each framework through its worker: the worked examples, bits, dtypes, exceptions and gradients.

Skipped, with the reason, where a framework is not installed.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from conformance.specs.library import load_library
from conformance.targets.binding_file import load_bindings
from conformance.targets.bindings import Binding
from conformance.targets.call import Call, NotApplicable, bind
from conformance.targets.driver import Worker, WorkerError
from conformance.targets.outcome import Outcome
from conformance.targets.target import Missing, Target, resolve
from tests.targets.losses import Given

pytestmark = pytest.mark.frameworks
DTYPES = ("float64", "float32", "float16", "bfloat16")
ROUNDOFF = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}


@dataclass(frozen=True)
class Side:
    """A target's worker and bindings."""

    target: Target
    bindings: dict[str, Binding]
    worker: Worker

    def ask(self, loss: str, given: Given, **options: object) -> Outcome:
        spec = load_library().losses[loss]
        call = bind(given, self.bindings[loss], spec, **options)  # type: ignore[arg-type]
        assert isinstance(call, Call), call
        return self.worker.evaluate([call])[0]


@pytest.fixture(scope="module", params=["torch", "tensorflow", "optax", "keras"])
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    target = resolve(Target.parse(request.param))
    if isinstance(target, Missing):
        pytest.skip(target.reason)
    with Worker(target) as worker:
        yield Side(target, load_bindings(target), worker)


def logits_loss(side: Side) -> str:
    """A loss that every framework has."""
    assert side.bindings["binary_cross_entropy_with_logits"].absent is None
    return "binary_cross_entropy_with_logits"


def given(dtype: str = "float32", **changes: object) -> Given:
    inputs = {
        "logits": np.array([[0.5, -2.0], [0.0, 4.0]]),
        "target": np.array([[1.0, 0], [0.5, 1]]),
    }
    return Given(**{"inputs": inputs, "dtype": dtype, **changes})  # type: ignore[arg-type]


ROWS = np.array([[1.0, 2, 3], [4, 5, 6]])
WORKED = [
    ("l1", {"prediction": np.array([1.0, 2, 3]), "target": np.array([1.25, 2.25, 3.25])}, 0.25),
    ("mse", {"prediction": np.array([1.0, 2, 3]), "target": np.array([1.25, 2.25, 3.25])}, 0.0625),
    ("nll", {"log_probabilities": ROWS, "target": np.array([0, 1])}, -3.0),
    ("cross_entropy", {"logits": ROWS, "target": np.array([0, 1])}, 1.9076059644443804),
    (
        "binary_cross_entropy",
        {"probabilities": np.array([0.9, 0.7, 0.8]), "target": np.array([1.0, 0, 1])},
        0.5108256237659907,
    ),
    (
        "binary_cross_entropy_with_logits",
        {"logits": np.array([2.21, 0.85, 1.4]), "target": np.array([1.0, 0, 1])},
        (math.log1p(math.exp(-2.21)) + math.log1p(math.exp(0.85)) + math.log1p(math.exp(-1.4))) / 3,
    ),
]


@pytest.mark.parametrize(("loss", "inputs", "value"), WORKED, ids=[each[0] for each in WORKED])
def test_a_worked_example_holds(
    side: Side, loss: str, inputs: dict[str, object], value: float
) -> None:
    reason = side.bindings[loss].absent
    if reason is not None:
        pytest.skip(reason)
    dtype = "float32" if "float64" in side.bindings[loss].unsupported else "float64"
    outcome = side.ask(loss, Given(inputs, {}, "mean", dtype=dtype))
    assert outcome.value is not None, outcome
    assert outcome.value.values == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_values_and_gradients_keep_the_dtype(side: Side, dtype: str) -> None:
    outcome = side.ask(logits_loss(side), given(dtype, reduction="sum"))
    assert outcome.dtype == dtype
    assert outcome.gradient_dtypes == {"logits": dtype, "target": dtype}
    assert outcome.shape == ()
    assert outcome.mutated == ()


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_gradient_is_taken_along_the_cotangent(side: Side, dtype: str) -> None:
    outcome = side.ask(logits_loss(side), given(dtype, reduction="sum"))
    logits, target = given().inputs["logits"], given().inputs["target"]
    share = 1.0
    if side.bindings[logits_loss(side)].conventions["last-axis"] == "mean":
        share = 1 / logits.shape[-1]
    slope = 2.0 * share * (1 / (1 + np.exp(-logits)) - target)
    assert outcome.gradients["logits"].values == pytest.approx(slope, abs=8 * ROUNDOFF[dtype])
    assert outcome.gradients["target"].values == pytest.approx(
        -2.0 * share * logits, abs=40 * ROUNDOFF[dtype]
    )


def test_class_axes_come_back_last(side: Side) -> None:
    logits = np.linspace(-2.0, 2.0, 24).reshape(2, 4, 3)
    target = np.array([[0, 1, 2, 0], [1, 1, 2, 2]])
    outcome = side.ask("cross_entropy", Given({"logits": logits, "target": target}))
    log_z = np.log(np.exp(logits).sum(-1))
    picked = np.take_along_axis(logits, target[..., None], -1)[..., 0]
    softmax = np.exp(logits - log_z[..., None])
    assert outcome.value is not None
    assert outcome.value.values == pytest.approx(log_z - picked)
    assert outcome.gradients["logits"].values == pytest.approx(2 * (softmax - np.eye(3)[target]))


def test_a_single_sample_without_a_batch_axis_is_taken(side: Side) -> None:
    inputs = {"logits": np.array([0.0, 0.0]), "target": np.array(1)}
    outcome = side.ask("cross_entropy", Given(inputs))
    assert outcome.value is not None, outcome
    assert outcome.value.values == pytest.approx(np.log(2))
    assert outcome.gradients["logits"].values == pytest.approx([1.0, -1.0])


def test_shapes_that_do_not_fit_are_refused_with_an_exception(side: Side) -> None:
    inputs = {"logits": np.zeros((3, 2)), "target": np.zeros(2, dtype=np.int64)}
    outcome = side.ask("cross_entropy", Given(inputs), gradient=())
    assert outcome.value is None
    assert outcome.raised is not None
    wanted = side.bindings["cross_entropy"].rejects["fewer-targets-than-samples"]
    assert wanted in outcome.raised.names


def test_the_facts_name_the_installed_version(side: Side) -> None:
    assert str(side.worker.facts["framework"]).startswith(str(side.target.version))


def test_an_old_name_of_a_reduction_warns_and_means_the_same(side: Side) -> None:
    bound = side.bindings["mse"]
    if not bound.aliases:
        pytest.skip(f"{side.target.label} has no old names of reductions")
    inputs = {"prediction": np.array([1.0, 2.0]), "target": np.array([0.0, 0.0])}
    for alias in bound.aliases:
        usual = side.ask("mse", Given(inputs, {}, alias.reduction))
        old = side.ask("mse", Given(inputs, {}, alias.reduction), alias=alias)
        assert usual.value is not None
        assert old.value is not None
        assert old.value.hex() == usual.value.hex()
        assert alias.warns in {category for category, _ in old.warnings}
        assert usual.warnings == ()


def test_another_callable_stands_in_where_a_parameter_is_given(side: Side) -> None:
    weights = given(parameters={"pos_weight": np.array([3.0, 1.0])}, reduction="none")
    spec = load_library().losses["binary_cross_entropy_with_logits"]
    call = bind(weights, side.bindings[spec.id], spec, gradient=())
    if isinstance(call, NotApplicable):
        pytest.skip(call.reason)
    outcome = side.worker.evaluate([call])[0]
    logits, target = weights.inputs["logits"], weights.inputs["target"]
    up, down = np.log1p(np.exp(-logits)), np.log1p(np.exp(logits))
    assert outcome.value is not None
    assert outcome.value.values == pytest.approx(
        np.array([3.0, 1.0]) * target * up + (1 - target) * down, rel=1e-5
    )


@pytest.mark.parametrize("text", ["torch@cuda", "tensorflow@cuda", "optax@cuda"])
def test_a_device_that_is_not_there_is_said(text: str) -> None:
    target = resolve(Target.parse(text))
    if isinstance(target, Missing):
        pytest.skip(target.reason)
    worker = Worker(target)
    with contextlib.suppress(WorkerError):
        worker.start()
        worker.close()
        pytest.skip(f"{text} is there")
    with pytest.raises(WorkerError, match=text.partition("@")[0]):
        worker.start()


@pytest.mark.parametrize("text", ["keras[torch]", "keras[jax]"])
def test_keras_runs_on_its_other_backends(text: str) -> None:
    target = resolve(Target.parse(text))
    if isinstance(target, Missing):
        pytest.skip(target.reason)
    with Worker(target) as worker:
        side = Side(target, load_bindings(target), worker)
        for form in ("function", "module"):
            outcome = side.ask(logits_loss(side), given(), form=form)
            assert outcome.dtype == "float32"
            assert outcome.shape == (2,)
            assert set(outcome.gradients) == {"logits", "target"}


def test_optax_under_jit_agrees_with_itself() -> None:
    target = resolve(Target.parse("optax@cpu+jit"))
    if isinstance(target, Missing):
        pytest.skip(target.reason)
    with Worker(target) as worker:
        side = Side(target, load_bindings(target), worker)
        outcome = side.ask(logits_loss(side), given("float64"))
        assert outcome.value is not None
        assert outcome.value.values[0, 0] == pytest.approx(np.log1p(np.exp(-0.5)))


def test_tensorflow_under_xla_agrees_with_itself() -> None:
    target = resolve(Target.parse("tensorflow@cpu+xla"))
    if isinstance(target, Missing):
        pytest.skip(target.reason)
    with Worker(target) as worker:
        side = Side(target, load_bindings(target), worker)
        outcome = side.ask(logits_loss(side), given("float64"))
        assert outcome.value is not None, outcome
        assert outcome.value.values[0, 0] == pytest.approx(np.log1p(np.exp(-0.5)))
