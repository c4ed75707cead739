"""What the frameworks' own test tolerances would have said of the same values, for comparison only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from conformance.numerics.formats import Floats

TYPED: Mapping[str, Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        # torch.testing.assert_close, table in its documentation (2.13): dtype -> (rtol, atol)
        "torch": {
            "float16": (1e-3, 1e-5),
            "bfloat16": (1.6e-2, 1e-5),
            "float32": (1.3e-6, 1e-5),
            "float64": (1e-7, 1e-7),
        },
        # jax._src.public_test_util, _default_tolerance (0.10): the same number for both
        "jax": {
            "float16": (1e-3, 1e-3),
            "bfloat16": (1e-2, 1e-2),
            "float32": (1e-6, 1e-6),
            "float64": (1e-15, 1e-15),
        },
        # keras.testing.TestCase.assertAllClose (3.15): the same for every dtype
        "keras": dict.fromkeys(("float16", "bfloat16", "float32", "float64"), (1e-6, 1e-6)),
    }
)


def flagged(actual: Floats, expected: Floats, dtype: str) -> dict[str, int]:
    """How many elements each framework's default tolerance would have called different."""
    counts = {}
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    with np.errstate(all="ignore"):
        gap, size = np.abs(actual - expected), np.abs(expected)
        for framework, table in TYPED.items():
            relative, absolute = table[dtype]
            counts[framework] = int(np.sum(~same & ~(gap <= absolute + relative * size)))
    return counts
