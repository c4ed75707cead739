from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.report import html
from conformance.results import Results
from tests.report.browser import FLAGS, executable
from tests.report.sample import Size, hostile, sample


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A small run with every verdict in it."""
    return sample(tmp_path_factory.mktemp("small"), Size(cases=400))


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The size that the limits of the page are stated for."""
    return sample(tmp_path_factory.mktemp("large"), Size(cases=23_500))


@pytest.fixture(scope="session")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A run whose every text wants to be something else."""
    return hostile(tmp_path_factory.mktemp("hostile") / "hostile.jsonl.gz")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = executable()
    if found is None:
        pytest.skip("no Chromium on this machine")
    with api.sync_playwright() as play:
        # A profile of its own, thrown away: nothing of an earlier run is seen.
        chromium = play.chromium.launch(executable_path=found, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def folder(
    tmp_path_factory: pytest.TempPathFactory, results: Results, large: Results, poisoned: Results
) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for name, run in (("small", results), ("large", large), ("hostile", poisoned)):
        (folder / f"{name}.html").write_text(html.render(run), "utf-8")
    return folder


@pytest.fixture
def visit(browser: Any, folder: Path) -> Iterator[Any]:
    """Open a page from disk; everything it asks for or complains of is in `page.heard`."""
    contexts = []

    def go(name: str, hash: str = "", width: int = 1280, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.heard = []
        page.on("request", lambda request: page.heard.append(request.url))
        page.on("console", lambda message: page.heard.append(message.text))
        page.on("pageerror", lambda error: page.heard.append(str(error)))
        page.on("dialog", lambda dialog: page.heard.append(dialog.message))
        page.goto(f"{(folder / name).as_uri()}.html{hash}")
        page.locator("#cases-on").wait_for()
        return page

    yield go
    for context in contexts:
        context.close()
