"""Whichever inputs need a gradient, value and gradients stay what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from conformance.cases.case import Case
from conformance.cases.variant import variant
from conformance.engine.block import Block, Task
from conformance.engine.book import Book
from conformance.engine.layout import FEW, is_recipe
from conformance.engine.variation import Way, examine, whole_parts
from conformance.results import cell
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome

PATH = "gradient-path"
NOTHING = Way(PATH, "gradient", "value-only", "when no input needs a gradient")
WEIGHTS = Way(PATH, "gradient", "with-weights", "when the weights need a gradient too")


def tasks(block: Block, cases: Sequence[Case], book: Book) -> Iterator[Task]:
    """Every way to ask for gradients beside all inputs at once, with weights and without."""
    asked: dict[bool, list[tuple[Case, Call]]] = {True: [], False: []}
    for case in filter(is_recipe, cases):
        call = block.bound(case)
        if isinstance(call, Call):
            asked[bool(weights(case))].append((case, call))
        else:
            book.skip(PATH, call.reason)
    few = 1 + len(cases) // FEW // 2
    for case, call in (*asked[True][:few], *asked[False][:few]):
        if made := _ways(block, case, call):
            calls = (call, *(each for _, each in made))
            yield Task(case.id, calls, _judge(block, case, calls, [way for way, _ in made]))


def weights(case: Case) -> tuple[str, ...]:
    """The parameters that are arrays."""
    return tuple(name for name, value in case.parameters.items() if hasattr(value, "shape"))


def _ways(block: Block, case: Case, call: Call) -> list[tuple[Way, Call]]:
    found = [(NOTHING, replace(call, gradient=()))] if call.gradient else []
    if len(call.gradient) > 1:
        for name in call.gradient:
            clause = f"when {name} alone needs a gradient"
            way = Way(PATH, "gradient", f"{name.replace('_', '-')}-alone", clause)
            found.append((way, replace(call, gradient=(name,))))
    passed = tuple(name for name in weights(case) if name in call.arrays)
    if passed and call.gradient and block.side.tensors != "numpy":  # a companion gives inputs' only
        found.append((WEIGHTS, replace(call, gradient=(*call.gradient, *passed))))
    return found


def _judge(
    block: Block, case: Case, calls: Sequence[Call], ways: Sequence[Way]
) -> Callable[[Book, Sequence[Outcome]], None]:
    """The first outcome against each of the others."""

    def judged(book: Book, outcomes: Sequence[Outcome]) -> None:
        for way, call, second in zip(ways, calls[1:], outcomes[1:], strict=True):
            raised = second.raised or second.gradient_raised
            if way is WEIGHTS and raised is not None:
                note = f"weights are not differentiated: {raised}"
                book.note(PATH, cell.Outcome(way.word, {}, "", "", "n/a", note))
                continue
            held = block.held(variant(case, way.word))
            examine(way, held, (calls[0], call), (outcomes[0], second), book, whole_parts)

    return judged
