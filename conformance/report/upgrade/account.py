"""A diff as JSON, for a script: counts, causes, lists; every word as in the other formats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from conformance.report.upgrade.decision import decisions
from conformance.report.upgrade.view import Drift, Group, drifts, gaps, groups
from conformance.results.breaks import Break
from conformance.results.cell import Row
from conformance.results.diff import Diff
from conformance.results.gate import Gate, exit_code, gated, sentence


def account(diff: Diff, gate: Gate, in_use: Sequence[str] = ()) -> dict[str, Any]:
    """The whole diff without its cases that did not move; numbers that JSON cannot write are text."""
    return {
        "sentence": sentence(diff),
        "exit": exit_code(diff, gate),
        "fail_on": gate,
        "gated": gated(diff, gate),
        "base": str(diff.base.path),
        "head": str(diff.head.path),
        "pairs": [
            {
                "base": pair.base.name if pair.base else None,
                "head": pair.head.name if pair.head else None,
            }
            for pair in diff.pairs
        ],
        "cases": dict(diff.cases),
        "cells": dict(diff.cell_counts),
        "breaks": [_break(each) for each in diff.breaks],
        "gaps": [
            {
                "state": gap.state,
                "target": gap.place,
                "reason": gap.reason,
                "cases": gap.cases,
                "losses": list(gap.losses),
            }
            for gap in gaps(diff)
        ],
        "drift": [_drift(each) for each in drifts(diff)],
        "fixed": [_group(each) for each in groups(diff, "fixed")],
        "still_failing": [_group(each) for each in groups(diff, "still failing")],
        "added": [_group(each) for each in groups(diff, "added")],
        "removed": [_group(each) for each in groups(diff, "removed")],
        "behaviour": [
            {
                "what": each.what,
                "loss": each.loss,
                "property": each.property,
                "target": each.pair.name,
                "dtypes": list(each.dtypes),
                "case": each.case,
                "base": each.base,
                "head": each.head,
            }
            for each in diff.behaviours
        ],
        "lock": [
            {"place": each.place, "name": each.name, "base": each.base, "head": each.head}
            for each in diff.lock
        ],
        "decisions": [
            {"loss": each.loss, "target": each.target, "word": each.word, "text": each.text}
            for each in decisions(diff, in_use)
        ],
    }


def _break(entry: Break) -> dict[str, Any]:
    cause = entry.cause
    return {
        "loss": cause.loss,
        "property": cause.property,
        "kind": cause.kind,
        "family": cause.family,
        "state": entry.state,
        "documented": entry.documented,
        "cases": len(entry.cases),
        "dtypes": list(entry.dtypes),
        "targets": list(entry.targets),
        "replay": entry.replay,
    }


def _drift(entry: Drift) -> dict[str, Any]:
    cell, worst = entry.cell, entry.worst
    return {
        "loss": cell.loss,
        "property": cell.property,
        "dtype": cell.dtype,
        "target": cell.pair.name,
        "cases": entry.cases,
        "compared": entry.compared,
        "case": worst.case,
        "base": _row(worst.base),
        "head": _row(worst.head),
    }


def _row(row: Row | None) -> dict[str, Any] | None:
    return None if row is None else {"ulp": _number(row.ulp), "share": _number(row.share)}


def _number(number: float | None) -> float | str | None:
    if number is None or math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _group(entry: Group) -> dict[str, Any]:
    return {
        "loss": entry.loss,
        "property": entry.property,
        "target": entry.pair.name,
        "dtypes": list(entry.dtypes),
        "cases": entry.cases,
        "notes": list(entry.notes),
    }
