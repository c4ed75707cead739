from __future__ import annotations

from contextlib import ExitStack

from conformance.engine import workers
from conformance.engine.workers import open_stations
from conformance.targets.target import Target


def test_a_target_without_an_arithmetic_does_not_run_and_says_what_to_do(monkeypatch) -> None:
    monkeypatch.setattr(workers, "resolve", lambda target, installed=None: target)
    with ExitStack() as stack:
        stations, [absent] = open_stations([Target.parse("torch@cuda+compile")], stack)
    assert stations == []
    assert "no arithmetic is declared for torch.cuda+compile" in absent.reason
    assert "conformance doctor --measure -t torch@cuda+compile" in absent.reason
