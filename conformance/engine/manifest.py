"""The first record of a run: what was asked of whom, and what each loss was held to be."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from conformance import __version__
from conformance.engine.practice import declared
from conformance.engine.request import Request
from conformance.engine.workers import Absent, Station, in_order
from conformance.results import manifest as record
from conformance.specs.case import Source
from conformance.specs.library import Library, spec_digest
from conformance.specs.models import Loss, SumOf
from conformance.targets.bindings import Algorithm
from conformance.targets.known import Deviation


def manifest_of(
    request: Request,
    library: Library,
    stations: Sequence[Station],
    absent: Sequence[Absent],
    flags: Mapping[str, Any],
    candidate: Callable[[record.Target], record.Target] = lambda target: target,
) -> record.Manifest:
    """Everything a reader of the results needs and cannot find in the cells.

    `candidate` adds to a target's record what is known of a user's callable only.
    """
    losses = {name: library.losses[name] for name in request.losses}
    return record.Manifest(
        suite=record.Suite(__version__, commit()),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        profile=request.profile,
        seed=request.seed,
        planned=request.planned,
        machine=machine(),
        targets=tuple(
            candidate(_absent(each) if isinstance(each, Absent) else _station(each, losses))
            for each in in_order((*request.targets, *request.beside), stations, absent)
        ),
        losses={name: _loss(loss, library) for name, loss in losses.items()},
        dtypes=request.dtypes,
        properties=request.properties,
        pairs=tuple(record.Pairs(*each) for each in request.pairs),
        shard=request.shard.text if request.shard else None,
        known=tuple(_listed(each) for each in request.known),
        flags=dict(flags),
    )


def _listed(deviation: Deviation) -> record.Listed:
    return record.Listed(
        deviation.id,
        deviation.framework or "",
        deviation.loss,
        deviation.property,
        deviation.reason,
        deviation.source,
        deviation.expires,
    )


def commit() -> str | None:
    """The commit of the checkout that runs, with `+` where files differ from it; None outside one."""
    folder = Path(__file__).resolve().parents[2]
    if not (folder / ".git").exists():
        return None
    try:
        said = [
            subprocess.run(
                ["git", "-C", str(folder), *words],
                capture_output=True, text=True, timeout=10, check=True,
            ).stdout.strip()
            for words in (["rev-parse", "--short=12", "HEAD"], ["status", "--porcelain"])
        ]  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return said[0] + ("+" if said[1] else "")


def machine() -> record.Machine:
    return record.Machine(
        platform=f"{platform.system()} {platform.release()}",
        processor=_processor(),
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
    )


def _processor() -> str:
    """The processor's own name: `platform` knows the architecture only."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()


def _station(station: Station, losses: Mapping[str, Loss]) -> record.Target:
    target, facts = station.target, dict(station.facts)
    bindings = {name: station.side.bindings[name] for name in losses}
    bound = {name: each for name, each in bindings.items() if each.absent is None}
    return record.Target(
        name=target.name,
        label=target.label,
        framework=target.framework,
        version=target.version,
        device=target.device,
        mode=target.mode or None,
        python=str(facts.pop("python", "")) or None,
        packages={
            **{name: str(value) for name, value in facts.items() if value is not None},
            **station.versions,
        },
        role=_role(station),
        conventions={name: declared(each, losses[name]) for name, each in bound.items()},
        algorithms={
            name: record.Algorithm(
                each.algorithm.value, each.algorithm.gradient, _rounding(each.algorithm)
            )
            for name, each in bound.items()
            if each.algorithm is not None
        },
        signatures=station.signatures,
    )


def _role(station: Station) -> Literal["target", "candidate", "beside"]:
    if station.beside:
        return "beside"
    return "candidate" if station.target.place else "target"


def _rounding(algorithm: Algorithm) -> str:
    """The policy, and the dtypes that are treated otherwise."""
    others = [f"{dtype}: {policy}" for dtype, policy in algorithm.rounding_of.items()]
    return ", ".join([algorithm.rounding, *others])


def _absent(absent: Absent) -> record.Target:
    target = absent.target
    return record.Target(
        name=target.name,
        label=target.label,
        framework=target.framework,
        version=target.version,
        device=target.device,
        mode=target.mode or None,
        status="not run",
        reason=absent.reason,
    )


def _loss(loss: Loss, library: Library) -> record.Loss:
    return record.Loss(
        digest=spec_digest(loss),
        family=loss.family,
        summary=loss.summary,
        inputs={
            name: record.Input(each.shape, each.interval, each.kind)
            for name, each in loss.inputs.items()
        },
        formula=record.Formula(dict(loss.formula.let), loss.formula.loss),
        latex=loss.latex,
        parameters={
            name: record.Parameter(
                each.kind, each.default, each.interval, each.shape, each.optional
            )
            for name, each in loss.parameters.items()
        },
        reductions={name: _divides_by(each.divide_by) for name, each in loss.reductions.items()},
        sources=tuple(_source(each, library) for each in loss.sources),
        conventions={name: _convention(loss, name, library) for name in loss.conventions},
        edge_cases=tuple(
            record.EdgeCase(each.id, each.why, each.given.values, each.loss, each.gradient)
            for each in loss.edge_cases
        ),
        identities=tuple(each.text for each in loss.identities),
        invariants=tuple(each.text for each in loss.invariants),
        rejects=tuple(record.Reject(each.id, each.breaks) for each in loss.rejects),
    )


def _divides_by(rule: Any) -> str | None:
    return f"sum of {rule.sum_of}" if isinstance(rule, SumOf) else rule


def _source(source: Source, library: Library) -> record.Source:
    if source.key is None:
        return record.Source(source.text or "", source.url, source.where)
    work = library.bibliography[source.key]
    url = work.url or (f"https://doi.org/{work.doi}" if work.doi else None)
    return record.Source(work.text, url, source.where)


def _convention(loss: Loss, name: str, library: Library) -> record.Convention:
    shared = library.conventions[name]
    used = loss.conventions[name]
    choices = {form: shared.choices.get(form, "") for form in used.choices}
    return record.Convention(shared.question, choices, used.default)
