"""What `run` is asked for becomes one request, on a first run and on one that goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest

from conformance.cli.requesting import Asked, asked_again, request_of
from conformance.cli.run import command
from conformance.engine.request import EXHAUSTIVE, PROPERTIES, Plan
from tests.results.runs import cell, row, run

PLAIN = Asked(
    losses=("mse",), target=("torch",), profile="quick", dtype=("float16", "float64"),
    device=None, seed=0, shard=None, spec_folder=None, known=(), exhaustive=None,
    pairs_shard=(1, 1),
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "properties"),
    [
        ({}, PROPERTIES),
        ({"exhaustive": "grid"}, (*PROPERTIES, *EXHAUSTIVE)),
        ({"profile": "deep"}, (*PROPERTIES, *EXHAUSTIVE)),
    ],
)
def test_every_value_is_tried_where_it_is_asked_for(
    changes: dict[str, Any], properties: tuple[str, ...]
) -> None:
    request, _ = request_of(replace(PLAIN, **changes))
    assert (request.properties, request.pairs) == (properties, ())


def test_all_pairs_are_kept_beside_the_results() -> None:
    asked = replace(PLAIN, exhaustive="pairs", pairs_shard=(2, 8))
    request, _ = request_of(asked, Path("run.jsonl.gz"))
    assert request.pairs == (("mse", "float16"),)
    assert request.plan == Plan(Path("run.jsonl.gz.pairs.jsonl"), 2, 8)
    assert request.planned == 2 * len(request.properties) + 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pairs_shard": (1, 2)}, "give --exhaustive=pairs with it"),
        ({"exhaustive": "pairs", "shard": "1/2"}, "write --pairs-shard K/N"),
    ],
)
def test_parts_that_divide_nothing_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(click.UsageError, match=said):
        request_of(replace(PLAIN, **changes))


def test_a_run_that_goes_on_is_asked_as_it_was() -> None:
    asked = replace(PLAIN, exhaustive="pairs", pairs_shard=(2, 8), known=("own.yaml",))
    was = run(cell(row())).manifest
    was = replace(
        was, flags=asked.flags, losses={"mse": was.losses["mse"]}, dtypes=asked.dtype, seed=0
    )
    context = command.make_context("run", ["--resume"])
    assert asked_again(context, replace(PLAIN, losses=(), dtype=()), was) == asked
