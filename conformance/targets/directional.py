"""The lines of a snippet that differentiate along a direction, in each framework's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conformance.targets.call import Derivative


@dataclass(frozen=True)
class Words:
    """What a call is made of as text: its expression, the cotangent, and tangents by input.

    `wanted` is the input whose gradient moves, None for the value; by autograd of the gradient that
    is what the cotangent gets.
    """

    expression: str
    seed: str
    tangents: Mapping[str, str]
    wanted: str | None

    @property
    def names(self) -> str:
        return ", ".join(self.tangents)

    @property
    def along(self) -> str:
        return ", ".join(self.tangents.values())

    @property
    def place(self) -> int:
        return [*self.tangents].index(self.wanted) if self.wanted else 0


def lines_along(framework: str, derivative: Derivative, words: Words) -> Sequence[str]:
    """Code whose last line prints how the value, or one gradient, moves."""
    if derivative == "forward-over-reverse" and words.wanted is None:
        derivative = "forward"
    if framework == "torch" and derivative != "forward-over-reverse":
        return _torch_forward(words) if derivative == "forward" else _torch_twice(words)
    if framework in ("tensorflow", "keras"):
        return _tapes(derivative, words)
    return _transforms("torch.func" if framework == "torch" else "jax", derivative, words)


def _torch_forward(words: Words) -> Sequence[str]:
    duals = [
        f"    {name} = dual.make_dual({name}, {tangent})"
        for name, tangent in words.tangents.items()
    ]
    return [
        "import torch.autograd.forward_ad as dual",
        "with dual.dual_level():",
        *duals,
        f"    moved = dual.unpack_dual({words.expression}).tangent",
        "print(moved)",
    ]


def _torch_twice(words: Words) -> Sequence[str]:
    return [
        f"seed = {words.seed}.requires_grad_()",
        f"gradients = torch.autograd.grad({words.expression}, [{words.names}], seed, "
        "create_graph=True)",
        f"torch.autograd.backward(gradients, [{words.along}])",
        f"print({words.wanted or 'seed'}.grad)",
    ]


def _transforms(space: str, derivative: Derivative, words: Words) -> Sequence[str]:
    value = f"lambda {words.names}: {words.expression}"
    primals, tangents = f"({words.names},)", f"({words.along},)"
    if derivative == "forward":
        return [f"print({space}.jvp({value}, {primals}, {tangents})[1])"]
    if words.wanted is None:
        return [
            f"seed = {words.seed}",
            "def gradients(seed):",
            f"    return {space}.vjp({value}, {words.names})[1](seed)",
            f"print({space}.vjp(gradients, seed)[1]({tangents})[0])",
        ]
    shown = f"{space}.jvp(gradients, {primals}, {tangents})[1]"
    if derivative == "reverse-over-reverse":
        shown = f"{space}.vjp(gradients, {words.names})[1]({tangents})"
    return [
        f"def gradients({words.names}):",
        f"    return {space}.vjp({value}, {words.names})[1]({words.seed})",
        f"print({shown}[{words.place}])",
    ]


def _tapes(derivative: Derivative, words: Words) -> Sequence[str]:
    sources = f"[{words.names}]"
    forward = f"with tf.autodiff.ForwardAccumulator({sources}, [{words.along}]) as forward:"
    if derivative == "forward":
        return [forward, f"    loss = {words.expression}", "print(forward.jvp(loss))"]
    seed = words.seed if words.wanted else "seed"
    inner = [
        "    with tf.GradientTape() as tape:",
        f"        tape.watch({sources}); loss = {words.expression}",
        f"    gradients = tape.gradient(loss, {sources}, output_gradients={seed})",
    ]
    if derivative == "forward-over-reverse":
        return [forward, *inner, f"print(forward.jvp(gradients[{words.place}]))"]
    return [
        *([] if words.wanted else [f"seed = {words.seed}"]),
        "with tf.GradientTape() as outer:",
        f"    outer.watch({sources if words.wanted else 'seed'})",
        *inner,
        f"print(outer.gradient(gradients, {words.wanted or 'seed'}, output_gradients=[{words.along}]))",
    ]
