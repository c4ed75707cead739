"""The regimes: kinds of input that find different faults, and what each is for."""

from __future__ import annotations

from dataclasses import dataclass

Text = str


@dataclass(frozen=True)
class Regime:
    """One kind of input. `needs` names a trait that some input must have (see roles.regimes_of)."""

    name: str
    purpose: Text
    needs: str = ""


_ALL = (
    Regime(
        "typical", "What a training step sees: it must be right here before anything else counts."
    ),
    Regime("wide", "Magnitudes spread evenly over the exponents of the dtype, both signs."),
    Regime("tails", "Where exp saturates and probabilities come within a few ulp of 0 and of 1."),
    Regime(
        "thresholds", "Neighbours of kinks and of the constants at which implementations switch."
    ),
    Regime(
        "cancelling", "Target within a few ulp of the prediction, losses far below their terms."
    ),
    Regime(
        "constant", "All entries equal: rounding errors of one sign add up, ln 2 from zero logits."
    ),
    Regime("ties", "Few different values: equal maxima, zero differences."),
    Regime("subnormal", "Subnormal numbers and their neighbours: flushing shows."),
    Regime("zeros", "Zeros of both signs among ordinary values."),
    Regime(
        "largest", "The largest finite numbers: intermediates overflow where the loss does not."
    ),
    Regime("one-big", "One large loss first, small ones after: narrow accumulators lose the rest."),
    Regime("hard", "Targets that are 0 or 1, or one-hot.", needs="mass"),
    Regime("boundary", "Probabilities exactly 0 and 1 beside their neighbours.", needs="mass"),
    Regime("unnormalised", "Rows of probabilities that do not sum to one.", needs="rows"),
    Regime("infinite", "Infinities among ordinary values.", needs="unbounded"),
    Regime("nan", "NaN among ordinary values.", needs="unbounded"),
)
REGIMES: dict[str, Regime] = {regime.name: regime for regime in _ALL}

#: Regimes whose cases hold infinities or NaN; all others are finite.
NOT_FINITE = frozenset({"infinite", "nan"})
