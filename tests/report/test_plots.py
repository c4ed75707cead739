from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.report.plots import bound, choice, cumulative, error, path
from conformance.report.plots.scale import ordinal
from conformance.results import Results
from conformance.results.cell import Cell, Point

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def cell(*points: tuple[float, float, float]) -> Cell:
    made = tuple(Point(*point) for point in points)
    return Cell("l1", "value", "torch@cpu", "float32", "pass", points=made)


def numbers(data: str) -> list[float]:
    return [float(text) for text in re.findall(r"-?\d+\.?\d*", data)]


@given(FINITE, FINITE)
def test_the_ordinal_scale_keeps_order_and_sign(one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert ordinal(small, "float64") <= ordinal(large, "float64")
    assert ordinal(-one, "float64") == -ordinal(one, "float64")


def test_equal_steps_hold_equally_many_floats() -> None:
    assert ordinal(2.0**-126, "float32") == 1.0
    assert ordinal(2.0**-149, "float32") == 2.0**-23
    assert ordinal(2.0, "float32") - ordinal(1.0, "float32") == 1.0
    assert ordinal(1.5, "float16") - ordinal(1.0, "float16") == 0.5


def test_dots_on_one_place_are_one_dot() -> None:
    assert path.dots([(3, 4), (3, 4), (5.2, 1)]) == "M0 0m3 4h0m2-3h0"
    assert path.dots([]) == ""


@given(st.lists(st.tuples(FINITE, st.floats(0, 1e300), st.floats(0, 1e300)), min_size=1))
def test_whatever_was_measured_is_drawn_inside_the_plot(
    points: list[tuple[float, float, float]],
) -> None:
    subject = cell(*points)
    frame = error.frame([subject])
    assert frame is not None
    plot = error.draw(subject, [], frame)
    for data in (plot.dots, plot.over, plot.maximum, plot.band):
        assert all(math.isfinite(number) for number in numbers(data))
    assert plot.worst is not None
    assert error.LEFT <= plot.worst.x <= error.RIGHT
    assert error.TOP <= plot.worst.y <= error.BOTTOM
    ticks = [tick.at for tick in frame.x_ticks]
    assert ticks == sorted(ticks)


def test_a_point_over_its_bound_is_a_cross_and_the_worst() -> None:
    subject = cell((1.0, 0.3, 2.0), (2.0, 5.0, 2.0), (3.0, 0.1, 2.0))
    frame = error.frame([subject])
    assert frame is not None
    plot = error.draw(subject, [], frame)
    assert plot.over.count("M") == 1
    assert plot.dots.count("h0") == 2
    assert plot.worst is not None
    assert plot.worst.label == "5 ulp at 2"


def test_an_error_that_is_no_number_is_a_cross_on_top() -> None:
    subject = cell((1.0, 0.3, 2.0), (2.0, math.nan, 2.0))
    frame = error.frame([subject])
    assert frame is not None
    plot = error.draw(subject, [], frame)
    assert plot.over.count("M") == 1
    assert plot.worst is not None
    assert plot.worst.y == error.TOP
    assert plot.worst.label.startswith("∞")


def test_without_a_finite_input_there_is_no_plot() -> None:
    assert error.frame([cell((math.nan, 0.1, 1.0), (math.inf, 0.1, 1.0))]) is None
    assert error.frame([cell()]) is None


def test_losses_take_turns_and_failures_go_first(results: Results) -> None:
    drawn, left_out = choice.choose(results.cells, budget=8 * 5)
    assert {strip.loss for strip in drawn} == set(results.manifest.losses)
    assert left_out
    by_loss = {strip.loss: strip for strip in reversed(drawn)}
    assert by_loss["kl_divergence"].property == "gradient"
    assert by_loss["mse"].property == "value"


def test_the_budget_holds(results: Results) -> None:
    drawn, _ = choice.choose(results.cells)
    plots = sum(len(strip.cells) + 1 for strip in drawn)
    assert plots <= choice.BUDGET


def test_a_distribution_rises_from_nothing_to_everything(results: Results) -> None:
    cells = [cell for cell in results.cells if cell.quantiles][:2]
    series = {cell.target: at for at, cell in enumerate(cells)}
    plot = cumulative.draw(cells, series)
    assert plot is not None
    assert plot.y_ticks[-1].label == "100 %"
    assert cumulative.draw([replace(cells[0], quantiles=())], series) is None


def test_use_of_the_bound_has_a_row_a_loss_and_dtype(results: Results) -> None:
    series = {target.name: at for at, target in enumerate(results.manifest.targets)}
    plot = bound.draw("gradient", results.cells, series)
    assert plot is not None
    assert len(plot.labels) == 8 * (1 + 2)
    assert plot.worst == "kl_divergence float32 on torch==2.13.0@cpu uses 12.4×"
    assert bound.draw("module", results.cells, series) is None


def test_a_line_names_a_command_only_where_it_changes() -> None:
    corner = [(0, 0), (2, 0), (2, 3), (4, 5), (3, 4), (3, 4), (6, -1)]
    assert path.line(corner) == "M0 0h2v3l2 2-1-1 3-5"


@pytest.mark.parametrize("share", [math.nan, math.inf, 0.0, 1e300])
def test_any_share_has_a_place(results: Results, share: float) -> None:
    (first,) = [cell for cell in results.cells if cell.worst][:1]
    assert first.worst is not None
    odd = replace(first, worst=replace(first.worst, share=share))
    plot = bound.draw(first.property, [odd], {first.target: 0})
    assert plot is not None
    assert all(number >= 0 or abs(number) < 40 for number in numbers(plot.marks[0].path))


def test_six_series_have_six_shapes() -> None:
    assert len({bound.shape(series, 100, 100) for series in range(6)}) == 6
