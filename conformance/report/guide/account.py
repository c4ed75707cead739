"""A porting guide as plain data: what `compare --format json` writes and the pages are made of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from conformance.engine.agreement import answer
from conformance.engine.guide import Chapter, Finding, Guide, Pair
from conformance.engine.probing import Probe
from conformance.engine.residue import Residue

SCHEMA = 1


def account(guide: Guide) -> dict[str, Any]:
    """The whole guide; numbers that are not finite are strings, as in a results file."""
    whole = {
        "schema": SCHEMA,
        "targets": list(guide.targets),
        "not_run": dict(guide.missing),
        "cases": guide.count,
        "seed": guide.seed,
        "losses": [_chapter(chapter) for chapter in guide.chapters],
    }
    plain: dict[str, Any] = _plain(whole)
    return plain


def _chapter(chapter: Chapter) -> dict[str, Any]:
    return {
        "loss": chapter.loss,
        "summary": chapter.summary,
        "targets": list(chapter.targets),
        "lacking": dict(chapter.lacking),
        "differences": [_finding(finding) for finding in chapter.findings],
        "calls": [{"topic": c.topic, "texts": dict(c.texts)} for c in chapter.contrasts],
        "pairs": [_pair(pair) for pair in chapter.pairs],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    difference = finding.difference
    return {
        "convention": difference.convention,
        "question": difference.question,
        "verdict": finding.verdict,
        "choices": dict(difference.choices),
        "meanings": dict(difference.meanings),
        "probes": [_probe(probe) for probe in finding.probes if probe.case],
        "reason": next((probe.reason for probe in finding.probes), ""),
    }


def _probe(probe: Probe) -> dict[str, Any]:
    return {
        "verdict": probe.verdict,
        "case": probe.case,
        "why": probe.why,
        "given": dict(probe.given or {}),
        "dtype": probe.dtype,
        "part": probe.part,
        "answers": {name: vars(each) for name, each in (probe.answers or {}).items()},
    }


def _pair(pair: Pair) -> dict[str, Any]:
    agreed, names = pair.agreement, (pair.one, pair.other)
    shown = agreed and {
        "case": agreed.case,
        "reduction": agreed.reduction,
        "snippets": dict(zip(names, agreed.snippets, strict=True)),
        "answers": {n: answer(o) for n, o in zip(names, agreed.answers, strict=True)},
        "ulp": agreed.ulp,
    }
    residues = [_residue(each, names) for each in pair.residues]
    return {"one": pair.one, "other": pair.other, "agreement": shown, "residues": residues}


def _residue(residue: Residue, names: tuple[str, str]) -> dict[str, Any]:
    kept = ("dtype", "cases", "elements", "identical", "ulp", "apart", "failed")
    return {
        **{name: getattr(residue, name) for name in kept},
        "shares": dict(zip(names, residue.shares, strict=True)),
        "reductions": {name: vars(match) for name, match in residue.matches.items()},
    }


def _plain(item: Any) -> Any:
    if isinstance(item, Mapping):
        return {str(key): _plain(value) for key, value in item.items()}
    if isinstance(item, (list, tuple)):
        return [_plain(each) for each in item]
    if isinstance(item, float) and not math.isfinite(item):
        return "NaN" if math.isnan(item) else "Infinity" if item > 0 else "-Infinity"
    return item
