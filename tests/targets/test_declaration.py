"""Signatures that a worker tells, and what another interpreter is kept from."""

from __future__ import annotations

import sys

from conformance.targets.driver import Worker
from conformance.targets.process import foreign
from conformance.targets.target import Target


def test_a_worker_tells_signatures_and_leaves_out_what_has_none() -> None:
    paths = ["json.dumps", "json.nothing", "numpy.add"]
    with Worker(Target.parse("numpy"), interpreter=sys.executable, callables=paths) as worker:
        found = worker.signatures
    assert "indent=None" in found["json.dumps"]
    assert "json.nothing" not in found


def test_packages_of_this_process_do_not_reach_another_interpreter() -> None:
    kept = foreign({"PYTHONPATH": "/ours", "VIRTUAL_ENV": "/ours", "HOME": "/root"})
    assert kept == {"HOME": "/root", "PYTHONNOUSERSITE": "1"}
