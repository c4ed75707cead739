"""The count of false alarms in the report and on a terminal."""

from __future__ import annotations

from conformance.report.exceedances import text
from tests.results.test_exceedances import COUNT


def test_every_target_stands_under_its_loss_and_all_at_the_end() -> None:
    lines = text(COUNT).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["l1", "torch", "nll", "torch", "all"]
    assert lines[2].split()[2:] == ["100", "0", "3", "0.250", "0.500", "0.750", "7"]
    assert lines[4].split()[2:] == ["100", "0", "3", "–", "–", "–", "7"]
