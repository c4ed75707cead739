"""A few lines of Python that show a call without this suite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from conformance.targets.call import Call, request
from conformance.targets.directional import Words, lines_along
from conformance.targets.strides import laid_out
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
_MAKER = {
    "torch": "torch.tensor",
    "optax": "jnp.array",
    "jax": "jnp.array",
    "numpy": "np.array",
}
_ON = {
    name: f'import os\nos.environ["KERAS_BACKEND"] = "{name}"\nimport keras\n{_HEAD[name]}'
    for name in ("torch", "jax")
}
_JAX = ("optax", "jax")


def library_of(call: Call, backend: str | None) -> str:
    """Whose tensors a call takes: those of the backend, where Keras runs on another than its first."""
    framework = call.binding.framework
    return backend if framework == "keras" and backend in _ON else framework


def snippet(
    call: Call,
    gradient_of: str | None = None,
    changed: Sequence[str] = (),
    backend: str | None = None,
) -> str:
    """Code that prints the value, or the gradient with respect to one input along the cotangent.

    Of a call along a direction it prints how these move. With `changed`, arguments that the call
    changes, these are printed before and after it. Empty where the arrays are too large to write
    out, or the framework is not known.
    """
    framework = library_of(call, backend)
    if call.binding.framework not in FRAMEWORKS or any(a.size > MOST for a in call.arrays.values()):
        return ""
    keras = framework != call.binding.framework
    lines = [_ON[framework] if keras else _HEAD[framework]]
    if framework == "numpy" and call.dtype == "bfloat16":
        lines.append("from ml_dtypes import bfloat16")
    if ":" in call.path:
        companion = framework == "numpy" and gradient_of is not None
        lines.append(_imported(call.path, companion))
    if framework in _JAX and {"float64", "int64"} & {call.dtype, *call.dtypes.values()}:
        lines.append('jax.config.update("jax_enable_x64", True)')
    lines += [
        f"{name} = {_tensor(call, name, array, framework)}" for name, array in call.arrays.items()
    ]
    lines += [f"{name} = {_python(value)}" for name, value in call.plain.items()]
    lines += laid_out(call.arrays, framework, call.layout, call.gradient)
    shown = _shown(call, framework, gradient_of)
    if any(name in call.arrays for name in changed):
        before = f"print({', '.join(changed)})"
        shown = [before, shown[-1].removeprefix("print(").removesuffix(")"), before]
    return "\n".join([*lines, *shown])


def _tensor(call: Call, name: str, array: Any, framework: str, *, still: bool = False) -> str:
    integer = array.dtype.kind in "iub"
    dtype = call.dtypes.get(name, "int64" if integer else call.dtype)
    axis = call.binding.layout.get("classes") if name in call.classes else None
    if axis is not None and array.ndim > 1:
        array = np.moveaxis(array, -1, axis)
    text = _numbers(array if "float" in dtype else array.astype(np.int64), framework)
    kind = _kind(framework, dtype)
    grad = (
        ", requires_grad=True"
        if framework == "torch" and name in call.gradient and not still
        else ""
    )
    return f"{_MAKER.get(framework, 'tf.constant')}({text}, dtype={kind}{grad})"


def _python(value: Any) -> str:
    """A number, or nested lists of them."""
    return repr(value).replace("nan", 'float("nan")').replace("inf", 'float("inf")')


def _kind(framework: str, dtype: str) -> str:
    """A dtype as code; NumPy itself has no bfloat16."""
    return dtype if (framework, dtype) == ("numpy", "bfloat16") else _DTYPE[framework] + dtype


def _numbers(array: Any, framework: str) -> str:
    """Nested lists; decimal digits enough to be exact."""
    if array.size == 0:
        return f"{_DTYPE[framework]}zeros({array.shape})"
    return _python(array.tolist())


def _shown(call: Call, framework: str, gradient_of: str | None) -> list[str]:
    header, _ = request(call, 0)
    constants = header["construction"] or header["constants"]
    named = [f"{name}={value!r}" for name, value in constants.items()]
    ordered = call.binding.ordered
    places = dict(zip(call.arrays, header["arguments"], strict=True))
    built = [f"{w[1]}={n}" for n, w in places.items() if w[0] == "construct"]
    called = [(w[1], n) for n, w in places.items() if w[0] == "call"]
    called += [(call.binding.inputs[name], name) for name in call.python]
    given = sorted(called, key=lambda each: str(each[0]))
    positional = [name for place, name in given if isinstance(place, int)]
    keyword = [f"{place}={name}" for place, name in given if not isinstance(place, int)]
    path = call.path.replace("tensorflow.", "tf.", 1) if "tf" in _HEAD[framework] else call.path
    path = path.rpartition(":")[2]
    if call.form == "module":
        if call.binding.framework == "keras" and call.dtype != "float32":
            named.append(f'dtype="{call.dtype}"')  # it casts to a dtype of its own
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
    if call.derivative != "gradient":
        return _along(call, framework, expression, gradient_of)
    if gradient_of is None or call.cotangent is None:
        return [f"print({expression})"]
    return _gradient(call, framework, expression, gradient_of)


def _along(call: Call, framework: str, expression: str, wanted: str | None) -> list[str]:
    tangents = {
        name: _tensor(call, name, each, framework, still=True)
        for name, each in call.tangents.items()
    }
    words = Words(expression, _seed(call, framework), tangents, wanted)
    return [*lines_along(framework, call.derivative, words)]


def _seed(call: Call, framework: str) -> str:
    """The cotangent as the framework's array."""
    along, dtype = _numbers(call.cotangent, framework), _kind(framework, call.dtype)
    return f"{_MAKER.get(framework, 'tf.constant')}({along}, dtype={dtype})"


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
