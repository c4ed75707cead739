"""A whole request, end to end, on targets that need no framework, and on those that are installed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.engine.manifest import manifest_of
from conformance.engine.request import PROPERTIES, Request
from conformance.engine.run import cells
from conformance.engine.workers import Absent, open_stations
from conformance.results import ResultsWriter, read_results, summarise
from conformance.results.cell import Cell
from conformance.results.codec import encode
from conformance.specs.library import load_library
from conformance.targets.call import Call
from conformance.targets.outcome import Died, Outcome
from conformance.targets.target import Missing, Target, resolve
from tests.engine.honest import LOSSES, Spoil, changed, one_off, station, untouched

FRAMEWORKS = ("torch", "keras", "tensorflow", "optax+jit")


def run(spoil: Spoil, loss: str = "mse") -> dict[str, Cell]:
    of = station(spoil)
    request = Request((loss,), (of.target,), ("float32",))
    return {cell.property: cell for cell in cells(request, LOSSES, [of], [])}


def wrong(call: Call, was: Outcome) -> Outcome:
    return was if was.value is None else replace(was, value=changed(was.value, one_off))


def wrong_when_large(call: Call, was: Outcome) -> Outcome:
    return wrong(call, was) if call.inputs["prediction"].size > 2 else was


def dead_when_large(call: Call, was: Outcome) -> Outcome:
    if call.inputs["prediction"].size > 20:
        return Outcome(death=Died("crash", "the process was ended by SIGSEGV"))
    return was


def test_an_honest_target_passes_every_property_in_order() -> None:
    found = run(untouched)
    assert tuple(found) == PROPERTIES
    # what torch is known to accept is refused here, so those deviations have vanished
    assert found.pop("error").verdict == "xpass"
    assert found.pop("identity").verdict == "n/a"  # the spec has none but those of reductions
    assert {cell.verdict for cell in found.values()} == {"pass"}
    assert found["value"].elements > 100
    assert found["value"].coverage == f"sampled n={found['value'].elements}"


def test_a_wrong_target_fails_with_a_shrunk_finding() -> None:
    value = run(wrong)["value"]
    assert value.verdict == "fail"
    (finding,) = (each for each in value.findings if each.kind == "value")
    assert finding.of == 1
    assert finding.snippet
    assert finding.replay.startswith("conformance replay 'value:mse/float32/")


def test_a_death_costs_its_case_and_the_rest_goes_on() -> None:
    value = run(dead_when_large)["value"]
    assert value.verdict == "error"
    assert value.elements > 0
    (finding,) = value.findings
    assert finding.kind == "crash"
    assert "SIGSEGV" in finding.why


@pytest.mark.parametrize("spoil", [wrong_when_large, dead_when_large, untouched])
def test_verdicts_are_told_before_any_finding_is_made_small(spoil: Spoil) -> None:
    calls, heard = [0], []

    def counted(call: Call, was: Outcome) -> Outcome:
        calls[0] += 1
        return spoil(call, was)

    def told(verdicts: Sequence[Cell]) -> None:
        heard.append((calls[0], {cell.property: cell.verdict for cell in verdicts}))

    of = station(counted)
    request = Request(("mse",), (of.target,), ("float32",))
    made = list(cells(request, LOSSES, [of], [], told=told))
    [(before, verdicts)] = heard
    assert verdicts == {cell.property: cell.verdict for cell in made}
    assert (before < calls[0]) == (spoil is wrong_when_large)  # deaths are not asked for again


def test_a_run_can_be_ended_between_two_portions_of_a_batch() -> None:
    of, seen = station(), list[int]()

    def between() -> None:
        seen.append(of.worker.asked)  # type: ignore[attr-defined]
        if len(seen) == 3:
            raise KeyboardInterrupt

    request = Request(("mse",), (of.target,), ("float32",))
    with pytest.raises(KeyboardInterrupt):
        next(cells(request, LOSSES, [of], [], between=between))
    assert len(seen) == 3


def test_a_target_that_cannot_run_gives_cells_that_say_so() -> None:
    gone = Absent(Target.parse("optax"), "optax is not installed")
    request = Request(("mse",), (gone.target,), ("float32", "float16"))
    heard: list[Cell] = []
    found = list(cells(request, LOSSES, [], [gone], told=heard.extend))
    assert heard == found
    assert len(found) == request.planned
    assert {(cell.verdict, cell.reason) for cell in found} == {("not run", gone.reason)}


def test_a_target_without_the_loss_gives_cells_that_do_not_apply() -> None:
    of = station(framework="keras")
    request = Request(("nll",), (of.target,), ("float32",))
    found = list(cells(request, LOSSES, [of], []))
    assert len(found) == request.planned
    assert {cell.verdict for cell in found} == {"n/a"}


def test_the_cells_of_a_run_go_through_a_results_file(tmp_path: Path) -> None:
    of, gone = station(wrong), Absent(Target.parse("optax"), "optax is not installed")
    request = Request(("mse",), (of.target, gone.target), ("float32",))
    manifest = manifest_of(request, load_library(), [of], [gone], {})
    with ResultsWriter(tmp_path / "run.jsonl.gz", manifest) as writer:
        for cell in cells(request, LOSSES, [of], [gone]):
            writer.cell(cell)
        writer.end(seconds=1.0, exit=1, verdict="")
    summary = summarise(read_results(tmp_path / "run.jsonl.gz"))
    assert (summary.word, summary.exit) == ("findings", 1)
    assert [each.target for each in summary.absent] == [gone.target.name]


def test_the_same_seed_gives_the_same_cells() -> None:
    one, other = (encode([*run(wrong).values()]) for _ in range(2))
    assert one == other


@pytest.mark.frameworks
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_installed_framework_has_no_unlisted_fault_in_l1(framework: str) -> None:
    name, _, mode = framework.partition("+")
    target = replace(Target.parse(name), mode=mode)
    if isinstance(found := resolve(target), Missing):
        pytest.skip(found.reason)
    with ExitStack() as stack:
        stations, absent = open_stations([target], stack)
        assert absent == []
        loss = "l1" if stations[0].side.bindings["l1"].absent is None else "mse"
        request = Request((loss,), (target,), ("float32",))
        made = list(cells(request, LOSSES, stations, []))
    failed = {
        (cell.property, each.why) for cell in made for each in cell.findings if not each.known
    }
    assert failed == set()
    assert sum(cell.cases for cell in made) > 50
