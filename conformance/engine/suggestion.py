"""Which single choices of a convention, had it been declared, would explain a fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from conformance.engine.block import Block
from conformance.engine.book import Fault
from conformance.engine.judge import Held, LimitsAt, judge
from conformance.specs.choice import ChoiceForm
from conformance.specs.models import Loss

_ARGUMENTS = {"value": ("-100",), "slope": ("-1", "0", "1")}
_SMALL = ("1e-5", "1e-6", "1e-7", "1e-8", "1e-10", "1e-12")
"""What is tried where a choice takes a number: what people write there, by the number's name."""


def suggestion(fault: Fault, block: Block) -> str:
    """A sentence that names each choice that alone would do, one a convention; or nothing.

    Conventions are no matter of other dtypes.
    """
    if fault.judged is None or fault.call.dtypes:
        return ""
    declared = block.choices()
    found: dict[str, str] = {}  # one of each form: a case seldom tells its numbers apart
    for name, text in _others(block.loss, declared):
        if _explains(fault, block, {**declared, name: text}):
            found.setdefault(f"{name}={text.partition('(')[0]}", f"{name}={text}")
    if not found:
        return ""
    first, *more = found.values()
    others = f", and so it does with {' and with '.join(more)}" if more else ""
    return f"It conforms here with --convention '{first}'{others}, if that is by design."


def _others(loss: Loss, declared: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name, convention in loss.conventions.items():
        for form in map(ChoiceForm.parse, convention.choices):
            texts = [form.name]
            if form.argument is not None:
                texts = [
                    f"{form.name}({number})" for number in _ARGUMENTS.get(form.argument, _SMALL)
                ]
            yield from ((name, text) for text in texts if text != declared[name])


def _explains(fault: Fault, block: Block, choices: dict[str, str]) -> bool:
    binding = block.binding.model_copy(update={"conventions": choices})
    side = replace(block.side, bindings={**block.side.bindings, block.loss.id: binding})
    held = replace(block, side=side).held(fault.case)
    try:
        return _conforms(fault, held)
    except (ValueError, KeyError, IndexError, ArithmeticError):
        return False  # a choice that the reference does not take with these parameters or axes


def _conforms(fault: Fault, held: Held) -> bool:
    judged = fault.judged
    assert judged is not None
    if fault.input is None:
        due, limits = held.value(), cast(LimitsAt, held.value_limits_at)
    else:
        assert fault.call.cotangent is not None
        along = fault.call.cotangent
        due = held.gradients(along)[fault.input]
        limits = held.gradient_limits_at(fault.input, along)
    if due.size != judged.actual.size:
        return False
    return not judge(judged.actual, due, held.form, limits).failed.size
