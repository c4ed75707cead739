from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from conformance.report import html
from conformance.results import Results
from tests.report.outline import Outline, whole
from tests.report.sample import HOSTILE


@pytest.fixture(scope="module")
def page(results: Results) -> str:
    return html.render(results)


def test_the_verdict_is_the_first_line(page: str) -> None:
    body = page[page.index("<body>") :]
    assert body.index("<h1") < body.index("<p") < body.index("<nav")
    assert "<b>Does not conform:</b> 8 causes in 6 of 8 losses" in body
    assert page.index("<title>Does not conform · torch==2.13.0@cpu, ") < page.index("<body>")


def test_every_tag_is_closed_and_every_id_is_one(results: Results) -> None:
    with whole():
        outline = Outline(html.render(results))
    assert outline.unbalanced == []
    assert outline.open == []
    ids = outline.values("id")
    assert len(ids) == len(set(ids))


def test_every_promised_section_is_there_and_every_link_leads_somewhere(page: str) -> None:
    outline = Outline(page)
    ids = set(outline.values("id"))
    promised = "top matrix bounds cases known notrun environment method files loss-cross_entropy"
    assert set(promised.split()) <= ids
    inside = [link[1:] for link in outline.values("href") if link.startswith("#")]
    assert {link for link in inside if not link.startswith("cases?")} <= ids


def test_the_page_asks_for_nothing(page: str) -> None:
    outline = Outline(page)
    assert not {"img", "iframe", "object", "embed", "base"} & set(outline.tags)
    assert not outline.values("src")
    assert "url(" not in page
    assert "@import" not in page
    outside = {link for link in outline.values("href") if not link.startswith("#")}
    assert outside == {"data:,", "https://github.com/keras-team/keras/issues/9664"}


def test_hostile_text_adds_no_markup(poisoned: Results, page: str) -> None:
    with whole():
        outline = Outline(html.render(poisoned))
    assert outline.unbalanced == []
    assert set(outline.tags) <= set(Outline(page).tags)
    assert outline.tags.count("script") == 2
    assert outline.tags.count("style") == 1
    assert not [name for name, _ in outline.attributes if name.startswith("on")]
    assert not [link for link in outline.values("href") if link.startswith("javascript")]
    ids = outline.values("id")
    assert len(ids) == len(set(ids))


def test_hostile_text_is_shown_as_it_is(poisoned: Results) -> None:
    shown = html.render(poisoned)
    assert "&lt;script&gt;window.pwned=1&lt;/script&gt;" in shown
    assert "{{ 7*7 }}" in shown
    assert "\\u202eesrever" in shown
    assert "\u202e" not in shown
    assert "\x1b" not in shown
    assert "M" * 2_001 not in shown
    assert len(HOSTILE[-1]) == 10_000


def test_an_empty_run_is_a_page_too(results: Results) -> None:
    with whole():
        empty = html.render(
            replace(results, cells=(), end=None, cut="the file stops inside line 2")
        )
    assert "<b>Incomplete:</b>" in empty
    assert "the file stops inside line 2" in empty
    assert Outline(empty).unbalanced == []


def test_only_ten_causes_are_on_the_first_screen(results: Results) -> None:
    failing = next(cell for cell in results.cells if cell.findings and cell.verdict == "fail")
    finding = failing.findings[0]
    many = tuple(replace(finding, property=f"property-{at}") for at in range(30))
    shown = html.render(replace(results, cells=(replace(failing, findings=many),)))
    assert "20 more causes" in shown


def test_the_same_results_give_the_same_page(results: Results, page: str) -> None:
    assert html.render(results) == page


def test_importing_the_report_loads_no_framework_and_no_numpy() -> None:
    program = "import sys, conformance.report.html, conformance.report.junit; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    heavy = {"numpy", "torch", "tensorflow", "jax", "pydantic", "rich", "latex2mathml"}
    assert not heavy & set(done.stdout.decode().split())
