"""The format of a results file, version 1.

`*.jsonl.gz`: UTF-8, one JSON object a line, each line a gzip member of its own, so that a run that
was killed leaves every finished record readable and a damaged record is found by its checksum.
The first line is a `Manifest`, then come `Cell`s in the order in which they finished, and last an
`End`; without it the run is incomplete. A cell (loss, property, target, dtype) occurs once.

Keys are the fields of these classes (`interval` is written `in`); an unknown key, a missing one
without default, or a value of another type is an error. Non-finite numbers are the texts `NaN`,
`Infinity` and `-Infinity`. The named tuples (`Point`, `Quantile`, `Row`) are written as lists.
A change that an older reader would misread gets a new version number. See docs/results-format.md.
"""

from __future__ import annotations

from conformance.results.cell import (
    AccuracyLoss,
    Cell,
    Climb,
    Deviation,
    End,
    Example,
    Extent,
    Finding,
    Outcome,
    Point,
    Quantile,
    Row,
    Worst,
)
from conformance.results.manifest import (
    Algorithm,
    Convention,
    EdgeCase,
    Formula,
    Input,
    Listed,
    Loss,
    Machine,
    Manifest,
    Parameter,
    Reject,
    Source,
    Suite,
    Target,
    Value,
)
from conformance.results.verdict import (
    CLASSES,
    FINDINGS,
    KINDS,
    MEANING,
    SYMBOL,
    VERDICTS,
    Class,
    Kind,
    Verdict,
    worst,
)

VERSION = 1

__all__ = [
    "CLASSES",
    "FINDINGS",
    "KINDS",
    "MEANING",
    "SYMBOL",
    "VERDICTS",
    "VERSION",
    "AccuracyLoss",
    "Algorithm",
    "Cell",
    "Class",
    "Climb",
    "Convention",
    "Deviation",
    "EdgeCase",
    "End",
    "Example",
    "Extent",
    "Finding",
    "Formula",
    "Input",
    "Kind",
    "Listed",
    "Loss",
    "Machine",
    "Manifest",
    "Outcome",
    "Parameter",
    "Point",
    "Quantile",
    "Reject",
    "Row",
    "Source",
    "Suite",
    "Target",
    "Value",
    "Verdict",
    "Worst",
    "worst",
]
