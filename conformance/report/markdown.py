"""The report as Markdown for a CI step summary: verdict, gaps, matrix, causes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from conformance.report import matrix, wording
from conformance.results import Results, Summary, summarise
from conformance.results.cell import Finding
from conformance.results.groups import Group
from conformance.results.verdict import SYMBOL, VERDICTS, Verdict

LIMIT = 900_000
"""Bytes; a step summary over 1 MiB is dropped whole."""
GROUPS = 50
_TEXT = 400
_SPECIAL = re.compile(r"[\\`*_\[\]#!|~@$]|:(?=//)")


def render(results: Results) -> str:
    """Markdown with the same words as the page; causes that would not fit are counted."""
    summary = summarise(results)
    blocks = [*_head(summary), *_matrix(results)]
    size = sum(len(block.encode()) for block in blocks)
    shown = 0
    for block in map(_group, summary.groups[:GROUPS]):
        size += len(block.encode())
        if size > LIMIT - 1_000:
            break
        blocks.append(block)
        shown += 1
    left = len(summary.groups) - shown
    if left:
        blocks.append(f"\n{wording.plural(left, 'further cause')} in the full report.\n")
    return "".join(blocks)


def _head(summary: Summary) -> Iterator[str]:
    words: dict[str, Verdict] = {"conforms": "pass", "findings": "fail"}
    yield f"## {SYMBOL[words.get(summary.word, 'not run')]} {prose(summary.sentence)}\n\n"
    counted = [word for word in VERDICTS if summary.counts[word]]
    yield " · ".join(f"{SYMBOL[word]} {summary.counts[word]:,} {word}" for word in counted)
    yield f" · {summary.elements:,} values compared\n\n"
    if summary.absent:
        yield "### Did not run\n\n"
        for absence in summary.absent[:GROUPS]:
            yield f"- {code(absence.target)}: {prose(absence.reason)}\n"
        yield "\n"
    if summary.unmet:
        yield "### Known deviations that explained nothing\n\n"
        for each in summary.unmet[:GROUPS]:
            yield f"- {code(each.listed.id)}: {prose(each.reason)}\n"
        yield "\n"


def _matrix(results: Results) -> Iterator[str]:
    names = [code(target.name) for target in results.manifest.targets]
    yield f"### Matrix\n\n| loss | {' | '.join(names)} |\n|---{'|---' * len(names)}|\n"
    for line in matrix.by_loss(results):
        cells = [f"{s.symbol} {s.verdict} {s.number}".strip() for s in line.squares]
        yield f"| {code(line.name)} | {' | '.join(cells)} |\n"
    yield "\nThe number is the largest share of the derived bound that was used.\n\n"


def _group(group: Group) -> str:
    cause, finding = group.cause, group.worst
    head = f"{SYMBOL[group.verdict]} {cause.kind}: {code(cause.loss)} {code(cause.property)}"
    size = html.escape(wording.headline(finding) or cause.kind)
    cases = wording.plural(group.cases, "case")
    lines = [
        f"<details><summary>{head} on {code(cause.family)}: {size}, {cases}</summary>\n",
        f"\n{prose(finding.rule)} {prose(finding.why)}\n\n",
        *_facts(finding),
        fence(finding.snippet),
        fence(finding.replay),
        "</details>\n\n",
    ]
    return "".join(lines)


def _facts(finding: Finding) -> Iterator[str]:
    if finding.expected is None and finding.actual is None and not finding.inputs:
        return
    yield "| | |\n|---|---|\n"
    for name, item in finding.inputs.items():
        yield f"| {code(name)} | {code(wording.value(item))} |\n"
    for name, item, bits in (
        ("expected", finding.expected, finding.expected_hex),
        ("got", finding.actual, finding.actual_hex),
    ):
        hexadecimal = f" {code(wording.value(bits))}" if bits is not None else ""
        yield f"| {name} | {code(wording.value(item))}{hexadecimal} |\n"
    wrong = f"{finding.mismatched:,} of {finding.of:,}"
    yield f"| elements wrong | {wrong} |\n| where | {code(finding.target)} {finding.dtype} |\n\n"


def code(text: str) -> str:
    """Inline code as HTML: no character ends it, and no name in it becomes a mention."""
    plain = html.escape(wording.short(text, _TEXT)).replace("|", "&#124;").replace("`", "&#96;")
    return f"<code>{' '.join(plain.split())}</code>"


def prose(text: str) -> str:
    """Foreign text on one line, with nothing in it that Markdown or HTML would obey."""
    plain = html.escape(" ".join(wording.short(text, _TEXT).split()), quote=False)
    # `&` and `;` are left: what escape() wrote has to stay readable as an entity.
    return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", plain)


def fence(text: str) -> str:
    """A block of code that its own text cannot end; nothing where there is no text."""
    if not text:
        return ""
    clean = wording.visible(text)
    ticks = max((len(run) for run in re.findall("`+", clean)), default=0)
    edge = "`" * max(3, ticks + 1)
    return f"{edge}\n{clean}\n{edge}\n"
