"""What moved besides the answers: packages, Python, machine, and what the bindings declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.results.manifest import Manifest, Target
from conformance.results.pairing import Pair

RUN = "run"
"""Stands for the target of what belongs to the whole run."""


@dataclass(frozen=True)
class LockChange:
    """One version or setting on both sides; None where a side does not have it."""

    place: str
    name: str
    base: str | None
    head: str | None


def lock_diff(base: Manifest, head: Manifest, pairs: Sequence[Pair]) -> tuple[LockChange, ...]:
    """Everything that differs between the two environments, the run's own first."""
    found = [*_compared(RUN, _run(base), _run(head))]
    for pair in pairs:
        if not (pair.base and pair.head):
            continue
        if "not run" in (pair.base.status, pair.head.status):  # what is there was never asked
            versions = ({each.framework: each.version} for each in (pair.base, pair.head))
            found += _compared(pair.label, *versions)
        else:
            found += _compared(pair.label, _target(pair.base), _target(pair.head))
    return tuple(found)


def _compared(
    place: str, base: Mapping[str, str | None], head: Mapping[str, str | None]
) -> Iterator[LockChange]:
    for name in dict.fromkeys([*base, *head]):
        before, after = base.get(name), head.get(name)
        if before != after:
            yield LockChange(place, name, before, after)


def _run(manifest: Manifest) -> dict[str, str | None]:
    suite, machine = manifest.suite, manifest.machine
    return {
        "suite": suite.version + (f" ({suite.commit})" if suite.commit else ""),
        "profile": manifest.profile,
        "seed": str(manifest.seed),
        "platform": machine.platform,
        "processor": machine.processor,
        "cores": str(machine.cores),
        "Python of the suite": machine.python,
    }


def _target(target: Target) -> dict[str, str | None]:
    return {
        target.framework: target.version,
        "device": target.device,
        "mode": target.mode,
        "Python": target.python,
        **target.packages,
    }
