from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.report import cases, html
from conformance.report.plots import movement
from conformance.results import Results, compare_runs
from conformance.results.diff import Diff
from tests.report.outline import Outline, whole
from tests.report.sample.upgrade import upgraded
from tests.results.runs import cell, row, run


@pytest.fixture(scope="module")
def page(results: Results, head: Results) -> str:
    return html.render(head, results, ["l1", "cross_entropy", "huber"])


def test_the_diff_is_the_first_line_and_the_first_section(page: str) -> None:
    body = page[page.index("<body>") :]
    assert "<b>Breaks:</b> " in body[: body.index("</h1>")]
    assert page.index("<title>Breaks · ") < page.index("<body>")
    assert body.index('id="changes"') < body.index('id="findings"')


def test_it_tells_decisions_breaks_gaps_drift_plots_and_the_lock_in_order(page: str) -> None:
    section = page[page.index('id="changes"') : page.index('id="findings"')]
    heads = ["Losses in use", "What breaks", "Not run now", "Drift", "Before and after", "Fixed"]
    found = [section.index(f">{head}") for head in [*heads, "Exceptions", "Lock"]]
    assert found == sorted(found)
    assert "up to 2.7 ulp off (90 % of the bound)" in section
    assert "conformance replay" in section


def test_every_tag_is_closed_and_every_id_is_one(results: Results, head: Results) -> None:
    with whole():
        outline = Outline(html.render(head, results))
    assert (outline.unbalanced, outline.open) == ([], [])
    ids = outline.values("id")
    assert len(ids) == len(set(ids))


def test_without_a_base_the_page_is_as_it_was(results: Results) -> None:
    page = html.render(results)
    assert 'id="changes"' not in page
    assert "#changes" not in page


def test_a_diff_that_is_there_already_makes_the_same_page(
    results: Results, head: Results, diff: Diff
) -> None:
    assert html.render_diff(diff, head, cases.block(head.cells)) == html.render(head, results)


def test_runs_that_do_not_differ_say_so(results: Results) -> None:
    page = html.render(results, results)
    assert "Nothing: no case fails that did not" in page
    assert "both runs name the same versions" in page
    assert "Before and after" not in page


def test_a_plot_marks_base_and_head_on_one_axis() -> None:
    base = run(cell(row(share=0.01)), cell(row(), dtype="float64"))
    head = run(cell(row(digest="cd", share=0.9)), cell(row(), dtype="float64"))
    diff = compare_runs(base, head)
    plot = movement.draw(diff.cells, diff.pairs[0], "value")
    assert plot is not None
    assert [label.text for label in plot.labels] == ["l1", "float32"]  # what moved, and no more
    assert plot.worst == "l1 float32 used 1 % and uses 90 %"
    start = float(plot.before[1:].split(" ")[0])
    assert start < float(plot.after[1:].split(" ")[0]) < plot.limit + 20


def test_a_plot_keeps_what_is_nearest_to_the_bound() -> None:
    losses = [f"loss-{at}" for at in range(movement.ROWS + 5)]
    like = run().manifest.losses["l1"]
    given = dict.fromkeys(losses, like)
    base = run(*(cell(row(), loss=loss) for loss in losses), losses=given)
    moved = [cell(row(digest="cd", share=at / 100), loss=loss) for at, loss in enumerate(losses)]
    head = run(*moved, losses=given)
    diff = compare_runs(base, head)
    plot = movement.draw(diff.cells, diff.pairs[0], "value")
    assert plot is not None
    assert plot.left_out == 5
    assert losses[-1] in [label.text for label in plot.labels]


def test_nothing_moved_draws_no_plot(results: Results) -> None:
    diff = compare_runs(results, results)
    assert movement.draw(diff.cells, diff.pairs[0], "value") is None


@pytest.mark.browser
def test_a_reader_without_scripts_sees_it_all_at_every_width(
    browser: Any, large: Results, tmp_path: Path
) -> None:
    file = tmp_path / "upgrade.html"
    file.write_text(html.render(upgraded(large), large), "utf-8")
    assert file.stat().st_size <= 1_000_000
    for width in (320, 1280):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=False
        )
        page = context.new_page()
        page.goto(file.as_uri())
        assert page.locator("h1").inner_text().startswith("✗ Breaks: 3 cases")
        assert page.get_by_text("conformance replay 'value:l1/").first.is_visible()
        assert page.locator("#changes figure svg").first.is_visible()
        context.close()
    context = browser.new_context(viewport={"width": 320, "height": 900})
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert page.evaluate("document.querySelectorAll('*').length") <= 5_000
    context.close()
