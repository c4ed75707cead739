"""The record of a count of false alarms: comparisons with stock frameworks, and what they used.

One JSON object; keys are the fields of `Exceedances`. The suite's own is `reports/exceedances.json`
in a checkout, and travels in the wheel.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.results.certification import suite_file
from conformance.results.codec import Mismatch, decode, encode
from conformance.results.manifest import Machine
from conformance.results.read import ResultsError

SCHEMA = 1


@dataclass(frozen=True)
class Row:
    """One loss on one target, of the order of operations that it is registered with.

    `exceedances` are beyond the own bound and explained by nothing, `known` by a known deviation;
    `premature` are overflows that the order of operations brings with it. `bounded` elements were
    decided by their bound, and `median`, `most` (99 %) and `largest` are the shares of it that they
    used. `flagged`: what the default tolerances of each framework would have called different.
    """

    target: str
    loss: str
    algorithm: str
    comparisons: int
    exceedances: int
    known: int
    premature: int
    bounded: int
    median: float | None
    most: float | None
    largest: float | None
    flagged: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Exceedances:
    """The rows, with the machine and the versions that they were counted on; `all` is their sum."""

    suite: str
    created: str
    machine: Machine
    packages: Mapping[str, str]
    all: Row
    rows: tuple[Row, ...]
    schema: int = SCHEMA

    def text(self) -> str:
        """The file: a row a line, so that a change of it can be reviewed."""
        whole = encode(self)
        rows = ",\n".join(f"    {json.dumps(row)}" for row in whole.pop("rows"))
        head = json.dumps(whole, indent=2)[:-2]
        return f'{head},\n  "rows": [\n{rows}\n  ]\n}}\n'


def read_exceedances(path: Path | None = None) -> Exceedances | None:
    """Read a count, the suite's own by default; None where there is no file.

    Raises ResultsError for a file that cannot be read as one.
    """
    file = path or suite_file("exceedances.json")
    try:
        return decode(Exceedances, json.loads(file.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, Mismatch) as error:
        told = f"no count of exceedances, {error}; `python -m benchmarks exceedances` writes one"
        raise ResultsError(file, 1, told) from error
