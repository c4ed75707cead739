"""What `run` is asked for becomes one request, on a first run and on one that goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.cli.requesting import Asked, asked_again, request_of
from conformance.cli.run import command
from conformance.engine.request import EXHAUSTIVE, PROPERTIES
from tests.results.runs import cell, row, run

PLAIN = Asked(
    losses=("mse",), target=("torch",), profile="quick", dtype=("float16", "float64"),
    device=None, seed=0, shard=None, spec_folder=None, known=(), exhaustive=None,
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
    request, _ = request_of(replace(PLAIN, exhaustive="pairs"), Path("run.jsonl.gz"))
    assert request.pairs == request.own_pairs == (("mse", "float16"),)
    assert request.pairs_file == Path("run.jsonl.gz.pairs.jsonl")
    assert request.planned == 2 * len(request.properties) + 1


def test_shards_divide_all_pairs_too() -> None:
    asked = replace(PLAIN, exhaustive="pairs")
    parts = [request_of(replace(asked, shard=f"{k}/3"))[0] for k in (1, 2, 3)]
    assert [part.own_pairs for part in parts] == [(("mse", "float16"),), (), ()]
    each = len(parts[1].properties)
    assert [part.planned for part in parts] == [1, each, each]
    assert all(part.pairs == (("mse", "float16"),) for part in parts)


def test_a_run_that_goes_on_is_asked_as_it_was() -> None:
    asked = replace(PLAIN, exhaustive="pairs", known=("own.yaml",))
    was = run(cell(row())).manifest
    was = replace(
        was, flags=asked.flags, losses={"mse": was.losses["mse"]}, dtypes=asked.dtype, seed=0
    )
    context = command.make_context("run", ["--resume"])
    assert asked_again(context, replace(PLAIN, losses=(), dtype=()), was) == asked
