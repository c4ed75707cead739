"""The properties that have calls of their own, and what makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from conformance.cases.case import Case
from conformance.engine import (
    agreement,
    contract,
    cotangents,
    determinism,
    drawn,
    exhaustive,
    identities,
    invariants,
    layout,
    paths,
    refusals,
    row,
    second_order,
    weights,
    written,
)
from conformance.engine.block import Block, Task
from conformance.engine.book import Book

Make = Callable[[Block, Sequence[Case], Book], Iterator[Task]]

MAKERS: Mapping[str, Make] = MappingProxyType(
    {
        "value": drawn.tasks,
        "module": agreement.module_tasks,
        "alias": agreement.alias_tasks,
        "example": lambda block, _, book: written.example_tasks(block, book),
        "edge-case": lambda block, _, book: written.edge_case_tasks(block, book),
        "identity": lambda block, cases, book: identities.tasks(block, cases, book, "identity"),
        "reduction": lambda block, cases, book: identities.tasks(block, cases, book, "reduction"),
        "gradient-path": paths.tasks,
        "cotangent": cotangents.tasks,
        "weight-gradient": weights.tasks,
        row.SECOND_ORDER: second_order.tasks,
        "layout": layout.tasks,
        "determinism": determinism.tasks,
        "invariant": invariants.tasks,
        "contract": lambda block, _, book: contract.tasks(block, book),
        "error": lambda block, _, book: refusals.tasks(block, book),
        exhaustive.EXHAUSTIVE: lambda block, _, book: exhaustive.tasks(block, book),
    }
)

BESIDE = ("gradient", "dtype", "shape", "mutation")
"""Judged on the calls of `value`."""

BESIDE_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"value": BESIDE, row.SECOND_ORDER: (row.FORWARD,)}
)
"""What is judged on the calls of another property."""

MAKER_OF: Mapping[str, str] = MappingProxyType(
    {beside: name for name, others in BESIDE_OF.items() for beside in others}
)

WRITTEN = ("example", "edge-case", "contract", "error")
"""Their cases are the same in every run; every target is asked for all of them."""
