from __future__ import annotations

import io
import json
import re
from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from rich.console import Console

from conformance.report import cases, html
from conformance.report.markdown import LIMIT
from conformance.report.upgrade import junit, markdown, terminal
from conformance.report.upgrade.account import account
from conformance.results import Results, compare_runs
from conformance.results.cell import Cell
from conformance.results.diff import Diff
from conformance.results.state import STATES
from tests.report.outline import Outline, whole
from tests.report.sample import HOSTILE, hostile
from tests.report.sample.upgrade import NEW
from tests.results.runs import NEWER, TORCH, cell, finding, row, run


def shown(diff: Diff, width: int = 80) -> str:
    text = io.StringIO()
    console = Console(file=text, width=width, highlight=False, no_color=True)
    terminal.show(diff, console, ["l1", "cross_entropy"])
    return text.getvalue()


def test_the_terminal_keeps_to_80_columns_but_for_what_is_copied(diff: Diff) -> None:
    lines = shown(diff).splitlines()
    assert lines[0].startswith("Breaks: ")
    assert all(len(line) <= 80 for line in lines if "conformance replay" not in line)
    assert any(NEW in line and "conformance replay" in line for line in lines)


def test_the_terminal_tells_breaks_then_gaps_then_drift_then_the_lock(diff: Diff) -> None:
    text = shown(diff)
    words = ["✗ new failure", "– not run now", "? not comparable", "~ drift, nearest", "manners"]
    found = [text.index(f"\n{word}") for word in words]
    assert found == sorted(found)
    assert text.index("\nlock") < text.index("\nlosses in use")


def test_the_terminal_counts_what_moved_beyond_a_screen() -> None:
    name = "binary_cross_entropy_with_logits"
    packages = {f"package-{at}": "1" for at in range(40)}
    base = run(cell(row(), loss=name), targets=[TORCH])
    head = run(cell(row(digest="cd"), loss=name), targets=[replace(NEWER, packages=packages)])
    head = replace(head, cells=(replace(head.cells[0], target=NEWER.name),))
    lines = shown(compare_runs(base, head)).splitlines()
    assert sum("package-" in line for line in lines) == terminal.MOST_MOVED - 1
    assert any("17 more changes in the full report" in line for line in lines)
    assert all(len(line) <= 80 for line in lines)


def test_json_holds_every_list_and_is_strict(diff: Diff) -> None:
    text = json.dumps(account(diff, "new", ["l1"]), allow_nan=False)
    told = json.loads(text)
    assert told["cases"] == {state: diff.cases[state] for state in STATES}
    assert [each["loss"] for each in told["breaks"]] == ["l1"]
    assert {each["loss"] for each in told["decisions"]} == {"l1"}
    assert told["lock"][0] == {
        "place": "torch", "name": "torch", "base": "2.13.0", "head": "2.15.0",
    }  # fmt: skip


def test_junit_has_a_case_a_loss_property_and_target(diff: Diff) -> None:
    root = ElementTree.fromstring(junit.render(diff))
    (suite,) = [each for each in root if NEW in each.get("name", "")]
    places = Counter((c.get("classname"), c.get("name")) for c in suite)
    due = {(c.loss, c.property) for c in diff.cells if c.pair.head and c.pair.head.name == NEW}
    assert dict(places) == dict.fromkeys(due, 1)
    (failed,) = [c for c in suite if c.find("failure") is not None]
    assert (failed.get("classname"), failed.get("name")) == ("l1", "value")
    missing = {c.get("classname") for c in suite if c.find("error") is not None}
    assert missing == {"mse", "nll"}
    assert int(root.get("failures", "")) == 1


def test_junit_says_that_what_is_missing_is_missing(results: Results) -> None:
    cut = replace(results, end=None)
    root = ElementTree.fromstring(junit.render(compare_runs(results, cut)))
    (whole,) = [each for each in root if each.get("name") == "diff"]
    error = whole.find("testcase/error")
    assert error is not None
    assert "cut short" in error.get("message", "")


def test_markdown_has_the_same_words(diff: Diff) -> None:
    text = markdown.render(diff)
    assert text.startswith("## ✗ Breaks: ")
    for word in ("### What breaks", "### Drift", "### Not run, not comparable", "### Lock"):
        assert word in text


def test_markdown_stays_within_its_limits() -> None:
    names = [f"property-{at}" for at in range(70)]
    long = "M" * 30_000
    base = run(*(cell(row(), property=name) for name in names))
    head = run(
        *(
            cell(
                row(verdict="fail"), property=name,
                findings=(finding("value", property=name, replay=long, why=long),),
            )
            for name in names
        )
    )  # fmt: skip
    text = markdown.render(compare_runs(base, head))
    assert len(text.encode()) <= LIMIT
    assert text.count("<details>") == 50
    assert "20 further causes in the full report." in text


def blamed(one: Cell) -> Cell:
    """The cell with each of its cases failing by its first finding."""
    rows = tuple(each._replace(verdict="fail", digest="0") for each in one.rows)
    return replace(one, verdict="fail", rows=rows)


@pytest.fixture(scope="module")
def poison(tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, Diff]:
    base = hostile(tmp_path_factory.mktemp("poison") / "hostile.jsonl.gz")
    head = replace(base, cells=tuple(blamed(c) if c.verdict == "pass" else c for c in base.cells))
    targets = tuple(replace(t, packages={HOSTILE[0]: "2"}) for t in head.manifest.targets)
    head = replace(head, manifest=replace(head.manifest, targets=targets))
    return head, compare_runs(base, head)


def test_hostile_text_is_obeyed_nowhere(poison: tuple[Results, Diff]) -> None:
    head, diff = poison
    assert diff.cases["new failure"] > 100
    # Code blocks obey nothing, and a fence is longer than any run of ticks in it.
    fenced = re.compile(r"^(`{3,})\n.*?^\1\n", re.DOTALL | re.MULTILINE)
    assert "<script" not in fenced.sub("", markdown.render(diff))
    ElementTree.fromstring(junit.render(diff))
    assert "\x1b" not in shown(diff)
    json.dumps(account(diff, "new"), allow_nan=False)
    with whole():
        outline = Outline(html.render_diff(diff, head, cases.block(head.cells)))
    assert (outline.unbalanced, outline.open) == ([], [])
    assert outline.tags.count("script") == 2
    assert "img" not in outline.tags
