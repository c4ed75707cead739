"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOSTILE = Path(__file__).with_name("hostile.py").read_text()
TESTS = """
import pytest
import kernel
from conformance.pytest_plugin import assert_conforms, conformance_tests

PARTS = ["value", "gradient", "error"]
tests = conformance_tests(kernel.honest, loss="mse", dtypes=["float64", "float32"],
                          properties=["value", "identity"])
wrong = conformance_tests(kernel.negated, loss="mse", dtypes=["float64"], properties=PARTS[:2])


@pytest.mark.loss_conformance("mse", dtypes=["float64"], properties=["shape"])
def test_marked():
    return kernel.honest


def test_of_ones_own():
    report = assert_conforms(kernel.honest, "mse", dtypes=["float64"], properties=["value"])
    assert report.ok


def test_that_fails():
    assert_conforms(kernel.off, "mse", dtypes=["float64"], properties=["value"])
"""


def _plugin() -> list[str]:
    """Named where the suite is not installed: an installed one is found by its entry point."""
    named = {each.name for each in entry_points(group="pytest11")}
    return [] if "loss_conformance" in named else ["-p", "conformance.pytest_plugin"]


def pytest_in(folder: Path, *words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *_plugin(), "-v", *words],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "kernel.py").write_text(HOSTILE)
    (folder / "test_kernel.py").write_text(TESTS)
    words = ("--junitxml", "junit.xml", "--conformance-report", "reports", "--strict-markers")
    return folder, pytest_in(folder, *words)


def test_ids_say_callable_property_and_dtype(ran):
    _, said = ran
    for line in (
        "test_kernel.py::test_honest[value-float64] PASSED",
        "test_kernel.py::test_honest[value-float32] PASSED",
        "test_kernel.py::test_honest[identity-float64] SKIPPED",
        "test_kernel.py::test_negated[value-float64] PASSED",
        "test_kernel.py::test_negated[gradient-float64] FAILED",
        "test_kernel.py::test_marked[shape-float64] PASSED",
        "test_kernel.py::test_of_ones_own PASSED",
        "test_kernel.py::test_that_fails FAILED",
    ):
        assert line in said, said
    assert "2 failed, 9 passed, 2 skipped" in said


def test_a_failure_is_told_as_in_the_terminal(ran):
    _, said = ran
    assert "✗ gradient  mse gradient on kernel:negated" in said
    assert "def test_negated_gradient_float64_gradient():" in said
    assert "conformance replay gradient:mse/float64/" in said
    assert "Does not conform" in said


def test_numbers_reach_junit(ran):
    folder, _ = ran
    root = ElementTree.parse(folder / "junit.xml").getroot()
    case = next(
        each for each in root.iter("testcase") if each.get("name") == "test_honest[value-float64]"
    )
    found = {each.get("name"): each.get("value") for each in case.iter("property")}
    assert found["verdict"] == "pass"
    assert float(str(found["worst_ulp"])) <= 1.0


def test_reports_are_written_where_asked(ran):
    folder, _ = ran
    names = {each.name for each in (folder / "reports").iterdir()}
    assert {"negated-float64.html", "negated-float64.jsonl.gz"} <= names


def test_items_run_under_xdist(ran):
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    folder, _ = ran
    said = pytest_in(folder, "-n", "1", "-k", "honest")
    assert "4 passed" in said, said


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("properties=['vlaue']", "there is no property 'vlaue' to check; there are value,"),
        ("dtypes=['float31']", "there is no dtype 'float31' to check; there are float64,"),
    ],
)
def test_a_word_that_names_nothing_is_an_error_of_collection(tmp_path, options, told):
    (tmp_path / "test_odd.py").write_text(
        "from conformance.pytest_plugin import conformance_tests\n"
        f"tests = conformance_tests('kernel.py:honest', loss='mse', {options})\n"
    )
    said = pytest_in(tmp_path)
    assert told in said, said
    assert "1 error" in said


def test_nothing_of_the_suite_is_imported_until_it_is_used(tmp_path):
    (tmp_path / "test_light.py").write_text(
        "import sys\n\n\ndef test_light():\n"
        "    heavy = {'numpy', 'hypothesis', 'pydantic', 'rich', 'jinja2', 'conformance.api'}\n"
        "    assert 'conformance.pytest_plugin' in sys.modules\n"
        "    assert not heavy & set(sys.modules)\n"
    )
    said = pytest_in(tmp_path, "-p", "no:hypothesispytest", "-p", "no:_hypothesis_pytestplugin")
    assert "1 passed" in said, said
