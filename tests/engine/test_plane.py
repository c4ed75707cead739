"""All pairs, cut into blocks: nothing left out, nothing twice."""

from __future__ import annotations

import numpy as np

from conformance.engine.plane import plane_of
from tests.engine.honest import LOSSES

DTYPE = "bfloat16"


def test_the_blocks_hold_every_value_of_the_first_input_once():
    plane = plane_of(LOSSES["l1"], DTYPE)
    rows = [rows for block in range(plane.blocks) for rows in plane.rows(block)]
    assert np.array_equal(np.concatenate(rows), plane.first, equal_nan=True)
    assert plane.first.size == plane.second.size == 65_536 - 2 * 127 + 1
