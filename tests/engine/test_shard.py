"""Shards divide a run: every batch is in one of them, each time in the same one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.engine.request import DTYPES, Request
from conformance.engine.run import cells
from conformance.engine.shard import ShardError, cost, divided, parse, shard
from conformance.results.cell import key
from conformance.results.codec import encode
from tests.engine.honest import LOSSES, station

BATCHES = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(DTYPES)), min_size=1, unique=True
)


@given(batches=BATCHES, data=st.data())
def test_every_batch_is_in_one_part_in_its_order(
    batches: list[tuple[str, str]], data: st.DataObject
) -> None:
    of = data.draw(st.integers(1, len(batches)))
    costs = {batch: data.draw(st.integers(1, 20)) for batch in batches}
    parts = divided(costs, of)
    assert sorted(batch for part in parts for batch in part) == sorted(batches)
    assert all(part for part in parts)
    assert all(list(part) == sorted(part, key=batches.index) for part in parts)
    loads = [sum(costs[batch] for batch in part) for part in parts]
    assert max(loads) - min(loads) <= max(costs.values())


def test_every_shard_of_the_suite_has_about_as_much_to_do() -> None:
    for of in (2, 3, 4, 8, 32):
        parts = [shard(f"{number}/{of}", LOSSES, DTYPES, LOSSES) for number in range(1, of + 1)]
        loads = [sum(cost(LOSSES[loss]) for loss, _ in part.batches) for part in parts]
        assert of == 32 or max(loads) < 1.25 * min(loads)


@pytest.mark.parametrize("text", ["", "0/4", "5/4", "1/0", "1", "a/b", "1/2/3", "-1/2", "1.5/2"])
def test_a_shard_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(ShardError, match="write K/N with 1 <= K <= N"):
        parse(text)


def test_there_are_at_most_as_many_shards_as_batches() -> None:
    with pytest.raises(ShardError, match="there are 2 batches"):
        shard("1/3", ["l1"], ["float32", "float64"], LOSSES)


def test_all_pairs_are_divided_as_units_of_their_own() -> None:
    pairs = [("l1", "float16"), ("mse", "float16"), ("l1", "bfloat16")]
    parts = [shard(f"{number}/4", ["l1", "mse"], DTYPES, LOSSES, pairs) for number in (1, 2, 3, 4)]
    assert sorted(each for part in parts for each in part.pairs) == sorted(pairs)
    assert [len(part.pairs) for part in parts] == [1, 1, 1, 0]
    assert sorted(each for part in parts for each in part.batches) == sorted(
        (loss, dtype) for loss in ("l1", "mse") for dtype in DTYPES
    )


def test_the_shards_of_a_run_have_its_cells_and_plan_them() -> None:
    of = station()
    request = Request(("l1", "mse"), (of.target,), ("float32", "float16"))
    whole = {key(cell): encode(cell) for cell in cells(request, LOSSES, [of], [])}
    found = {}
    for number in (1, 2, 3):
        part = shard(f"{number}/3", request.losses, request.dtypes, LOSSES)
        asked = Request(request.losses, request.targets, request.dtypes, shard=part)
        made = {key(cell): encode(cell) for cell in cells(asked, LOSSES, [of], [])}
        assert len(made) == asked.planned
        assert not found.keys() & made.keys()
        found |= made
    assert found == whole
