"""Known deviations made of findings: what was measured, and no more than that."""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from conformance.engine.kept import CONTRACT
from conformance.results import Results
from conformance.results.cell import Cell, Extent, Finding
from conformance.results.groups import open_findings
from conformance.targets.known import Deviation
from conformance.targets.target import Target, release

SLUG = 48
"""Characters of an id before its digest."""


@dataclass(frozen=True)
class Left:
    """A finding that cannot be listed, and why."""

    finding: Finding
    reason: str


class Unlistable(Exception):
    """There is nothing that a later run could be held to."""


def accepted(
    results: Results, reason: str, source: str | None, expires: str | None
) -> tuple[list[Deviation], list[Left]]:
    """A deviation for each finding that nobody has listed, and the findings that have none.

    Raises ValueError where reason, source or date are no good.
    """
    deviations, left = [], []
    for cell in results.cells:
        for finding in open_findings(cell):
            try:
                given = _given(results, cell, finding)
            except Unlistable as error:
                left.append(Left(finding, str(error)))
                continue
            told = {"reason": reason, "source": source or _source(results, finding)}
            try:
                deviations.append(_deviation({**given, **told, "expires": expires}))
            except Unlistable as error:
                left.append(Left(finding, str(error)))
    return deviations, left


_TYPED = ("reason", "source", "expires")
"""What comes from whoever accepts; the rest comes from the file."""


def _deviation(given: dict[str, Any]) -> Deviation:
    try:
        return Deviation.model_validate(given)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        said = f"{place}: {fault['msg']}, found {fault['input']!r}"
        if place in _TYPED:
            raise ValueError(said) from None
        raise Unlistable(f"it cannot be written down; {said}") from None


def _given(results: Results, cell: Cell, finding: Finding) -> dict[str, Any]:
    target = Target.parse(finding.target)
    if finding.kind == "xpass":
        raise Unlistable("it no longer happens; take the deviation off its list")
    extent = finding.extent
    if extent is None:
        raise Unlistable("its measurements are not in the file; run again with this version")
    return {
        "id": _id(finding, extent),
        "framework": target.framework,
        "loss": (cell.loss,),
        "property": (cell.property,),
        "when": _when(target, finding, extent),
        "expect": _expect(finding, extent),
        "since": results.manifest.created[:10],
        "seen": () if extent.written else extent.cases,
    }


def _id(finding: Finding, extent: Extent) -> str:
    words = f"{finding.loss}-{finding.property}-{finding.kind}-{finding.dtype}"
    identity = f"{finding.target} {words} {extent.input}"
    if finding.property == CONTRACT:  # a finding a clause
        identity += f" {' '.join(extent.written)}"
    digest = hashlib.sha256(identity.encode()).hexdigest()[:8]
    slug = re.sub("[^a-z0-9]+", "-", words)[:SLUG].strip("-")
    return f"{slug}-{digest}"


def _when(target: Target, finding: Finding, extent: Extent) -> dict[str, Any]:
    found: dict[str, Any] = {
        "backend": (target.backend,) if target.backend else (),
        "device": (target.device,),
        "mode": (target.mode or "eager",),
        "dtype": (finding.dtype,),
        "reduction": extent.reductions,
        "case": extent.written,
        "input": (extent.input,) if extent.input else (),
    }
    if target.version:
        found["version"] = f">={'.'.join(str(part) for part in release(target.version))}"
    return found


def _expect(finding: Finding, extent: Extent) -> dict[str, Any]:
    """The numbers as measured; else the one answer that was given in their place."""
    if extent.ulp is not None or extent.values:
        numbers: dict[str, Any] = {}
        if extent.ulp is not None:
            numbers["at_most_ulp"] = extent.ulp
        if extent.values:
            numbers["value"] = extent.values if len(extent.values) > 1 else extent.values[0]
        return numbers
    if finding.kind == "error":
        return {"accepts": True}
    if finding.kind == "exception" and extent.answers:
        classes = tuple(sorted({answer.partition(":")[0] for answer in extent.answers}))
        return {"raises": classes if len(classes) > 1 else classes[0]}
    if finding.kind in ("dtype", "shape") and len(extent.answers) == 1:
        (answer,) = extent.answers
        return {finding.kind: answer if finding.kind == "dtype" else ast.literal_eval(answer)}
    raise Unlistable(_WHY.get(finding.kind, "nothing was measured that a run could be held to"))


_WHY = {
    "crash": "a process that dies cannot be listed",
    "timeout": "a call that does not come back cannot be listed",
    "memory": "a call that takes all memory cannot be listed",
    "shape": "the shapes differ from case to case; list them by hand",
    "dtype": "the dtypes differ from case to case; list them by hand",
}


def _source(results: Results, finding: Finding) -> str:
    suite = results.manifest.suite
    return f"measured with {finding.target}, conformance {suite.version}"
