"""A diff as JSON, for a script: counts, causes, lists; every word as in the other formats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from conformance.report.upgrade.decision import Decision, decisions
from conformance.report.upgrade.view import Drift, Gap, Group, drifts, gaps, groups
from conformance.results.behaviour import Behaviour
from conformance.results.breaks import Break
from conformance.results.cell import Row
from conformance.results.diff import Diff
from conformance.results.gate import Gate, exit_code, gated, sentence
from conformance.results.lock import LockChange
from conformance.results.pairing import Pair


def account(diff: Diff, gate: Gate, in_use: Sequence[str] = ()) -> dict[str, Any]:
    """The whole diff without its cases that did not move; numbers that JSON cannot write are text."""
    return {
        "sentence": sentence(diff),
        "exit": exit_code(diff, gate),
        "fail_on": gate,
        "gated": gated(diff, gate),
        "base": str(diff.base.path),
        "head": str(diff.head.path),
        "pairs": [_pair(each) for each in diff.pairs],
        "cases": dict(diff.cases),
        "cells": dict(diff.cell_counts),
        "breaks": [_break(each) for each in diff.breaks],
        "gaps": [_gap(each) for each in gaps(diff)],
        "drift": [_drift(each) for each in drifts(diff)],
        "fixed": [_group(each) for each in groups(diff, "fixed")],
        "still_failing": [_group(each) for each in groups(diff, "still failing")],
        "added": [_group(each) for each in groups(diff, "added")],
        "removed": [_group(each) for each in groups(diff, "removed")],
        "behaviour": [_behaviour(each) for each in diff.behaviours],
        "lock": [_moved(each) for each in diff.lock],
        "decisions": [_decision(each) for each in decisions(diff, in_use)],
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "base": pair.base.name if pair.base else None,
        "head": pair.head.name if pair.head else None,
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "state": gap.state,
        "target": gap.place,
        "reason": gap.reason,
        "cases": gap.cases,
        "losses": list(gap.losses),
    }


def _behaviour(entry: Behaviour) -> dict[str, Any]:
    return {
        "what": entry.what,
        "loss": entry.loss,
        "property": entry.property,
        "target": entry.pair.name,
        "dtypes": list(entry.dtypes),
        "case": entry.case,
        "base": entry.base,
        "head": entry.head,
    }


def _moved(entry: LockChange) -> dict[str, Any]:
    return {"place": entry.place, "name": entry.name, "base": entry.base, "head": entry.head}


def _decision(entry: Decision) -> dict[str, Any]:
    return {"loss": entry.loss, "target": entry.target, "word": entry.word, "text": entry.text}


def _break(entry: Break) -> dict[str, Any]:
    cause = entry.cause
    return {
        "loss": cause.loss,
        "property": cause.property,
        "kind": cause.kind,
        "family": cause.family,
        "state": entry.state,
        "documented": entry.documented,
        "cases": entry.cases,
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
