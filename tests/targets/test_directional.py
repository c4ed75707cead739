"""Snippets along a direction print what the oracle says, in each framework's own words."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import replace

import numpy as np
import pytest

from conformance.cases.direction import RANDOM, directions
from conformance.cases.generation import build
from conformance.cases.variant import plain_recipe
from conformance.oracle import directional, midpoints
from conformance.targets.call import Call, bind
from conformance.targets.snippet import snippet
from tests.engine.honest import LOSSES, side

MODULES = {"torch": "torch", "tensorflow": "tensorflow", "optax": "optax"}
WAYS = ["forward", "reverse-over-reverse", "forward-over-reverse"]


def call_of(framework: str, way: str) -> tuple[Call, dict[str, np.ndarray]]:
    loss = LOSSES["mse"]
    recipe = plain_recipe(loss, "float32", (2,), "none")
    case = build(recipe, loss)
    call = bind(case, side(framework).bindings["mse"], loss)
    assert isinstance(call, Call)
    tangents = directions(case, loss, RANDOM)
    found = directional(loss, case.inputs, {}, tangents, "none", None, call.cotangent)
    expected = {"": midpoints(found.forward)}
    expected |= {name: midpoints(each) for name, each in found.second.items()}
    return replace(call, derivative=way, tangents=tangents), expected


def printed(code: str) -> list[float]:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(code, "snippet", "exec"), {})
    inside = re.search(r"\[(.*?)\]", out.getvalue())
    assert inside is not None, out.getvalue()
    return [float(each) for each in inside[1].replace(",", " ").split()]


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
@pytest.mark.parametrize("framework", [*MODULES])
@pytest.mark.parametrize("way", WAYS)
def test_a_snippet_prints_how_value_and_gradient_move(framework: str, way: str) -> None:
    pytest.importorskip(MODULES[framework], reason=f"{framework} is not installed")
    call, expected = call_of(framework, way)
    for name in ("", "prediction", "target"):
        if (name and way == "forward") or (not name and way == "forward-over-reverse"):
            continue  # the latter prints the value as "forward" does
        found = printed(snippet(call, name or None))
        assert found == pytest.approx(expected[name].tolist(), rel=1e-3)
