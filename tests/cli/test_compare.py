from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from conformance.cli.root import invoke
from tests.cli.command import command, need
from tests.cli.conftest import Pretend
from tests.engine.honest import station

FEW = ("--cases", "3", "--dtype", "float32")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = invoke(["compare", *words])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("torhc", "keras"), "did you mean 'torch'"),
        (("torch", "keras", "cros_entropy"), "did you mean 'cross_entropy'"),
        (("torch",), "two targets or more"),
        (("torch", "torch"), "two targets or more"),
        (("mse",), "was given none"),
        (("torch@tpu", "keras"), "unknown device"),
    ],
)
def test_bad_words_exit_2_with_a_remedy(
    words: tuple[str, ...], remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, *words)
    assert (code, out) == (2, "")
    assert remedy in err
    assert "Traceback" not in err


def test_a_version_that_is_not_installed_exits_4_and_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = said(capsys, "torch==0.0.1", "keras==0.0.1", "mse")
    assert code == 4
    assert "not run torch==0.0.1@cpu" in out


def test_nothing_in_common_exits_5(pretend: Pretend, capsys: pytest.CaptureFixture[str]) -> None:
    pretend(station(), station(framework="keras"))
    code, _, err = said(capsys, "torch", "keras", "nll")
    assert code == 5
    assert "in common" in err


def test_the_guide_names_differences_first_and_fits_80_columns(
    pretend: Pretend, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    pretend(station(), station(framework="keras"))
    code, out, _ = said(capsys, "torch", "keras", "l1", *FEW)
    assert code == 0
    assert out.index("last-axis: verified") < out.index("agree with reduction mean")
    assert max(map(len, out.splitlines())) <= 80


def test_json_is_json_alone(pretend: Pretend, capsys: pytest.CaptureFixture[str]) -> None:
    pretend(station(), station(framework="keras"))
    code, out, _ = said(capsys, "torch", "keras", "cross_entropy", "--format", "json", *FEW)
    told = json.loads(out)
    assert code == 0
    (loss,) = told["losses"]
    verdicts = {each["convention"]: each["verdict"] for each in loss["differences"]}
    assert verdicts == {"weighted-mean": "declared, not probed", "empty-mean": "verified"}
    assert loss["pairs"][0]["residues"][0]["ulp"] == 0


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)


def test_the_page_has_no_script_and_the_markdown_no_foreign_markup(
    pretend: Pretend, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    loss = ("torch", "keras", "l1", *FEW)
    for form in ("html", "md"):
        pretend(station(), station(framework="keras"))
        code, out, err = said(capsys, *loss, "--format", form, "-o", f"guide.{form}")
        assert (code, out) == (0, "")
        assert f"wrote guide.{form}" in err
    tags = Tags()
    tags.feed((folder / "guide.html").read_text("utf-8"))
    assert {"h1", "table", "pre"} <= tags.seen
    assert "script" not in tags.seen
    text = (folder / "guide.md").read_text("utf-8")
    assert text.startswith("# Porting between")
    assert "torch.nn.functional.l1_loss(input=prediction" in text


def test_torch_and_keras_differ_as_they_declare_on_the_last_axis(folder: Path) -> None:
    need("torch")
    need("keras")
    ended = command("compare", "torch", "keras", "mse", *FEW, "--format", "json", folder=folder)
    assert ended.code == 0, ended.err
    (loss,) = json.loads(ended.out)["losses"]
    verdicts = {each["convention"]: each["verdict"] for each in loss["differences"]}
    assert verdicts["last-axis"] == "verified"
    assert loss["pairs"][0]["residues"][0]["ulp"] <= 4
