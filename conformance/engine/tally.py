"""Gather the judgements of one cell into its record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from conformance.cases.case import Case
from conformance.engine.distribution import Bias, Cloud, Distribution
from conformance.engine.judge import Judgement
from conformance.engine.tolerances import flagged
from conformance.numerics.classification import Class
from conformance.numerics.formats import Floats
from conformance.results.behaviour import normal
from conformance.results.cell import AccuracyLoss, Cell, Deviation, Finding, Outcome, Row, Worst
from conformance.results.verdict import Class as Label
from conformance.results.verdict import Kind, Verdict, worst
from conformance.targets.outcome import Outcome as Answer


@dataclass(frozen=True)
class Key:
    """What a cell is about."""

    loss: str
    property: str
    target: str
    dtype: str


@dataclass
class Tally:
    """Mutable while its cell runs; `cell()` is what it came to.

    `failed` are the kinds of its unexplained faults: the verdict is there before the findings.
    """

    key: Key
    algorithm: str | None = None
    cases: int = 0
    elements: int = 0
    classes: Counter[Label] = field(default_factory=Counter)
    typed: Counter[str] = field(default_factory=Counter)
    known: dict[str, Deviation] = field(default_factory=dict)
    vanished: list[Deviation] = field(default_factory=list)
    failed: set[Kind] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    foreseen: int = 0
    """How many of the outcomes, which come first, were known before anything was asked."""
    rows: list[Row] = field(default_factory=list)
    bias: Bias = field(default_factory=Bias)
    distribution: Distribution = field(default_factory=Distribution)
    cloud: Cloud = field(default_factory=Cloud)
    worst: Worst | None = None
    loss_of_accuracy: AccuracyLoss | None = None
    reason: str | None = None
    axis: str = "input"
    coverage: str = ""
    warned: dict[str, str] = field(default_factory=dict)

    def add(
        self,
        case: Case,
        judged: Judgement,
        x: Floats | None,
        explained: NDArray[np.bool_] | None = None,
        digest: str | None = None,
    ) -> None:
        """Count one array. `x` places its elements on the plot; `explained` marks known failures."""
        self.cases += 1
        self.elements += judged.classes.size
        counts = np.bincount(judged.classes, minlength=len(Class))
        if explained is not None and explained.any():
            counts -= np.bincount(judged.classes[explained], minlength=len(Class))
            self.classes["known"] += int(explained.sum())
        for member in Class:
            if counts[member]:
                self.classes[cast(Label, member.label)] += int(counts[member])
        self.typed.update(flagged(judged.actual, judged.expected, self.key.dtype))
        self.distribution.add(judged.ulps)
        if case.reduction == "none" and "/typical/" in case.id:
            self.bias.add(judged.actual, judged.expected, judged.ulps)
        if x is not None and judged.probed.size:
            self.cloud.add(x[judged.probed], judged.ulps[judged.probed], judged.bound_ulp)
        self._note_worst(case, judged)
        self._row(case, judged, explained, digest)

    def _note_worst(self, case: Case, judged: Judgement) -> None:
        place = judged.worst
        if place is None:
            return
        found = worst_of(case, judged, place)
        if self.worst is None or _rank(found) > _rank(self.worst):
            self.worst = found
        if judged.probed.size:
            excess = float(np.nan_to_num(judged.excess, nan=0.0).max())
            past = self.loss_of_accuracy is None or excess > self.loss_of_accuracy.factor
            if excess > 1.0 and past:
                self.loss_of_accuracy = AccuracyLoss(excess, f"{self.key.property}:{case.id}")

    def _row(
        self,
        case: Case,
        judged: Judgement,
        explained: NDArray[np.bool_] | None,
        digest: str | None,
    ) -> None:
        place = judged.worst
        verdict: Verdict = "pass"
        if judged.failed.size:
            known = explained is not None and bool(explained[judged.failed].all())
            verdict = "known" if known else "fail"
        label: Any = None if place is None else Class(int(judged.classes[place])).label
        error = None if place is None else brief(float(judged.ulps[place]))
        share = brief(float(np.nanmax(judged.share))) if np.isfinite(judged.share).any() else None
        self.rows.append(
            Row(f"{self.key.property}:{case.id}", verdict, label, error, share, digest)
        )

    def count(self, case_id: str, verdict: Verdict) -> None:
        """A case that is judged as a whole: right or wrong, nothing to measure."""
        self.cases += 1
        self.rows.append(Row(f"{self.key.property}:{case_id}", verdict, None, None, None, None))

    def explain(self, deviation: Deviation) -> None:
        """One more case that a known deviation accounts for."""
        seen = self.known.get(deviation.id)
        count = (seen.cases if seen else 0) + 1
        self.known[deviation.id] = Deviation(
            deviation.id, deviation.reason, deviation.source, count
        )

    def warn(self, answers: Iterable[Answer]) -> None:
        """Keep the warnings of some calls, each once whatever its numbers are."""
        for answer in answers:
            for category, text in answer.warnings:
                told = f"{category}: {' '.join(text.split())}"[:LONGEST_WARNING]
                if len(self.warned) < MOST_WARNINGS:
                    self.warned.setdefault(normal(told), told)

    def verdict(self) -> Verdict:
        verdicts: list[Verdict] = [row.verdict for row in self.rows]
        verdicts += [each.verdict for each in self.outcomes]
        verdicts += ["error" if kind in DEATHS else "fail" for kind in self.failed]
        if self.vanished:
            verdicts.append("xpass")
        return worst(verdicts) if verdicts else ("n/a" if self.reason else "pass")

    def cell(self) -> Cell:
        key = self.key
        return Cell(
            loss=key.loss, property=key.property, target=key.target, dtype=key.dtype,
            verdict=self.verdict(), reason=self.reason, cases=self.cases, elements=self.elements,
            classes=dict(self.classes), worst=self.worst, bias_ulp=self.bias.ulp,
            accuracy_loss=self.loss_of_accuracy, typed=dict(self.typed),
            axis=self.axis,
            coverage=self.coverage or (f"sampled n={self.elements}" if self.elements else ""),
            algorithm=self.algorithm, points=self.cloud.thinned(),
            quantiles=self.distribution.quantiles(), rows=tuple(self.rows),
            outcomes=tuple(self.outcomes), findings=tuple(self.findings),
            known=(*self.known.values(), *self.vanished),
            warnings=tuple(self.warned.values()),
        )  # fmt: skip


def brief(number: float) -> float:
    """To four digits: nobody reads more of an error, and each one is in the file."""
    return float(f"{number:.4g}")


DEATHS = {"crash", "timeout", "memory"}
MOST_WARNINGS, LONGEST_WARNING = 16, 240
"""Of one cell, and characters of one: they are there to be compared, not to be a log."""


def _rank(found: Worst) -> tuple[float, float]:
    share = found.share if found.share is not None else -1.0
    return (share, found.ulp if found.ulp == found.ulp else float("inf"))


def worst_of(case: Case, judged: Judgement, place: int) -> Worst:
    """The element as numbers and in hexadecimal, with the inputs of its sample.

    A wrong class, such as NaN for a number, has no distance: no bound is told for it.
    """
    inputs = sample_inputs(case, place, judged.actual.size)
    share = bound = None
    at = np.flatnonzero(judged.probed == place)
    if at.size and not np.isnan(judged.ulps[place]):
        share, bound = float(judged.share[at[0]]), float(judged.bound_ulp[at[0]])
    return Worst(
        ulp=float(judged.ulps[place]),
        share=share,
        case=case.id,
        inputs=inputs,
        hex={name: in_hex(each) for name, each in inputs.items()},
        expected=float(judged.expected[place]),
        actual=float(judged.actual[place]),
        bound_ulp=bound,
    )


MOST_SHOWN = 16
"""Longest class axis printed in a record."""


def sample_inputs(case: Case, element: int, size: int) -> dict[str, Any]:
    """Inputs of the sample that an element of an output belongs to; all, where the case is small."""
    if sum(array.size for array in case.inputs.values()) <= MOST_SHOWN:
        return {name: array.tolist() for name, array in case.inputs.items()}
    shown = {}
    for name, array in case.inputs.items():
        flat = array.reshape(-1)
        if size <= 1 or not flat.size:
            shown[name] = flat[:MOST_SHOWN].tolist()
        elif flat.size == size:
            shown[name] = flat[element : element + 1].tolist()
        elif flat.size > size:
            width = flat.size // size
            shown[name] = flat[element * width : (element + 1) * width][:MOST_SHOWN].tolist()
        else:
            sample = element * flat.size // size
            shown[name] = flat[sample : sample + 1].tolist()
    return shown


def in_hex(values: Any) -> Any:
    """Floats as `float.hex` writes them, through nested lists; integers as they are."""
    if isinstance(values, list | tuple):
        return [in_hex(each) for each in values]
    return values.hex() if isinstance(values, float) else values


def as_mapping(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as plain values for a record."""
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in parameters.items()
    }
