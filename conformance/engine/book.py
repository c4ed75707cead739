"""What is known so far of one target, loss and dtype: a tally a property, and the faults."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from conformance.cases.case import Case
from conformance.engine.judge import Judgement
from conformance.engine.remark import Remarks
from conformance.engine.tally import DEATHS, Key, Tally
from conformance.numerics.formats import Floats
from conformance.results.cell import Deviation, Outcome
from conformance.results.verdict import Kind, Verdict
from conformance.targets.call import Call
from conformance.targets.outcome import Array


@dataclass(frozen=True)
class Fault:
    """One departure on one case. `judged` is there where values were compared, `input` for gradients.

    `expected` and `actual` say in words what a judgement does not hold, `hint` what may be meant.
    `cause` keeps apart what one property finds for several reasons; `behind` are departures of
    single calls that it follows from.
    `rule` is what it breaks, where that is more than the rule of its kind; `changed` names the
    arguments that the call wrote to.
    """

    property: str
    kind: Kind
    case: Case
    call: Call
    note: str
    judged: Judgement | None = None
    input: str | None = None
    expected: str | None = None
    actual: str | None = None
    hint: str = ""
    cause: str = ""
    behind: tuple[Fault, ...] = ()
    rule: str = ""
    changed: tuple[str, ...] = ()


Explain = Callable[[Fault], Deviation | None]


@dataclass
class Book:
    """Mutable while a target works through its cases; `explain` finds known deviations."""

    loss: str
    target: str
    dtype: str
    explain: Explain
    algorithm: str | None = None
    tallies: dict[str, Tally] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    explained: dict[tuple[str, str], tuple[Fault, Deviation]] = field(default_factory=dict)
    skipped: dict[str, dict[str, int]] = field(default_factory=dict)
    making: bool = False
    """While tasks are made: what is noted then stands before all that is judged, whenever that is."""

    def tally(self, name: str) -> Tally:
        if name not in self.tallies:
            key = Key(self.loss, name, self.target, self.dtype)
            self.tallies[name] = Tally(key, self.algorithm)
        return self.tallies[name]

    def measure(
        self,
        name: str,
        case: Case,
        call: Call,
        judged: Judgement,
        *,
        x: Floats | None = None,
        input: str | None = None,
        returned: Array | None = None,
        remarks: Remarks | None = None,
    ) -> None:
        """Count an array; what fails in it becomes a fault unless a known deviation explains it."""
        known = None
        if judged.failed.size:
            fault = value_fault(name, case, call, judged, input)
            known = self.report(remarked(fault, remarks))
        explained = np.isin(np.arange(judged.classes.size), judged.failed) if known else None
        digest = None if returned is None else digest_of(returned)
        self.tally(name).add(case, judged, x, explained, digest)

    def report(self, fault: Fault) -> Deviation | None:
        """Record a fault; gives the known deviation that explains it, if one does."""
        known = self.explain(fault)
        if known is None:
            self.fail(fault)
        else:
            self.tally(fault.property).explain(known)
            self._keep(fault, known)
        return known

    def fail(self, fault: Fault) -> None:
        """Record a fault that nothing explains; from then on its cell has failed."""
        self.faults.append(fault)
        self.tally(fault.property).failed.add(fault.kind)

    def _keep(self, fault: Fault, known: Deviation) -> None:
        """The smallest case of each known deviation, to show it."""
        place = (fault.property, known.id)
        kept = self.explained.get(place)
        if kept is None or size_of(fault) < size_of(kept[0]):
            self.explained[place] = (fault, known)

    def check(self, name: str, case: Case, fault: Fault | None) -> Verdict:
        """Count a case that is right or wrong as a whole."""
        verdict: Verdict = "pass"
        if fault is not None:
            unexplained: Verdict = "error" if fault.kind in DEATHS else "fail"
            verdict = "known" if self.report(fault) else unexplained
        self.tally(name).count(case.id, verdict)
        return verdict

    def skip(self, name: str, reason: str) -> None:
        """A case that the target does not offer."""
        counts = self.skipped.setdefault(name, {})
        counts[reason] = counts.get(reason, 0) + 1

    def note(self, name: str, outcome: Outcome) -> None:
        tally = self.tally(name)
        tally.outcomes.insert(tally.foreseen if self.making else len(tally.outcomes), outcome)
        tally.foreseen += self.making


def size_of(fault: Fault) -> int:
    """Numbers in the inputs of a fault's case."""
    return sum(array.size for array in fault.case.inputs.values())


def value_fault(name: str, case: Case, call: Call, judged: Judgement, input: str | None) -> Fault:
    """The kind is read off the worst element: NaN or infinity where a number is due, else the size."""
    place = judged.worst
    assert place is not None  # something failed
    actual, expected = judged.actual[place], judged.expected[place]
    kind: Kind = "gradient" if input else "value"
    if np.isnan(actual) and not np.isnan(expected):
        kind = "nan"
    elif np.isinf(actual) and np.isfinite(expected):
        kind = "inf"
    what = f"the gradient with respect to {input}" if input else "the loss"
    note = f"{what} is {actual:.17g}, and {expected:.17g} is true"
    return Fault(name, kind, case, call, note, judged, input)


def remarked(fault: Fault, remarks: Remarks | None) -> Fault:
    """The fault in the words of a rule of its own, where there is one for it."""
    remark = remarks(fault.judged) if remarks is not None and fault.judged is not None else None
    if remark is None:
        return fault
    return replace(fault, note=remark.note, rule=remark.rule, cause=remark.cause)


def digest_of(array: Array) -> str:
    """Eight bytes of the sha256 of dtype, shape and bits."""
    text = f"{array.dtype} {array.shape}".encode()
    return hashlib.sha256(text + np.ascontiguousarray(array.stored).tobytes()).hexdigest()[:16]


def digest_of_cases(cases: Iterable[Case]) -> str:
    """Eight bytes of the sha256 of the names of the cases and of all that their calls are given."""
    told = "\n".join(f"{case.id} {case.digest()}" for case in cases)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def merged_reasons(skipped: Mapping[str, int]) -> str:
    """The reasons for which cases were left out, the most frequent first, then by their text."""
    ordered = sorted(skipped.items(), key=lambda item: (-item[1], item[0]))
    return "; ".join(f"{reason} ({count} cases)" for reason, count in ordered)
