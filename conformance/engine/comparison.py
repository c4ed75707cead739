"""Where targets differ by declaration, as data: conventions, arguments, defaults, what one lacks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.cases.contract import OF_LISTS, askings
from conformance.engine.practice import declared
from conformance.engine.workers import Station
from conformance.specs.choice import Choice, ChoiceForm
from conformance.specs.contract import load_contract
from conformance.specs.models import Loss
from conformance.specs.shared import Convention
from conformance.targets.bindings import Binding

_REDUCTION = r"\b{name}=(None|'[^']*'|\"[^\"]*\")"


@dataclass(frozen=True)
class Difference:
    """A convention that targets declare differently: a choice by target, a sentence by choice."""

    loss: str
    convention: str
    question: str
    choices: Mapping[str, str]
    meanings: Mapping[str, str]

    @property
    def distinct(self) -> tuple[str, ...]:
        """The different choices, each once, in the order of the targets."""
        found: dict[Choice, str] = {}
        for text in self.choices.values():
            found.setdefault(Choice.parse(text), text)
        return tuple(found.values())


@dataclass(frozen=True)
class Contrast:
    """A point of the call on which targets differ, and what each has."""

    topic: str
    texts: Mapping[str, str]


def serving(stations: Sequence[Station], loss: Loss) -> tuple[list[Station], dict[str, str]]:
    """The stations that have a loss, and why the others do not."""
    having, lacking = [], {}
    for station in stations:
        binding = station.side.bindings.get(loss.id)
        if binding is not None and binding.absent is None:
            having.append(station)
        else:
            reason = binding.absent if binding else None
            lacking[station.target.name] = reason or f"no binding for {loss.id}"
    return having, lacking


def differences(
    loss: Loss, bindings: Mapping[str, Binding], conventions: Mapping[str, Convention]
) -> list[Difference]:
    """The conventions of a loss that the bindings, by target, do not all answer alike."""
    made = {target: declared(binding, loss) for target, binding in bindings.items()}
    found = []
    for name in loss.conventions:
        choices = {target: chosen[name] for target, chosen in made.items()}
        if len({Choice.parse(text) for text in choices.values()}) < 2:
            continue
        shared = conventions.get(name)
        found.append(
            Difference(
                loss=loss.id,
                convention=name,
                question=shared.question if shared else name,
                choices=choices,
                meanings={text: _meaning(text, shared) for text in choices.values()},
            )
        )
    return found


def _meaning(text: str, convention: Convention | None) -> str:
    choice = Choice.parse(text)
    for form, sentence in (convention.choices if convention else {}).items():
        if ChoiceForm.parse(form).fits(choice):
            return sentence
    return ""


def contrasts(loss: Loss, stations: Sequence[Station]) -> list[Contrast]:
    """The points on which the calls of a loss differ, in the order in which a reader meets them."""
    found = []
    for topic, text in _topics(loss).items():
        texts = {station.target.name: text(station) for station in stations}
        if len({*texts.values()}) > 1:
            found.append(Contrast(topic, texts))
    return found


Text = Callable[[Station], str]


def _topics(loss: Loss) -> dict[str, Text]:
    def bound(station: Station) -> Binding:
        return station.side.bindings[loss.id]

    topics: dict[str, Text] = {
        "function": lambda station: bound(station).call or "none",
        "module": lambda station: bound(station).module or "none",
    }
    for name in loss.inputs:
        topics[f"argument for {name}"] = lambda s, name=name: _argument(bound(s).inputs.get(name))  # type: ignore[misc]
    topics["constants"] = lambda station: _constants(bound(station))
    if any("classes" in item.shape for item in loss.inputs.values()):
        topics["class axis"] = lambda station: str(bound(station).layout.get("classes", "last"))
    topics["reduction by default"] = lambda station: default_reduction(station, bound(station))
    for name in loss.reductions:
        topics[f"reduction {name}"] = lambda s, name=name: _reduction(bound(s), name)  # type: ignore[misc]
    for name in loss.parameters:
        topics[f"parameter {name}"] = lambda s, name=name: _parameter(bound(s), loss, name)  # type: ignore[misc]
    for clause in dict.fromkeys(asking.clause for asking in askings(loss, OF_LISTS)):
        if load_contract()[clause].words:
            topics[f"contract: {clause}"] = lambda s, clause=clause: _word(bound(s), clause)  # type: ignore[misc]
    for reject in loss.rejects:
        topics[f"refuses {reject.id}"] = lambda s, name=reject.id: _refusal(bound(s), name)  # type: ignore[misc]
    return topics


def _argument(place: str | int | None) -> str:
    if place is None:
        return "not taken"
    return place if isinstance(place, str) else f"position {place}"


def _constants(binding: Binding) -> str:
    return ", ".join(f"{k}={v!r}" for k, v in binding.constants.items()) or "none"


def _reduction(binding: Binding, name: str) -> str:
    if name in binding.unsupported:
        return f"none: {binding.unsupported[name]}"
    bound = binding.reduction(name)
    if bound is None:
        return "not offered"
    if bound.after:
        return f"{bound.after} of the unreduced losses"
    if bound.argument is None:
        return "what it returns"
    where = "" if "function" in binding.reduced_by and binding.call else ", of the module only"
    return f"{binding.reduction_name}={bound.argument!r}{where}"


def _parameter(binding: Binding, loss: Loss, name: str) -> str:
    if name in binding.unsupported:
        return f"not taken: {binding.unsupported[name]}"
    if name in binding.instead:
        return f"by {binding.instead[name].call or binding.instead[name].module}"
    bound = binding.parameter(name)
    if bound is None:
        return "not taken"
    default = bound.default if bound.differs else loss.parameters[name].default
    return f"{bound.name}, {default!r} by default"


def _word(binding: Binding, clause: str) -> str:
    """What a binding declares of a clause of the contract, dtype by dtype where it differs."""
    words = None if binding.contract is None else binding.contract.words(clause)
    return (
        ", ".join(f"{key}: {word}" if key else word for key, word in (words or {}).items())
        or "not declared"
    )


def _refusal(binding: Binding, name: str) -> str:
    if name in binding.unchecked:
        return f"not checked: {binding.unchecked[name]}"
    return binding.rejects.get(name, "some exception")


def default_reduction(station: Station, binding: Binding) -> str:
    """What each form does where nothing is said, read from the installed signatures."""
    shown = list(_defaults(station, binding))
    return "; ".join(shown) or "not known: the callables show no signature"


def _defaults(station: Station, binding: Binding) -> Iterator[str]:
    for form, path in (("function", binding.call), ("module", binding.module)):
        if path is None:
            continue
        if form not in binding.reduced_by:
            yield f"{form}: unreduced losses"
            continue
        pattern = _REDUCTION.format(name=re.escape(binding.reduction_name))
        said = re.search(pattern, station.signatures.get(path, ""))
        if said:
            yield f"{form}: {said[1].strip(chr(39) + chr(34))}"
