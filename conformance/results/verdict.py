"""The words and symbols of a verdict, the same in terminal, file, Markdown, JUnit and HTML."""

from __future__ import annotations

from typing import Literal, get_args

Verdict = Literal["pass", "known", "xpass", "fail", "error", "n/a", "not run"]

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

SYMBOL: dict[Verdict, str] = {
    "pass": "✓",
    "known": "◐",
    "xpass": "◑",
    "fail": "✗",
    "error": "!",
    "n/a": "·",
    "not run": "–",
}

MEANING: dict[Verdict, str] = {
    "pass": "conforms: inside the derived bound, or exactly as the spec says",
    "known": "departs from the spec in a documented way, with reason and source",
    "xpass": "a known deviation that no longer happens: remove it from the list",
    "fail": "departs from the spec, and nobody has documented it",
    "error": "could not be judged: crash, timeout or memory",
    "n/a": "the target does not offer this",
    "not run": "was asked for and did not run; never counts as conforming",
}

FINDINGS: tuple[Verdict, ...] = ("fail", "error", "xpass")
"""Verdicts somebody has to act on: exit code 1."""

_WORST_FIRST: tuple[Verdict, ...] = ("fail", "error", "xpass", "not run", "known", "pass", "n/a")

Class = Literal[
    "exact special",
    "correctly rounded",
    "faithful",
    "ideal",
    "own",
    "premature",
    "exceeds",
    "wrong",
    "known",
]

CLASSES: tuple[Class, ...] = get_args(Class)

Kind = Literal[
    "crash",
    "memory",
    "timeout",
    "nan",
    "inf",
    "value",
    "gradient",
    "reduction",
    "identity",
    "invariant",
    "module",
    "determinism",
    "layout",
    "mutation",
    "shape",
    "dtype",
    "exception",
    "wrong-exception",
    "warning",
    "error",
    "xpass",
]
"""What is wrong. `error` and `xpass` are made by the summary for cells that carry no finding."""

KINDS: tuple[Kind, ...] = get_args(Kind)


def worst(verdicts: list[Verdict]) -> Verdict:
    """The verdict that stands for several; `n/a` where there is none."""
    return min(verdicts, key=_WORST_FIRST.index, default="n/a")
