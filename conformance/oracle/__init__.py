"""Ball arithmetic on formulas: values and derivatives that are proved."""

from conformance.oracle.directional import Directional, directional
from conformance.oracle.enclosure import Enclosure, Enclosures, distances, midpoints, radii
from conformance.oracle.evaluation import (
    PrecisionError,
    derivatives,
    evaluate,
    weight_derivatives,
)

__all__ = [
    "Directional", "Enclosure", "Enclosures", "PrecisionError", "derivatives", "directional",
    "distances", "evaluate", "midpoints", "radii", "weight_derivatives",
]  # fmt: skip
