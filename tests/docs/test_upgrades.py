"""The page of real upgrades says what the committed diffs say, and its snippets are Python."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

REPORTS = Path(__file__).parents[2] / "reports"
PAGE = (REPORTS / "upgrades.md").read_text("utf-8")
LINKS = sorted(set(re.findall(r"\]\((upgrades/[^)]+)\)", PAGE)))
DIFFS = sorted((REPORTS / "upgrades").glob("*.json"))


def row_of(name: str) -> str:
    """The line of the first table that links to a diff."""
    return next(line for line in PAGE.splitlines() if f"(upgrades/{name})" in line)


def test_every_file_is_linked_and_every_link_leads_to_a_file() -> None:
    there = {f"upgrades/{path.name}" for path in (REPORTS / "upgrades").iterdir()}
    assert set(LINKS) == there


def test_the_files_stay_small() -> None:
    sizes = {path: path.stat().st_size for path in (REPORTS / "upgrades").iterdir()}
    assert max(size for path, size in sizes.items() if path.suffix == ".html") < 1e6
    assert max(sizes.values()) < 1.5e6


@pytest.mark.parametrize("path", DIFFS, ids=lambda path: path.stem)
def test_the_table_has_the_counts_of_the_diff(path: Path) -> None:
    cases = json.loads(path.read_text("utf-8"))["cases"]
    row = row_of(path.name)
    same = cases["same bits"]
    if not (cases["drift"] or cases["fixed"]):
        same += cases["still failing"]  # nothing moved: those have the same bits too
    assert f"| {cases['fixed']:,} | {cases['drift']:,} | {same:,} |" in row
    breaks = "nothing moved" if same > cases["same bits"] else f"| {cases['new failure']:,}"
    assert breaks in row


@pytest.mark.parametrize("snippet", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_a_snippet_is_python_and_needs_frameworks_alone(snippet: str) -> None:
    compile(snippet, "snippet", "exec")
    modules = {line.split()[1].partition(".")[0] for line in snippet.splitlines()
               if line.startswith("import ")}  # fmt: skip
    assert modules <= {"torch", "tensorflow", "keras", "jax", "optax"}
