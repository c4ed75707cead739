"""The workflow files are YAML, and every command in them is one that there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from conformance.cli.root import root
from conformance.engine.shard import parse
from conformance.targets.target import Target

FOLDER = Path(__file__).parents[2] / "docs" / "ci"
FILES = sorted(FOLDER.glob("*.yml"))
EXAMPLE = {"TARGET": "torch@cpu", "SHARD": "1", "EXTRA": "torch"}


def texts(value: Any) -> list[str]:
    """Every text in a document."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


def commands(text: str) -> list[list[str]]:
    """The words of every line that runs the suite, variables filled in."""
    found = []
    for line in text.splitlines():
        if not line.strip().startswith("conformance "):
            continue
        line = re.sub(
            r"\$\{\{ matrix\.framework\.(\w+) \}\}", lambda m: EXAMPLE[m[1].upper()], line
        )
        line = re.sub(r"\$\{\{ matrix\.(\w+) \}\}", lambda m: EXAMPLE[m[1].upper()], line)
        line = re.sub(r"\$(TARGET|SHARD|EXTRA)", lambda m: EXAMPLE[m[1]], line)
        words = shlex.split(re.split(r" \|\| | >> ", line)[0])
        found.append(words[1:])
    return found


def parsed(words: list[str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The options of a command line; raises click.ClickException for one that there is not."""
    command = root.get_command(click.Context(root), words[0])
    assert command is not None, f"no command {words[0]}"
    monkeypatch.setattr(click.Path, "convert", lambda self, value, param, ctx: value)
    return command.make_context(words[0], words[1:]).params


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_command_in_a_workflow_is_one_that_there_is(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = yaml.safe_load(file.read_text("utf-8"))
    found = [words for text in texts(document) for words in commands(text)]
    assert {words[0] for words in found} == {"run", "merge", "report"}
    for words in found:
        options = parsed(words, monkeypatch)
        if words[0] == "run":
            assert parse(options["shard"]) == (1, 2)
            assert [Target.parse(each).name for each in options["target"]] == ["torch@cpu"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_shard_that_is_run_is_merged(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = yaml.safe_load(file.read_text("utf-8"))
    if file.name == "github.yml":
        matrix = document["jobs"]["run"]["strategy"]["matrix"]
        pairs = [(f["target"], n) for f in matrix["framework"] for n in matrix["shard"]]
    else:
        matrix = document["conformance"]["parallel"]["matrix"]
        pairs = [(each["TARGET"], n) for each in matrix for n in each["SHARD"]]
    for target, _ in pairs:
        Target.parse(target)
    found = [words for text in texts(document) for words in commands(text)]
    (merge,) = (parsed(words, monkeypatch) for words in found if words[0] == "merge")
    assert set(merge["files"]) == {f"results/{target}-{n}.jsonl.gz" for target, n in pairs}


@pytest.mark.parametrize("words", [["rum"], ["run", "--shards", "1/2"], ["merge", "a.gz"]])
def test_a_command_that_there_is_not_is_found(
    monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    with pytest.raises((click.ClickException, AssertionError)):
        parsed(words, monkeypatch)
