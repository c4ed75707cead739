"""A user's callable made ready for a run: its worker, what it takes, what it was found to offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from conformance.engine.block import Side
from conformance.engine.offer import Found, settle
from conformance.engine.probe import Probe
from conformance.engine.workers import Absent, Station
from conformance.specs.models import Loss
from conformance.targets.algorithm import Stated
from conformance.targets.binding_file import load_bindings
from conformance.targets.bindings import Binding
from conformance.targets.candidate import Candidate, CandidateError
from conformance.targets.candidate_binding import binding_for
from conformance.targets.description import Description, read_description
from conformance.targets.driver import Answering, Worker, WorkerError
from conformance.targets.inprocess import InProcess
from conformance.targets.profiles import profile_of
from conformance.targets.target import FRAMEWORKS, Missing, Target, public, resolve

PATIENCE = 3
"""Deaths in a row after which more calls would only cost time."""


@dataclass(frozen=True)
class Limits:
    """What one call of foreign code may cost: seconds, and bytes of resident memory."""

    timeout: float | None = None
    memory: int | None = 6 << 30


@dataclass(frozen=True)
class Ready:
    """A candidate that runs, the dtypes that it takes, and what was found out about it."""

    station: Station
    binding: Binding
    dtypes: tuple[str, ...]
    notes: tuple[str, ...]


def target_of(candidate: Candidate) -> Target:
    """The target that runs the candidate: its framework, compiled where that is how it is used."""
    framework = FRAMEWORKS[candidate.framework]
    return Target(
        candidate.framework,
        next(iter(framework.backends), None),
        device=candidate.device,
        mode="jit" if candidate.framework == "jax" else "",
        place=candidate.place.text,
        known=candidate.known or "",
    )


def open_candidate(
    candidate: Candidate,
    losses: Mapping[str, Loss],
    stated: Stated | None,
    dtypes: Sequence[str],
    asked: bool,
    limits: Limits,
    stack: ExitStack,
) -> Ready | Absent:
    """Start the worker, read the callable's signature, ask it a few harmless things.

    `asked` says that the dtypes were named. Raises CandidateError where the contract is not kept.
    """
    target = resolve(target_of(candidate))
    if isinstance(target, Missing):
        return Absent(target.target, target.reason)
    worker = Worker(
        target,
        timeout=limits.timeout,
        memory=limits.memory,
        import_paths=candidate.place.import_paths,
        patience=PATIENCE,
    )
    stack.callback(worker.close)
    try:
        worker.start()
    except WorkerError as error:
        return Absent(target, str(error))
    try:
        found = read_description(worker.describe(candidate.place.path))
    except WorkerError as error:
        raise CandidateError(f"{candidate.place.text}: cannot be imported: {error}") from error
    return made_ready(candidate, losses, stated, found, target, worker, dtypes, asked)


def open_live(
    candidate: Candidate,
    losses: Mapping[str, Loss],
    stated: Stated | None,
    dtypes: Sequence[str],
    asked: bool,
) -> Ready | Absent:
    """The same for an object of this process. Raises CandidateError."""
    target = resolve(replace(target_of(candidate), mode=""))
    if isinstance(target, Missing):
        return Absent(target.target, target.reason)
    worker = InProcess(target)
    try:
        worker.start()
    except WorkerError as error:
        return Absent(target, str(error))
    try:
        found = read_description(worker.describe(candidate.place.path))
    except WorkerError as error:
        raise CandidateError(f"{candidate.place.text}: cannot be used: {error}") from error
    return made_ready(candidate, losses, stated, found, target, worker, dtypes, asked)


def made_ready(
    candidate: Candidate,
    losses: Mapping[str, Loss],
    stated: Stated | None,
    found: Description,
    target: Target,
    worker: Answering,
    dtypes: Sequence[str],
    asked: bool,
) -> Ready:
    """The station of a callable that has been described."""
    loss = losses[candidate.loss]
    binding = binding_for(candidate, loss, found)
    if stated is not None:
        binding = binding.model_copy(update={"algorithm": stated.algorithm})
    side = _side(target, binding, stated)
    if found.dtype is not None and not asked:
        dtypes, asked = (found.dtype,), True
    reduces = found.accepts(binding.reduction_name)
    probe = Probe(side, loss, worker, reduces, _defaults(binding, found))
    settled = settle(probe, dtypes, stated=asked, layout_free=not candidate.layout)
    side = _side(target, settled.binding, stated)
    return Ready(
        Station(target, side, worker),
        settled.binding,
        settled.dtypes,
        _notes(candidate, loss, found, settled),
    )


def _defaults(binding: Binding, found: Description) -> tuple[str, ...]:
    """The callable's arguments for parameters of the spec whose own default is another one."""
    named = {bound.name for name in binding.parameters if (bound := binding.parameter(name))}
    arguments = (found.argument(name) for name in binding.constants if name in named)
    return tuple(each.name for each in arguments if each is not None and not each.required)


def _side(target: Target, binding: Binding, stated: Stated | None) -> Side:
    version = public(target.version) if target.version else None
    programs = {} if stated is None else stated.programs
    return Side(
        target.name,
        target.framework,
        version,
        {binding.loss: binding},
        profile_of(target),
        programs,
    )


def _notes(candidate: Candidate, loss: Loss, found: Description, settled: Found) -> tuple[str, ...]:
    """What a reader must know of how the callable was called."""
    binding = settled.binding
    ordered = sorted(binding.inputs, key=lambda name: str(binding.inputs[name]))
    inputs = [
        name if isinstance(place, int) else f"{place}={name}"
        for name, place in ((name, binding.inputs[name]) for name in ordered)
    ]
    named = [
        bound.name for name in binding.parameters if (bound := binding.parameter(name)) is not None
    ]
    named += [binding.reduction_name] if found.accepts(binding.reduction_name) else []
    by_name = f", by name {', '.join(named)}" if named else ""
    always = ", ".join(f"{name}={value!r}" for name, value in candidate.arguments.items())
    by_name += f", always with {always}" if always else ""
    notes = [f"called as {candidate.place.name}({', '.join(inputs)}){by_name}"]
    notes += [f"importing it: {change}, and was put back" for change in found.altered]
    notes += [_order(found, loss, binding)] if _order(found, loss, binding) else []
    held = [f"{name}={value}" for name, value in binding.held.items() if name in binding.implied]
    notes += [f"taken to compute with {', '.join(held)}, which it takes no argument for"] * bool(
        held
    )
    return (*notes, *settled.notes)


def _order(found: Description, loss: Loss, binding: Binding) -> str:
    """A warning where the arguments bear the spec's names in another order."""
    names = [each.name for each in found.takes or ()][: len(loss.inputs)]
    order = [name for name, _ in sorted(binding.inputs.items(), key=lambda item: str(item[1]))]
    if set(names) == set(order) and names != order and all(
        isinstance(place, int) for place in binding.inputs.values()
    ):  # fmt: skip
        renames = " ".join(f"--rename {name}={name}" for name in order)
        return f"its arguments are named {', '.join(names)}; to pass them by name add {renames}"
    return ""


def beside(candidate: Candidate) -> Target | None:
    """The stock framework that a candidate is shown beside, where it has the loss."""
    target = target_of(candidate)
    name = "optax" if target.framework == "jax" else target.framework
    if name == "numpy":
        return None
    stock = replace(target, framework=name, place="", known="", version=None)
    found = resolve(stock)
    if isinstance(found, Missing):
        return None
    bound = load_bindings(found).get(candidate.loss)
    return found if bound is not None and bound.absent is None else None
