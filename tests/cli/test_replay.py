from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.cli.root import invoke
from conformance.results import read_results
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from tests.cli.command import Ended, command
from tests.cli.conftest import Pretend
from tests.engine.honest import changed, station

CASE = "value:mse/float32/typical/3/mean/-/s1"


def replayed(capsys: pytest.CaptureFixture[str], *words: str) -> Ended:
    code = invoke(["replay", *words, "-t", "torch"])
    out, err = capsys.readouterr()
    return Ended(code, out, err)


def halved(call: Call, was: Outcome) -> Outcome:
    return was if was.value is None else replace(was, value=changed(was.value, lambda v: v / 2))


def test_a_passing_case_is_shown_with_its_numbers_and_exits_0(
    pretend: Pretend, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(station())
    done = replayed(capsys, CASE)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("✓ pass  mse value float32 on torch==9.9@cpu\n")
    for word in ("worst", "given", "expected", "got"):
        assert f"\n  {word}" in done.out
    assert list(folder.iterdir()) == []


def test_a_failing_case_is_shown_with_why_and_code_and_exits_1(
    pretend: Pretend, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(station(halved), station(halved, "keras"))
    done = replayed(capsys, CASE)
    assert done.code == 1
    assert "✗ fail  mse value float32 on torch==9.9@cpu" in done.out
    assert "✗ fail  mse value float32 on keras[tensorflow]==9.9@cpu" in done.out
    assert "\n    print(torch.nn.functional.mse_loss(" in done.out


def test_a_case_that_no_target_offers_exits_5(
    pretend: Pretend, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(station(framework="keras"))
    done = replayed(capsys, "value:nll/float32/typical/3x2c/none/-/s1")
    assert done.code == 5
    assert done.out.startswith("· n/a  nll value float32 on keras")


def test_a_target_that_is_not_there_exits_4(folder: Path) -> None:
    done = command("replay", CASE, "-t", "torch==0.0.1", folder=folder)
    assert done.code == 4
    assert done.out.startswith("not run torch==0.0.1@cpu: ")


@pytest.mark.frameworks
def test_a_known_deviation_of_a_run_can_be_replayed(finished: tuple[Ended, Path]) -> None:
    _, place = finished
    cells = read_results(place / "conformance-results.jsonl.gz").cells
    finding = next(finding for cell in cells for finding in cell.findings)
    done = command("replay", finding.case, "-t", "torch", folder=place)
    assert done.code == 0
    assert f"◐ known  l1 {finding.property} float32 on torch==" in done.out
    assert "import torch" in done.out
