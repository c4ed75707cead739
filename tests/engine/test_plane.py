"""All pairs, cut into blocks and shards: nothing left out, nothing twice."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from conformance.engine.plane import plane_of, share
from tests.engine.honest import LOSSES

DTYPE = "bfloat16"


@given(st.integers(0, 3_000), st.integers(1, 50))
def test_every_block_is_in_one_shard(blocks, shards):
    parts = [share(blocks, shard, shards) for shard in range(1, shards + 1)]
    assert sorted(number for part in parts for number in part) == list(range(blocks))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_the_blocks_hold_every_value_of_the_first_input_once():
    plane = plane_of(LOSSES["l1"], DTYPE)
    rows = [rows for block in range(plane.blocks) for rows in plane.rows(block)]
    assert np.array_equal(np.concatenate(rows), plane.first, equal_nan=True)
    assert plane.first.size == plane.second.size == 65_536 - 2 * 127 + 1
