"""Ball arithmetic on formulas: values and derivatives that are proved."""

from conformance.oracle.enclosure import Enclosure, Enclosures, distances, midpoints, radii
from conformance.oracle.evaluation import (
    PrecisionError,
    derivatives,
    evaluate,
    weight_derivatives,
)

__all__ = [
    "Enclosure", "Enclosures", "PrecisionError", "derivatives", "distances", "evaluate",
    "midpoints", "radii", "weight_derivatives",
]  # fmt: skip
