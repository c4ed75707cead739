"""Interpreters: found, asked, and kept apart from this process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from conformance.environments import interpreter
from conformance.environments.errors import EnvironmentFault
from conformance.environments.interpreter import discover, find, installed, probe, surroundings


def script(folder: Path, name: str, line: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return path


def pretended(version: str) -> str:
    return f"""echo '[[{version}], "linux-x86_64"]'"""


def test_an_interpreter_says_its_version() -> None:
    assert probe(sys.executable).version == sys.version_info[:3]


def test_a_program_that_is_no_python_is_said(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="does not run as Python: it ended with 3 and said"):
        probe(str(script(tmp_path, "python3.9", "exit 3")))
    told = "echo 'libpython is missing' >&2; exit 3"
    with pytest.raises(EnvironmentFault, match=r"does not run as Python: libpython is missing$"):
        probe(str(script(tmp_path, "python3.10", told)))


def test_own_interpreter_comes_first_then_the_newest_and_broken_ones_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path, "python3.9", pretended("3, 9, 1"))
    script(tmp_path, "python3.14", pretended("3, 14, 0"))
    script(tmp_path, "python3.13", "exit 127")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = [each.version for each in discover()]
    assert found == [sys.version_info[:3], (3, 14, 0), (3, 9, 1)]


def test_an_interpreter_is_found_by_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path, "python3.12", pretended("3, 12, 4"))
    script(tmp_path, "python3.8", pretended("3, 8, 4"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find("3.12").name == "Python 3.12.4"
    with pytest.raises(EnvironmentFault, match=r"Python 3\.8\.4; the worker needs 3\.9"):
        find("3.8")
    with pytest.raises(EnvironmentFault, match=r"there is no interpreter '3\.13'"):
        find("3.13")


def test_what_is_installed_is_listed_by_normalised_name() -> None:
    found = installed(sys.executable)
    assert "numpy" in found
    assert all(name == name.lower() and "_" not in name for name in found)


def test_paths_of_this_process_do_not_reach_another_interpreter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    assert "PYTHONPATH" not in surroundings()
    assert interpreter.surroundings({"A": "b"})["A"] == "b"
