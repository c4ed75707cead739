"""The tables of a loss's section: tolerance, hand-written cases, spec card, all cases."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import itertools
import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.report import cases, edges, specification, table, tolerance
from conformance.results import Results
from conformance.results.cell import AccuracyLoss, Cell, Outcome, Row

CELL = Cell("l1", "value", "torch@cpu", "float32", "pass", coverage="sampled n=100")


def test_classes_are_counted_in_columns_under_their_heading() -> None:
    classes = {"exact special": 2, "correctly rounded": 88, "faithful": 9, "wrong": 1}
    (section,) = tolerance.sections([replace(CELL, classes=classes)])  # type: ignore[arg-type]
    row = section.targets[0][1][0]
    assert row.counts.split() == ["100", "90.0", "9.0", "0", "0", "1"]
    assert len(row.counts) == len(tolerance.HEADING)


def test_known_values_are_not_called_failures() -> None:
    (section,) = tolerance.sections([replace(CELL, classes={"faithful": 1, "known": 3})])
    assert section.targets[0][1][0].counts.endswith("3 known")


def test_a_cell_without_measured_values_has_no_row() -> None:
    assert tolerance.sections([CELL]) == ()


def test_accuracy_that_was_given_away_is_told_with_its_dtype() -> None:
    lossy = [
        replace(CELL, accuracy_loss=AccuracyLoss(3.0, "a")),
        replace(CELL, dtype="float16", accuracy_loss=AccuracyLoss(7.5, "b")),
        replace(CELL, target="optax@cpu", accuracy_loss=AccuracyLoss(1.0, "c")),
    ]
    assert tolerance.given_away(lossy) == ("torch@cpu value 7.5× (float16)",)


def test_an_algorithm_that_is_not_registered_is_named() -> None:
    assert tolerance.enveloped([replace(CELL, algorithm="envelope"), CELL]) == ("torch@cpu",)


def test_an_edge_case_has_one_answer_a_target_over_its_dtypes(results: Results) -> None:
    good = Outcome("far", {"x": 1.0}, 200.0, 200.0, "pass")
    bad = replace(good, actual=float("inf"), verdict="fail")
    torch, keras = results.manifest.targets[:2]
    cells = [
        replace(CELL, target=torch.name, property="edge-case", outcomes=(good,)),
        replace(CELL, target=torch.name, property="edge-case", dtype="float16", outcomes=(bad,)),
    ]
    (found,) = edges.sheet(results.manifest.losses["l1"], cells, [torch, keras]).tables
    answer, absent = found.rows[0].answers
    assert found.title == "Edge cases"
    assert absent is None
    assert answer is not None
    assert (answer.verdict, answer.dtypes, answer.got) == ("fail", ("float16",), "inf")


def test_what_is_said_of_every_answer_is_said_of_the_case_once(results: Results) -> None:
    torch, keras, tensorflow, *_ = results.manifest.targets
    word = Outcome("zero", {}, "", "", "pass", "along zeros")
    given = replace(word, given={"case": "l1/float64/+zero"}, expected="the gradient")
    answers = (
        (torch, replace(word, verdict="n/a", note="a reason of its own")),
        (keras, given),
        (tensorflow, given),
    )
    cells = [
        replace(CELL, target=target.name, property="cotangent", outcomes=(outcome,))
        for target, outcome in answers
    ]
    sheet = edges.sheet(results.manifest.losses["l1"], cells, [torch, keras, tensorflow])
    (row,) = sheet.tables[0].rows
    assert (row.why, row.given) == ("along zeros", "case=l1/float64/+zero")
    assert [answer.mark for answer in row.answers if answer] == [1, 0, 0]
    assert sheet.notes == ("a reason of its own",)


def test_notes_that_differ_stay_with_their_answers_and_are_numbered_once(results: Results) -> None:
    torch, keras, tensorflow, *_ = results.manifest.targets
    outcomes = [Outcome("far", {"x": at}, 0.0, 0.0, "pass", note) for at, note in NOTES]
    cells = [
        replace(CELL, target=target.name, property="edge-case", outcomes=(outcome,))
        for target, outcome in zip((torch, keras, tensorflow), outcomes, strict=True)
    ]
    sheet = edges.sheet(results.manifest.losses["l1"], cells, [torch, keras, tensorflow])
    assert [answer.mark for answer in sheet.tables[0].rows[0].answers if answer] == [1, 2, 1]
    assert sheet.notes == ("rounded down", "rounded up")


NOTES = ((1.0, "rounded down"), (1.0, "rounded up"), (1.0, "rounded down"))


def test_a_row_of_the_contract_shows_what_each_target_declares(results: Results) -> None:
    asks = "What comes of floating inputs that differ in dtype?"
    word = Outcome("target-in-float64", {}, "promoted: float64, within its bound", "", "pass", asks)
    torch, keras, *_ = results.manifest.targets
    cells = [
        replace(CELL, target=target.name, property="contract", outcomes=(outcome,))
        for target, outcome in ((torch, word), (keras, replace(word, expected="raises: an error")))
    ]
    (found,) = edges.sheet(results.manifest.losses["l1"], cells, [torch, keras]).tables
    assert found.title == "Contract of the call"
    assert (found.rows[0].why, found.rows[0].expected) == (asks, "as each target declares")
    assert [answer.due for answer in found.rows[0].answers if answer] == ["promoted", "raises"]


def test_a_choice_of_its_own_is_marked(results: Results) -> None:
    loss = results.manifest.losses["binary_cross_entropy"]
    convention = specification.conventions("binary_cross_entropy", loss, results.manifest.targets)[
        0
    ]
    made = [(choice.text, choice.own) for choice in convention.made[:3]]
    assert made == [("floor(-100)", True), ("clip(1e-7)", True), ("exact", False)]


def test_a_spec_card_says_what_the_mean_divides_by(results: Results) -> None:
    words = dict(specification.reductions(results.manifest.losses["kl_divergence"]))
    assert words["none"] == "every loss by itself"
    assert words["batchmean"] == "the sum divided by the number of rows"
    shapes = [field.shape for field in specification.fields(results.manifest.losses["nll"])]
    assert shapes == ["(*batch, classes)", "(*batch)", "(classes)", "scalar"]


def columns(block: cases.Block) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(block.text)))
    return found


def running(steps: list[int]) -> list[int]:
    return list(itertools.accumulate(steps))


def ids(found: dict[str, Any]) -> list[str]:
    """The ids of a block, put together as the script of the page does it."""
    rows = zip(*found["tails"], strict=True)
    tails = ["/".join(part for part in row if part != 0) for row in rows]
    places = zip(running(found["head"]), running(found["tail"]), strict=True)
    return [found["heads"][head] + tails[tail] for head, tail in places]


def test_every_case_is_in_the_block(results: Results) -> None:
    block = cases.block(results.cells)
    found = columns(block)
    rows = [row for cell in results.cells for row in cell.rows]
    assert block.shown == block.total == len(rows) == len(found["verdict"])
    names = ids(found)
    assert [names[at] for at in running(found["case"])] == [row.case for row in rows]


@pytest.mark.parametrize("names", [("", "a", "a/b", "a/b/", "a/b//c", "/", "//", "0/0/0/0"), ()])
def test_an_id_of_any_shape_comes_back_from_its_parts(
    results: Results, names: tuple[str, ...]
) -> None:
    rows = tuple(Row(name, "pass", None, None, None, None) for name in names)
    block = cases.block([replace(CELL, rows=rows)])
    assert tuple(ids(columns(block))) == names


def test_of_too_many_cases_the_dull_ones_are_left_out(results: Results) -> None:
    def row(case: str, verdict: str, share: float | None) -> Row:
        return Row(case, verdict, None, None, share, None)  # type: ignore[arg-type]

    rows = (
        row("dull", "pass", 0.1),
        row("near", "pass", 0.9),
        row("unmeasured", "pass", None),
        row("broken", "fail", float("nan")),
    )
    block = cases.block([replace(CELL, rows=rows)], limit=2)
    assert ids(columns(block)) == ["near", "broken"]
    assert columns(block)["share"] == [0.9, -1]
    assert (block.shown, block.total) == (2, 4)


def test_cell_after_cell_the_same_cases_are_left_out_as_at_once() -> None:
    shares = [0.5, 0.1, 0.9, 0.1, 0.7, 0.3, 0.8, 0.5, 0.2]
    every = [Row(f"case-{at}", "pass", None, None, each, None) for at, each in enumerate(shares)]
    block = cases.block([replace(CELL, rows=(each,)) for each in every], limit=3)
    whole = cases.block([replace(CELL, rows=tuple(every))], limit=3)
    assert ids(columns(block)) == ids(columns(whole)) == ["case-2", "case-4", "case-6"]
    assert (block.shown, block.total) == (whole.shown, whole.total) == (3, 9)


def test_a_file_gives_the_block_of_its_results_and_cells_without_cases(results: Results) -> None:
    bare, block = cases.gathered(results.path)
    assert block == cases.block(results.cells)
    assert bare.cells == tuple(replace(cell, rows=()) for cell in results.cells)
    assert (bare.manifest, bare.end) == (results.manifest, results.end)


def test_the_same_results_give_the_same_block(results: Results) -> None:
    assert cases.block(results.cells) == cases.block(results.cells)


def test_csv_has_a_line_a_case_and_nothing_a_spreadsheet_would_run(poisoned: Results) -> None:
    lines = list(csv.reader(io.StringIO(table.csv(poisoned))))
    assert lines[0] == list(table.HEADER)
    assert len(lines) == 1 + sum(len(cell.rows) for cell in poisoned.cells)
    assert not any(field.startswith(("=", "@")) for line in lines for field in line)
