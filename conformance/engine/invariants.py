"""What the spec says of a loss by itself, held against calls that are related by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from conformance.cases.case import Case
from conformance.cases.generation import build
from conformance.cases.identities import MARK
from conformance.cases.invariants.making import relation, relations
from conformance.cases.relation import Claim, Relation
from conformance.cases.roles import has_classes
from conformance.cases.variant import plain_recipe
from conformance.engine.block import Block, Task
from conformance.engine.book import Book, Explain, Fault
from conformance.engine.claims import INVARIANT, judge_of
from conformance.engine.layout import is_recipe
from conformance.engine.shrink import shrunk_at
from conformance.engine.weighing import Weighing, inputs_of
from conformance.numerics.formats import FORMATS
from conformance.targets.call import Call, NotApplicable
from conformance.targets.outcome import Outcome

Ask = Callable[[Sequence[Call]], list[Outcome]]

FEW, MANY = 8, 16
"""Of every so many cases one serves an invariant; of fewer than many there is one case in all."""

_SHAPES = ((16, 2), (8,))
"""Batches of the case of its own, without and with a class axis."""


def tasks(block: Block, cases: Sequence[Case], book: Book) -> Iterator[Task]:
    """Each invariant on a plain case, on some of the drawn ones, or on one of either."""
    folded = _folded(block)
    drawn = [case for case in cases if is_recipe(case)]
    for index, invariant in enumerate(block.loss.invariants):
        left = 1 if len(drawn) < MANY else 1 + len(drawn) // FEW
        for case in _candidates(block, drawn, index):
            found = list(relations(case, block.loss, invariant, folded=folded))
            made = [each for each in (_task(block, one, book) for one in found) if each is not None]
            yield from made
            left -= bool(made)
            if not left:
                break


def _candidates(block: Block, drawn: Sequence[Case], index: int) -> list[Case]:
    """In the order in which they are tried; a single case is a replay's.

    Of few cases the plain one is the first for every other invariant, and for the others in the
    next dtype.
    """
    if len(drawn) == 1:
        return [*drawn]
    turn = index * len(drawn) // max(len(block.loss.invariants), 1)
    turned = [*drawn[turn:], *drawn[:turn]][: 2 + len(drawn) // FEW]
    own = _own(block, index)
    last = len(drawn) < MANY and (index + [*FORMATS].index(block.dtype)) % 2 == 1
    return [*turned, own] if last else [own, *turned]


def _own(block: Block, index: int) -> Case:
    """Typical numbers, one reduction after the other."""
    loss = block.loss
    names = list(loss.reductions)
    recipe = plain_recipe(loss, block.dtype, _SHAPES[has_classes(loss)], names[index % len(names)])
    return build(recipe, loss)


def _task(block: Block, found: Relation, book: Book) -> Task | None:
    """None where the target does not offer a side, or keeps no claim by what it declares."""
    sides = [block.bound(each) for each in found.sides]
    refused = next((each for each in sides if isinstance(each, NotApplicable)), None)
    if refused is not None:
        book.skip(INVARIANT, refused.reason)
        return None
    calls = tuple(each for each in sides if isinstance(each, Call))
    calls = tuple(_differentiated(found, side, call) for side, call in enumerate(calls))
    weighing = _weighing(block, found, calls)
    claims = [claim for claim in found.claims if _asked(claim, calls)]
    if not _by_the_norm(weighing):
        claims = [claim for claim in claims if weighing.kept(claim)]
    if not claims:
        book.skip(INVARIANT, _excused(weighing))
        return None
    return Task(found.sides[0].id, calls, judge_of(weighing, calls, claims))


def _differentiated(found: Relation, side: int, call: Call) -> Call:
    """Without gradients that no claim is about."""
    wanted = {name for claim in found.claims for of, name in inputs_of(claim) if of == side}
    kept = tuple(name for name in call.gradient if name in wanted)
    return replace(call, gradient=kept, cotangent=call.cotangent if kept else None)


def _asked(claim: Claim, calls: Sequence[Call]) -> bool:
    return all(name is None or name in calls[side].gradient for side, name in inputs_of(claim))


def _weighing(block: Block, found: Relation, calls: Sequence[Call]) -> Weighing:
    held = tuple(replace(block, dtype=each.dtype).held(each) for each in found.sides)
    cotangents = tuple(
        None if call.cotangent is None else np.asarray(call.cotangent, dtype=np.float64)
        for call in calls
    )
    return Weighing(found, held, cotangents)


def _by_the_norm(weighing: Weighing) -> bool:
    return all(dict(each.practice.choices) == each.loss.choices() for each in weighing.held)


def _excused(weighing: Weighing) -> str:
    """Which declared choices take the invariant away, as far as single ones do."""
    norm = weighing.held[0].loss.choices()
    declared = {**weighing.held[0].practice.choices}
    others = ", ".join(
        f"{name} {choice}" for name, choice in declared.items() if choice != norm[name]
    )
    what = weighing.relation.invariant.name
    if not others:
        return f"{what}: the target has no gradient that it speaks of"
    return f"{what} does not hold by declaration: {others}"


def again(block: Block, case: Case, name: str, explain: Explain, ask: Ask) -> list[Fault]:
    """The faults of one relation on another base case, those that nothing explains."""
    found = relation(case, block.loss, name, folded=_folded(block))
    book = Book(block.loss.id, block.side.name, block.dtype, explain)
    made = None if found is None else _task(block, found, book)
    if made is not None:
        made.judge(book, ask(made.calls))
    return book.faults


def smallest(fault: Fault, block: Block, explain: Explain, ask: Ask, attempts: int) -> Fault:
    """The same fault on the simplest case that its relation can be made of."""
    base, name = base_and_name(fault.case.id)

    def retry(case: Case) -> Fault | None:
        faults = again(block, case, name, explain, ask)
        return next((each for each in faults if each.input == fault.input), None)

    return shrunk_at(base, fault, block.loss, retry, attempts)


def _folded(block: Block) -> bool:
    return block.choices().get("last-axis", "kept") != "kept"


def base_and_name(text: str) -> tuple[str, str]:
    """Of the id of a side: the base case and the name of the relation."""
    base, _, name = text.partition(f"/{MARK}")
    return base, name.partition("+")[0]
