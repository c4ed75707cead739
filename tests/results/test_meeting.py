from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from conformance.results.cell import Cell
from conformance.results.meeting import Meeting, meetings
from conformance.results.pairing import pair_targets
from tests.results.runs import KERAS, TORCH, cell, row, run

PLACES = [
    (loss, dtype) for loss in ("l1", "mse", "cross_entropy") for dtype in ("float32", "float64")
]
EVERY = [cell(row(), loss=loss, dtype=dtype) for loss, dtype in PLACES]


def met(base: list[Cell], head: list[Cell], held: list[int] | None = None) -> list[Meeting]:
    """Their meetings; `held` gets how many cells of both were under way at each."""
    runs, taken = (run(*base), run(*head)), [0, 0]

    def passing(side: int, cells: list[Cell]) -> Iterator[Cell]:
        for each in cells:
            taken[side] += 1
            yield each

    pairs = pair_targets(*runs)
    manifests = (runs[0].manifest, runs[1].manifest)
    found, given_away = [], 0
    for each in meetings(passing(0, base), passing(1, head), pairs, manifests):
        found.append(each)
        given_away += (each.base is not None) + (each.head is not None)
        if held is not None:
            held.append(sum(taken) - given_away)
    return found


SOME = st.lists(st.sampled_from(EVERY), unique_by=lambda each: (each.loss, each.dtype))


@given(base=SOME, head=SOME)
def test_every_cell_meets_its_counterpart_or_nobody_in_whatever_order(
    base: list[Cell], head: list[Cell]
) -> None:
    found = met(base, head)
    both = [each for each in base if each in head]
    assert len(found) == len(base) + len(head) - len(both)
    for each in found:
        assert each.base is None or each.base in base
        assert each.head is None or each.head in head
        assert (each.base or each.head) == (each.head or each.base)
        assert (each.base is None or each.head is None) == ((each.base or each.head) not in both)


def test_they_sort_as_the_head_has_them_and_then_what_the_base_alone_has() -> None:
    base, head = EVERY, [EVERY[4], EVERY[0]]
    found = sorted(met(base, head), key=lambda each: each.order)
    places = [EVERY.index(each.head or each.base) for each in found]  # type: ignore[arg-type]
    assert places == [4, 0, 1, 2, 3, 5]


def test_of_runs_in_one_order_hardly_a_cell_is_held() -> None:
    held: list[int] = []
    met(EVERY, EVERY, held)
    assert max(held) == 0
    met(EVERY, [each for each in EVERY if each.loss != "mse"], held)
    assert max(held) <= 3  # the two that the head leaves out, and one on its way


def test_what_the_other_side_was_never_asked_for_does_not_wait() -> None:
    base = run(*(replace(each, target=name) for each in EVERY for name in (KERAS.name, TORCH.name)),
               targets=[KERAS, TORCH])  # fmt: skip
    head = run(*EVERY)
    pairs = pair_targets(base, head)
    manifests = (base.manifest, head.manifest)
    first = next(meetings(iter(base.cells), iter(head.cells), pairs, manifests))
    assert first.head is None
    assert first.base is not None
    assert first.base.target == KERAS.name
