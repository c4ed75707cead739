"""Certify a reference: every part of the work examined, and summed up by quantity and regime."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

import reference
from conformance import __version__
from conformance.engine.certification.agreement import Comparison, Disagreement, compare, truth_of
from conformance.engine.certification.calls import Part, Trial
from conformance.oracle import PrecisionError
from conformance.results.certification import Certification, Certified, Row
from conformance.specs.library import spec_digest
from conformance.specs.models import Loss
from reference import Program

MOST_FINDINGS = 20
"""Told in full for each loss; every one is counted."""


@dataclass(frozen=True)
class Finding:
    """A call in which the reference lies outside its own bound, or that the oracle leaves open."""

    trial: Trial
    disagreement: Disagreement | None = None
    undecided: str = ""

    def __str__(self) -> str:
        call, where = self.trial.call, ""
        found = self.undecided
        if self.disagreement is not None:
            each = self.disagreement
            where = f" {each.where} at {each.index}"
            found = (
                f"the reference gives {each.actual!r}, off by {each.distance:.6g} from the true "
                f"{each.expected!r}; right would be within {each.bound:.6g}"
            )
        settings = ", ".join(
            f"{name}={np.asarray(value).tolist()}"
            for name, value in {**call.parameters, **call.choices}.items()
        )
        inputs = "; ".join(f"{name} {np.asarray(a).tolist()}" for name, a in call.inputs.items())
        place = f"{call.loss.id}/{self.trial.regime}/{call.reduction}{where}"
        return f"{place}: {found}. Called with {inputs[:2_000]}; {settings or 'defaults'}"


@dataclass
class Tally:
    """What the examined trials of one loss came to; mutable while they go on."""

    loss: Loss
    program: Program
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    undecided: int = 0

    def examine(self, trials: Iterable[Trial]) -> None:
        for trial in trials:
            try:
                truth = truth_of(trial.call, gradient=trial.gradient)
            except PrecisionError as error:
                self.undecided += 1
                self._tell(Finding(trial, undecided=str(error)))
                continue
            for each in compare(trial.call, self.program, truth):
                self._count(trial, each)

    def _count(self, trial: Trial, made: Comparison) -> None:
        place = (made.quantity, trial.regime)
        row = self.rows.get(place, Row(*place, 0, 0, 0.0))
        self.rows[place] = replace(
            row,
            calls=row.calls + 1,
            elements=row.elements + made.elements,
            share=max(row.share, made.share),
            excused=row.excused + made.excused,
            outside=row.outside + (made.disagreement is not None),
        )
        if made.disagreement is not None:
            self._tell(Finding(trial, made.disagreement))

    def _tell(self, finding: Finding) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)

    def certified(self) -> Certified:
        rows = [replace(row, share=_upwards(row.share)) for row in self.rows.values()]
        ordered = sorted(rows, key=lambda row: (row.quantity != "value", row.quantity))
        return Certified(spec_digest(self.loss), tuple(ordered), self.undecided)


def certify(parts: Iterable[Part], tallies: Mapping[str, Tally]) -> Iterator[Part]:
    """Examine part after part, counting into the tally of its loss; gives each when it is done."""
    for part in parts:
        tallies[part.loss.id].examine(part.trials())
        yield part


def certification(tallies: Iterable[Tally], *, seed: int, count: int) -> Certification:
    """The record of what was examined, with the state that it is true of."""
    return Certification(
        suite=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seed=seed,
        count=count,
        reference=reference_digest(),
        packages=_packages(),
        losses={tally.loss.id: tally.certified() for tally in tallies},
    )


def stale(certified: Certification, losses: Mapping[str, Loss]) -> list[str]:
    """What a certification is not about any more, in words; nothing where it is current."""
    told = []
    if certified.reference != reference_digest():
        told.append("the texts of the reference differ from those that were certified")
    for name, loss in losses.items():
        known = certified.losses.get(name)
        if known is None:
            told.append(f"the loss {name} was not certified")
        elif known.spec != spec_digest(loss):
            told.append(f"the spec of {name} is another one than the certified")
    return told


def reference_digest() -> str:
    """SHA-256 of the reference's texts; the algorithms of frameworks are no part of it."""
    digest = hashlib.sha256()
    for path in sorted(Path(reference.__file__).parent.glob("*.py")):
        digest.update(f"{path.name}\n{path.read_text('utf-8')}\0".encode())
    return digest.hexdigest()


def _packages() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("numpy", "python-flint", "hypothesis"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def _upwards(share: float) -> float:
    """To four digits, never less than it is."""
    short = float(f"{share:.4g}")
    return short if short >= share else float(f"{share * 1.00006:.4g}")
