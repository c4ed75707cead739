"""Where the numbers lie in memory is no matter of theirs: strides, offsets, read-only memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from conformance.cases.case import Case, frozen
from conformance.cases.generation import build
from conformance.cases.roles import has_classes
from conformance.cases.variant import plain_recipe, variant
from conformance.engine.block import Block, Task
from conformance.engine.book import Book
from conformance.engine.variation import Way, task
from conformance.results import cell
from conformance.specs.models import Loss
from conformance.targets.call import Call

LAYOUT = "layout"
FEW = 4
"""Of every so many cases one is laid out in each way; one at least."""

CLAUSES: Mapping[str, str] = MappingProxyType(
    {
        "transposed": "with inputs that are transposed views",
        "strided": "with inputs that are every second element of larger ones",
        "broadcast": "with inputs that are one row broadcast (stride 0)",
        "sliced": "with inputs that are cut out of larger ones",
        "channels-last": "with inputs whose second axis is innermost in memory",
        "reversed": "with inputs that run backwards in memory",
        "read-only": "with inputs in read-only memory",
    }
)
_NO_NEGATIVE = "a tensor of PyTorch has no negative strides"
_WRITABLE = "a tensor of PyTorch is writable"
_OWN = "{} decides itself where its tensors lie: the caller has no strides"
_AXES = {"transposed": 2, "channels-last": 3}
_SHAPES = (((4, 3, 5), (4, 3)), ((2, 3, 4), (4,)))
"""Batches without and with a class axis behind them: of many axes, and of as few as kernels take."""


def tasks(block: Block, cases: Sequence[Case], book: Book) -> Iterator[Task]:
    """Each layout on a case of several axes and on few of the drawn ones."""
    drawn = [case for case in cases if is_recipe(case)]
    if reason := obstacle(block.side.tensors, "strided"):
        book.skip(LAYOUT, reason)
    for word, clause in CLAUSES.items():
        if reason := obstacle(block.side.tensors, word):
            book.note(LAYOUT, cell.Outcome(word, {}, "", "", "n/a", reason))
            continue
        fitting = [case for case in drawn if _fits(case, word, block.loss)]
        own = [case for case in _own(block) if _fits(case, word, block.loss)]
        for case in [*own, *fitting[: 1 + len(cases) // FEW]]:
            made = variant(_constant_rows(case) if word == "broadcast" else case, word)
            call = block.bound(made)
            if isinstance(call, Call):
                way = Way(LAYOUT, "layout", word, clause)
                yield task(block, made, way, (call, replace(call, layout=word)))
            else:
                book.skip(LAYOUT, call.reason)


def obstacle(tensors: str, word: str) -> str | None:
    """Why tensors of a library cannot be laid out in a way."""
    if tensors == "torch":
        return {"reversed": _NO_NEGATIVE, "read-only": _WRITABLE}.get(word)
    names = {"tensorflow": "TensorFlow", "jax": "JAX", "optax": "JAX"}
    return _OWN.format(names[tensors]) if tensors in names else None


def is_recipe(case: Case) -> bool:
    """Drawn, not written."""
    return case.id.count("/") == 6


def is_finite(case: Case) -> bool:
    """Whether every input is: by infinities and NaN a formula states no slope."""
    return all(bool(np.isfinite(array).all()) for array in case.inputs.values())


def _own(block: Block) -> Iterator[Case]:
    loss, shapes = block.loss, _SHAPES[has_classes(block.loss)]
    for shape in shapes:
        for reduction in ("none", "mean"):
            if reduction in loss.reductions:
                yield build(plain_recipe(loss, block.dtype, shape, reduction), loss)


def _fits(case: Case, word: str, loss: Loss) -> bool:
    """Whether the layout changes anything: enough axes, longer than one."""
    shapes = [array.shape for array in case.inputs.values()]
    widest = max(len(shape) for shape in shapes)
    axes = _AXES.get(word, 0 if word == "read-only" else 1)
    rows = word != "broadcast" or all(shapes)
    return widest >= axes and rows and all(size > 1 for shape in shapes for size in shape)


def _constant_rows(case: Case) -> Case:
    """Every row of the inputs becomes the first one."""
    inputs = {
        name: frozen(np.broadcast_to(array[:1], array.shape).copy())
        for name, array in case.inputs.items()
    }
    return replace(case, inputs=inputs)
