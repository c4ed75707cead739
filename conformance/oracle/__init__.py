"""Ball arithmetic on formulas: values and derivatives that are proved."""

from conformance.oracle.directional import Directional, directional
from conformance.oracle.enclosure import Enclosure, Enclosures, distances, midpoints, radii
from conformance.oracle.evaluation import (
    VALUE,
    PrecisionError,
    derivatives,
    evaluate,
    value_and_derivatives,
    weight_derivatives,
)

__all__ = [
    "VALUE", "Directional", "Enclosure", "Enclosures", "PrecisionError", "derivatives",
    "directional", "distances", "evaluate", "midpoints", "radii", "value_and_derivatives",
    "weight_derivatives",
]  # fmt: skip
