"""How much of its bound each element of an answer uses: what a hunt climbs by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conformance.cases.case import Case
from conformance.cases.sample import batch_of
from conformance.engine.block import Block
from conformance.engine.judge import Judgement, LimitsAt, judge
from conformance.numerics.classification import Class
from conformance.numerics.formats import Floats
from conformance.targets.call import Call
from conformance.targets.outcome import Array, Outcome

VALUE, GRADIENT = "value", "gradient"


@dataclass(frozen=True)
class Use:
    """One array of an answer; `samples` of the case stand behind its elements, in order."""

    property: str
    input: str | None
    judged: Judgement
    samples: int

    def shares(self) -> Floats:
        """Error / own bound; 0 for what fails, and for what passes whatever its bound is."""
        judged = self.judged
        found = np.zeros(judged.classes.size)
        found[judged.probed] = judged.share
        counted = (judged.classes > Class.CORRECTLY_ROUNDED) & (judged.classes < Class.EXCEEDS)
        return np.where(counted & (found <= 1.0), found, 0.0)

    def sample(self, element: int) -> int:
        """The sample that an element belongs to."""
        return element * self.samples // max(self.judged.classes.size, 1)


def uses(block: Block, case: Case, call: Call, outcome: Outcome) -> list[Use]:
    """Value and gradients of an answer; nothing where it is no answer of the form that is due."""
    held = block.held(case)
    expected = held.value()
    if outcome.value is None or outcome.shape != expected.shape:
        return []
    samples = int(np.prod(batch_of(case.inputs, block.loss), dtype=int))

    def use(name: str, given: str | None, found: Array, due: Floats, limits: LimitsAt) -> Use:
        judged = judge(found.values, due, held.form, limits, every=True)
        return Use(name, given, judged, samples)

    found = [use(VALUE, None, outcome.value, expected, held.value_limits_at)]
    if call.cotangent is None or not outcome.gradients:
        return found
    slopes = held.gradients(call.cotangent)
    for name, slope in outcome.gradients.items():
        if slope.shape == case.inputs[name].shape:
            limits = held.gradient_limits_at(name, call.cotangent)
            found.append(use(GRADIENT, name, slope, slopes[name], limits))
    return found
