"""What a project may show of a check: an SVG badge and a statement that a machine can read."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from conformance.report import wording
from conformance.report.check import account_of_check, candidate
from conformance.report.matrix import largest_share
from conformance.results import Results, summarise

SCHEMA = 1
_WORDS = {
    "conforms": ("conforms", "#1a7f37"),
    "findings": ("does not conform", "#b42318"),
    "incomplete": ("incomplete", "#6e7781"),
    "nothing selected": ("not checked", "#6e7781"),
}
_GLYPH = 6.6
"""Units that a character takes at 11 px, about; only to size the badge."""
_MARGIN = 12


def svg(results: Results) -> str:
    """A badge of two fields: the loss, and the verdict with the largest share of a bound."""
    word, colour = _WORDS[summarise(results).word]
    share = largest_share(_own(results))
    if word == "conforms" and share is not None:
        word = f"conforms, {wording.share(share)} of the bound"
    left = wording.short(", ".join(results.manifest.losses), wording.NAME)
    widths = [round(_GLYPH * len(text)) + _MARGIN for text in (left, word)]
    environment = Environment(
        loader=FileSystemLoader(_templates()), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("badge.svg.jinja").render(
        left=left, right=word, widths=widths, colour=colour
    )


def statement(results: Results) -> dict[str, Any]:
    """Versions, spec hashes, verdict by property, the largest shares: what the badge rests on."""
    manifest, summary, subject = results.manifest, summarise(results), candidate(results)
    found = account_of_check(results)
    return {
        "schema": SCHEMA,
        "verdict": summary.word,
        "sentence": summary.sentence,
        "suite": {"version": manifest.suite.version, "commit": manifest.suite.commit},
        "created": manifest.created,
        "profile": manifest.profile,
        "seed": manifest.seed,
        "candidate": found["candidate"],
        "versions": {} if subject is None else dict(subject.packages),
        "python": None if subject is None else subject.python,
        "specs": {name: loss.digest for name, loss in manifest.losses.items()},
        "conventions": {}
        if subject is None
        else {k: dict(v) for k, v in subject.conventions.items()},
        "dtypes": list(dict.fromkeys(cell.dtype for cell in _own(results))),
        "properties": found["properties"],
        "not_supported": found["not_supported"],
        "findings": [
            {"property": each.cause.property, "kind": each.cause.kind, "replay": each.worst.replay}
            for each in summary.groups
        ],
    }


def _own(results: Results) -> list[Any]:
    subject = candidate(results)
    return [cell for cell in results.cells if subject is None or cell.target == subject.name]


def _templates() -> str:
    from pathlib import Path

    return str(Path(__file__).parent / "templates")
