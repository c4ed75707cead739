"""The same numbers give the same answer: again, on more threads, and alone instead of in a batch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from conformance.cases.case import Case
from conformance.cases.generation import build
from conformance.cases.roles import has_classes
from conformance.cases.sample import batch_of, cut
from conformance.cases.variant import plain_recipe, variant
from conformance.engine.block import Block, Task
from conformance.engine.book import Book
from conformance.engine.judge import Held
from conformance.engine.layout import FEW, is_recipe
from conformance.engine.standard import separable
from conformance.engine.variation import Part, Way, examine, gradient_part, task
from conformance.results import cell
from conformance.targets.call import Call
from conformance.targets.outcome import Array, Outcome

DETERMINISM = "determinism"
TIMES, THREADS = 10, 4
AGAIN = Way(DETERMINISM, "determinism", "again", f"called {TIMES} times in a row")
THREADED = Way(DETERMINISM, "determinism", "threads", f"on {THREADS} threads instead of one")
ALONE = Way(DETERMINISM, "determinism", "alone", "for a sample alone instead of in its batch")

_FIXED: Mapping[str, str] = MappingProxyType(
    {
        "tensorflow": "TensorFlow fixes the number of its threads when it starts",
        "jax": "XLA on a CPU takes the threads that the system gives it",
        "optax": "XLA on a CPU takes the threads that the system gives it",
        "numpy": "NumPy computes element by element on one thread",
    }
)
_AVERAGED = "the loss is averaged over the last axis, so that no sample stands alone"
_LARGE = (40_000,), (8_000,)  # numbers enough that torch shares them out (its grain is 32,768)
_TAIL = (33,)  # one sample behind the vectors of every width


def tasks(block: Block, cases: Sequence[Case], book: Book) -> Iterator[Task]:
    drawn = [case for case in cases if is_recipe(case)]
    yield from _again(block, drawn[: 1 + len(drawn) // FEW], book)
    yield from _threads(block, book)
    yield from _alone(block, drawn, book)


def _again(block: Block, cases: Sequence[Case], book: Book) -> Iterator[Task]:
    for case in cases:
        made = variant(case, AGAIN.word)
        call = block.bound(made)
        if isinstance(call, Call):
            yield task(block, made, AGAIN, (call, replace(call, repeat=TIMES)))
        else:
            book.skip(DETERMINISM, call.reason)


def _threads(block: Block, book: Book) -> Iterator[Task]:
    """A mean long enough that threads share it, many times over."""
    reason = _FIXED.get(block.side.tensors)
    if reason is not None:
        book.note(DETERMINISM, cell.Outcome(THREADED.word, {}, "", "", "n/a", reason))
        return
    loss = block.loss
    recipe = plain_recipe(loss, block.dtype, _LARGE[has_classes(loss)], "mean")
    made = variant(build(recipe, loss), THREADED.word)
    call = block.bound(made)
    if isinstance(call, Call):
        many = replace(call, repeat=TIMES, threads=THREADS)
        yield task(block, made, THREADED, (call, many))


def _alone(block: Block, drawn: Sequence[Case], book: Book) -> Iterator[Task]:
    """The last sample of a batch, behind the last whole vector."""
    loss = block.loss
    own = build(plain_recipe(loss, block.dtype, _TAIL, "none"), loss)
    chosen = [case for case in drawn if case.reduction == "none"]
    for case in [own, *chosen[: 1 + len(drawn) // FEW]]:
        if not separable(case, block.choices()):
            book.note(DETERMINISM, cell.Outcome(ALONE.word, {}, "", "", "n/a", _AVERAGED))
            return
        size = math.prod(batch_of(case.inputs, loss))
        if size < 2:
            continue
        single = replace(cut(case, loss, size - 1), id=variant(case, ALONE.word).id)
        calls = block.bound(case), block.bound(single)
        if isinstance(calls[0], Call) and isinstance(calls[1], Call):
            yield _sample_task(block, single, size - 1, (calls[0], calls[1]))


def _sample_task(block: Block, single: Case, element: int, calls: tuple[Call, Call]) -> Task:
    def parts(
        held: Held, calls: tuple[Call, Call], outcomes: tuple[Outcome, Outcome]
    ) -> Iterator[Part]:
        first, second = outcomes
        assert first.value is not None
        if second.value is None or second.value.values.size != 1:
            return
        if first.value.shape != batch_of(calls[0].inputs, block.loss):
            return  # of another shape, which `shape` reports
        one = first.value.values.reshape(-1)[element].reshape(second.value.shape)
        yield Part(None, one, second.value.values, held.value, held.value_limits_at)
        along = calls[1].cotangent
        for name, other in second.gradients.items():
            if along is not None and name in first.gradients:
                whole = first.gradients[name]
                yield gradient_part(held, name, along, _sample(whole, element, other), other)

    def judged(book: Book, outcomes: Sequence[Outcome]) -> None:
        pair = outcomes[0], outcomes[1]
        examine(ALONE, block.held(single), calls, pair, book, parts)

    return Task(single.id, calls, judged)


def _sample(whole: Array, element: int, like: Array) -> Array:
    """The part of a gradient that belongs to a sample, in the shape that it has alone."""
    width = like.stored.size
    rows = whole.stored.reshape(-1, width) if width else whole.stored.reshape(1, -1)
    return Array(whole.dtype, rows[element].reshape(like.shape))
