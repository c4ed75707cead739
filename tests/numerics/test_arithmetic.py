"""What a profile says of single arguments, results and formats, in the bound."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from conformance.numerics.arithmetic import Accuracy, Arithmetic
from conformance.numerics.bounded import bounded
from conformance.numerics.formats import FLOAT16, FLOAT32, ulp


def arithmetic(storage=FLOAT32, **changes) -> Arithmetic:
    log1p = changes.pop("log1p", Accuracy(1.0))
    return Arithmetic(
        storage, FLOAT32, FLOAT32, accuracy=MappingProxyType({"log1p": log1p}), **changes
    )


def in_ulp(under: Arithmetic, x: float, error: float = 0.0) -> float:
    """The bound of log1p(x) in ulp of float32."""
    found = np.log1p(bounded([x], under, error))
    return float(found.bound[0] / ulp(found.value, FLOAT32)[0])


def test_an_interval_in_which_a_kernel_is_worse_counts_there_only():
    under = arithmetic(log1p=Accuracy(1.0, worse=((0.25, 0.5, 100.0),)))
    assert [in_ulp(under, x) for x in (0.2, 0.25, 0.4, 0.5, 0.6)] == [1, 100, 100, 100, 1]


def test_an_argument_that_may_lie_in_the_interval_counts_as_in_it():
    under = arithmetic(log1p=Accuracy(1.0, worse=((0.25, 0.5, 100.0),)))
    assert in_ulp(under, 0.6, 0.01) < 1e6
    apart = in_ulp(under, 0.6, 0.2) - in_ulp(arithmetic(), 0.6, 0.2)
    assert apart > 90


def test_a_kernel_of_the_storage_dtype_is_off_by_its_ulp():
    under = arithmetic(FLOAT16, log1p=Accuracy(1.0, stored=2.0))
    value = np.log1p(bounded([0.5], under))
    assert value.bound[0] == 2.0 * ulp(value.value, FLOAT16)[0]


def test_a_kernel_that_falls_short_of_the_smallest_normal_number_may_be_flushed():
    least = FLOAT32.smallest_normal
    under = arithmetic(flush_to_zero=True)
    assert np.log1p(bounded([least], under)).bound[0] >= least
    assert np.log1p(bounded([least], arithmetic())).bound[0] < least


def test_what_is_stored_may_be_subnormal_where_only_registers_flush():
    small = np.array([FLOAT16.smallest_normal * 0.75])
    gradual = arithmetic(FLOAT16, flush_to_zero=True, gradual_storage=True)
    abrupt = arithmetic(FLOAT16, flush_to_zero=True)
    error = np.array([1e-9])
    assert gradual.rounding(small, error, FLOAT16)[0] < 1e-7
    assert abrupt.rounding(small, error, FLOAT16)[0] == FLOAT16.smallest_normal
