"""The record of the suite's own score: planted faults caught, and correct variants flagged.

One JSON object; keys are the fields of `Score`. The suite's own is `reports/score-summary.json` in
a checkout, which `make score` writes beside the whole table, and travels in the wheel.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from conformance.results.certification import suite_file
from conformance.results.codec import Mismatch, decode, encode
from conformance.results.read import ResultsError

SCHEMA = 1


@dataclass(frozen=True)
class Judge:
    """Who judged, in words: faults `caught` of those it could be asked about, variants `flagged`."""

    name: str
    caught: int
    faults: int
    flagged: int
    correct: int


@dataclass(frozen=True)
class Miss:
    """A fault that a profile of the suite does not find, and why."""

    profile: str
    fault: str
    why: str


@dataclass(frozen=True)
class Score:
    """Judges over the same implementations: the suite's profiles first, then its peers."""

    suite: str
    created: str
    judges: tuple[Judge, ...]
    missed: tuple[Miss, ...]
    schema: int = SCHEMA

    def text(self) -> str:
        return json.dumps(encode(self), indent=2) + "\n"


def read_score(path: Path | None = None) -> Score | None:
    """Read a score, the suite's own by default; None where there is no file.

    Raises ResultsError for a file that cannot be read as one.
    """
    file = path or suite_file("score-summary.json")
    try:
        return decode(Score, json.loads(file.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, Mismatch) as error:
        raise ResultsError(file, 1, f"no score, {error}; `make score` writes one") from error
