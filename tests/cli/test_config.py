from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cli.config import ConfigError, read_config
from conformance.cli.root import root
from conformance.cli.run import command as run_command


def configured(folder: Path, text: str) -> Path:
    file = folder / "pyproject.toml"
    file.write_text(text, "utf-8")
    return file


def run_options(monkeypatch: pytest.MonkeyPatch, *words: str) -> dict[str, object]:
    """The options that `run` would go by, taken before it runs."""
    taken: dict[str, object] = {}
    monkeypatch.setattr(run_command, "callback", lambda **options: taken.update(options))
    root.main(["run", *words], standalone_mode=False)
    return taken


TABLE = """
[tool.conformance]
targets = ["torch", "keras"]
profile = "default"
dtypes = ["float16"]
seed = 7
output = "there.jsonl.gz"
"""


def test_keys_become_defaults(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    configured(folder, TABLE)
    monkeypatch.chdir(folder)
    taken = run_options(monkeypatch)
    assert taken["target"] == ("torch", "keras")
    assert (taken["profile"], taken["seed"]) == ("default", 7)
    assert (taken["dtype"], taken["output"]) == (("float16",), "there.jsonl.gz")


def test_a_variable_goes_before_the_table_and_a_flag_before_both(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    configured(folder, TABLE)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CONFORMANCE_PROFILE", "deep")
    monkeypatch.setenv("CONFORMANCE_SEED", "8")
    monkeypatch.setenv("CONFORMANCE_TARGETS", "optax@cpu tensorflow")
    taken = run_options(monkeypatch, "--seed", "9")
    assert taken["target"] == ("optax@cpu", "tensorflow")
    assert (taken["profile"], taken["seed"]) == ("deep", 9)


def test_without_any_of_them_the_default_holds(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    configured(folder, "[tool.other]\nprofile = 1\n")
    monkeypatch.chdir(folder)
    assert run_options(monkeypatch)["profile"] == "quick"


def test_the_nearest_table_above_is_taken(folder: Path) -> None:
    configured(folder.parent, "[tool.conformance]\nseed = 1\n")
    configured(folder, "[project]\nname = 'x'\n")
    assert read_config(folder)["run"] == {"seed": 1}
    assert read_config(folder)["replay"] == {"seed": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[tool.conformance]\nprofil = 'deep'\n",
            "tool.conformance has an unknown key 'profil'; did you mean 'profile'?",
        ),
        (
            "[tool.conformance]\nzzz = 1\n",
            "unknown key 'zzz'; known keys are targets, profile, dtypes",
        ),
        ("[tool.conformance]\nseed = true\n", "tool.conformance.seed is True; it takes a whole"),
        ("[tool.conformance]\nseed = '1'\n", "tool.conformance.seed is '1'; it takes a whole"),
        (
            "[tool.conformance]\ntargets = 'torch'\n",
            "tool.conformance.targets is 'torch'; it takes a list of strings",
        ),
        ("[tool.conformance]\ntargets = [1]\n", "it takes a list of strings"),
        ("[tool]\nconformance = 3\n", "tool.conformance is no table; write [tool.conformance]"),
        ("[tool.conformance\n", "not TOML"),
    ],
)
def test_a_table_that_cannot_be_used_says_where_and_why(folder: Path, text: str, said: str) -> None:
    file = configured(folder, text)
    with pytest.raises(ConfigError) as caught:
        read_config(folder)
    assert str(caught.value).startswith(f"{file}: ")
    assert said in str(caught.value)


def test_a_bad_table_exits_2(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from conformance.cli.root import invoke

    configured(folder, "[tool.conformance]\nprofil = 'deep'\n")
    monkeypatch.chdir(folder)
    assert invoke(["spec", "list"]) == 2
    assert "did you mean 'profile'?" in capsys.readouterr().err


def test_a_bad_value_in_the_table_exits_2(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from conformance.cli.root import invoke

    configured(folder, "[tool.conformance]\nprofile = 'fast'\n")
    monkeypatch.chdir(folder)
    assert invoke(["run"]) == 2
    assert "'fast' is not one of 'quick', 'default', 'deep'" in capsys.readouterr().err
