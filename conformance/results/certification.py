"""The record of a certification: how near the reference came to the oracle, and for which state.

One JSON object; keys are the fields of `Certification`, as in the results files. The copy of the
suite's own is `reports/certification.json` in a checkout, and travels in the wheel.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.results.codec import Mismatch, decode, encode
from conformance.results.read import ResultsError

SCHEMA = 1


@dataclass(frozen=True)
class Row:
    """One quantity, the value or the gradient by an input or a weight, in one regime.

    `share` is the largest |reference - oracle| / bound; `excused` counts elements that left float64
    on the way, as their bounds foretold; `outside` those calls in which a bound was exceeded.
    """

    quantity: str
    regime: str
    calls: int
    elements: int
    share: float
    excused: int = 0
    outside: int = 0


@dataclass(frozen=True)
class Certified:
    """One loss: the digest of its spec, the rows, and the calls that the oracle left open."""

    spec: str
    rows: tuple[Row, ...]
    undecided: int = 0

    @property
    def elements(self) -> int:
        return sum(row.elements for row in self.rows)

    @property
    def share(self) -> float:
        """The largest of all."""
        return max((row.share for row in self.rows), default=0.0)

    @property
    def outside(self) -> int:
        return sum(row.outside for row in self.rows)


@dataclass(frozen=True)
class Certification:
    """`count` rounds with a seed; `reference` is the digest of the program texts."""

    suite: str
    created: str
    seed: int
    count: int
    reference: str
    packages: Mapping[str, str]
    losses: Mapping[str, Certified] = field(default_factory=dict)
    schema: int = SCHEMA

    def text(self) -> str:
        """The file: a row a line, so that a change of it can be reviewed."""
        whole = encode(self)
        losses = {}
        for name, loss in whole.pop("losses").items():
            rows = ",\n".join(f"        {json.dumps(row)}" for row in loss.pop("rows"))
            head = json.dumps(loss)[1:-1]
            losses[name] = f'    "{name}": {{{head}, "rows": [\n{rows}\n    ]}}'
        head = json.dumps(whole, indent=2)[:-2]
        return f'{head},\n  "losses": {{\n' + ",\n".join(losses.values()) + "\n  }\n}\n"


def suite_file(name: str) -> Path:
    """Where a record of the suite's own lies: `reports/` in a checkout, else in the package."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / "reports"
    return (checkout if checkout.is_dir() else package / "_reports") / name


def read_certification(path: Path | None = None) -> Certification | None:
    """Read a certification, the suite's own by default; None where there is no file.

    Raises ResultsError for a file that cannot be read as one.
    """
    file = path or suite_file("certification.json")
    try:
        return decode(Certification, json.loads(file.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, Mismatch) as error:
        told = f"no certification, {error}; `conformance certify -o {file}` writes one"
        raise ResultsError(file, 1, told) from error
