from __future__ import annotations

import csv
import errno
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.cli.root import invoke
from tests.cli.command import command, names_in
from tests.report.sample import Size, write


def reported(capsys: pytest.CaptureFixture[str], file: Path, *words: str) -> tuple[int, str, str]:
    code = invoke(["report", str(file), *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_html_goes_beside_the_file_and_says_where(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(folder / "mine.jsonl.gz", Size(cases=100))
    code, out, err = reported(capsys, file)
    page = folder / "mine.html"
    assert (code, out, err) == (1, "", f"wrote {page}\n")
    assert page.read_text("utf-8").startswith("<!doctype html>")


def test_every_format_goes_to_stdout_alone(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    starts = {
        "md": "## ✗ Does not conform",
        "junit": "<?xml",
        "csv": "verdict,loss,property",
        "text": "✗ Does not conform",
    }
    for form, start in starts.items():
        code, out, err = reported(capsys, file, "--format", form)
        assert (code, err) == (1, "")
        assert out.startswith(start)


def test_html_goes_to_stdout_where_asked(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = reported(capsys, file, "-o", "-")
    assert (code, err) == (1, "")
    assert out.startswith("<!doctype html>")


@pytest.mark.parametrize("form", ["html", "md", "junit", "csv", "text"])
def test_every_format_goes_to_a_file_where_asked(
    file: Path, folder: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = folder / "deep" / "made"
    assert reported(capsys, file, "--format", form, "-o", str(target)) == (
        1,
        "",
        f"wrote {target}\n",
    )
    text = target.read_text("utf-8")
    assert "\x1b" not in text
    assert len(text) > 500


def test_junit_is_xml_and_csv_is_a_table(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        ElementTree.fromstring(reported(capsys, file, "--format", "junit")[1]).tag == "testsuites"
    )
    rows = list(csv.DictReader(reported(capsys, file, "--format", "csv")[1].splitlines()))
    assert len(rows) > 100
    assert {row["verdict"] for row in rows} >= {"pass", "known"}


def test_a_run_that_was_cut_short_exits_4(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from conformance.results import ResultsWriter, read_results
    from tests.report.sample.run import manifest

    file = folder / "cut.jsonl.gz"
    with ResultsWriter(file, manifest(Size(cuda=False), 10)):
        pass
    assert read_results(file).end is None
    code, out, _ = reported(capsys, file, "--format", "text")
    assert code == 4
    assert "cut short" in out


@pytest.mark.parametrize("content", [b"", b"hello", b"\x1f\x8b\x08 and no more"])
def test_a_file_that_is_no_results_exits_2(
    folder: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "bad.jsonl.gz"
    file.write_bytes(content)
    code, out, err = reported(capsys, file)
    assert (code, out) == (2, "")
    assert err.startswith(f"Error: {file}:")
    assert names_in(folder) == {"bad.jsonl.gz"}


def test_a_report_that_cannot_be_written_whole_leaves_what_was_there(
    file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = folder / "page.html"
    place.write_text("the last one")

    def full(self: Path, text: str, encoding: str) -> int:
        self.write_bytes(text[:100].encode())
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    code, _, err = reported(capsys, file, "-o", str(place))
    assert (code, place.read_bytes()) == (2, b"the last one")
    assert "No space left on device" in err
    assert names_in(folder) == {"page.html"}


def test_a_place_that_takes_no_file_exits_2(
    file: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = reported(capsys, file, "-o", str(folder))
    assert code == 2
    assert f"{folder}: cannot be written, Is a directory; name another file with -o" in err


def test_a_terminal_without_unicode_still_gets_its_report(file: Path, folder: Path) -> None:
    plain = {"PYTHONIOENCODING": "ascii"}
    done = command("report", str(file), "--format", "text", folder=folder, environment=plain)
    assert done.code == 1
    assert done.out.startswith("\\u2717 Does not conform")


def test_a_report_imports_no_engine(file: Path, folder: Path) -> None:
    done = command(
        "report", str(file), "--format", "csv", folder=folder,
        environment={"PYTHONPROFILEIMPORTTIME": "1"},
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip() for line in done.err.splitlines()}
    assert "conformance.results.read" in loaded
    assert not {"conformance.engine", "hypothesis", "numpy", "pydantic"} & loaded
