"""The command on targets made of the reference's answers, as a process that can be killed.

`python pretending.py SECONDS WORDS...`: every batch of a target takes that long.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from conformance.cli import recording
from conformance.cli.root import main
from conformance.engine.workers import Absent, Station
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from tests.engine.honest import Fake, station


@dataclass
class Slow(Fake):
    seconds: float = 0.0

    def evaluate(self, calls: Sequence[Call]) -> list[Outcome]:
        time.sleep(self.seconds)
        return super().evaluate(calls)


def opened(seconds: float) -> list[Station]:
    made = [station(), station(framework="tensorflow")]
    return [replace(each, worker=Slow(seconds=seconds)) for each in made]  # type: ignore[arg-type]


if __name__ == "__main__":
    stations = opened(float(sys.argv[1]))

    def open_stations(targets: object, stack: object) -> tuple[list[Station], list[Absent]]:
        return stations, []

    recording.open_stations = open_stations  # type: ignore[assignment]
    os.environ["CONFORMANCE_JOBS"] = "1"  # another process would know nothing of it
    main(sys.argv[2:])
