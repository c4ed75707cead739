"""The page in a real Chromium: what a person sees, and what it asks of the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.report import html
from conformance.results import Results
from tests.report.browser import server
from tests.report.outline import whole

pytestmark = pytest.mark.browser


def test_it_opens_from_disk_and_asks_for_nothing(visit: Any, folder: Path) -> None:
    page = visit("small")
    assert page.heard == [f"{(folder / 'small').as_uri()}.html"]
    assert page.locator("h1").inner_text().startswith("✗ Does not conform: 8 causes")
    assert page.locator("#matrix td.fail").count() == 5
    assert page.locator("figure svg").count() >= 40


def test_it_keeps_its_limits(
    visit: Any, folder: Path, large: Results, record_property: Any
) -> None:
    page = visit("large")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    record_property("first_paint_ms", paint)
    cases = sum(len(cell.rows) for cell in large.cells)
    nodes = page.evaluate("document.querySelectorAll('*').length")
    size = (folder / "large.html").stat().st_size
    print(f"{cases} cases, {size} bytes, {nodes} nodes, first paint {paint:.0f} ms")
    assert cases >= 20_000
    assert page.locator("figure").count() >= 55
    assert size <= 1_000_000
    assert nodes <= 5_000


def test_end_tags_that_are_left_out_make_no_other_page(visit: Any, results: Results) -> None:
    with whole():
        full = html.render(results)
    lean = html.render(results)
    assert len(lean) < len(full)
    page = visit("small")
    seen = page.evaluate(
        """(texts) => texts.map((text) => {
      const page = new DOMParser().parseFromString(text, "text/html");
      return page.body.outerHTML.replace(/\\s+/g, " ").replace(/ ?(<[^>]*>) ?/g, "$1");
    })""",
        [full, lean],
    )
    assert seen[0] == seen[1]


def test_without_scripts_and_styles_it_still_tells_everything(browser: Any, folder: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    with server(folder) as (address, asked):
        page.goto(f"{address}/small.html")
        assert page.locator("h1").inner_text().startswith("✗ Does not conform")
        assert "✗ fail 12.4×" in page.locator("#matrix").inner_text()
        note = page.locator("#cases-off").inner_text()
        assert "conformance report sample.jsonl.gz --format csv" in note
        assert not page.locator("#cases-on").is_visible()
        assert not page.locator(".scripted").first.is_visible()
        page.locator("#findings summary").nth(2).click()
        assert page.get_by_text("conformance replay gradient:kl_divergence").first.is_visible()
        page.locator("#notrun").scroll_into_view_if_needed()
    context.close()
    assert asked == ["/small.html"]


def test_plots_are_drawn_without_styles(browser: Any, folder: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    with server(folder) as (address, _):
        page.goto(f"{address}/small.html")
        plot = page.locator("#loss-kl_divergence figure svg").first
        box = plot.bounding_box()
        assert (box["width"], box["height"]) == (296, 202)
        before = plot.screenshot()
        plot.locator("path").evaluate_all("paths => paths.forEach(p => p.remove())")
        assert plot.screenshot() != before
    context.close()


def test_hostile_text_runs_nothing(visit: Any) -> None:
    page = visit("hostile")
    assert len(page.heard) == 1
    for fold in page.locator("details").all():
        fold.evaluate("fold => { fold.open = true }")
    assert page.evaluate("window.pwned") is None
    assert page.locator("script").count() == 2
    assert page.locator("img, iframe, object").count() == 0
    assert "<script>window.pwned=1</script>" in page.locator("#findings").inner_text()
    page.locator("#filter").fill("script")
    page.wait_for_function("location.hash.includes('script')")
    assert page.locator("#case-list td", has_text="<script>").count() > 0
    assert page.evaluate("window.pwned") is None


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_it_has_no_accessibility_violations(visit: Any, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe")
    page = visit("small", width=width, color_scheme=scheme)
    page.locator("details").evaluate_all("folds => folds.forEach(fold => { fold.open = true })")
    found = axe.Axe().run(page, options={"rules": {"target-size": {"enabled": True}}})
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_only_tables_scroll_sideways(visit: Any, width: int) -> None:
    page = visit("small", width=width)
    page.locator("details").evaluate_all("folds => folds.forEach(fold => { fold.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", [320, 1200, 1280, 1800])
def test_a_wide_table_of_numbers_scrolls_in_its_own_frame(visit: Any, width: int) -> None:
    """Real names of targets and real counts are longer than those of the sample."""
    page = visit("small", width=width)
    page.locator(".numbers tr > :nth-last-child(5)").evaluate_all(
        "c => c.forEach(e => e.append('0'.repeat(60)))"
    )
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", [320, 1280, 1800])
def test_no_text_is_smaller_than_twelve_pixels(visit: Any, width: int) -> None:
    page = visit("small", width=width)
    page.locator("details").evaluate_all("folds => folds.forEach(fold => { fold.open = true })")
    smallest = page.evaluate("""() => {
      const sizes = [];
      for (const node of document.querySelectorAll('body *')) {
        const own = [...node.childNodes].some(c => c.nodeType === 3 && c.data.trim());
        if (!own || !node.getClientRects().length || node.closest('math, script, style')) continue;
        const drawing = node.ownerSVGElement;
        const scale = drawing
          ? drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width : 1;
        sizes.push(parseFloat(getComputedStyle(node).fontSize) * scale);
      }
      return Math.min(...sizes);
    }""")
    assert smallest >= 11.99


def test_printing_opens_what_is_folded(visit: Any) -> None:
    page = visit("small")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.get_by_text("Without this suite").first.is_visible()
    assert not page.locator("main > nav").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0


def test_every_control_can_be_reached_and_worked_by_keyboard(visit: Any) -> None:
    page = visit("small")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the findings"
    page.locator("#findings summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("#findings details").first.get_attribute("open") is not None
    page.locator("th[data-key=ulp] button").focus()
    page.keyboard.press("Space")
    page.wait_for_function("location.hash.includes('sort=-ulp')")
