"""The walk-through says what its files say, and its files do what it says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conformance.results import read_results
from conformance.specs.lint import lint
from tests.cli.command import command, need

FOLDER = Path(__file__).parents[1] / "docs" / "focal"
PAGE = FOLDER.parent / "walkthrough-focal.md"


@pytest.mark.parametrize("name", ["focal.yaml", "focal.py", "first_try.py"])
def test_the_page_shows_the_files_as_they_are(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") in PAGE.read_text("utf-8")


def test_the_spec_of_the_page_checks_clean() -> None:
    assert lint([FOLDER / "focal.yaml"]) == []


@pytest.mark.parametrize(("name", "code"), [("focal.py", 0), ("first_try.py", 1)])
def test_the_first_try_is_found_wrong_and_the_mended_one_conforms(
    name: str, code: int, folder: Path
) -> None:
    need("torch")
    for file in FOLDER.glob("f*.*"):
        shutil.copy(file, folder)
    words = ("check", f"{name}:focal_loss", "--spec", "focal.yaml", "--dtype", "float32", "--alone")
    done = command(*words, folder=folder)
    assert done.code == code, done.err
    results = read_results(folder / "conformance-check.jsonl.gz")
    verdicts = {cell.property: cell.verdict for cell in results.cells}
    assert verdicts["example"] == "pass"
    assert verdicts["gradient"] == ("fail" if code else "pass")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder to run a command in."""
    inside = tmp_path / "work"
    inside.mkdir()
    return inside
