"""`conformance check` as a user runs it."""

from __future__ import annotations

import io
import json
import xml.dom.minidom
from pathlib import Path

import pytest
from rich.console import Console

from conformance.engine.asked import CHECKED
from conformance.report.verdict import show_check
from tests.check.test_isolation import checked
from tests.cli.command import command, names_in

HOSTILE = Path(__file__).with_name("hostile.py").read_text()


@pytest.fixture
def kernel(folder):
    (folder / "kernel.py").write_text(HOSTILE)
    return folder


QUICK = ("--loss", "mse", "--dtype", "float64", "--property", "value", "--property", "gradient")


def test_a_check_writes_results_report_badge_and_statement(kernel):
    ended = command("check", "kernel.py:honest", *QUICK, "--badge", "badge", folder=kernel)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("✓ Conforms")
    assert "kernel.py:honest" in ended.out
    assert {"conformance-check.jsonl.gz", "conformance-check.html"} <= names_in(kernel)
    badge = (kernel / "badge" / "kernel-py-honest.svg").read_text()
    assert "conforms" in xml.dom.minidom.parseString(badge).documentElement.toxml()
    said = json.loads((kernel / "badge" / "kernel-py-honest.json").read_text())
    assert said["verdict"] == "conforms"
    assert set(said["specs"]) == {"mse"}
    assert {each["property"] for each in said["properties"]} == {
        "value",
        "gradient",
        "dtype",
        "shape",
    }
    assert said["versions"]["framework"]
    assert 'id="check"' in (kernel / "conformance-check.html").read_text()


def test_json_is_all_that_stdout_gets(kernel):
    ended = command(
        "check", "kernel.py:negated", *QUICK, "--format", "json", "-o", "-", folder=kernel
    )
    assert ended.code == 1
    said = json.loads(ended.out)
    assert said["candidate"]["place"] == "kernel.py:negated"
    assert {each["verdict"] for each in said["properties"]} == {"pass", "fail"}
    assert names_in(kernel) == {"kernel.py"}


def test_a_bare_check_runs_the_candidates_of_pyproject(kernel):
    (kernel / "pyproject.toml").write_text(
        '[[tool.conformance.candidate]]\nplace = "kernel.py:honest"\nloss = "mse"\n'
        'dtypes = ["float64"]\n'
        '[[tool.conformance.candidate]]\nplace = "kernel.py:off"\nloss = "mse"\n'
        'dtypes = ["float64"]\n'
    )
    ended = command("check", "--property", "value", folder=kernel)
    assert ended.code == 1, ended.err
    assert "Conforms" in ended.out
    assert "Does not conform" in ended.out
    assert len([name for name in names_in(kernel) if name.endswith(".html")]) == 2


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 5, "no callable is named"),
        (("kernel.py:honest",), 2, "give one of --loss ID and --spec FILE.yaml"),
        (("kernel.py:honest", "--loss", "odd"), 2, "there is no loss 'odd'"),
        (("kernel.py:odd", "--loss", "mse"), 2, "cannot be imported: AttributeError"),
        (("odd.py:odd", "--loss", "mse"), 2, "there is no file"),
        (("kernel.py:honest", "--loss", "mse", "--rename", "x"), 2, "write NAME=VALUE"),
        (("kernel.py:honest", "--loss", "mse", "--timeout", "-1"), 2, "is not in the range x>0"),
        (("kernel.py:honest", "--loss", "mse", "--layout", "x=1"), 2, "write classes=1"),
    ],
)
def test_bad_input_is_told_without_a_traceback(kernel, words, code, message):
    ended = command("check", *words, folder=kernel)
    assert ended.code == code
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_an_unknown_key_of_a_candidate_is_told(kernel):
    (kernel / "pyproject.toml").write_text('[[tool.conformance.candidate]]\nplce = "k.py:f"\n')
    ended = command("check", folder=kernel)
    assert ended.code == 2
    assert "candidate 1 has an unknown key 'plce'; did you mean 'place'?" in ended.err


def test_the_table_fits_80_columns_and_the_rest_is_told_below():
    report = checked("negated", properties=[], dtypes=["float32", "bfloat16"])
    said = io.StringIO()
    show_check(report.results, Console(file=said, width=80, no_color=True))
    lines = [line.rstrip() for line in said.getvalue().splitlines()]
    rows = {line.split()[0]: line for line in lines if line.startswith(CHECKED)}
    assert {*rows} >= {*CHECKED}
    assert all(len(line) <= 80 and "…" not in line for line in rows.values())
    assert rows["gradient"].endswith("every dtype")
    told = lines[lines.index("nothing to check:") :]
    assert "  reduction, identity: the spec or the binding states nothing of this kind" in told
