from __future__ import annotations

from dataclasses import replace

from conformance.report import matrix
from conformance.results import Results


def square(results: Results, loss: str, target: int) -> matrix.Square:
    (line,) = [line for line in matrix.by_loss(results) if line.name == loss]
    return line.squares[target]


def test_the_worst_verdict_stands_and_names_its_properties(results: Results) -> None:
    found = square(results, "l1", 0)
    assert (found.verdict, found.notes) == ("fail", ("error",))
    assert found.share is not None
    assert found.share < 1
    known = square(results, "binary_cross_entropy", 1)
    assert known.notes == ("value", "gradient", "edge-case")


def test_a_target_that_did_not_run_is_not_run_everywhere(results: Results) -> None:
    assert {line.squares[4].verdict for line in matrix.by_loss(results)} == {"not run"}


def test_what_is_missing_from_a_whole_run_does_not_apply(results: Results) -> None:
    none = replace(results, cells=())
    assert square(none, "l1", 0).verdict == "n/a"
    assert square(replace(none, end=None), "l1", 0).verdict == "not run"


def test_a_dtype_is_named_only_where_it_stands_apart(results: Results) -> None:
    def notes(cells: Results) -> tuple[str, ...]:
        lines = matrix.by_property(cells, "mse", cells.manifest.targets)
        return next(line.squares[2].notes for line in lines if line.name == "value")

    assert notes(results) == ()
    mended = tuple(
        replace(cell, verdict="pass") if cell.dtype == "float32" else cell for cell in results.cells
    )
    assert notes(replace(results, cells=mended)) == ("bfloat16",)


def test_a_line_without_a_number_or_trouble_is_quiet(results: Results) -> None:
    lines = matrix.by_property(results, "cross_entropy", results.manifest.targets)
    quiet = [line.name for line in lines if matrix.quiet(line)]
    assert quiet == ["example", "identity", "module", "dtype", "error"]


def test_unknown_properties_come_last() -> None:
    names = sorted(["zeta", "dtype", "alpha", "value"], key=matrix.property_order)
    assert names == ["value", "dtype", "alpha", "zeta"]
