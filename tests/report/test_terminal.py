from __future__ import annotations

import io

import pytest
from rich.console import Console

from conformance.report import terminal
from conformance.results import Results


def shown(results: Results, width: int = 80, color: bool = False) -> str:
    text = io.StringIO()
    system = "truecolor" if color else None
    console = Console(file=text, width=width, force_terminal=color, color_system=system)  # type: ignore[arg-type]
    terminal.show(results, console)
    return text.getvalue()


def test_verdict_gaps_causes_and_matrix(results: Results) -> None:
    text = shown(results)
    assert text.startswith("✗ Does not conform: 8 causes in 6 of 8 losses")
    assert "– torch==2.13.0@cuda did not run: no CUDA device was found" in text
    assert "39.7 ulp, 3.2 allowed (12.4×)" in text
    assert "binary_cross_entropy_with_logits  ✓" in text


@pytest.mark.parametrize("width", [80, 60, 120])
def test_nothing_but_a_replay_line_is_wider_than_the_terminal(results: Results, width: int) -> None:
    lines = [line.rstrip() for line in shown(results, width).splitlines()]
    wide = [line for line in lines if len(line) > width]
    assert all(line.startswith("  conformance replay ") for line in wide)


def test_a_replay_line_is_never_wrapped(results: Results) -> None:
    replay = "conformance replay gradient:kl_divergence/float32/tails/2x2/none/s31 -t"
    assert replay in shown(results, width=40)


def test_foreign_text_neither_styles_nor_moves_anything(poisoned: Results) -> None:
    text = shown(poisoned)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\u001b" in text
    assert "</script>" in text
