"""A porting guide as one HTML file without scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from conformance.report import wording
from conformance.report.guide import sentences
from conformance.report.guide.markdown import METHOD


def render(guide: dict[str, Any]) -> str:
    """The page of a guide's account; write it as UTF-8."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=lambda item: wording.visible(item) if type(item) is str else item,
    )
    page = environment.get_template("guide.html.jinja")
    return page.render(guide=guide, sentences=sentences, method=METHOD)
