"""Inputs of a regime: each by its role, a target from its prediction where they are to agree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conformance.cases import portable
from conformance.cases.case import Array
from conformance.cases.probabilities import distributions, log_probabilities, probabilities
from conformance.cases.reals import Space, nudged, reals
from conformance.cases.roles import Role
from conformance.cases.streams import Floats, Integers, Shape

_Draw = Callable[[str, Space], Floats]
_DRAW: dict[Role, _Draw] = {
    Role.REAL: reals,
    Role.PROBABILITY: probabilities,
    Role.DISTRIBUTION: distributions,
    Role.MASS: distributions,
    Role.LOG_PROBABILITY: log_probabilities,
    Role.INTERVAL: reals,
}

#: Here the target has the regime everywhere; elsewhere some of it is typical or hard.
_WHOLE = frozenset({"typical", "constant", "hard", "unnormalised", "cancelling"})
#: What predictions are drawn as in the regimes that are about targets.
_FIRST = {"hard": ("typical", "tails"), "cancelling": ("cancelling", "typical", "tails")}

_ROWS = frozenset({Role.DISTRIBUTION, Role.MASS})


def first_input(role: Role, regime: str, space: Space) -> Floats:
    """A prediction: in the regimes that are about targets it is of one of a few other regimes."""
    others = _FIRST.get(regime, (regime,))
    return _DRAW[role](others[int(space.stream.integer(0, len(others) - 1, ()))], space)


def further_input(role: Role, regime: str, space: Space) -> Floats:
    """A target: mostly a mixture, as a fault often shows only where one side is plain."""
    if regime in _WHOLE:
        return _DRAW[role](regime, space)
    shape = space.shape
    grain = (*shape[:-1], 1) if role in _ROWS and shape else shape
    lot = np.broadcast_to(space.stream.integer(0, 2, grain), shape)
    plain = _DRAW[role]("typical", space)
    sharp = plain if role in (Role.REAL, Role.INTERVAL) else _DRAW[role]("hard", space)
    return np.choose(lot, [_DRAW[role](regime, space), plain, sharp])


def paired(role: Role, first: Floats, first_role: Role, space: Space) -> Floats:
    """A target so near to what the rounded first input says that their difference cancels."""
    if role is Role.REAL and first_role is Role.REAL:
        return nudged(first, space, 4)
    if role is Role.DISTRIBUTION:
        return portable.exp(portable.log_softmax(first)[0])
    if first_role is Role.LOG_PROBABILITY:
        return nudged(first if role is Role.LOG_PROBABILITY else portable.exp(first), space, 2)
    if first_role is Role.PROBABILITY:
        agreeing, same = np.rint(first), nudged(first, space, 1)
    elif first_role is Role.REAL and role is Role.PROBABILITY:
        agreeing, same = (first > 0.0).astype(np.float64), portable.sigmoid(first)[0]
    else:
        return further_input(role, "cancelling", space)
    return np.where(space.stream.chance(0.5, space.shape), agreeing, same)


def class_indices(regime: str, scores: Array, shape: Shape, space: Space) -> Integers:
    """Indices into the last axis of the scores: the likeliest in cancelling, the least in tails."""
    classes = scores.shape[-1]
    drawn = space.stream.integer(0, max(classes - 1, 0), shape)
    if classes == 0 or regime == "constant":
        return np.full(shape, drawn.reshape(-1)[0] if drawn.size else 0, dtype=np.int64)
    if regime == "cancelling":
        chosen = np.argmax(scores, axis=-1)
    elif regime == "tails":
        chosen = np.argmin(scores, axis=-1)
    else:
        return drawn
    return np.where(space.stream.chance(0.75, shape), chosen, drawn).astype(np.int64)
