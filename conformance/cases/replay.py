"""From the id of a case back to the case: `value:mse/float32/wide/17x3/mean/-/s5`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from conformance.cases.case import Case
from conformance.cases.copies import copied
from conformance.cases.edges import edge_cases, examples
from conformance.cases.generation import build
from conformance.cases.given import parse_given
from conformance.cases.identities import LEFT, MARK, equation
from conformance.cases.invariants.making import relation
from conformance.cases.recipe import GIVEN, CaseTextError, Recipe, unreadable
from conformance.cases.regimes import REGIMES
from conformance.cases.rejects import rejects
from conformance.cases.roles import has_classes
from conformance.cases.sample import cut
from conformance.cases.variant import MARK as VARIED
from conformance.numerics.formats import FORMATS
from conformance.specs.models import Loss

Losses = Mapping[str, Loss]

_ELEMENT = re.compile(r"e([0-9]+)")
_COPIES = re.compile(r"x([1-9][0-9]{0,3})")
_FORM = "PROPERTY:LOSS/DTYPE/..., as a report prints it"


def split_id(case_id: str) -> tuple[str, str]:
    """The property and the text of a case's id; raises CaseTextError."""
    name, colon, text = case_id.partition(":")
    if not colon or "/" in name:
        raise unreadable(case_id, "no property before a colon", _FORM)
    return name, text


def rebuild(text: str, losses: Losses) -> Case:
    """The case of a text without its property, however it came about; raises CaseTextError."""
    head, _, last = text.rpartition("/")
    if last.startswith(MARK):
        return _side(head, last, losses)
    if last.startswith(VARIED):
        return rebuild(head, losses)
    words = text.split("/")
    loss = _loss(words[0], text, losses)
    if len(words) < 3 or words[1] not in FORMATS:
        raise unreadable(text, f"the dtype {'/'.join(words[1:2])!r}", ", ".join(FORMATS))
    element = _ELEMENT.fullmatch(last)
    if element and (words[2] == GIVEN or len(words) == 4):
        return _cut(rebuild(head, losses), loss, int(element[1]))
    copies = _COPIES.fullmatch(last)
    if copies and len(words) > 5:
        return _copied(rebuild(head, losses), loss, int(copies[1]))
    if words[2] == GIVEN:
        return parse_given(text)
    if len(words) == 3:
        return _written(words, text, loss)
    return _recipe(Recipe.parse(text), loss, text)


def _loss(name: str, text: str, losses: Losses) -> Loss:
    if name not in losses:
        raise unreadable(text, f"the loss {name!r}", ", ".join(losses))
    return losses[name]


def _recipe(recipe: Recipe, loss: Loss, text: str) -> Case:
    unknown = [name for name, _ in recipe.parameters if name not in loss.parameters]
    if unknown:
        known = ", ".join(loss.parameters) or "no parameter"
        raise unreadable(text, f"the parameter {unknown[0]!r}", known)
    if recipe.reduction not in loss.reductions:
        raise unreadable(text, f"the reduction {recipe.reduction!r}", ", ".join(loss.reductions))
    if recipe.regime not in REGIMES:
        raise unreadable(text, f"the regime {recipe.regime!r}", ", ".join(REGIMES))
    if has_classes(loss) != (recipe.classes is not None):
        found, right = ("no class axis", "17x3c") if has_classes(loss) else ("a class axis", "17x3")
        raise unreadable(text, found, f"a shape such as {right}")
    try:
        return build(recipe, loss)
    except IndexError as error:
        raise CaseTextError(str(error)) from error


def _cut(case: Case, loss: Loss, element: int) -> Case:
    try:
        return cut(case, loss, element)
    except IndexError as error:
        raise CaseTextError(str(error)) from error


def _copied(case: Case, loss: Loss, count: int) -> Case:
    try:
        return copied(case, loss, count)
    except IndexError as error:
        raise CaseTextError(str(error)) from error


def _written(words: list[str], text: str, loss: Loss) -> Case:
    """A case of the spec: examples, edge cases and rejects have ids of their own in a loss."""
    right = (*examples(loss, words[1]), *edge_cases(loss, words[1]))
    cases = {each.name: each.case for each in right}
    cases |= {each.name: each.case for each in rejects(loss, words[1])}
    if words[2] not in cases:
        raise unreadable(text, f"the case {words[2]!r}", ", ".join(cases))
    return cases[words[2]]


def _side(base: str, mark: str, losses: Losses) -> Case:
    """A side of an identity or an invariant, made again from the case that it was taken of."""
    case = rebuild(base, losses)
    loss = losses[case.loss]
    found = relation(case, loss, mark.removeprefix(MARK).partition("+")[0])
    for each in found.sides if found else ():
        if each.id == f"{base}/{mark}":
            return each
    name = mark.removeprefix(MARK).removesuffix(LEFT)
    for identity in loss.identities:
        made = equation(case, loss, identity, losses) if identity.id == name else None
        if made is not None:
            return made.left if mark.endswith(LEFT) else made.right
    known = ", ".join(each.id for each in loss.identities)
    known += "".join(f", {each.name}" for each in loss.invariants)
    raise unreadable(f"{base}/{mark}", f"the identity {name!r}, which does not hold here", known)
