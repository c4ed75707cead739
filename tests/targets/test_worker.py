"""Workers: whatever a callable does costs its own call, and the next one is answered."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from conformance.targets.call import Call, bind
from conformance.targets.driver import Worker, WorkerError
from conformance.targets.target import Target
from tests.targets.losses import Given, binding, case, class_loss, loss

NUMPY = Target("numpy")
MEMORY = 300 << 20


def call(name: str = "squared", given: Given | None = None, **changes: object) -> Call:
    found = bind(given or case(), binding(name, **changes), loss())
    assert isinstance(found, Call)
    return found


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker(NUMPY, timeout=1.0, memory=MEMORY) as started:
        yield started


def test_a_value_and_its_gradients_come_back(worker: Worker) -> None:
    (outcome,) = worker.evaluate([call(given=case(reduction="mean"))])
    assert outcome.value is not None
    assert outcome.value.values == pytest.approx(2 / 3)
    assert (outcome.dtype, outcome.shape) == ("float64", ())
    assert outcome.gradients["prediction"].values == pytest.approx([-4 / 3, 0, 4 / 3])
    assert outcome.gradients["target"].values == pytest.approx([4 / 3, 0, -4 / 3])
    assert outcome.gradient_dtypes == {"prediction": "float64", "target": "float64"}
    assert outcome.mutated == ()
    assert outcome.warnings == ()
    assert 0 < outcome.seconds < 1


def test_a_callable_that_hangs_again_and_again_is_not_waited_for_as_long() -> None:
    with Worker(NUMPY, timeout=4.0, patience=2) as worker:
        asked = [call(), call("loops"), call(), call("loops"), call(), call("loops"), call()]
        deaths = [each.death for each in worker.evaluate(asked)]
    assert [each.detail for each in deaths if each is not None] == [
        "no outcome within 4 s", "no outcome within 4 s", "no outcome within 2 s",
    ]  # fmt: skip
    assert [at for at, each in enumerate(deaths) if each is None] == [0, 2, 4, 6]


@pytest.mark.parametrize(
    ("name", "kind", "detail"),
    [
        ("exits", "crash", "the process ended with status 3"),
        (
            "aborts",
            "crash",
            "the process was ended by SIGABRT; it printed last: Fatal Python error",
        ),
        ("reads_nowhere", "crash", "the process was ended by SIGSEGV"),
        ("loops", "timeout", "no outcome within 1 s"),
        ("sleeps", "timeout", "no outcome within 1 s"),
        ("hoards", "memory", "300 are allowed"),
        ("closes_everything", "crash", ""),
        ("forks_and_exits", "crash", "the process ended with status 5"),
    ],
)
def test_a_death_costs_its_own_call(worker: Worker, name: str, kind: str, detail: str) -> None:
    if kind == "memory":
        worker = Worker(NUMPY, timeout=15.0, memory=MEMORY)
    before, dead, after = worker.evaluate([call(), call(name), call()])
    worker.close()
    assert before.value is not None
    assert after.value is not None
    assert dead.value is None
    assert dead.death is not None
    assert dead.death.kind == kind
    assert detail in dead.death.detail


def test_every_call_has_an_outcome_where_all_die(worker: Worker) -> None:
    outcomes = worker.evaluate([call("exits")] * 3)
    assert [outcome.death is not None for outcome in outcomes] == [True] * 3


def test_a_flood_of_print_neither_blocks_nor_is_kept(worker: Worker) -> None:
    flooded, after = worker.evaluate([call("floods"), call()])
    assert flooded.value is not None
    assert after.value is not None


def test_an_exception_is_named_with_all_it_derives_from(worker: Worker) -> None:
    raised, after = worker.evaluate([call("raises"), call()])
    assert raised.raised is not None
    assert raised.raised.names == (
        "ZeroDivisionError",
        "ArithmeticError",
        "Exception",
        "BaseException",
    )
    assert str(raised.raised) == "ZeroDivisionError: nothing to divide by"
    assert after.value is not None


def test_leaving_is_an_exception_like_others(worker: Worker) -> None:
    left, after = worker.evaluate([call("leaves"), call()])
    assert left.raised is not None
    assert left.raised.names[0] == "SystemExit"
    assert after.value is not None


def test_an_exception_without_words_is_still_named(worker: Worker) -> None:
    (outcome,) = worker.evaluate([call("raises_unspeakably")])
    assert outcome.raised is not None
    assert outcome.raised.names[:2] == ("Unspeakable", "ValueError")
    assert "cannot be read" in outcome.raised.message


def test_a_gradient_that_raises_leaves_the_value(worker: Worker) -> None:
    (outcome,) = worker.evaluate([call("no_gradient")])
    assert outcome.value is not None
    assert outcome.raised is None
    assert outcome.gradient_raised is not None
    assert outcome.gradient_raised.names[0] == "AttributeError"
    assert outcome.gradients == {}


def test_a_changed_input_is_found_by_its_bits(worker: Worker) -> None:
    changed, kept = worker.evaluate([call("mutates"), call("identity")])
    assert changed.mutated == ("target",)
    assert kept.mutated == ()
    zeros = Given({"prediction": np.zeros(2), "target": np.zeros(2)})
    (signed,) = worker.evaluate([call("mutates", zeros)])
    assert signed.mutated == ("target",)


def test_warnings_are_caught_for_each_call(worker: Worker) -> None:
    first, second, third = worker.evaluate([call("warns"), call("warns"), call()])
    assert first.warnings == second.warnings == (("DeprecationWarning", "old"),)
    assert third.warnings == ()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("returns_text", "the callable returned str; a NumPy array is expected"),
        ("returns_complex", "the callable returned dtype complex128"),
        ("nowhere", "has no attribute 'nowhere'"),
    ],
)
def test_what_is_no_loss_is_an_exception(worker: Worker, name: str, message: str) -> None:
    (outcome,) = worker.evaluate([call(name)])
    assert outcome.value is None
    assert outcome.raised is not None
    assert message in outcome.raised.message


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_values_travel_exactly_in_every_dtype(worker: Worker, dtype: str) -> None:
    ends = np.finfo(dtype)
    values = [0.0, -0.0, np.inf, -np.inf, float(ends.max), float(ends.smallest_subnormal), np.nan]
    given = Given({"prediction": np.array(values), "target": np.zeros(7)}, dtype=dtype)
    (outcome,) = worker.evaluate([call("identity", given)])
    assert outcome.value is not None
    assert outcome.dtype == dtype
    assert outcome.value.stored.tobytes() == np.array(values, dtype).tobytes()
    assert outcome.value.hex()[1] == "0x8" + "0" * (2 * np.dtype(dtype).itemsize - 1)


def test_bfloat16_travels_as_its_bits(worker: Worker) -> None:
    pytest.importorskip("ml_dtypes", reason="NumPy has no bfloat16 of its own")
    given = Given(
        {"prediction": np.array([1.0, -0.0, np.inf]), "target": np.zeros(3)}, dtype="bfloat16"
    )
    (outcome,) = worker.evaluate([call("identity", given)])
    assert outcome.value is not None
    assert outcome.dtype == "bfloat16"
    assert outcome.value.hex() == ["0x3f80", "0x8000", "0x7f80"]
    assert outcome.value.values.tolist() == [1.0, -0.0, np.inf]


def test_another_dtype_of_the_output_is_reported(worker: Worker) -> None:
    (outcome,) = worker.evaluate([call("widens", case(dtype="float32"))])
    assert outcome.dtype == "float64"


def test_a_module_is_constructed_and_agrees_with_the_function(worker: Worker) -> None:
    given = case(reduction="mean", parameters={"weight": np.array([1.0, 2.0, 3.0])})
    bound = binding(module=binding().call and str(binding().call).replace("squared", "Squared"))
    calls = [bind(given, bound, loss(), form=form, gradient=()) for form in ("function", "module")]
    one, other = worker.evaluate([each for each in calls if isinstance(each, Call)])
    assert one.value is not None
    assert other.value is not None
    assert one.value.hex() == other.value.hex()


def test_a_reduction_may_be_applied_afterwards(worker: Worker) -> None:
    bound = {"reductions": {"none": {}, "sum": {"after": "numpy.sum"}}, "reduced_by": ()}
    (outcome,) = worker.evaluate([call("unreduced", case(reduction="sum"), **bound)])
    assert outcome.value is not None
    assert outcome.value.values == 2.0


def test_the_class_axis_moves_there_and_back(worker: Worker) -> None:
    logits = np.arange(24.0).reshape(2, 3, 4)
    bound = binding(
        "identity", loss="picked", inputs={"logits": 0, "target": 1}, layout={"classes": 1},
        parameters={"ignore_index": "skip"},
    )  # fmt: skip
    given = Given({"logits": logits, "target": np.zeros((2, 3), int)})
    found = bind(given, bound, class_loss(), gradient=())
    assert isinstance(found, Call)
    (outcome,) = worker.evaluate([found])
    assert outcome.value is not None
    assert outcome.value.values.tolist() == np.moveaxis(logits, -1, 1).tolist()


def test_a_thousand_calls_stream_through(worker: Worker) -> None:
    calls = [call("identity", case(n % 7 + 1)) for n in range(1000)]
    outcomes = worker.evaluate(calls)
    assert [outcome.shape for outcome in outcomes] == [(n % 7 + 1,) for n in range(1000)]


def test_large_arrays_go_both_ways_at_once(worker: Worker) -> None:
    given = case(300_000)
    outcomes = worker.evaluate([call("identity", given)] * 4)
    for outcome in outcomes:
        assert outcome.value is not None
        assert outcome.value.values[-1] == 299_999.0


def test_the_worker_goes_when_it_is_closed() -> None:
    worker = Worker(NUMPY)
    worker.start()
    assert worker._process is not None
    pid = worker._process.popen.pid
    worker.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert worker.evaluate([call()])[0].value is not None  # it starts again when it is needed
    worker.close()


def test_facts_tell_what_runs(worker: Worker) -> None:
    worker.start()
    assert worker.facts["framework"] == np.__version__
    assert worker.facts["python"] == ".".join(str(part) for part in sys.version_info[:3])


def test_an_interpreter_that_is_not_there_is_said() -> None:
    worker = Worker(NUMPY, interpreter="/nowhere/python")
    with pytest.raises(WorkerError, match=r"numpy@cpu: .*No such file"):
        worker.start()


def test_a_framework_that_cannot_be_imported_is_said(tmp_path: str) -> None:
    # An interpreter without site packages has no NumPy, which every adapter needs.
    script = os.path.join(tmp_path, "python")
    with open(script, "w") as file:
        file.write(f'#!/bin/sh\nexec {sys.executable} -S -E "$@"\n')
    os.chmod(script, 0o755)
    worker = Worker(NUMPY, interpreter=script)
    with pytest.raises(WorkerError, match="No module named 'numpy'"):
        worker.start()
    (outcome,) = worker.evaluate([call()])
    assert outcome.death is not None
    assert outcome.death.detail.startswith("the worker cannot be restarted")


def test_a_mode_that_the_framework_lacks_is_said() -> None:
    worker = Worker(Target("numpy", mode="jit"))
    with pytest.raises(WorkerError, match="ValueError: NumPy has no mode jit"):
        worker.start()


def test_a_worker_that_never_answers_is_given_up(tmp_path: str) -> None:
    script = os.path.join(tmp_path, "python")
    with open(script, "w") as file:
        file.write("#!/bin/sh\nsleep 60\n")
    os.chmod(script, 0o755)
    began = time.monotonic()
    with pytest.raises(WorkerError, match=r"not imported within 0\.5 s"):
        Worker(NUMPY, interpreter=script, start_timeout=0.5).start()
    assert time.monotonic() - began < 5


def test_a_grown_worker_is_replaced_between_batches() -> None:
    with Worker(NUMPY, memory=30 << 20) as worker:
        assert worker._process is not None
        first = worker._process.popen.pid
        limit = worker._process.resident()
        worker._memory = int(limit * 1.5)
        assert worker.evaluate([call()])[0].value is not None
        assert worker._process is not None
        assert worker._process.popen.pid != first


def test_the_adapters_stay_within_python_3_9() -> None:
    import ast

    from conformance.targets.process import WORKER

    for path in sorted(WORKER.glob("*.py")):
        ast.parse(path.read_text(), feature_version=(3, 9))


def test_repeated_calls_give_the_first_answer_that_differs(worker: Worker) -> None:
    steady, counting = worker.evaluate(
        [replace(call(), repeat=3), replace(call("counts"), repeat=9)]
    )
    assert steady.value is not None
    assert counting.value is not None
    assert counting.value.values == pytest.approx([1.0] * 3)


@pytest.mark.parametrize(
    ("word", "strides"),
    [("strided", [48, 16]), ("transposed", [8, 16]), ("sliced", [40, 8]), ("broadcast", [0, 8])],
)
def test_layouts_are_what_they_are_called(worker: Worker, word: str, strides: list[int]) -> None:
    given = Given({"prediction": np.ones((2, 3)), "target": np.ones((2, 3))})
    (outcome,) = worker.evaluate([replace(call("strides", given), layout=word)])
    assert outcome.value is not None
    assert outcome.value.values.tolist() == strides
