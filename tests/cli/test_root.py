from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from conformance.cli import root
from conformance.cli.root import COMMANDS, HELP, invoke
from conformance.cli.verdict import NothingSelected
from tests.cli.command import command, surroundings

HEAVY = ("numpy", "pydantic", "hypothesis", "yaml", "rich", "jinja2", "flint", "torch")


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = invoke([*words])
    out, err = capsys.readouterr()
    return code, out, err


def test_help_names_every_command_and_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = printed(capsys, "--help")
    assert (code, err) == (0, "")
    assert set(HELP) == set(COMMANDS)
    assert all(name in out for name in COMMANDS)
    for meaning in ("0 conforms", "1 findings", "4 incomplete", "5 nothing selected"):
        assert meaning in " ".join(out.split())


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("run",),
        ("merge",),
        ("accept",),
        ("report",),
        ("replay",),
        ("doctor",),
        ("certify",),
        ("spec",),
        ("spec", "lint"),
    ],
)
def test_help_fits_into_eighty_columns(folder: Path, words: tuple[str, ...]) -> None:
    done = command(*words, "--help", folder=folder)
    assert done.code == 0
    assert done.out.startswith("Usage: conformance ")
    _, *rest = done.out.splitlines()
    assert not any(line.endswith("...") for line in rest)  # cut short
    assert max(len(line) for line in done.out.splitlines()) <= 80


def test_help_imports_nothing_heavy_and_says_how_long_it_took(folder: Path) -> None:
    code = (
        "import sys\nfrom conformance.cli.root import invoke\ninvoke(['--help'])\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=surroundings(folder, {}),
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.strip() == "[]"
    started = time.perf_counter()
    command("--help", folder=folder)
    print(f"conformance --help: {time.perf_counter() - started:.2f} s")


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "--version")[:2] == (0, "conformance, version 0.1.0\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rum",), "there is no command 'rum'; did you mean 'run'?"),
        (("xyz",), "there is no command 'xyz'; there are run, check, compare, audit, merge, "),
        (("run", "mseh"), "there is no loss 'mseh'; did you mean 'mse'?"),
        (("run", "-t", "troch"), "there is no framework 'troch' (target 'troch'); did you mean 'torch'"),
        (("run", "-t", "torch@gpu"), "target 'torch@gpu': unknown device 'gpu'; there is cpu, cuda"),
        (("run", "-t", "torch+compile"), "target 'torch+compile'"),
        (("run", "-t", "numpy"), "no losses of numpy are listed to run"),
        (("run", "--profile", "fast"), "'fast' is not one of 'quick', 'default', 'deep'"),
        (("run", "--dtype", "int8"), "'int8' is not one of"),
        (("run", "--seed", "-1"), "Invalid value for '--seed'"),
        (("run", "--fast",), "No such option"),
        (("spec", "show", "mse2"), "there is no loss 'mse2'; did you mean 'mse'?"),
        (("report", "nowhere.jsonl.gz"), "'nowhere.jsonl.gz' does not exist"),
        (("replay", "value"), "no property before a colon"),
        (("replay", "valeu:l1/float32/nan"), "there is no property 'valeu'; did you mean 'value'?"),
        (("replay", "value:l1/float31/nan"), "the dtype 'float31'"),
        (("doctor", "-t", "kears"), "did you mean 'keras'?"),
    ],
    ids=lambda part: "-".join(part) if isinstance(part, tuple) else "",
)  # fmt: skip
def test_what_cannot_be_asked_exits_2_with_a_remedy(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    code, out, err = printed(capsys, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(root, "read_config", fail)


def test_an_error_of_ours_exits_3_with_its_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    raising(monkeypatch, ZeroDivisionError("planted"))
    code, out, err = printed(capsys, "spec", "list")
    assert (code, out) == (3, "")
    assert "ZeroDivisionError: planted" in err
    assert "this is a bug in the suite" in err


def test_nothing_selected_exits_5(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    raising(monkeypatch, NothingSelected("no framework is installed"))
    assert printed(capsys, "spec", "list") == (5, "", "Error: no framework is installed\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.exceptions.Abort()])
def test_an_interrupt_exits_130(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    raising(monkeypatch, error)
    code, _, err = printed(capsys, "spec", "list")
    assert code == 130
    assert err.strip() == "interrupted"


def test_every_error_of_what_was_given_exits_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from conformance.cases.recipe import CaseTextError
    from conformance.results.read import ResultsError
    from conformance.specs.errors import Problem, SpecError
    from conformance.targets.target import TargetError

    problem = Problem("l1.yaml", 3, 5, "no such key", "remove it")
    errors = (
        SpecError([problem]),
        ResultsError(Path("run.jsonl.gz"), 2, "is not JSON"),
        CaseTextError("cannot be read"),
        TargetError("unknown"),
    )
    for error in errors:
        raising(monkeypatch, error)
        assert printed(capsys, "spec", "list") == (2, "", f"Error: {error}\n")
