from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.cli.root import invoke
from conformance.specs.library import load_library, load_loss, spec_folder
from conformance.specs.models import Loss
from conformance.specs.skeleton import skeleton

LOSSES = load_library().losses


def test_list_has_one_line_a_loss_where_nobody_watches(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert invoke(["spec", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for loss in LOSSES.values():
        assert any(loss.id in line.split() and loss.summary in line for line in lines)
    assert "classification:" in lines


def test_show_prints_the_file_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["spec", "show", "l1"]) == 0
    assert capsys.readouterr().out == (spec_folder() / "regression/l1.yaml").read_text("utf-8")


def test_lint_of_the_suites_own_specs_finds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["spec", "lint"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"{len(LOSSES)} files, 0 problems\n")


def test_lint_tells_every_fault_with_its_place_on_stdout(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (spec_folder() / "regression/l1.yaml").read_text("utf-8")
    file = folder / "l1.yaml"
    file.write_text(text.replace("latex:", "latecks:").replace("loss: 2.0", "lossy: 2.0"), "utf-8")
    assert invoke(["spec", "lint", str(file)]) == 2
    out, err = capsys.readouterr()
    assert len(out.splitlines()) >= 2
    assert all(line.startswith(f"{file}:") for line in out.splitlines())
    assert err.startswith("1 file, ")


def test_a_spec_that_cannot_be_read_exits_2(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    family = folder / "regression"
    family.mkdir()
    (family / "mine.yaml").write_text("summary: [", "utf-8")
    assert invoke(["run", "-t", "torch", "--spec-folder", str(folder)]) == 2
    assert f"{family / 'mine.yaml'}:2:1: this is no YAML" in capsys.readouterr().err


def test_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["spec", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"].startswith("https://json-schema.org/")


def test_new_writes_a_spec_that_checks_clean(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert invoke(["spec", "new", "focal"]) == 0
    assert capsys.readouterr().out == "focal.yaml\n"
    assert invoke(["spec", "lint", "focal.yaml"]) == 0
    assert invoke(["spec", "new", "focal", "--family", "detection"]) == 0
    assert (folder / "detection" / "focal.yaml").is_file()
    assert load_loss(folder / "detection" / "focal.yaml").family == "detection"


def test_new_leaves_a_file_that_is_there_as_it_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "focal.yaml"
    file.write_text("mine", "utf-8")
    assert invoke(["spec", "new", "focal", "-o", str(file)]) == 2
    assert "is there already; it was left as it is" in capsys.readouterr().err
    assert file.read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Focal"], "the loss 'Focal' has no name for a file"),
        (["../focal"], "the loss '../focal' has no name for a file"),
        (["focal", "--family", "a/b"], "the family 'a/b' has no name"),
        (["focal", "-o", "other.yaml"], "names another loss than focal; call it focal.yaml"),
        (["focal", "-o", "focal.txt"], "call it focal.yaml"),
        (["focal", "--family", "x", "-o", "y/focal.yaml"], "is in no folder x"),
    ],
)
def test_new_refuses_a_name_that_would_not_be_the_losss(
    words: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke(["spec", "new", *words]) == 2
    assert said in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_the_skeleton_explains_every_key_that_a_spec_may_have() -> None:
    text = skeleton()
    for name, field in Loss.model_fields.items():
        key = field.alias or name
        assert name in ("id", "family", "file") or f"\n{key}:" in text or f"# {key}:" in text
