"""Formats, error-carrying arrays and the classification of a value."""

from conformance.numerics.arithmetic import IDEAL64, Accuracy, Arithmetic, wide
from conformance.numerics.bounded import Bounded, bounded
from conformance.numerics.classification import Class, Judgement
from conformance.numerics.formats import FORMATS, Format, round_to, ulp
from conformance.numerics.program import run_bounded

__all__ = [
    "FORMATS", "IDEAL64", "Accuracy", "Arithmetic", "Bounded", "Class", "Format", "Judgement",
    "bounded", "round_to", "run_bounded", "ulp", "wide",
]  # fmt: skip
