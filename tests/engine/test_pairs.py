"""All pairs, block by block: nothing left out, one wrong pair found, finished blocks kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.cases.replay import rebuild
from conformance.engine import pairs, plane
from conformance.engine.block import Block
from conformance.engine.ledger import finished, keep, merged
from conformance.engine.pairs import Search, elementwise
from conformance.engine.plane import Plane, plane_of
from conformance.engine.request import Request
from conformance.engine.workers import Absent
from conformance.numerics.classification import preliminary
from conformance.numerics.formats import FORMATS, round_to, to_bits
from conformance.numerics.table import table_of
from conformance.results.cell import Cell
from conformance.results.codec import decode, encode
from conformance.targets.worker.protocol import unpack
from tests.engine.honest import LOSSES, changed, honest, station, untouched

DTYPE = "bfloat16"


def honestly(spoil):
    """A target that reads what is on the wire, as a worker does."""

    def answered(call, _):
        inputs = {name: unpack(packed) for name, packed in call.stored.items()}
        whole = replace(call, inputs={**call.inputs, **inputs})
        return spoil(whole, honest(whole))

    return answered


def search(loss, spoil=untouched, *, first=40, second=300, framework="torch"):
    """The pairs of a few values from everywhere."""
    place = station(honestly(spoil), framework)
    whole = plane_of(LOSSES[loss], DTYPE)
    few = [
        each[:: each.size // count] for each, count in
        ((whole.first, first), (whole.second, second))
    ]  # fmt: skip
    return Search(
        Block(place.side, LOSSES[loss], DTYPE, LOSSES),
        place,
        Plane(LOSSES[loss], DTYPE, *few),
        LOSSES,
    )


@pytest.mark.parametrize("loss", ["l1", "mse", "binary_cross_entropy_with_logits", "kl_divergence"])
def test_honest_pairs_pass_and_every_one_is_counted(loss):
    made = search(loss)
    cell = made.block(0)
    assert cell.verdict == "pass"
    assert cell.elements == sum(cell.classes.values())
    assert cell.elements == made.plane.first[:64].size * made.plane.second.size


def test_a_convention_of_the_last_axis_changes_nothing():
    made = search("mse", framework="keras")
    assert made._column()
    assert made.block(0).verdict == "pass"


def test_the_classes_are_those_of_the_judge_of_all_elements():
    form, table = FORMATS[DTYPE], table_of(FORMATS[DTYPE])
    random = np.random.default_rng(3)
    truth = random.standard_normal(20_000) * 2.0 ** random.integers(-140, 129, 20_000)
    near = truth * (1.0 + random.uniform(-0.01, 0.01, truth.size))
    bits = to_bits(round_to(near, form), form)
    chosen, counted = pairs._left(table, bits, truth)
    classes, _ = preliminary(table.value[bits], truth, form)
    left = np.ones(truth.size, dtype=bool)
    left[chosen] = False
    assert counted["correctly rounded"] == np.sum(classes[left] == 1)
    assert counted["exact special"] == np.sum(classes[left] == 0)
    assert counted["faithful"] == np.sum(classes[left] == 2)


def wrong(call, outcome):
    def one(values):
        values[1_234] = values[1_234] * 1.5 + 1.0
        return values

    return replace(outcome, value=changed(outcome.value, one))


def test_one_wrong_pair_is_found_and_told_alone():
    [found] = search("mse", wrong).block(0).findings
    name, _, text = found.case.partition(":")
    assert name == "exhaustive-pairs"
    assert [array.size for array in rebuild(text, LOSSES).inputs.values()] == [1, 1]


def test_finished_blocks_are_not_asked_again(tmp_path):
    file = tmp_path / "kept.jsonl"
    made = search("l1")
    cell = made.block(0)
    keep(file, {"loss": "l1"}, 7, cell)
    with file.open("a") as out:
        out.write('{"loss": "l1", "block": 8, "ce')  # the process was killed here
    assert finished(file, {"loss": "l1"}) == {7: decode(Cell, encode(cell))}
    assert finished(file, {"loss": "mse"}) == {}
    assert finished(tmp_path / "nothing", {}) == {}


def test_a_resumed_search_gives_the_cell_of_one_that_was_not(tmp_path, monkeypatch):
    whole = search("mse").plane
    monkeypatch.setattr(pairs, "plane_of", lambda *_: whole)
    monkeypatch.setattr(plane, "ROWS", 4)
    monkeypatch.setattr(plane, "PIECES", 2)
    asked = []

    def watch(numbers, planned, label):
        for number in numbers:
            asked.append(number)
            yield number

    def run(file=None):
        place = station(honestly(untouched))
        request = Request(("mse",), (place.target,), (DTYPE,), pairs_file=file)
        [cell] = pairs.cells(request, LOSSES, [("mse", DTYPE)], [place], [], watch)
        return cell

    at_once = run()
    kept = tmp_path / "kept.jsonl"
    run(kept)
    some = kept.read_text().splitlines(keepends=True)[::2]
    kept.write_text("".join(some))  # as where the process was killed in between
    asked.clear()
    resumed = run(kept)
    assert resumed == at_once
    assert set(asked) == set(range(1, whole.blocks, 2))
    assert resumed.coverage == "exhaustive, all pairs"


def test_cells_stand_in_the_order_of_the_targets(monkeypatch):
    small = search("mse").plane
    monkeypatch.setattr(pairs, "plane_of", lambda *_: small)
    there, gone = station(honestly(untouched)), Absent(station(framework="keras").target, "gone")
    for targets in ((there.target, gone.target), (gone.target, there.target)):
        request = Request(("mse",), targets, (DTYPE,))
        made = pairs.cells(
            request, LOSSES, [("mse", DTYPE)], [there], [gone], lambda found, *_: iter(found)
        )
        assert [cell.target for cell in made] == [target.name for target in targets]


def test_a_merged_cell_keeps_the_worst_and_one_finding_of_a_cause():
    cells = [search("mse", wrong).block(0)] * 2
    both = merged(cells, "exhaustive, all pairs")
    assert (both.verdict, len(both.findings), both.elements) == (
        "fail", 1, 2 * cells[0].elements,
    )  # fmt: skip


def test_only_elementwise_losses_in_16_bits_have_pairs():
    assert elementwise(LOSSES, ["l1", "nll"], ["float32", "float16"]) == (("l1", "float16"),)
