"""A few lines of Python that show a call without this suite."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.targets.call import Call, request
from conformance.targets.target import FRAMEWORKS

MOST = 24
"""Largest array written out; a larger one is summarised and the replay line has to serve."""

_HEAD = {
    "torch": "import torch",
    "keras": "import keras, tensorflow as tf",
    "tensorflow": "import tensorflow as tf",
    "optax": "import jax, jax.numpy as jnp, optax",
    "jax": "import jax, jax.numpy as jnp",
    "numpy": "import numpy as np",
}
_DTYPE = {
    "torch": "torch.",
    "keras": "tf.",
    "tensorflow": "tf.",
    "optax": "jnp.",
    "jax": "jnp.",
    "numpy": "np.",
}
_JAX = ("optax", "jax")


def snippet(call: Call, gradient_of: str | None = None) -> str:
    """Code that prints the value, or the gradient with respect to one input along the cotangent.

    Empty where the arrays are too large to write out, or the framework is not known.
    """
    framework = call.binding.framework
    if framework not in FRAMEWORKS or any(a.size > MOST for a in call.arrays.values()):
        return ""
    lines = [_HEAD[framework]]
    if framework == "numpy" and call.dtype == "bfloat16":
        lines.append("from ml_dtypes import bfloat16")
    if ":" in call.path:
        companion = framework == "numpy" and gradient_of is not None
        lines.append(_imported(call.path, companion))
    if framework in _JAX and call.dtype == "float64":
        lines.append('jax.config.update("jax_enable_x64", True)')
    lines += [f"{name} = {_tensor(call, name, array)}" for name, array in call.arrays.items()]
    return "\n".join([*lines, *_shown(call, framework, gradient_of)])


def _tensor(call: Call, name: str, array: Any) -> str:
    framework = call.binding.framework
    integer = array.dtype.kind in "iub"
    dtype = call.dtypes.get(name, "int64" if integer else call.dtype)
    axis = call.binding.layout.get("classes") if name in call.classes else None
    if axis is not None and array.ndim > 1:
        array = np.moveaxis(array, -1, axis)
    text = _numbers(array, framework)
    kind = _kind(framework, dtype)
    maker = {
        "torch": "torch.tensor",
        "optax": "jnp.array",
        "jax": "jnp.array",
        "numpy": "np.array",
    }
    grad = ", requires_grad=True" if framework == "torch" and name in call.gradient else ""
    return f"{maker.get(framework, 'tf.constant')}({text}, dtype={kind}{grad})"


def _kind(framework: str, dtype: str) -> str:
    """A dtype as code; NumPy itself has no bfloat16."""
    return dtype if (framework, dtype) == ("numpy", "bfloat16") else _DTYPE[framework] + dtype


def _numbers(array: Any, framework: str) -> str:
    """Nested lists; decimal digits enough to be exact."""
    if array.size == 0:
        return f"{_DTYPE[framework]}zeros({array.shape})"
    text = repr(array.tolist())
    return text.replace("nan", 'float("nan")').replace("inf", 'float("inf")')


def _shown(call: Call, framework: str, gradient_of: str | None) -> list[str]:
    header, _ = request(call, 0)
    constants = header["construction"] or header["constants"]
    named = [f"{name}={value!r}" for name, value in constants.items()]
    ordered = call.binding.ordered
    places = dict(zip(call.arrays, header["arguments"], strict=True))
    built = [f"{w[1]}={n}" for n, w in places.items() if w[0] == "construct"]
    given = sorted(
        ((w[1], n) for n, w in places.items() if w[0] == "call"), key=lambda each: str(each[0])
    )
    positional = [name for place, name in given if isinstance(place, int)]
    keyword = [f"{place}={name}" for place, name in given if not isinstance(place, int)]
    path = call.path.replace("tensorflow.", "tf.", 1) if "tf" in _HEAD[framework] else call.path
    path = path.rpartition(":")[2]
    if call.form == "module":
        if framework == "keras" and call.dtype != "float32":  # it casts to a dtype of its own
            named.append(f"dtype={call.dtype!r}")
        expression = f"{path}({', '.join([*named, *built])})({', '.join([*positional, *keyword])})"
    elif ordered:  # an `apply`, which takes no names
        said = {
            **dict(given),
            **{n: repr(v) for n, v in constants.items()},
        }
        every = [
            said.get(at, said.get(name, repr(ordered[name]))) for at, name in enumerate(ordered)
        ]
        expression = f"{path}({', '.join(every)})"
    else:
        expression = f"{path}({', '.join([*positional, *keyword, *named])})"
    if header["after"]:
        after = str(header["after"]).replace("jax.numpy.", "jnp.", 1)
        expression = f"{after}({expression})"
    if call.squared:
        expression = f"({expression}) ** 2"
    if gradient_of is None or call.cotangent is None:
        return [f"print({expression})"]
    return _gradient(call, framework, expression, gradient_of)


def _imported(path: str, companion: bool) -> str:
    """The import of a user's callable; a file is imported by its name, from its own folder."""
    where, _, name = path.rpartition(":")
    first = name.partition(".")[0]
    first += f", {name}_gradient" * (companion and first == name)
    if not where.endswith(".py"):
        return f"from {where} import {first}"
    folder, _, file = where.rpartition("/")
    return f"from {file.removesuffix('.py')} import {first}  # in {folder or '.'}"


def _after_inputs(expression: str, call: Call, along: str) -> str:
    """The cotangent behind the inputs, where a NumPy companion takes it."""
    last = list(call.inputs)[-1]
    return expression.replace(last, f"{last}, {along}", 1)


def _gradient(call: Call, framework: str, expression: str, wanted: str) -> list[str]:
    along = _numbers(call.cotangent, framework)
    dtype = _kind(framework, call.dtype)
    if framework == "torch":
        seed = f"torch.tensor({along}, dtype={dtype})"
        return [f"loss = {expression}", f"print(torch.autograd.grad(loss, {wanted}, {seed})[0])"]
    if framework == "numpy":
        along = f"np.array({along}, dtype={dtype})"
        place = list(call.inputs).index(wanted)
        companion = expression.replace("(", "_gradient(", 1)
        called = _after_inputs(companion, call, along)
        return [
            f"found = {called}",
            f"print(list(found.values() if isinstance(found, dict) else found)[{place}])",
        ]
    if framework in _JAX:
        return [
            f"loss, vjp = jax.vjp(lambda {wanted}: {expression}, {wanted})",
            f"print(vjp(jnp.array({along}, dtype={dtype}))[0])",
        ]
    return [
        "with tf.GradientTape() as tape:",
        f"    tape.watch({wanted}); loss = {expression}",
        f"print(tape.gradient(loss, {wanted}, output_gradients=tf.constant({along}, dtype={dtype})))",
    ]
