"""From faults to findings: one a cause, shrunk, with what a reader needs to see and repeat it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.cases.case import Case
from conformance.engine.book import Fault, size_of
from conformance.engine.extent import extent_of
from conformance.engine.tally import as_mapping, in_hex, sample_inputs, worst_of
from conformance.numerics.formats import FORMATS, ulp
from conformance.results.cell import Deviation, Example, Finding
from conformance.results.verdict import Kind
from conformance.targets.regression import Due, regression_test
from conformance.targets.snippet import snippet
from conformance.targets.target import backend_of

WHY: dict[Kind, str] = {
    "value": "The loss is further from the truth than its own order of operations allows.",
    "gradient": "Training follows the gradient; this one leads elsewhere than the loss does.",
    "nan": "One NaN in a gradient turns every weight of the model into NaN at the next step.",
    "inf": "An infinite loss ends a training run although the true value is an ordinary number.",
    "dtype": "A wider result costs memory, a narrower one digits, and both break code that composes.",
    "shape": "A wrong shape broadcasts silently in the next operation.",
    "mutation": "What belongs to the caller changed: the next use of it is wrong.",
    "module": "Two ways to call one loss are documented as the same.",
    "identity": "The two sides are the same function; a model that swaps one for the other changes.",
    "invariant": "What is true of the loss is not true of this implementation of it.",
    "exception": "Legal input is refused, so a run stops that could go on.",
    "wrong-exception": "Callers catch the documented kind; another one escapes them.",
    "error": "Bad input passes silently and comes back as a number that looks like a loss.",
    "warning": "A deprecated call gives no sign that it will go.",
    "crash": "The process died: no handler can save the run.",
    "timeout": "The call does not come back.",
    "memory": "The call takes more memory than it may.",
    "layout": "A view of the same numbers is an ordinary argument: code slices and transposes.",
    "determinism": "A run cannot be repeated, nor a sample looked at alone.",
    "reduction": "The batch's loss is not what its samples' losses add up to.",
}
RULES: dict[Kind, str] = {
    "value": "|actual - expected| is within the bound derived for this order of operations",
    "gradient": "|actual - expected| is within the bound derived for this order of operations",
    "nan": "NaN only where NaN is given or the spec says so",
    "inf": "infinite only where the true value or an intermediate of the program is past the range",
    "dtype": "the result has the dtype of the inputs",
    "shape": "the result has the batch's shape, or none after a reduction",
    "mutation": "inputs are unchanged, bit for bit, and so are the settings of the process",
    "module": "function, module and alias agree bit for bit",
    "identity": "both sides agree within the sum of their bounds",
    "invariant": "sides that an invariant relates agree within the sum of their bounds",
    "error": "what the spec rejects raises",
    "layout": "a view gives what contiguous inputs give, within the bound",
    "determinism": "calls of the same numbers agree, within the bound",
}


def findings(
    faults: Iterable[Fault], target: str, reduce: Callable[[Fault], Fault]
) -> list[Finding]:
    """One finding for each property, kind, input and cause; the smallest of its cases is shrunk."""
    groups: dict[tuple[str, Kind, str | None, str], list[Fault]] = {}
    for fault in faults:
        key = (fault.property, fault.kind, fault.input, fault.cause)
        groups.setdefault(key, []).append(fault)
    found = []
    for group in groups.values():
        ordered = sorted(group, key=_order)
        found.append(finding(reduce(ordered[0]), ordered, target))
    return found


def documented(fault: Fault, known: Deviation, target: str) -> Finding:
    """The finding that shows a known deviation on one of its cases."""
    return replace(finding(fault, [fault], target), known=known)


def _order(fault: Fault) -> tuple[int, str]:
    return (size_of(fault), fault.case.id)


def finding(fault: Fault, group: list[Fault], target: str) -> Finding:
    """The record of a fault; `group` are the unshrunk faults of the same cause, smallest first."""
    case, call = fault.case, fault.call
    case_id = f"{fault.property}:{case.id}"
    numbers = _numbers(fault)
    backend = backend_of(target)
    identity = f"{target} {fault.property} {fault.kind} {fault.input} {case.dtype} {case.loss}"
    identity += f" {fault.cause}" * bool(fault.cause)
    return Finding(
        id=hashlib.sha256(identity.encode()).hexdigest()[:10],
        kind=fault.kind,
        loss=case.loss,
        property=fault.property,
        target=target,
        dtype=case.dtype,
        case=case_id,
        rule=fault.rule or RULES.get(fault.kind, fault.note),
        why=f"{fault.note}. {WHY.get(fault.kind, '')}".strip(),
        replay=f"conformance replay '{case_id}' -t '{target}'",
        cases=len({each.case.id for each in group}),
        parameters=as_mapping(case.parameters),
        reduction=case.reduction,
        hint=fault.hint,
        snippet=snippet(call, fault.input, fault.changed, backend),
        test=regression_test(call, fault.input, fault.kind, _due(fault), _form_due(fault), backend),
        smallest=tuple(_example(each) for each in group[:3]),
        extent=extent_of(fault, group),
        **numbers,
    )


def _due(fault: Fault) -> Due | None:
    """The worst element and how far off it may be, in absolute numbers.

    None for an invariant: what is due of one call hangs on what another gave.
    """
    judged = fault.judged
    if judged is None or judged.worst is None or fault.kind == "invariant":
        return None
    place = judged.worst
    expected = float(judged.expected[place])
    at = np.flatnonzero(judged.probed == place)
    share = float(judged.bound_ulp[at[0]]) if at.size else 0.0
    step = float(ulp(np.asarray(expected), FORMATS[fault.case.dtype]))
    allowed = share * step if np.isfinite(share) else 0.0
    return Due(place, expected, allowed)


def _form_due(fault: Fault) -> str | None:
    """The shape, or the dtypes."""
    words = (fault.expected or "").split(" or ")
    named = fault.kind == "dtype" and all(word in FORMATS for word in words)
    return fault.expected if fault.kind == "shape" or named else None


def _numbers(fault: Fault) -> dict[str, Any]:
    judged = fault.judged
    if judged is None or judged.worst is None:
        inputs = sample_inputs(fault.case, 0, 0)
        return {
            "inputs": inputs, "hex": {name: in_hex(each) for name, each in inputs.items()},
            "expected": fault.expected, "actual": fault.actual,
        }  # fmt: skip
    place = judged.worst
    worst = worst_of(fault.case, judged, place)
    return {
        "mismatched": int(judged.failed.size), "of": int(judged.classes.size), "index": (place,),
        "inputs": worst.inputs, "hex": worst.hex,
        "expected": worst.expected, "actual": worst.actual,
        "expected_hex": float(judged.expected[place]).hex(),
        "actual_hex": float(judged.actual[place]).hex(),
        "error_ulp": None if math.isnan(worst.ulp) else worst.ulp,
        "share": worst.share, "bound": worst.bound_ulp,
    }  # fmt: skip


def _example(fault: Fault) -> Example:
    judged, case = fault.judged, fault.case
    name = f"{fault.property}:{case.id}"
    if judged is None or judged.worst is None:
        return Example(name, _inputs(case), fault.expected, fault.actual)
    place = judged.worst
    shown = sample_inputs(case, place, judged.actual.size)
    return Example(name, shown, float(judged.expected[place]), float(judged.actual[place]))


def _inputs(case: Case) -> dict[str, Any]:
    return {name: np.asarray(array).reshape(-1)[:8].tolist() for name, array in case.inputs.items()}
