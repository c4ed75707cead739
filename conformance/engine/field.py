"""The field of a hunt: a target is asked for cases, and the worst answers are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from conformance.cases.case import Case
from conformance.cases.copies import COPIES, copied
from conformance.cases.recipe import GIVEN
from conformance.cases.sample import batch_of, cut
from conformance.cases.spot import Spot, is_written_out, spot_of
from conformance.engine.block import Block
from conformance.engine.book import Explain, value_fault
from conformance.engine.drawn import answer_fault
from conformance.engine.judge import Judgement
from conformance.engine.share import GRADIENT, VALUE, Use, uses
from conformance.numerics.classification import Class
from conformance.numerics.formats import Floats
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome

Ask = Callable[[Sequence[Call]], list[Outcome]]
Nature = tuple[object, ...]

KEPT = 3
"""Finds that are kept of each property, and failures of each kind."""
MOST_DEATHS = 3
"""After so many lost workers a cell is hunted no more."""
LOOKED_AT = 32
"""Failing elements of an array that are told apart by what explains them."""
LONGEST = 10_000
"""Numbers of a case that is worth keeping as a recipe."""
NEARLY = 0.99
"""A simpler form is kept for so much of the largest share."""


@dataclass(frozen=True)
class Find:
    """One element of an answer: the share that it uses, and the sample behind it."""

    property: str
    share: float
    case: Case
    call: Call
    sample: int


@dataclass
class Field:
    """Mutable while a hunt lasts; finds by property, worst first, failures by their nature.

    `written` holds the worst finds of cases that can be written out as they are.
    """

    block: Block
    ask: Ask
    explain: Explain
    finds: dict[str, list[Find]] = field(default_factory=lambda: {VALUE: [], GRADIENT: []})
    written: dict[str, Find] = field(default_factory=dict)
    failures: dict[Nature, list[Find]] = field(default_factory=dict)
    tried: int = 0
    deaths: int = 0

    def try_out(self, cases: Sequence[Case]) -> dict[str, float]:
        """Ask for all cases at once; the largest share of value and of gradients among them."""
        best = {VALUE: 0.0, GRADIENT: 0.0}
        if self.deaths >= MOST_DEATHS:
            return best
        asked = [(case, self.block.bound(case)) for case in cases]
        bound = [(case, call) for case, call in asked if isinstance(call, Call)]
        answers = self.ask([call for _, call in bound])
        for (case, call), outcome in zip(bound, answers, strict=True):
            for find in self._found(case, call, outcome):
                best[find.property] = max(best[find.property], find.share)
                self._keep(find)
        return best

    def _found(self, case: Case, call: Call, outcome: Outcome) -> list[Find]:
        self.deaths += outcome.death is not None
        self.tried += int(np.prod(batch_of(case.inputs, self.block.loss), dtype=int))
        if outcome.gradient_raised or answer_fault(case, call, outcome, VALUE):
            name = GRADIENT if outcome.gradient_raised else VALUE
            self._fail((name, "no answer"), Find(name, 0.0, case, call, 0))
            return []
        found = []
        for use in uses(self.block, case, call, outcome):
            self._look_at_failures(use, case, call)
            if use.judged.classes.size:
                shares = use.shares()
                place = int(np.argmax(shares))
                share = float(shares[place])
                found.append(Find(use.property, share, case, call, use.sample(place)))
        return found

    def _look_at_failures(self, use: Use, case: Case, call: Call) -> None:
        """Those that no known deviation explains are kept apart from those that one does."""
        for element in use.judged.failed[:LOOKED_AT].tolist():
            judged = _only(use.judged, element)
            known = self.explain(value_fault(use.property, case, call, judged, use.input))
            actual, expected = judged.actual[element], judged.expected[element]
            nature = (use.property, use.input, known and known.id, _class(actual), _class(expected))
            self._fail(nature, Find(use.property, 0.0, case, call, use.sample(element)))

    def _keep(self, find: Find) -> None:
        kept = [each for each in self.finds[find.property] if each.case.id != find.case.id]
        if find.share > 0.0:
            kept = sorted([*kept, find], key=lambda each: -each.share)
        self.finds[find.property] = kept[:KEPT]
        best = self.written.get(find.property)
        if is_written_out(find.case) and find.share > (best.share if best else 0.0):
            self.written[find.property] = find

    def _fail(self, nature: Nature, find: Find) -> None:
        seen = self.failures.setdefault(nature, [])
        if len(seen) < KEPT:
            seen.append(find)

    def spot(self, find: Find) -> Spot | None:
        """Where the search around a find goes on: its sample, or all of a small case."""
        case, loss = find.case, self.block.loss
        along = find.call.cotangent
        batch = batch_of(case.inputs, loss)
        alone = case.reduction == "none" and batch != ()
        if alone:
            if along is not None:
                along = _of_sample(along, find.sample, int(np.prod(batch)))
            case = cut(case, loss, find.sample)
        column = self.block.choices().get("last-axis", "kept") != "kept"
        return spot_of(case, loss, along, column=column, together=alone)

    def forms(self, find: Find) -> list[Case]:
        """The find as cases whose ids rebuild them, the simplest first."""
        spot, made = self.spot(find), []
        if spot is not None:
            made.append(spot.case)
            if spot.together:
                made.append(copied(spot.case, self.block.loss, COPIES))
        whole = find.case
        if f"/{GIVEN}/" not in whole.id and _size(whole) <= LONGEST:
            if whole.reduction == "none" and batch_of(whole.inputs, self.block.loss):
                made.append(cut(whole, self.block.loss, find.sample))
            made.append(whole)
        return [case for case in made if is_written_out(case)]

    def settled(self, name: str) -> Find | None:
        """The worst find of a property that can be written out, in its simplest form."""
        found: list[Find] = []
        last = self.written.get(name)
        for find in [*self.finds[name], *([last] if last else [])]:
            for case in self.forms(find):
                share = self.try_out([case])[name]
                found.append(replace(find, case=case, share=share))
        most = max((each.share for each in found), default=0.0)
        return next((each for each in found if each.share >= NEARLY * most > 0.0), None)


def _only(judged: Judgement, element: int) -> Judgement:
    """The judgement as if no other element had failed."""
    classes = np.minimum(judged.classes, np.int8(Class.OWN))
    classes[element] = judged.classes[element]
    return replace(judged, classes=classes)


def _class(value: float) -> str:
    if np.isnan(value):
        return "nan"
    return "infinite" if np.isinf(value) else "zero" if value == 0.0 else "number"


def _of_sample(along: Floats, sample: int, samples: int) -> Floats:
    return along.reshape(-1)[sample * along.size // samples].reshape(1)


def _size(case: Case) -> int:
    return sum(array.size for array in case.inputs.values())
