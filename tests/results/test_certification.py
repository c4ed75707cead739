"""The file of a certification reads back as it was, and a damaged one is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.results import ResultsError
from conformance.results.certification import (
    Certification,
    Certified,
    Row,
    read_certification,
    suite_file,
)

MADE = Certification(
    suite="0.1.0",
    created="2026-11-23T00:00:00+00:00",
    seed=0,
    count=2,
    reference="ab",
    packages={"numpy": "2.4.0"},
    losses={
        "l1": Certified("cd", (Row("value", "wide", 3, 9, 0.5), Row("target", "wide", 3, 9, 0.75))),
        "mse": Certified("ef", ()),
    },
)


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    file = tmp_path / "certification.json"
    file.write_text(MADE.text(), "utf-8")
    assert read_certification(file) == MADE
    assert json.loads(MADE.text())["losses"]["l1"]["rows"][0]["elements"] == 9


def test_a_row_is_a_line() -> None:
    assert sum('"quantity"' in line for line in MADE.text().splitlines()) == 2


def test_the_figures_of_a_loss_are_over_all_its_rows() -> None:
    assert (MADE.losses["l1"].elements, MADE.losses["l1"].share) == (18, 0.75)
    assert MADE.losses["mse"].share == 0.0


def test_no_file_is_no_certification(tmp_path: Path) -> None:
    assert read_certification(tmp_path / "nothing.json") is None


@pytest.mark.parametrize("text", ["{", "[]", '{"suite": 1}', MADE.text().replace("seed", "sead")])
def test_a_damaged_file_is_told_with_the_remedy(tmp_path: Path, text: str) -> None:
    file = tmp_path / "certification.json"
    file.write_text(text, "utf-8")
    with pytest.raises(
        ResultsError, match=r"no certification, .*; `conformance certify -o .*writes"
    ):
        read_certification(file)


def test_the_wheel_carries_the_file_that_the_reader_looks_for() -> None:
    import tomllib

    root = Path(__file__).parents[2]
    wheel = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    included = wheel["targets"]["wheel"]["force-include"]
    assert included["reports/certification.json"] == "conformance/_reports/certification.json"
    assert suite_file("certification.json") == root / "reports" / "certification.json"
