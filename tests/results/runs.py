"""Small runs made in memory, and a strategy for their rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from conformance.results import Results
from conformance.results.cell import Cell, End, Finding, Row
from conformance.results.codec import decode
from conformance.results.manifest import Manifest, Target
from tests.report.sample import Size
from tests.report.sample.run import manifest

TORCH = Target("torch==2.13.0@cpu", "torch", "torch", "2.13.0", "cpu")
NEWER = replace(TORCH, name="torch==2.15.0@cpu", version="2.15.0")
KERAS = Target("keras[tensorflow]==3.15.1@cpu", "keras", "keras", "3.15.1", "cpu")


def row(case: str = "value:a", verdict: Any = "pass", **more: Any) -> Row:
    usual = {"worst_class": "faithful", "ulp": 0.5, "share": 0.2, "digest": "ab"}
    return Row(case, verdict, **{**usual, **more})


def cell(*rows: Row, **more: Any) -> Cell:
    """One cell of l1 on torch, with the worst verdict of its rows."""
    found = {each.verdict for each in rows}
    order: tuple[Any, ...] = ("fail", "error", "known", "pass")
    verdict = next((each for each in order if each in found), "pass")
    usual = {"loss": "l1", "property": "value", "target": TORCH.name, "dtype": "float32"}
    return Cell(**{**usual, "verdict": verdict, "rows": rows, "cases": len(rows), **more})


def finding(kind: Any = "value", case: str = "value:a", **more: Any) -> Finding:
    usual = {"loss": "l1", "property": "value", "target": TORCH.name, "dtype": "float32"}
    told = {"id": kind, "rule": "a rule", "why": "a reason", "replay": f"conformance replay {case}"}
    return Finding(**{"kind": kind, "case": case, **usual, **told, **more})


def run(*cells: Cell, targets: Iterable[Target] = (TORCH,), **more: Any) -> Results:
    """A complete run of these cells."""
    head = decode(Manifest, manifest(Size(cuda=False), len(cells)))
    head = replace(head, targets=tuple(targets), **more)
    return Results(Path("run.jsonl.gz"), head, cells, End(len(cells), 1.0, 0, ""))


NUMBERS = st.one_of(st.none(), st.sampled_from([0.0, 0.2, 0.9, 40.0, float("nan"), float("inf")]))
ROWS = st.builds(
    Row,
    case=st.sampled_from(["value:a", "value:b", "value:c"]),
    verdict=st.sampled_from(["pass", "known", "fail", "error"]),
    worst_class=st.sampled_from([None, "faithful", "exceeds", "wrong"]),
    ulp=NUMBERS,
    share=NUMBERS,
    digest=st.sampled_from([None, "ab", "cd"]),
)
CELLS = st.builds(
    lambda property, rows, kinds: cell(
        *rows, property=property, findings=tuple(finding(kind) for kind in kinds)
    ),
    property=st.sampled_from(["value", "gradient", "edge-case"]),
    rows=st.lists(ROWS, max_size=6),
    kinds=st.lists(st.sampled_from(["value", "nan"]), max_size=2, unique=True),
)
RUNS = st.builds(
    lambda cells: run(*cells), st.lists(CELLS, max_size=3, unique_by=lambda made: made.property)
)
