"""What a run came to as JSON, for a script."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.results import Results, Summary
    from conformance.results.cell import Finding
    from conformance.results.groups import Group


def account(results: Results, summary: Summary, files: Iterable[str]) -> dict[str, Any]:
    """Verdict, counts, causes, known deviations and what did not run; all of it is in the results."""
    return {
        "verdict": summary.word,
        "sentence": summary.sentence,
        "exit": summary.exit,
        "counts": dict(summary.counts),
        "cases": summary.cases,
        "elements": summary.elements,
        "seconds": round(results.end.seconds, 3) if results.end else None,
        "targets": {target.name: target.status for target in results.manifest.targets},
        "causes": [_cause(each) for each in summary.groups],
        "known": [
            {"id": each.deviation.id, "family": each.family, "cases": each.cases}
            for each in summary.known
        ],
        "unmet": [{"id": each.listed.id, "reason": each.reason} for each in summary.unmet],
        "not_run": [{"target": each.target, "reason": each.reason} for each in summary.absent],
        "files": list(files),
    }


def gate(base: Results, new: Iterable[Finding], code: int) -> dict[str, Any]:
    """What is new against a base, and the exit code by that alone."""
    return {
        "exit": code,
        "base": str(base.path),
        "new": [
            {
                "loss": each.loss,
                "property": each.property,
                "kind": each.kind,
                "target": each.target,
                "dtype": each.dtype,
                "replay": each.replay,
            }
            for each in new
        ],
    }


def _cause(group: Group) -> dict[str, Any]:
    cause = group.cause
    return {
        "loss": cause.loss,
        "property": cause.property,
        "kind": cause.kind,
        "family": cause.family,
        "verdict": group.verdict,
        "cases": group.cases,
        "dtypes": list(group.dtypes),
        "targets": list(group.targets),
        "replay": group.worst.replay,
    }
