"""What a callable turns out to offer when it is asked a few harmless things: found, not judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from conformance.cases.roles import has_classes
from conformance.engine.advice import lost_axis, own_defaults
from conformance.engine.block import Block
from conformance.engine.probe import BATCHES, Batch, Probe
from conformance.targets.bindings import Binding, ReductionBinding, batch_key
from conformance.targets.outcome import Outcome


@dataclass(frozen=True)
class Found:
    """A binding that says what the callable offers, and how that was found out."""

    binding: Binding
    dtypes: tuple[str, ...]
    notes: tuple[str, ...] = ()


def settle(probe: Probe, dtypes: Sequence[str], *, stated: bool, layout_free: bool) -> Found:
    """Find the dtypes, batches, class axis and reductions that the callable takes.

    With `stated` dtypes were asked for by name: a refusal of one is then left to be a finding.
    """
    binding = probe.side.bindings[probe.loss.id]
    base, answers = _first_that_answers(probe, dtypes, binding)
    if base is None:
        return Found(binding, tuple(dtypes))
    notes: list[str] = []
    if layout_free and has_classes(probe.loss):
        binding, answers = _class_axis(probe, base, binding, answers, notes)
    refused = _batches(probe, base, binding, answers)
    if not has_classes(probe.loss) and not _takes_rows_only(answers, refused):
        refused.pop(batch_key(0), None)  # the run will show it
        answers.pop((), None)
    if not any(outcome.value is not None for outcome in answers.values()):
        return Found(binding, tuple(dtypes))  # a single number alone: the run will show what is not
    batch = next(each for each, outcome in answers.items() if outcome.value is not None)
    largest = max((b for b, o in answers.items() if o.value is not None), key=len)
    notes += own_defaults(probe, base, batch, binding)
    notes += lost_axis(probe.loss, binding, answers)
    kept = _dtypes(probe, dtypes, base, batch, binding, refused, stated)
    binding = _with_unsupported(binding, refused)
    if probe.takes_reduction:
        binding = _reductions(probe, base, batch, binding)
    else:
        binding = _only_reduction(probe, base, largest, binding, answers[largest], notes)
    return Found(binding, kept, tuple(notes))


def _first_that_answers(
    probe: Probe, dtypes: Sequence[str], binding: Binding
) -> tuple[str | None, dict[Batch, Outcome]]:
    """The first dtype in which any batch has a value, float32 first; and its answers by batch."""
    batches = [each for each in BATCHES if batch_key(len(each)) not in binding.unsupported]
    for dtype in sorted(dtypes, key=lambda name: name != "float32"):
        cases = [probe.case(dtype, batch, probe.plain()) for batch in batches]
        outcomes = probe.ask(cases, binding)
        answers: dict[Batch, Outcome] = dict(zip(batches, outcomes, strict=True))
        if any(outcome.value is not None for outcome in answers.values()):
            return dtype, answers
    return None, {}


def _batches(
    probe: Probe, dtype: str, binding: Binding, answers: Mapping[Batch, Outcome]
) -> dict[str, str]:
    """By key, the batches that are not offered."""
    found = {
        batch_key(len(batch)): probe.refused(
            f"a batch of {len(batch)} axes", outcome, binding, dtype, batch, probe.plain()
        )
        for batch, outcome in answers.items()
    }
    return {key: reason for key, reason in found.items() if reason}


def _takes_rows_only(answers: Mapping[Batch, Outcome], refused: Mapping[str, str]) -> bool:
    """Whether a batch of one axis is refused and one of more is not, so that a number is none either."""
    several = any(len(b) > 1 and o.value is not None for b, o in answers.items())
    return several and batch_key(1) in refused


def _class_axis(
    probe: Probe,
    dtype: str,
    binding: Binding,
    answers: Mapping[Batch, Outcome],
    notes: list[str],
) -> tuple[Binding, dict[Batch, Outcome]]:
    """Classes on axis 1, where the last axis was refused and this one is not."""
    refused = [batch for batch, outcome in answers.items() if outcome.raised and len(batch) > 1]
    if not refused:
        return binding, dict(answers)
    other = binding.model_copy(update={"layout": {"classes": 1}})
    again = probe.ask([probe.case(dtype, batch, probe.plain()) for batch in refused], other)
    if any(outcome.value is None for outcome in again):
        return binding, dict(answers)
    notes.append("classes are on axis 1: with classes last, batches of several axes were refused")
    return other, {**answers, **dict(zip(refused, again, strict=True))}


def _dtypes(
    probe: Probe,
    dtypes: Sequence[str],
    base: str,
    batch: Batch,
    binding: Binding,
    refused: dict[str, str],
    stated: bool,
) -> tuple[str, ...]:
    if stated:
        return tuple(dtypes)
    others = [dtype for dtype in dtypes if dtype != base]
    cases = [probe.case(dtype, batch, probe.plain()) for dtype in others]
    for dtype, outcome in zip(others, probe.ask(cases, binding), strict=True):
        if said := probe.refused(dtype, outcome, binding, dtype, batch, probe.plain()):
            refused[dtype] = said
    return tuple(dtype for dtype in dtypes if dtype not in refused)


def _with_unsupported(binding: Binding, more: Mapping[str, str]) -> Binding:
    return binding.model_copy(update={"unsupported": {**binding.unsupported, **more}})


def _reductions(probe: Probe, dtype: str, batch: Batch, binding: Binding) -> Binding:
    """Those that the callable does not refuse."""
    names = list(probe.loss.reductions)
    outcomes = probe.ask([probe.case(dtype, batch, name) for name in names], binding)
    refused = {}
    for name, outcome in zip(names, outcomes, strict=True):
        what = f"{binding.reduction_name}={name!r}"
        if said := probe.refused(what, outcome, binding, dtype, batch, name):
            refused[name] = said
    if len(refused) == len(names):
        return binding  # it was refused for another reason, which the run will show
    return _kept_reductions(_with_unsupported(binding, refused), set(names) - refused.keys())


def _kept_reductions(binding: Binding, names: set[str]) -> Binding:
    kept = {name: bound for name, bound in binding.reductions.items() if name in names}
    return binding.model_copy(update={"reductions": kept})


def _only_reduction(
    probe: Probe,
    dtype: str,
    batch: Batch,
    binding: Binding,
    outcome: Outcome,
    notes: list[str],
) -> Binding:
    """The one that a callable without the argument computes: by shape, then by the nearest value."""
    assert outcome.value is not None
    values = outcome.value.values.reshape(-1)
    name, off = "none", 0.0
    reducing = [each for each in probe.loss.reductions if each != "none"]
    if (values.size == 1 and np.prod(batch, dtype=int) > 1 and reducing) or (
        "none" not in probe.loss.reductions
    ):
        case = probe.case(dtype, batch, probe.plain())
        block = Block(probe.side, probe.loss, dtype, {probe.loss.id: probe.loss})
        due = {
            each: float(block.held(replace(case, reduction=each)).value().reshape(-1)[0])
            for each in reducing
        }
        apart = {each: abs(float(values[0]) - value) for each, value in due.items()}
        name = min(apart, key=lambda each: apart[each])
        off = apart[name] / max(abs(due[name]), 1e-300)
    shape = outcome.value.shape
    notes.append(
        f"takes no reduction and computes {name!r}: a batch of shape {batch} gave shape {shape}"
        + (f", {off:.1e} from the reference's {name}" if name != "none" else "")
    )
    others = {
        each: f"it takes no {binding.reduction_name} and computes {name!r}"
        for each in probe.loss.reductions
        if each != name
    }
    kept = _with_unsupported(binding, others)
    return kept.model_copy(update={"reductions": {name: ReductionBinding()}})
