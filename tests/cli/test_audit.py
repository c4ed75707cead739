"""Audits: two environments, one engine, two results files, and what moved."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from conformance import environments
from conformance.cli import auditing, counterparts, recording
from conformance.cli.auditing import Errand
from conformance.cli.root import invoke
from conformance.cli.verdict import NothingSelected
from conformance.engine.request import Request
from conformance.engine.workers import Absent
from conformance.environments import Environment, Options, Side
from conformance.environments.interpreter import Interpreter
from conformance.numerics.formats import Floats
from conformance.results import read_results
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from conformance.targets.target import Target
from tests.cli.command import Ended, command, need, surroundings
from tests.cli.processes import alive, descendants, is_sent
from tests.engine.honest import Spoil, changed, station, untouched

PYTHON = Interpreter(sys.executable, (3, 11, 7), "linux-x86_64")
Audit = Callable[..., int]
ASKED = ("torch==1.0", "torch==2.0", "mse", "--dtype", "float32")


def environment(text: str, **versions: str) -> Environment:
    named = {name.replace("_", "-"): version for name, version in versions.items()}
    return Environment(Side(text), sys.executable, PYTHON, named)


def labels(*sides: Environment) -> list[str]:
    return [each.label for each in counterparts.counterparts(sides, ())]


def test_only_what_moved_is_compared() -> None:
    base = environment("a", keras="3.3.3", tensorflow_cpu="2.16.2")
    head = environment("b", keras="3.15.1", tensorflow_cpu="2.16.2")
    assert labels(base, head) == ["keras"]
    newer = environment("c", keras="3.15.1", tensorflow_cpu="2.21.0")
    assert labels(head, newer) == ["keras", "tensorflow"]  # its backend moved


def test_where_no_framework_moved_all_are_compared() -> None:
    base = environment("a", torch="2.13.0", numpy="1.26.4")
    assert labels(base, environment("b", torch="2.13.0", numpy="2.4.6")) == ["torch"]


def test_jax_alone_moves_optax() -> None:
    base = environment("a", jax="0.4.30", optax="0.2.5")
    assert labels(base, environment("b", jax="0.5.0", optax="0.2.5")) == ["optax@cpu+jit"]


def test_keras_runs_on_the_backend_that_is_there() -> None:
    base = environment("a", keras="3.3.3", jax="0.4.30")
    assert labels(base, environment("b", keras="3.15.1", jax="0.4.30")) == ["keras[jax]"]


def test_sides_with_nothing_in_common_are_told_apart() -> None:
    sides = [environment("keras", keras="3.3.3"), environment("torch", torch="2.13.0")]
    with pytest.raises(NothingSelected, match=r"keras has none .* and torch has torch"):
        counterparts.counterparts(sides, ())


class Done:
    """A process that ran to its end."""

    def __init__(self, code: int) -> None:
        self.exitcode = code

    def join(self) -> None:
        """It is over."""

    def is_alive(self) -> bool:
        return False


def _here(work: object, errand: Errand, stack: ExitStack) -> tuple[Connection, Done]:
    """A side in this process, which answerers that are no workers need."""
    ours, theirs = Pipe(duplex=False)
    with pytest.raises(SystemExit) as ended:
        auditing.run_side(errand, theirs)
    theirs.close()
    return ours, Done(int(ended.value.code or 0))


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Audit:
    """Runs an audit of two answerers that need no framework, in `folder`."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CONFORMANCE_CACHE", str(folder.parent / "cache"))
    sides = [environment(text, torch=text[-3:]) for text in ASKED[:2]]
    monkeypatch.setattr(environments, "prepare", lambda *_, **__: sides)

    def audit(base: Spoil, head: Spoil | Absent, *words: str) -> int:
        stations = [each if isinstance(each, Absent) else station(each) for each in (base, head)]
        waiting = iter(stations)
        monkeypatch.setattr(recording, "open_places", lambda *_: [next(waiting)])
        monkeypatch.setattr(auditing, "sent", _here)
        monkeypatch.setattr(auditing, "heed_parent", lambda: None)
        return invoke(["audit", *ASKED, *words])

    return audit


def halved(call: Call, was: Outcome) -> Outcome:
    return was if was.value is None else replace(was, value=changed(was.value, lambda v: v / 2))


def nudged(call: Call, was: Outcome) -> Outcome:
    def up(values: Floats) -> Floats:
        return np.nextafter(np.float32(values), np.float32(np.inf)).astype(float)

    return was if was.value is None else replace(was, value=changed(was.value, up))


def test_equal_versions_give_the_same_bits(
    between: Audit, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert between(untouched, untouched) == 0
    assert "Nothing breaks" in capsys.readouterr().out
    made = {path.name for path in (folder / "conformance-audit").iterdir()}
    assert made == {"base.jsonl.gz", "head.jsonl.gz", "audit.html"}


def test_a_version_that_halves_the_loss_breaks(
    between: Audit, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert between(untouched, halved, "--format", "json", "-o", "out") == 1
    account = json.loads(capsys.readouterr().out)
    assert account["exit"] == 1
    base, head = (read_results(folder / "out" / f"{side}.jsonl.gz") for side in auditing.SIDES)
    assert not any(cell.verdict == "fail" for cell in base.cells)
    assert any(cell.verdict == "fail" for cell in head.cells)
    assert base.end is not None
    assert head.end is not None


def test_both_sides_had_the_same_bits_by_their_hash(between: Audit, folder: Path) -> None:
    between(untouched, halved, "-o", "out")
    sides = [read_results(folder / "out" / f"{side}.jsonl.gz") for side in auditing.SIDES]
    digests = [{(c.property, c.dtype): c.inputs for c in each.cells} for each in sides]
    assert digests[0] == digests[1]
    assert any(digests[0].values())


def test_other_bits_within_the_bound_are_drift(
    between: Audit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert between(untouched, nudged, "--fail-on", "none") == 0
    assert "drift" in capsys.readouterr().out


def test_a_worker_that_does_not_start_is_not_run(
    between: Audit, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = Absent(Target.parse("torch"), "ImportError: libgone.so is missing")
    assert between(untouched, gone) == 4
    assert "libgone.so" in capsys.readouterr().out


def test_an_environment_that_cannot_be_built_is_not_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)

    def prepare(*_: object, **__: object) -> list[Environment]:
        raise environments.EnvironmentFault("torch==9 cannot be installed:\nERROR: no such thing")

    monkeypatch.setattr(environments, "prepare", prepare)
    assert invoke(["audit", *ASKED]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "not run: torch==9 cannot be installed:\nERROR: no such thing\n"
    assert list(folder.iterdir()) == []


def test_sides_with_nothing_in_common_are_not_built(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)

    def prepare(*_: object, fit: Callable[[list[Environment]], object]) -> list[Environment]:
        fit([environment("keras==3.3.3", keras="3.3.3"), environment("torch", torch="2.13.0")])
        raise AssertionError("something was built")

    monkeypatch.setattr(environments, "prepare", prepare)
    assert invoke(["audit", "keras==3.3.3", "torch", "mse"]) == 5
    assert "have no framework in common" in capsys.readouterr().err


def test_a_side_whose_command_is_gone_ends_as_if_told_to(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(auditing, "heed_parent", lambda: None)
    monkeypatch.setattr(recording, "open_places", lambda *_: [station()])
    ours, theirs = Pipe(duplex=False)
    ours.close()
    request = Request(("mse",), (Target.parse("torch"),), ("float32",))
    file = folder / "base.jsonl.gz"
    errand = Errand(request, environment("torch", torch="2.13.0"), file, {"side": "base"})
    with pytest.raises(SystemExit) as ended:
        auditing.run_side(errand, theirs)
    assert ended.value.code == 143
    assert "bug" not in capsys.readouterr().err
    assert read_results(file).cells


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--index-url=x", "torch"), "no requirement"),
        (("torch == 1.0", "torch==2.0"), "no requirement, without blanks"),
        (("torch==1.0", "torch==2.0", "-t", "torch==1.0"), "versions stand in BASE and HEAD"),
        (("torch==1.0", "torch==2.0", "mze"), "did you mean 'mse'?"),
    ],
)
def test_what_cannot_be_asked_is_told(
    words: tuple[str, ...], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = invoke(["audit", "--", *words] if words[0][0] == "-" else ["audit", *words])
    assert code == 2
    assert said in capsys.readouterr().err


def test_options_reach_the_environments(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Options] = []

    def prepare(sides: object, options: Options, say: object, fit: object) -> list[Environment]:
        taken.append(options)
        raise environments.EnvironmentFault("enough")

    monkeypatch.setattr(environments, "prepare", prepare)
    words = ("--python", "3.11", "--offline", "--exclude-newer", "2025-06-01", "--refresh")
    assert invoke(["audit", *ASKED, *words]) == 4
    assert taken == [Options("3.11", True, "2025-06-01", True)]


@pytest.mark.frameworks
def test_one_interpreter_against_itself_moves_nothing(folder: Path) -> None:
    need("torch")
    here = f"py:{sys.executable}"
    cache = {"CONFORMANCE_CACHE": str(folder / "cache")}
    asked = ("audit", here, here, "mse", "-t", "torch", "--dtype", "float32")
    done: Ended = command(*asked, folder=folder, environment=cache)
    assert done.code == 0, done.err
    assert done.out.startswith("Nothing breaks")
    base = read_results(folder / "conformance-audit" / "base.jsonl.gz")
    target = base.manifest.targets[0]
    assert "numpy" in target.packages
    assert "reduction='mean'" in target.signatures["torch.nn.functional.mse_loss"]


def _audit_of(folder: Path) -> subprocess.Popen[str]:
    """An audit of this interpreter against itself that takes a while, in a group of its own."""
    here = f"py:{sys.executable}"
    words = ("audit", here, here, "-t", "torch", "--profile", "default")
    cache = {"CONFORMANCE_CACHE": str(folder / "cache")}
    return subprocess.Popen(
        [sys.executable, "-m", "conformance", *words],
        cwd=folder, env=surroundings(folder, cache), text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def _recording(folder: Path, pid: int) -> list[int]:
    """The processes of an audit, once both sides have recorded something."""
    files = [folder / "conformance-audit" / f"{side}.jsonl.gz" for side in auditing.SIDES]
    until = time.monotonic() + 60.0
    while not all(file.is_file() and file.stat().st_size > 4_000 for file in files):
        assert time.monotonic() < until, "no side has recorded anything"
        time.sleep(0.1)
    return descendants(pid)


@pytest.mark.frameworks
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
@pytest.mark.parametrize(
    ("number", "whole", "code"),
    [(signal.SIGINT, True, 130), (signal.SIGINT, False, 130), (signal.SIGTERM, True, 143)],
)
def test_an_interrupt_ends_both_sides_and_their_workers_and_keeps_what_was_recorded(
    number: signal.Signals, whole: bool, code: int, folder: Path
) -> None:
    need("torch")
    with _audit_of(folder) as audit:
        others = _recording(folder, audit.pid)
        (os.killpg if whole else os.kill)(audit.pid, number)
        _, err = audit.communicate(timeout=60)
    assert audit.returncode == code, err
    assert err.count("interrupted: ") == 2
    assert len(others) >= 4
    assert alive(others) == []
    for side in auditing.SIDES:
        assert not read_results(folder / "conformance-audit" / f"{side}.jsonl.gz").complete


@pytest.mark.frameworks
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_a_side_that_is_killed_is_incomplete_and_the_other_one_is_whole(folder: Path) -> None:
    need("torch")
    here = f"py:{sys.executable}"
    words = ("audit", here, here, "mse", "l1", "-t", "torch", "--profile", "default")
    cache = {"CONFORMANCE_CACHE": str(folder / "cache")}
    with subprocess.Popen(
        [sys.executable, "-m", "conformance", *words],
        cwd=folder, env=surroundings(folder, cache), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as audit:  # fmt: skip
        _recording(folder, audit.pid)
        sides = [pid for pid in descendants(audit.pid) if is_sent(pid)]
        os.kill(sides[-1], signal.SIGKILL)
        out, err = audit.communicate(timeout=120)
    assert audit.returncode == 4, err
    assert out == ""
    assert "its process was ended by signal 9" in err
    ends = [
        read_results(folder / "conformance-audit" / f"{side}.jsonl.gz").complete
        for side in auditing.SIDES
    ]
    assert sorted(ends) == [False, True]
