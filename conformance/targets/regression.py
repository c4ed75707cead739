"""A finding as a pytest test that needs no suite: the snippet's call, and what must hold of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from textwrap import indent

from conformance.targets.call import Call
from conformance.targets.snippet import library_of, snippet

_ELEMENT = {
    "torch": "actual.detach().double().reshape(-1)[{}].item()",
    "keras": "float(tf.reshape(tf.cast(actual, tf.float64), [-1])[{}])",
    "tensorflow": "float(tf.reshape(tf.cast(actual, tf.float64), [-1])[{}])",
    "optax": "float(actual.reshape(-1)[{}])",
    "jax": "float(actual.reshape(-1)[{}])",
    "numpy": "float(np.asarray(actual).reshape(-1)[{}])",
}


@dataclass(frozen=True)
class Due:
    """What one element of the answer must be: within `allowed` of `expected`, both absolute."""

    index: int
    expected: float
    allowed: float


def regression_test(
    call: Call,
    gradient_of: str | None,
    kind: str,
    due: Due | None,
    form: str | None,
    backend: str | None = None,
) -> str:
    """A test function; empty where the snippet is, or where no line of it could say what is due.

    `form` is the dtype or the shape that is due.
    """
    code = snippet(call, gradient_of, backend=backend)
    if not code or not code.splitlines()[-1].startswith("print("):
        return ""
    *lines, last = code.splitlines()
    claim = _claim(call, kind, due, form, library_of(call, backend))
    if claim is None:
        return ""
    run = f"actual = {last[len('print(') : -1]}"
    if call.derivative == "reverse-over-reverse":  # None where autograd finds no path
        claim = ["assert actual is not None", *claim]
    if kind == "error":
        body = [*lines, "with pytest.raises(Exception):", f"    {run}"]
        return f"import pytest\n\n\n{_function(call, gradient_of, kind, body)}"
    return _function(call, gradient_of, kind, [*lines, run, *claim])


def _function(call: Call, gradient_of: str | None, kind: str, body: list[str]) -> str:
    what = "gradient" if gradient_of else "value"
    what = what if call.derivative == "gradient" else f"derivative_of_{what}"
    name = "".join(letter if letter.isalnum() else "_" for letter in call.path.rpartition(":")[2])
    text = indent("\n".join(body), "    ")
    return f"def test_{name.lower()}_{what}_{call.dtype}_{kind.replace('-', '_')}():\n{text}"


def _claim(
    call: Call, kind: str, due: Due | None, form: str | None, framework: str
) -> list[str] | None:
    if kind == "dtype":
        words = [f"{_namespace(framework)}.{word}" for word in (form or call.dtype).split(" or ")]
        either = f"in ({', '.join(words)})" if len(words) > 1 else f"== {words[0]}"
        return [f"assert actual.dtype {either}"]
    if kind == "shape" and form:
        return [f"assert tuple(actual.shape) == {form}"]
    if kind in ("exception", "error"):
        return []
    moved = call.binding.layout and any(call.arrays[name].ndim > 2 for name in call.classes)
    if due is None or moved:
        return None
    element = _ELEMENT[framework].format(due.index)
    if math.isnan(due.expected):
        return [f"value = {element}", "assert value != value  # NaN"]
    if math.isinf(due.expected):
        return [f'assert {element} == float("{due.expected}")']
    return [
        f"expected, allowed = {due.expected!r}, {due.allowed:.3g}  # allowed: the derived bound",
        f"assert abs({element} - expected) <= allowed",
    ]


def _namespace(framework: str) -> str:
    return {"torch": "torch", "numpy": "np", "jax": "jnp", "optax": "jnp"}.get(framework, "tf")
