"""How long `conformance check` takes for one loss on torch, and when it says its first verdict."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from conformance.results.verdict import SYMBOL

SECONDS, FIRST = 20, 5
PLACES: Mapping[str, str] = MappingProxyType(
    {
        "l1": "l1_loss",
        "mse": "mse_loss",
        "nll": "nll_loss",
        "cross_entropy": "cross_entropy",
        "cross_entropy_probabilities": "cross_entropy",
        "binary_cross_entropy": "binary_cross_entropy",
        "binary_cross_entropy_with_logits": "binary_cross_entropy_with_logits",
        "kl_divergence": "kl_div",
    }
)
"""What torch.nn.functional calls each loss: it takes every parameter, so that nothing is left out."""


@dataclass(frozen=True)
class Checked:
    """Seconds on the clock, until the first verdict, and of all processors."""

    seconds: float
    first: float
    busy: float


def measure() -> None:
    """Print a line a loss, beside the bare import of torch in the same minute."""
    print(f"{'loss':34}{'first verdict':>14}{'whole':>8}{'processor':>11}{'import torch':>14}")
    found = []
    for loss, name in PLACES.items():
        bare = watched([sys.executable, "-c", "import torch"])
        words = ["check", f"torch.nn.functional:{name}", "--loss", loss, "-o", "-"]
        ran = watched([sys.executable, "-u", "-m", "conformance", *words])
        found.append(ran)
        print(
            f"{loss:34}{ran.first:12.1f} s{ran.seconds:6.1f} s{ran.busy:9.1f} s{bare.seconds:12.1f} s",
            flush=True,
        )
    first, whole = max(each.first for each in found), max(each.seconds for each in found)
    print(
        f"at most: {first:.1f} s to the first verdict, {first / FIRST:.2f} of the {FIRST} s allowed; "
        f"{whole:.1f} s in all, {whole / SECONDS:.2f} of the {SECONDS} s allowed"
    )


def watched(words: list[str]) -> Checked:
    """Run a command and read what it says as it comes."""
    began, before = time.perf_counter(), os.times()
    first = float("nan")
    marks = tuple(f"{symbol} " for symbol in SYMBOL.values())
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    )
    assert process.stdout is not None
    for line in process.stdout:
        if first != first and line.startswith(marks):
            first = time.perf_counter() - began
    process.wait()
    after = os.times()
    busy = after.children_user + after.children_system
    busy -= before.children_user + before.children_system
    return Checked(time.perf_counter() - began, first, busy)
