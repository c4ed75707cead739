"""A request to end, from a scheduler or a person: what was recorded is kept, and workers end."""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn

INTERRUPTED = 130
TERMINATED = 143
"""128 and the number of the signal, SIGINT or SIGTERM, as shells count."""


class Terminated(KeyboardInterrupt):
    """SIGTERM: as a job's time limit sends it; goes the way of an interrupt."""


def heed() -> None:
    """Turn SIGTERM into an exception, so that everything is closed on its way out."""
    signal.signal(signal.SIGTERM, _terminate)


def code_of(error: BaseException | None) -> int:
    """The exit code of an interrupt, which click may have wrapped."""
    causes = (error, error.__cause__) if error is not None else ()
    return TERMINATED if any(isinstance(each, Terminated) for each in causes) else INTERRUPTED


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated
