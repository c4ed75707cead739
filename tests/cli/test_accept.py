"""Findings become known deviations, strictly: as measured is known, worse fails, gone is reported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.cli.root import invoke
from conformance.engine import known
from conformance.results import ResultsWriter, read_results, summarise
from conformance.results.cell import Finding
from conformance.targets.call import Call
from conformance.targets.known import read_known
from conformance.targets.outcome import Outcome, Raised
from tests.cli.conftest import Pretend
from tests.engine.honest import changed, station

WORDS = ("mse", "-t", "tensorflow", "--dtype", "float32")
REASON = "Nobody has mended it yet."


def off(factor: float, call: Call, was: Outcome) -> Outcome:
    """Every value by a factor, reduced or not, so that the error in ulp grows with it."""
    if was.value is None:
        return was
    return replace(was, value=changed(was.value, lambda values: values * factor))


def little(call: Call, was: Outcome) -> Outcome:
    return off(1 + 2**-18, call, was)


def worse(call: Call, was: Outcome) -> Outcome:
    return off(1 + 2**-14, call, was)


def untouched(call: Call, was: Outcome) -> Outcome:
    return was


def refused(call: Call, was: Outcome) -> Outcome:
    return Outcome(raised=Raised(("OSError", "Exception"), "not today")) if was.value else was


@pytest.fixture(autouse=True)
def nothing_of_the_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite's own list is about the real framework, and would have vanished here."""
    monkeypatch.setattr(known, "load_known", lambda target: ())


@pytest.fixture
def listed(folder: Path, pretend: Pretend, capsys: pytest.CaptureFixture[str]) -> Path:
    """A list of what `little` does."""
    pretend(station(little, "tensorflow"))
    assert invoke(["run", *WORDS, "-o", "found.jsonl.gz"]) == 1
    assert invoke(["accept", "found.jsonl.gz", "--reason", REASON, "-o", "known.yaml"]) == 0
    capsys.readouterr()
    return folder / "known.yaml"


def outcome(folder: Path, *words: str) -> tuple[int, dict[str, int]]:
    code = invoke(["run", *WORDS, "-o", "again.jsonl.gz", *words])
    return code, dict(summarise(read_results(folder / "again.jsonl.gz")).counts)


def test_what_was_accepted_is_known_a_worse_value_fails_and_one_that_is_gone_is_told(
    folder: Path, pretend: Pretend, listed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, counts = outcome(folder, "--known", "known.yaml")
    assert (code, counts["fail"]) == (0, 0)
    assert counts["known"] > 0
    pretend(station(worse, "tensorflow"))
    code, counts = outcome(folder, "--known", "known.yaml")
    assert code == 1
    assert counts["fail"] > 0
    pretend(station(untouched, "tensorflow"))
    code, counts = outcome(folder, "--known", "known.yaml")
    assert (code, counts["fail"]) == (1, 0)
    assert counts["xpass"] > 0


def test_the_configuration_names_lists_from_where_it_lies(
    folder: Path, listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[tool.conformance]\nknown = ["known.yaml"]\n'
    (folder / "pyproject.toml").write_text(text, "utf-8")
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    assert outcome(folder / "below")[0] == 0


def test_the_numbers_are_those_that_were_measured(folder: Path, listed: Path) -> None:
    found = {each.property[0]: each for each in read_known(listed)}
    cells = {cell.property: cell for cell in read_results(folder / "found.jsonl.gz").cells}
    (finding,) = cells["value"].findings
    deviation = found["value"]
    assert finding.extent is not None
    assert deviation.expect.at_most_ulp == finding.extent.ulp
    rounded = max(row.ulp or 0.0 for row in cells["value"].rows if row.verdict == "fail")
    assert deviation.expect.at_most_ulp == pytest.approx(rounded, rel=1e-3)
    assert deviation.when.version == ">=9.9"
    assert deviation.when.dtype == ("float32",)
    assert (deviation.reason, deviation.framework) == (REASON, "tensorflow")
    assert set(deviation.seen) <= {row.case for row in cells["value"].rows}


def test_an_expired_one_explains_nothing_and_is_reported(
    folder: Path, listed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = listed.read_text("utf-8").replace("  since:", "  expires: '2026-01-01'\n    since:")
    listed.write_text(text, "utf-8")
    code, counts = outcome(folder, "--known", "known.yaml")
    assert (code, counts["known"], counts["xpass"]) == (1, 0, 0)
    assert "expired on 2026-01-01" in " ".join(capsys.readouterr().out.split())
    assert "expired on 2026-01-01" in (folder / "again.html").read_text("utf-8")


def test_one_that_is_not_met_is_reported(
    folder: Path, listed: Path, pretend: Pretend, capsys: pytest.CaptureFixture[str]
) -> None:
    listed.write_text(
        listed.read_text("utf-8").replace("mse/float32/", "mse/float32/gone-"), "utf-8"
    )
    pretend(station(untouched, "tensorflow"))
    outcome(folder, "--known", "known.yaml")
    unmet = summarise(read_results(folder / "again.jsonl.gz")).unmet
    assert unmet
    assert {each.reason for each in unmet} == {"not met in this run"}
    assert "not met in this run" in (folder / "again.html").read_text("utf-8")


def test_accepting_twice_is_refused_and_changes_nothing(
    folder: Path, listed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = listed.read_text("utf-8")
    assert invoke(["accept", "found.jsonl.gz", "--reason", REASON, "-o", "known.yaml"]) == 2
    assert "is listed already, with at_most_ulp" in capsys.readouterr().err
    assert listed.read_text("utf-8") == before


def test_an_exception_is_accepted_by_its_class(
    folder: Path, pretend: Pretend, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(station(refused, "tensorflow"))
    assert invoke(["run", *WORDS, "-o", "found.jsonl.gz"]) == 1
    invoke(["accept", "found.jsonl.gz", "--reason", REASON, "--source", "https://example.org/1"])
    found = {each.property[0]: each for each in read_known(folder / "known.yaml")}
    assert found["value"].expect.raises == "OSError"
    assert found["value"].source == "https://example.org/1"


def test_what_a_file_holds_and_a_list_cannot_is_told_and_left_out(
    folder: Path, listed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = read_results(folder / "found.jsonl.gz")
    cells = [replace(each, findings=tuple(map(_misnamed, each.findings))) for each in results.cells]
    with ResultsWriter(folder / "older.jsonl.gz", results.manifest) as writer:
        for each in cells:
            writer.cell(each)
        writer.end(seconds=1.0, exit=1, verdict="made up")
    assert invoke(["accept", "older.jsonl.gz", "--reason", REASON, "-o", "other.yaml"]) == 1
    assert "it cannot be written down; when.case" in capsys.readouterr().err


def _misnamed(finding: Finding) -> Finding:
    assert finding.extent is not None
    return replace(finding, extent=replace(finding.extent, written=("=no-name",)))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--reason", "short"), 2, "reason: "),
        (("--reason", REASON, "--expires", "2020-01-01"), 2, "that day is past; name a later one"),
        (("--reason", REASON, "--expires", "soon"), 2, "'soon' does not match the format"),
        ((), 2, "Missing option '--reason'"),
    ],
)
def test_what_cannot_be_accepted_is_refused(
    folder: Path, listed: Path, capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...], code: int, said: str,
) -> None:  # fmt: skip
    assert invoke(["accept", "found.jsonl.gz", *words, "-o", "other.yaml"]) == code
    assert said in capsys.readouterr().err
    assert not (folder / "other.yaml").exists()


def test_a_run_without_findings_has_nothing_to_accept(
    folder: Path, pretend: Pretend, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(station(untouched, "tensorflow"))
    invoke(["run", *WORDS, "-o", "good.jsonl.gz"])
    assert invoke(["accept", "good.jsonl.gz", "--reason", REASON]) == 5
