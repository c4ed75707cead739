"""The worker's evaluator alone. Its scripts import one another by name, so in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import conformance.targets

WORKER = Path(conformance.targets.__file__).parent / "worker"
SCRIPT = """
import numpy as np, plain
from evaluation import Evaluator

forgotten = []
plain.forget = lambda: forgotten.append(dtype)
evaluator = Evaluator(plain)
for dtype in ("float32", "float32", "float64", "float32"):
    header = {
        "id": 1, "call": "numpy.abs", "after": None, "arguments": [["call", 0, None]],
        "constants": {}, "construction": None, "dtype": dtype, "wanted": [],
        "threads": None, "repeat": 1, "layout": None,
    }
    report, _ = evaluator.evaluate(header, [(dtype, np.ones(3, dtype))])
    assert report["value"], report
    assert len(evaluator._known) == 1
print(*forgotten)
"""


def test_what_was_compiled_for_one_dtype_is_forgotten_with_the_next() -> None:
    words = [sys.executable, "-W", "ignore", "-c", SCRIPT]
    done = subprocess.run(words, cwd=WORKER, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout.split() == ["float32", "float64", "float32"]
