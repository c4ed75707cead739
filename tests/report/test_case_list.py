"""The list of all cases in a real Chromium: filter, sorting, address, copying, saving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.results import Results

pytestmark = pytest.mark.browser
Page = Any


def shown_rows(page: Page) -> list[str]:
    rows = page.locator("#case-list tbody tr:not([aria-hidden])")
    return [" ".join(row.split()) for row in rows.all_inner_texts()]


def state(page: Page) -> str:
    text: str = page.locator("#filter-state").inner_text()
    return text


def test_the_filter_understands_its_words(visit: Any, results: Results) -> None:
    page = visit("small")
    torch = [
        len(cell.rows)
        for cell in results.cells
        if (cell.property, cell.dtype) == ("gradient", "bfloat16") and "torch" in cell.target
    ]
    total = int(state(page).split(" of ")[1].split()[0].replace(",", ""))

    def count(text: str) -> int:
        page.locator("#filter").fill(text)
        page.wait_for_function(
            "text => new URLSearchParams(location.hash.split('?')[1]).get('q') === text", arg=text
        )
        return int(state(page).split(" of ")[0].replace(",", ""))

    one, other = count("loss:mse"), count("loss:l1")
    assert count("loss:mse,l1") == one + other
    assert count("-loss:mse") == total - one
    assert count("dtype:bfloat16 property:gradient target:torch device:cpu") == sum(torch)
    assert count("used>50%") == count("used>0.5") < total
    assert count("used>0.2") + count("used<=0.2") == total
    assert 0 < count("tails") < total
    assert count("status:fail") == 0
    assert count("colour:red") == total
    assert "Not understood: colour:red; words are status, loss" in state(page)


def test_the_state_of_the_list_is_in_the_address(visit: Any) -> None:
    page = visit("small", hash="#cases?q=dtype%3Abfloat16+loss%3Anll&sort=-used")
    assert page.locator("#filter").input_value() == "dtype:bfloat16 loss:nll"
    assert page.locator("th[data-key=used]").get_attribute("aria-sort") == "descending"
    rows = shown_rows(page)
    assert rows
    assert all("nll" in row and "bfloat16" in row for row in rows)
    page.locator("th[data-key=used] button").click()
    page.wait_for_function("location.hash.includes('sort=used')")
    assert page.locator("th[data-key=used]").get_attribute("aria-sort") == "ascending"


def test_a_cause_leads_to_its_cases(visit: Any) -> None:
    page = visit("small")
    page.locator("#findings summary").nth(3).click()
    page.get_by_role("link", name="its cases in the list").first.click()
    page.wait_for_function("document.querySelector('#filter').value.includes('loss:mse')")


def test_the_list_holds_only_what_is_in_sight(visit: Any) -> None:
    page = visit("large")
    assert len(shown_rows(page)) < 30
    first = shown_rows(page)[0]
    page.locator("#case-list").evaluate("box => { box.scrollTop = 300000 }")
    page.wait_for_function(
        "document.querySelector('#case-list tr[aria-rowindex]').ariaRowIndex > 9000"
    )
    assert shown_rows(page)[0] != first


def test_a_replay_line_and_an_issue_can_be_copied(visit: Any) -> None:
    page = visit("small", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the replay line of").first.click()
    page.wait_for_function("document.querySelector('#filter-state').textContent === 'Copied.'")
    assert page.evaluate("navigator.clipboard.readText()") == (
        "conformance replay value:l1/float32/typical/1x2/none/s1000 -t torch==2.13.0@cpu"
    )
    page.locator("#case-list button", has_text="issue").first.click()
    page.wait_for_function(
        "navigator.clipboard.readText().then(text => text.startsWith('l1 value on torch'))"
    )


def test_the_list_can_be_saved_as_csv(visit: Any, tmp_path: Path) -> None:
    page = visit("small", hash="#cases?q=loss:mse+dtype:float32+target:torch+property:value")
    with page.expect_download() as saving:
        page.locator("#csv").click()
    saving.value.save_as(tmp_path / "cases.csv")
    lines = (tmp_path / "cases.csv").read_text().splitlines()
    assert lines[0] == "verdict,loss,property,target,dtype,case,class,ulp,share"
    assert len(lines) == 1 + int(state(page).split()[0])
