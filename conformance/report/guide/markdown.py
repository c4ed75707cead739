"""A porting guide as Markdown, readable on its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.report.guide import sentences
from conformance.report.markdown import code, fence, prose


def render(guide: dict[str, Any]) -> str:
    """The whole guide; foreign text is escaped."""
    return "".join(_lines(guide))


def _lines(guide: dict[str, Any]) -> Iterator[str]:
    yield f"# {prose(sentences.title(guide))}\n\n{prose(sentences.opening(guide))}\n\n"
    yield f"{prose(METHOD)}\n\n"
    for target, reason in guide["not_run"].items():
        yield f"- **not run** {code(target)}: {prose(reason)}\n"
    for loss in guide["losses"]:
        yield from _loss(loss)


METHOD = (
    "What differs by convention stands first: what each side declares, and what it returned when "
    "it was asked. Then a call of each side that makes the two agree, and what is left between "
    "them on drawn cases from which the same is due: in units in the last place (ulp) of the true "
    "value, and as the share of the rounding error that each side's own order of operations allows."
)


def _loss(loss: dict[str, Any]) -> Iterator[str]:
    yield f"\n## {code(loss['loss'])}\n\n{prose(loss['summary'])}\n\n"
    for target, reason in loss["lacking"].items():
        yield f"- {code(target)} has none: {prose(reason)}\n"
    for difference in loss["differences"]:
        yield from _difference(difference)
    for pair in loss["pairs"]:
        yield from _pair(pair)
    if loss["calls"]:
        yield from _calls(loss)


def _difference(difference: dict[str, Any]) -> Iterator[str]:
    verdict = difference["verdict"]
    yield f"\n### {sentences.SYMBOL[verdict]} {code(difference['convention'])}: {verdict}\n\n"
    yield f"{prose(difference['question'])}\n\n"
    for target, choice in difference["choices"].items():
        meaning = difference["meanings"].get(choice, "")
        yield f"- {code(target)}: {code(choice)}. {prose(meaning)}\n"
    for probe in difference["probes"]:
        yield f"\nAsked for the {prose(sentences.asked(probe))}\n\n"
        for target, answer in probe["answers"].items():
            yield f"- {code(target)} gave {prose(sentences.answered(answer))}\n"
    if difference["reason"]:
        yield f"\n{prose(difference['reason'])}\n"


def _pair(pair: dict[str, Any]) -> Iterator[str]:
    agreed = pair["agreement"]
    yield f"\n### {code(pair['one'])} and {code(pair['other'])}\n\n"
    if agreed is None:
        yield "No written case demands the same of both.\n\n"
    else:
        yield f"Calls that agree, with the reduction {code(agreed['reduction'])}:\n\n"
        for target, snippet in agreed["snippets"].items():
            yield fence(snippet)
            yield f"gives {code(agreed['answers'][target])} on {code(target)}.\n\n"
    yield f"{prose(sentences.matches(pair))}\n\n"
    used = " | ".join(f"{code(pair[side])} uses of its bound" for side in ("one", "other"))
    yield f"| dtype | cases | ulp apart, at most | {used} |\n|---|---|---|---|---|\n"
    for residue in pair["residues"]:
        yield f"| {' | '.join(map(prose, sentences.measured(residue)))} |\n"
    for line in sentences.oddities(pair):
        yield f"\n{prose(line)}.\n"


def _calls(loss: dict[str, Any]) -> Iterator[str]:
    yield "\n### How the calls differ\n\n"
    yield f"| | {' | '.join(code(target) for target in loss['targets'])} |\n"
    yield f"|---{'|---' * len(loss['targets'])}|\n"
    for each in loss["calls"]:
        texts = " | ".join(prose(text) for text in each["texts"].values())
        yield f"| {prose(each['topic'])} | {texts} |\n"
