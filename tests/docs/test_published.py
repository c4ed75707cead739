"""What is published under reports/ is light, and says what the run said."""

from __future__ import annotations

import gzip
import runpy
from pathlib import Path

import pytest

from conformance.results import read_results
from tests.report.sample import Size, sample

ROOT = Path(__file__).parents[2]
PACK = runpy.run_path(str(ROOT / ".ci" / "pack.py"))["packed"]


def test_a_packed_file_holds_the_same_records_in_less(tmp_path: Path) -> None:
    run = sample(tmp_path, Size(cases=400))
    packed = tmp_path / "packed.jsonl.gz"
    packed.write_bytes(PACK(str(run.path)))
    before, after = (
        gzip.decompress(file.read_bytes()).splitlines()[1:] for file in (run.path, packed)
    )
    assert before[:-1] != after[:-1]
    assert sorted(before[:-1]) == sorted(after[:-1])
    assert before[-1] == after[-1]
    assert read_results(packed).manifest == run.manifest
    assert packed.stat().st_size < run.path.stat().st_size


def test_a_run_that_was_cut_short_is_not_packed(tmp_path: Path) -> None:
    run = sample(tmp_path, Size(cases=400))
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(run.path.read_bytes()[:-200])
    with pytest.raises(SystemExit, match="the run is incomplete"):
        PACK(str(cut))


def test_the_stock_report_and_its_results_are_under_two_megabytes() -> None:
    files = [ROOT / "reports" / name for name in ("stock.jsonl.gz", "stock.html")]
    assert sum(file.stat().st_size for file in files) <= 2_000_000
