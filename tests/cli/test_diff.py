from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.cli.root import invoke
from conformance.results import read_results
from tests.cli.command import command
from tests.cli.test_config import configured
from tests.report.sample.upgrade import save, upgraded


@pytest.fixture(scope="session")
def newer(file: Path) -> Path:
    return save(upgraded(read_results(file)), file.with_name("newer.jsonl.gz"))


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = invoke(["diff", *map(str, words)])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_new_failure_exits_1_and_is_the_first_line(
    file: Path, newer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, file, newer)
    assert (code, err) == (1, "")
    assert out.startswith("Breaks: ")


def test_every_format_goes_to_stdout_or_to_a_file(
    file: Path, newer: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    starts = {"text": "Breaks", "json": "{", "md": "## ✗ Breaks", "junit": "<?xml", "html": "<!doc"}
    for form, start in starts.items():
        code, out, _ = said(capsys, file, newer, "--format", form)
        assert code == 1
        assert out.startswith(start)
        place = folder / form
        code, again, err = said(capsys, file, newer, "--format", form, "-o", place)
        assert (code, again, err) == (1, "", f"wrote {place}\n")
        assert place.read_text("utf-8").startswith(start)


def test_json_and_junit_are_what_they_say(
    file: Path, newer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(said(capsys, file, newer, "--format", "json", "--in-use", "l1")[1])
    assert told["exit"] == 1
    assert {each["loss"] for each in told["decisions"]} == {"l1"}
    xml = said(capsys, file, newer, "--format", "junit")[1]
    assert ElementTree.fromstring(xml).tag == "testsuites"


def test_fail_on_decides_and_what_is_missing_is_never_green(
    file: Path, newer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The made-up runs have a target that did not run.
    codes = {gate: said(capsys, file, file, "--fail-on", gate)[0] for gate in ("new", "any")}
    assert codes == {"new": 4, "any": 1}
    assert said(capsys, file, newer, "--fail-on", "none")[0] == 4


def test_a_file_that_is_no_results_exits_2_and_names_the_line(
    file: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = folder / "bad.jsonl.gz"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    bad.write_bytes(bytes(data))
    code, out, err = said(capsys, file, bad)
    assert (code, out) == (2, "")
    assert err.startswith(f"Error: {bad}:")
    assert int(err.split(":")[2]) > 1


def test_targets_that_do_not_belong_together_exit_2_until_they_are_paired(
    file: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = read_results(file)
    for name, label in (("torch", "torch"), ("keras", "keras")):
        targets = tuple(each for each in run.manifest.targets if each.label == label)[:1]
        kept = tuple(cell for cell in run.cells if cell.target == targets[0].name)
        manifest = replace(run.manifest, targets=targets, planned=len(kept))
        assert run.end is not None
        end = replace(run.end, cells=len(kept))
        save(replace(run, manifest=manifest, cells=kept, end=end), folder / f"{name}.jsonl.gz")
    sides = folder / "torch.jsonl.gz", folder / "keras.jsonl.gz"
    code, _, err = said(capsys, *sides)
    assert code == 2
    assert "name two that belong together (--pair BASE HEAD)" in err
    code, out, _ = said(capsys, *sides, "--pair", "torch", "keras", "--format", "json")
    assert code in (1, 4)
    assert json.loads(out)["pairs"][0]["head"].startswith("keras")


def test_the_configuration_names_the_losses_in_use_and_the_gate(
    file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = '[tool.conformance]\nlosses-in-use = ["l1"]\nfail-on = "any"\noutput = "x.jsonl.gz"\n'
    configured(folder, text)
    monkeypatch.chdir(folder)
    code, out, _ = said(capsys, file, file, "--format", "json")
    told = json.loads(out)  # on stdout: `output` is the run's
    assert (code, told["fail_on"]) == (1, "any")
    assert {each["loss"] for each in told["decisions"]} == {"l1"}


def test_a_report_with_a_base_is_the_view_of_the_upgrade(
    file: Path, newer: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = folder / "page.html"
    code = invoke(["report", str(newer), "--base", str(file), "-o", str(page)])
    assert code == 1
    assert 'id="changes"' in page.read_text("utf-8")
    capsys.readouterr()
    assert invoke(["report", str(newer), "--base", str(file), "--format", "csv"]) == 2
    assert "leave out --base" in capsys.readouterr().err


def test_a_diff_imports_no_framework_and_no_engine(file: Path, newer: Path, folder: Path) -> None:
    done = command(
        "diff", str(file), str(newer), folder=folder, environment={"PYTHONPROFILEIMPORTTIME": "1"}
    )
    assert done.code == 1
    loaded = {line.rpartition("|")[2].strip() for line in done.err.splitlines()}
    assert "conformance.results.diff" in loaded
    heavy = {"torch", "tensorflow", "keras", "jax", "numpy", "hypothesis", "pydantic", "flint"}
    assert not {"conformance.engine", "jinja2", *heavy} & loaded
