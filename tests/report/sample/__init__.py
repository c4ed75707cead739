"""Made-up results with the shape, variety and size of real ones; the same for the same seed."""

from tests.report.sample.hostile import HOSTILE, hostile
from tests.report.sample.run import Size, sample, write

__all__ = ["HOSTILE", "Size", "hostile", "sample", "write"]
