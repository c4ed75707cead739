"""Input that every implementation must refuse, as the spec writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.cases.case import Case
from conformance.cases.cotangent import Cotangents
from conformance.cases.written import given_inputs, given_parameters, misfit
from conformance.numerics.formats import FORMATS
from conformance.specs.models import Loss


@dataclass(frozen=True, eq=False)
class RejectCase:
    """A call that must raise. `dtypes` names inputs of another type than the case's.

    The case itself is not valid: shapes disagree, indices lie outside, the reduction is unknown.
    """

    name: str
    kind: str
    breaks: str
    case: Case
    dtypes: Mapping[str, str]
    given: Mapping[str, Any]


def rejects(loss: Loss, dtype: str) -> list[RejectCase]:
    """The input that a loss must refuse, for those of its cases that the dtype can hold."""
    form = FORMATS[dtype]
    found = []
    for written in loss.rejects:
        if misfit(written.given, form):
            continue
        text = f"{loss.id}/{dtype}/{written.id}"
        case = Case(
            id=text,
            loss=loss.id,
            dtype=dtype,
            inputs=given_inputs(loss, written.given, form),
            parameters=given_parameters(loss, written.given, form),
            reduction=written.given.reduction,
            cotangents=Cotangents(text, dtype, ones=True),
            conventions=dict(written.given.conventions),
        )
        overrides = dict(written.given.dtype)
        found.append(
            RejectCase(
                written.id,
                written.kind,
                written.breaks,
                case,
                overrides,
                dict(written.given.values),
            )
        )
    return found
