"""Keras on torch and on JAX conforms in its own order of operations, but for what is listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.results import read_results
from conformance.results.verdict import FINDINGS
from tests.cli.command import command, need


@pytest.mark.frameworks
@pytest.mark.parametrize(
    ("target", "dtype", "known"),
    [
        ("keras[torch]", "float64", "float64-is-reduced-in-float32"),
        ("keras[torch]", "bfloat16", "nan-probability-raises"),
        ("keras[jax]", "bfloat16", "clip-vanishes-in-sixteen-bits"),
    ],
)
def test_clipped_probabilities_are_judged_by_their_own_program(
    target: str, dtype: str, known: str, tmp_path: Path
) -> None:
    need(target)
    words = ("binary_cross_entropy", "-t", target, "--dtype", dtype, "-o", "x.jsonl.gz")
    done = command("run", *words, folder=tmp_path)
    assert done.code == 0, done.out + done.err
    cells = read_results(tmp_path / "x.jsonl.gz").cells
    assert not [cell for cell in cells if cell.verdict in FINDINGS]
    assert known in {each.known.id for cell in cells for each in cell.findings if each.known}
    (algorithm,) = {cell.algorithm for cell in cells if cell.property == "value"}
    assert str(algorithm).startswith("clipped_")
