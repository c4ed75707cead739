"""The results as JUnit XML: a suite a target, a test case a loss and property."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from conformance.report import wording
from conformance.results import Results, Summary, summarise
from conformance.results.cell import Cell, Finding
from conformance.results.manifest import Target
from conformance.results.summary import EVERYWHERE
from conformance.results.verdict import Verdict, worst

_TAG: dict[Verdict, str] = {
    "fail": "failure",
    "xpass": "failure",
    "error": "error",
    # Not a skip: a CI server shows those as harmless.
    "not run": "error",
    "n/a": "skipped",
}


LIMIT = 20_000
"""Characters of one outcome: GitLab reads 30 MB of a job, and a run has some hundred outcomes."""


def render(results: Results) -> str:
    """XML as text; `known` passes, with the deviation among the properties of the case."""
    root = Element("testsuites", name="loss conformance")
    for target in results.manifest.targets:
        _suite(root, target, [cell for cell in results.cells if cell.target == target.name])
    _run(root, summarise(results))
    for suite in (*root, root):
        count(suite)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, target: Target, cells: list[Cell]) -> None:
    suite = SubElement(root, "testsuite", name=spelled(target.name))
    places: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        places[cell.loss, cell.property].append(cell)
    for (loss, name), inside in places.items():
        _case(suite, loss, name, inside)
    if target.status == "not run" and not cells:
        case = SubElement(suite, "testcase", classname=spelled(target.name), name="run")
        SubElement(case, "error", message=spelled(target.reason or "not run"), type="not run")


def _case(suite: Element, loss: str, name: str, cells: list[Cell]) -> None:
    case = SubElement(suite, "testcase", classname=spelled(loss), name=spelled(name))
    properties = SubElement(case, "properties")
    for cell in cells:
        for key, value in _numbers(cell):
            SubElement(properties, "property", name=f"{spelled(cell.dtype)}.{key}", value=value)
    verdict = worst([cell.verdict for cell in cells])
    if verdict not in _TAG:
        return
    telling = [cell for cell in cells if cell.verdict == verdict]
    outcome = SubElement(case, _TAG[verdict], message=_message(telling[0]), type=verdict)
    outcome.text = told(_account(f) for cell in telling for f in cell.findings)


def _numbers(cell: Cell) -> list[tuple[str, str]]:
    found = [("verdict", cell.verdict), ("cases", str(cell.cases)), ("values", str(cell.elements))]
    if cell.worst:
        found.append(("worst_ulp", repr(cell.worst.ulp)))
    if cell.worst and cell.worst.share is not None:
        found.append(("share", repr(cell.worst.share)))
    return [*found, *(("known", spelled(deviation.id)) for deviation in cell.known)]


def _message(cell: Cell) -> str:
    if cell.findings:
        finding = cell.findings[0]
        return spelled(f"{finding.kind}: {finding.rule}")
    vanished = [f"known deviation '{deviation.id}' no longer happens" for deviation in cell.known]
    return spelled(cell.reason or "; ".join(vanished) or cell.verdict)


def _account(finding: Finding) -> str:
    lines = [
        f"{finding.target} {finding.dtype} {finding.case}",
        *(f"{name} = {wording.value(item)}" for name, item in finding.inputs.items()),
        f"expected {wording.value(finding.expected)}",
        f"got {wording.value(finding.actual)}",
        finding.replay,
    ]
    return spelled("\n".join(lines))


def _run(root: Element, summary: Summary) -> None:
    """The run as a whole: what was cut short is an error that no target carries."""
    suite = SubElement(root, "testsuite", name="run")
    case = SubElement(suite, "testcase", classname="run", name="complete")
    for absence in summary.absent:
        if absence.target == EVERYWHERE:
            SubElement(case, "error", message=spelled(absence.reason), type="not run")
    if summary.word == "nothing selected":
        SubElement(case, "error", message=spelled(summary.sentence), type="not run")


def told(accounts: Iterable[str]) -> str | None:
    """What an outcome says, cut where it is longer than anybody reads; None for nothing."""
    text = "\n\n".join(accounts)
    return f"{text[:LIMIT]}… (the report has all of it)" if len(text) > LIMIT else text or None


def count(element: Element) -> None:
    """Write the numbers of tests, failures, errors and skips into a suite, or into all of them."""
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(attribute, str(sum(case.find(tag) is not None for case in cases)))


def spelled(text: str) -> str:
    """XML has no way to write most control characters, so they are spelled out."""
    return wording.visible(text)
