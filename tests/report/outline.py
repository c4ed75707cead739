"""The tags of a page, as its templates wrote them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser

import pytest

from conformance.report import templating

VOID = {"meta", "link", "input", "br", "img", "wbr", "circle", "path"}


class Outline(HTMLParser):
    """What a browser would make of the page, and whether every tag is closed where it should be."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.unbalanced: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]


@contextmanager
def whole() -> Iterator[None]:
    """Inside, a page keeps the end tags that HTML lets one leave out, so that they can be counted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(templating, "lean", str)
        yield
