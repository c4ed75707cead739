"""Losses that nobody wrote a program for, held to torch by their formulas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.results import Results, read_results
from conformance.specs.lint import lint
from tests.cli.command import ROOT, command, need

FOLDER = ROOT / "tests" / "spec_only"
SPECS = sorted((FOLDER / "regression").glob("*.yaml"))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Both losses on torch."""
    need("torch")
    place = tmp_path_factory.mktemp("run")
    words = (
        "--spec-folder",
        str(FOLDER),
        "-t",
        "torch",
        "--dtype",
        "float32",
        "--dtype",
        "float16",
    )
    done = command("run", *words, "--format", "json", folder=place)
    assert done.code == 1, done.err
    assert json.loads(done.out)["verdict"]
    return read_results(place / "conformance-results.jsonl.gz")


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_their_specs_check_clean(path: Path) -> None:
    assert lint([path]) == []


def test_every_property_of_huber_is_examined_and_passes(ran: Results) -> None:
    cells = [cell for cell in ran.cells if cell.loss == "huber"]
    verdicts = {cell.property: cell.verdict for cell in cells}
    assert set(verdicts.values()) == {"pass", "n/a"}
    asked = {
        "value",
        "gradient",
        "forward",
        "second-order",
        "example",
        "edge-case",
        "identity",
        "reduction",
        "error",
        "module",
    }
    assert {name for name in asked if verdicts[name] != "pass"} == set()
    assert {cell.algorithm for cell in cells if cell.property == "gradient"} == {"formula"}


def test_the_full_poisson_loss_of_a_count_of_zero_has_the_gradient_nan(ran: Results) -> None:
    """torch adds Stirling's terms under a mask, and 0 times the slope of log 0 is NaN."""
    cells = [cell for cell in ran.cells if cell.loss == "poisson_nll"]
    failed = {cell.property for cell in cells if cell.verdict not in ("pass", "n/a")}
    assert failed == {"gradient"}
    kinds = {finding.kind for cell in cells for finding in cell.findings}
    assert kinds == {"nan"}
