"""Climb to the inputs that use most of their bound.

Hypothesis draws recipes and is told how much of its bound the worst element of each uses, so that
it goes on where the share is large; then numbers near the worst samples are drawn in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings, target
from hypothesis import seed as seeded
from hypothesis import strategies as st

from conformance.cases.case import Case
from conformance.cases.drawing import numbers_below, strategy
from conformance.cases.generation import build
from conformance.cases.recipe import Recipe
from conformance.cases.spot import neighbours
from conformance.cases.streams import Stream
from conformance.engine.block import Block
from conformance.engine.book import Book
from conformance.engine.drawn import examine
from conformance.engine.field import KEPT, Ask, Field, Find
from conformance.engine.memory import own_cases
from conformance.engine.request import COMPARED, Request
from conformance.engine.shapes import coarse
from conformance.engine.share import GRADIENT, VALUE
from conformance.engine.tally import Tally, brief
from conformance.engine.workers import Station
from conformance.results.cell import Climb
from conformance.targets.call import Call


@dataclass(frozen=True)
class Effort:
    """Examples that Hypothesis draws of recipes and of neighbourhoods, and cases of the latter.

    `together` samples share a call, `apart` calls are made where they cannot.
    """

    recipes: int
    steps: int
    together: int = 192
    apart: int = 12
    coarse: bool = False


EFFORT = Effort(recipes=80, steps=80)
COMPILED = Effort(recipes=24, steps=40, apart=4, coarse=True)
"""Of a target that compiles each new call."""

_LARGEST = 512
_FIRST = 6
"""Cases of the run that a hunt begins with, those that use most of their bounds."""
_SEEDS = 1 << 32


def hunted(
    request: Request, station: Station, block: Block, cases: Sequence[Case], book: Book, ask: Ask
) -> dict[str, Climb]:
    """How far a hunt on a target came, by property; nothing where none is asked for."""
    compared = {*COMPARED} & {*request.properties}
    if not (request.hunts and compared) or station.beside or block.binding.absent is not None:
        return {}
    effort = COMPILED if station.target.compiles else EFFORT
    entries = own_cases(request.corpus, block)
    return hunt(block, ask, cases, entries, book, request.seed, effort)


def hunt(
    block: Block,
    ask: Ask,
    cases: Sequence[Case],
    entries: Mapping[str, Case],
    book: Book,
    seed: int,
    effort: Effort,
) -> dict[str, Climb]:
    """How far value and gradient were driven; what fails on the way goes into the book.

    `cases` are those of the run, `entries` the corpus's own of this target by property.
    """
    field = Field(block, ask, book.explain)
    before = dict.fromkeys((VALUE, GRADIENT), 0.0)
    for name in before:
        wanted = _worst(book.tally(name))
        drawn = {case.id: case for case in cases if case.id in wanted}
        first = [drawn[each] for each in wanted if each in drawn]
        for each, share in field.try_out(first).items():
            before[each] = max(before[each], share)
    kept = {name: field.try_out([case])[name] for name, case in entries.items()}
    before = {name: max(share, kept.get(name, 0.0)) for name, share in before.items()}
    _over_recipes(field, seed, effort)
    _beside_the_worst(field, seed, effort)
    for finds in list(field.failures.values()):
        _report(field, finds, book)
    return {name: _climb(field, name, before[name], kept.get(name)) for name in before}


def _worst(tally: Tally) -> list[str]:
    """Cases that pass and are not rounded correctly throughout, by their share."""
    rows = [
        row for row in tally.rows if row.verdict == "pass" and row.share and (row.ulp or 0.0) > 0.5
    ]
    ordered = sorted(rows, key=lambda row: -(row.share or 0.0))
    return [row.case.partition(":")[2] for row in ordered[:_FIRST]]


def _climb(field: Field, name: str, before: float, kept: float | None) -> Climb:
    found = field.settled(name)
    best = max((each.share for each in field.finds[name]), default=0.0)
    return Climb(
        before=brief(before),
        after=brief(found.share if found else best),
        case=found.case.id if found else None,
        tried=field.tried,
        kept=None if kept is None else brief(kept),
    )


def _over_recipes(field: Field, seed: int, effort: Effort) -> None:
    loss = field.block.loss
    recipes = strategy(loss, field.block.dtype, largest=_LARGEST)

    def step(recipe: Recipe) -> dict[str, float]:
        return field.try_out([build(coarse(recipe) if effort.coarse else recipe, loss)])

    _steered(step, recipes, effort.recipes, _text(field, "recipes", seed))


def _beside_the_worst(field: Field, seed: int, effort: Effort) -> None:
    text = _text(field, "steps", seed)

    def step(drawn: tuple[int, int]) -> dict[str, float]:
        return field.try_out(_neighbours(field, drawn[0], Stream(text, str(drawn[1])), effort))

    draws = st.tuples(numbers_below(2 * KEPT), numbers_below(_SEEDS))
    _steered(step, draws, effort.steps, text)


def _neighbours(field: Field, place: int, stream: Stream, effort: Effort) -> list[Case]:
    """Cases beside one of the finds; none before there is one."""
    finds = [*field.finds[VALUE], *field.finds[GRADIENT]]
    spot = field.spot(finds[place % len(finds)]) if finds else None
    if spot is None:
        return []
    count = effort.together if spot.together else effort.apart
    return list(spot.cases(neighbours(spot.numbers, stream, spot.form, count)))


Step = Callable[..., Mapping[str, float]]


def _steered(step: Step, draws: st.SearchStrategy[Any], examples: int, text: str) -> None:
    """Run the step on that many draws, Hypothesis turning towards those with large shares."""

    @seeded(text)
    @settings(
        database=None,
        deadline=None,
        max_examples=examples,
        phases=[Phase.generate, Phase.target],
        suppress_health_check=list(HealthCheck),
    )
    @given(draws)
    def climb(drawn: object) -> None:
        for name, share in step(drawn).items():
            target(share, label=name)

    climb()


def _text(field: Field, part: str, seed: int) -> str:
    block = field.block
    return f"hunt {part} {block.loss.id} {block.dtype} {block.side.framework} {seed}"


def _report(field: Field, finds: Sequence[Find], book: Book) -> None:
    """The first failure that shows again in a form that can be replayed; else the first as it is."""
    forms = [case for find in finds for case in field.forms(find)]
    for case in (*forms, finds[0].case):
        if _examined(field, case, book):
            return


def _examined(field: Field, case: Case, book: Book) -> bool:
    """Ask for a case once more; it counts where it fails again."""
    call = field.block.bound(case)
    if not isinstance(call, Call):
        return False
    (outcome,) = field.ask([call])
    trial = Book(book.loss, book.target, book.dtype, book.explain)
    examine(field.block, case, call, outcome, trial)
    failed = bool(trial.faults or trial.explained)
    if failed:
        examine(field.block, case, call, outcome, book)
    return failed
