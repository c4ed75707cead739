"""The templates of the page: what they may call, and how their text leaves."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from conformance.report import tolerance, wording
from conformance.report.plots import bound, error
from conformance.results.state import STATE_SYMBOL
from conformance.results.verdict import MEANING, SYMBOL, VERDICTS

_IMPLIED = re.compile(r"\s*</(?:td|th|tr|thead|tbody|li)>\s*")


def rendered(name: str, **context: Any) -> str:
    """The text of one template of the folder beside this module."""
    return lean(_environment().get_template(name).render(**context))


def lean(text: str) -> str:
    """The page without the end tags of table parts and list items, which HTML lets one leave out.

    They and the line ends around them are a tenth of a page of tables. What a user wrote cannot
    look like one, as it is escaped.
    """
    return _IMPLIED.sub("", text)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_finalize,
    )
    environment.globals |= {
        "wording": wording,
        "SYMBOL": SYMBOL,
        "STATE_SYMBOL": STATE_SYMBOL,
        "MEANING": MEANING,
        "VERDICTS": VERDICTS,
        "shape": bound.shape,
        "error_size": error,
        "bound_size": bound,
        "link": _link,
        "counts_heading": tolerance.HEADING,
    }
    return environment


def _finalize(value: Any) -> Any:
    """Every expression passes here: invisible characters are spelled out, length is bounded."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return wording.visible(value)
    return value


def _link(source: str) -> str | None:
    """An address that may be followed, or None: nothing but the web is."""
    return source if re.match(r"https?://[^\s]+$", source) else None
