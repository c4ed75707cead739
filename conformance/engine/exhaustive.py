"""Every value of an input in 16 bits: value and gradient judged, rows of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from conformance.cases.case import Array, Case
from conformance.cases.exhaustive import Sweeps, unsuited
from conformance.cases.given import explicit
from conformance.engine.block import Block, Task
from conformance.engine.book import Book, value_fault
from conformance.engine.drawn import (
    GRADIENT,
    VALUE,
    answer_fault,
    dtype_fault,
    gradient_faults,
    shape_fault,
)
from conformance.engine.judge import Held, Judgement, judge
from conformance.engine.standard import Indices
from conformance.numerics.formats import FORMATS, Floats
from conformance.results.cell import PAIRS
from conformance.targets.call import Call, NotApplicable
from conformance.targets.outcome import Outcome

EXHAUSTIVE, EXHAUSTIVE_GRADIENT = "exhaustive", "exhaustive-gradient"
PLAIN = {EXHAUSTIVE: VALUE, EXHAUSTIVE_GRADIENT: GRADIENT, PAIRS: VALUE}
"""The property under which a known deviation lists what is found here, and a replay repeats it."""
COVERAGE = "exhaustive"


def tasks(block: Block, book: Book) -> Iterator[Task]:
    """One call for each value of the grid: all values of the other input at once."""
    reason = unsuited(block.loss, block.dtype)
    if reason:
        for name in (EXHAUSTIVE, EXHAUSTIVE_GRADIENT):
            book.skip(name, reason)
        return
    column = block.choices().get("last-axis", "kept") != "kept"
    for case in Sweeps(block.loss, block.dtype, column).cases():
        call = block.bound(case)
        if isinstance(call, NotApplicable):
            for name in (EXHAUSTIVE, EXHAUSTIVE_GRADIENT):
                book.skip(name, call.reason)
        else:
            yield Task(case.id, (call,), _judge(block, case, call))


def _judge(block: Block, case: Case, call: Call) -> Callable[[Book, Sequence[Outcome]], None]:
    def judged(book: Book, outcomes: Sequence[Outcome]) -> None:
        Sweep(block, case, call, book).examine(outcomes[0])

    return judged


class Sweep:
    """One case with tens of thousands of samples; what fails is told by its smallest samples."""

    def __init__(
        self, block: Block, case: Case, call: Call, book: Book, value: str = EXHAUSTIVE
    ) -> None:
        self.block, self.case, self.call, self.book = block, case, call, book
        self.value = value
        self.held: Held = block.held(case)

    def examine(self, outcome: Outcome) -> None:
        case, call = self.case, self.call
        expected = self.held.value()
        for fault in (
            answer_fault(case, call, outcome, self.value),
            dtype_fault(case, call, outcome),
            shape_fault(case, call, outcome, expected.shape),
        ):
            if fault is not None:
                self.book.check(self.value, case, replace(fault, property=self.value))
                return
        assert outcome.value is not None
        limits = self.held.value_limits_at
        self.count(judge(outcome.value.values, expected, self.held.form, limits), None)
        if call.gradient:
            self._gradients(outcome)

    def _gradients(self, outcome: Outcome) -> None:
        missing = gradient_faults(self.case, self.call, outcome, EXHAUSTIVE_GRADIENT)
        for fault in missing:
            told = replace(fault, property=EXHAUSTIVE_GRADIENT)
            self.book.check(EXHAUSTIVE_GRADIENT, self.case, told)
        if missing:
            return
        assert self.call.cotangent is not None
        expected = self.held.gradients(self.call.cotangent)
        for name in self.call.gradient:
            limits = self.held.gradient_limits_at(name, self.call.cotangent)
            found = outcome.gradients[name].values
            self.count(judge(found, expected[name], self.held.form, limits), name)

    def count(self, judged: Judgement, wanted: str | None) -> None:
        """Failures of a kind are one fault, of which the worst sample is told."""
        name = EXHAUSTIVE_GRADIENT if wanted else self.value
        explained = np.zeros(judged.classes.size, dtype=bool)
        for group in kinds(judged, self.case):
            explained[group] = self._explained(name, judged, group, wanted)
        tally = self.book.tally(name)
        tally.coverage = COVERAGE
        tally.add(self.case, judged, self._abscissa(), explained if judged.failed.size else None)

    def _abscissa(self) -> Floats | None:
        """Where the samples stand on the plot; all pairs have none, and ordering millions takes long."""
        if self.value == PAIRS:
            return None
        return np.asarray(next(iter(self.case.inputs.values())), dtype=np.float64).reshape(-1)

    def _explained(self, name: str, judged: Judgement, group: Indices, wanted: str | None) -> bool:
        few = restricted(self.case, group)
        fault = value_fault(PLAIN[name], few, self.call, part(judged, group), wanted)
        known = self.book.explain(fault)
        worst = group[part(judged, group).worst or 0 : (part(judged, group).worst or 0) + 1]
        alone = self._alone(int(worst[0]))
        call = self.block.bound(alone)
        assert isinstance(call, Call)  # as the whole case was
        told = value_fault(name, alone, call, part(judged, worst), wanted)
        if known is None:
            self.book.fail(told)
            return False
        self.book.tally(name).explain(known)
        self.book.explained.setdefault((name, known.id), (told, known))
        return True

    def _alone(self, element: int) -> Case:
        """The case of one sample, whose id holds it."""
        inputs: dict[str, Array] = {
            name: array[element : element + 1] for name, array in self.case.inputs.items()
        }
        shape = next(iter(inputs.values())).shape
        ones = np.ones(shape) if self.call.gradient else None
        case = self.case
        return explicit(case.loss, case.dtype, inputs, case.parameters, "none", cotangent=ones)


def restricted(case: Case, samples: Indices) -> Case:
    """The case with these samples alone; it keeps its id."""
    return replace(case, inputs={name: array[samples] for name, array in case.inputs.items()})


def part(judged: Judgement, elements: Indices) -> Judgement:
    """The judgement of some elements, in ascending order."""
    probed = np.isin(judged.probed, elements)
    places = np.searchsorted(elements, judged.probed[probed])
    return Judgement(
        judged.actual[elements], judged.expected[elements], judged.classes[elements],
        judged.ulps[elements], places, judged.share[probed], judged.bound_ulp[probed],
        judged.excess[probed],
    )  # fmt: skip


def kinds(judged: Judgement, case: Case) -> list[Indices]:
    """The failed elements by what they are: NaN, infinite, 0, 1, subnormal or another number.

    Actual and expected value and every input count: a known deviation is about such a kind.
    """
    failed = judged.failed
    if not failed.size:
        return []
    least = FORMATS[case.dtype].smallest_normal
    arrays = [judged.actual, judged.expected]
    arrays += [np.asarray(a, dtype=np.float64).reshape(-1) for a in case.inputs.values()]
    key = np.zeros(failed.size, dtype=np.int64)
    for array in arrays:
        key = 6 * key + _kind(array[failed], least)
    return [failed[key == each] for each in np.unique(key)]


def _kind(values: Floats, least: float) -> NDArray[np.int64]:
    size = np.abs(values)
    tests = [np.isnan(values), np.isinf(values), size == 0.0, size == 1.0, size < least]
    return np.select(tests, [np.full(values.shape, k) for k in range(len(tests))], len(tests))
