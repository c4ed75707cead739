"""Forward mode, and second order: the derivatives along a direction of value and gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from conformance.cases.case import Case
from conformance.cases.cotangent import DENSE
from conformance.cases.direction import ONE_HOT, RANDOM, directions
from conformance.cases.generation import build
from conformance.cases.roles import has_classes
from conformance.cases.variant import plain_recipe, variant
from conformance.engine.block import Block, Task
from conformance.engine.book import Book
from conformance.engine.drawn import undifferentiated
from conformance.engine.layout import FEW, is_finite, is_recipe
from conformance.engine.row import FORWARD, SECOND_ORDER, Row
from conformance.specs.models import Loss
from conformance.targets.call import Call, Derivative
from conformance.targets.outcome import Outcome

_COMPANION = "a companion gives the gradient of the loss: there is no graph to differentiate again"
_COMPILED = "a compiled backward of {} is not differentiated again"
_SHAPES = ((4,), (3,))  # without and with a class axis
_MOST = 64
"""Numbers in the inputs of a drawn case: every one of them is run as a power series."""


def tasks(block: Block, cases: Sequence[Case], book: Book) -> Iterator[Task]:
    """A plain case of each reduction and few drawn ones; a task a way, as each is compiled anew."""
    if reason := _obstacle(block):
        for name in (FORWARD, SECOND_ORDER):
            book.skip(name, reason)
        return
    for number, (case, structure) in enumerate(_cases(block, cases)):
        call = block.bound(case)
        if not isinstance(call, Call) or not call.gradient:
            reason = undifferentiated(call) if isinstance(call, Call) else call.reason
            for name in (FORWARD, SECOND_ORDER):
                book.skip(name, reason)
            continue
        for way in _ways(block, number):
            yield _task(block, case, call, way, structure)


def _obstacle(block: Block) -> str:
    """Why the target cannot be asked at all, or nothing."""
    mode = block.side.name.rpartition("+")[2] if "+" in block.side.name else ""
    if block.side.tensors == "numpy":
        return _COMPANION
    return _COMPILED.format(f"torch.{mode}") if mode == "compile" else ""


def _cases(block: Block, cases: Sequence[Case]) -> Iterator[tuple[Case, str]]:
    """Own cases first, of which the first may be the only one that a target is asked for."""
    loss = block.loss
    own = {
        reduction: plain_recipe(loss, block.dtype, _shape(loss, reduction), reduction)
        for reduction in sorted(loss.reductions, key=lambda name: name != "mean")
    }
    plain = [_dense(build(recipe, loss)) for recipe in own.values()]
    yield from ((case, RANDOM) for case in plain)
    yield plain[-1], ONE_HOT
    first = next(iter(own.values()))
    for options in _options(loss):
        plain.append(_dense(build(replace(first, parameters=options), loss)))
        yield plain[-1], RANDOM
    seen = {case.id for case in plain}
    drawn = [case for case in cases if case.id not in seen and _fits(case)]
    for case in drawn[: 1 + len(cases) // FEW // 4]:
        yield case, RANDOM


def _shape(loss: Loss, reduction: str) -> tuple[int, ...]:
    """Two axes where rows are counted: along one their number is that of the losses."""
    if loss.reductions[reduction].divide_by == "rows":
        return (2, 2)
    return _SHAPES[has_classes(loss)]


_TOKENS = {"real": "0.1", "boolean": "true", "integer": "0"}


def _options(loss: Loss) -> Iterator[tuple[tuple[str, str], ...]]:
    """All weights that are arrays; and every other parameter, off its default."""
    weights = [(name, "typical") for name, each in loss.parameters.items() if each.shape]
    others = [
        (name, _TOKENS[each.kind]) for name, each in loss.parameters.items() if not each.shape
    ]
    yield from (tuple(sorted(each)) for each in (weights, others) if each)


def _dense(case: Case) -> Case:
    """No entry of the cotangent is zero: what it leaves out would be nothing by any derivative."""
    return replace(case, cotangents=replace(case.cotangents, structure=DENSE))


def _fits(case: Case) -> bool:
    small = 0 < sum(array.size for array in case.inputs.values()) <= _MOST
    return small and is_recipe(case) and is_finite(case)


def _ways(block: Block, number: int) -> Sequence[Derivative]:
    """Every way on the first case; the slowest not again.

    TensorFlow traces each step of it anew for every dtype, in which it does nothing else.
    """
    ways: Sequence[Derivative] = ("forward-over-reverse", "reverse-over-reverse", "forward")
    slow = block.side.tensors == "tensorflow" and block.dtype != "float32"
    return ways[1:] if number or slow else ways


def _task(block: Block, case: Case, call: Call, way: Derivative, structure: str) -> Task:
    word = way if structure == RANDOM else f"{way}-{structure}"
    made = variant(case, word)
    tangents = directions(case, block.loss, structure)
    asked = replace(call, derivative=way, tangents=tangents)
    return Task(made.id, (asked,), _judge(block, made, asked, word))


def _judge(
    block: Block, case: Case, call: Call, word: str
) -> Callable[[Book, Sequence[Outcome]], None]:
    def judged(book: Book, outcomes: Sequence[Outcome]) -> None:
        names = {
            "forward": (FORWARD,),
            "reverse-over-reverse": (SECOND_ORDER,),
            "forward-over-reverse": (SECOND_ORDER, FORWARD),
        }[call.derivative]
        for name in names:
            Row(block, case, call, word, name).judge(outcomes[0], book)

    return judged
