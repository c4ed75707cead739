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


_received: list[KeyboardInterrupt] = []
"""Since `heed`; the exceptions may have been lost."""


def heed() -> None:
    """Turn SIGINT and SIGTERM into exceptions, so that everything is closed on its way out."""
    _received.clear()
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _terminate)


def heed_parent() -> None:
    """For a process that another one drives and ends by SIGTERM: once, and SIGINT not at all.

    A terminal sends SIGINT to all of a group, and a scheduler may send SIGTERM to it; a second
    exception would fall into what the first one is closing.
    """
    _received.clear()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _terminate_once)


def raise_lost() -> None:
    """Raise an interrupt that came where Python drops exceptions, as in callbacks of its collector.

    For long work to call between two steps.
    """
    if _received:
        raise _received[-1]


def interrupting(error: BaseException | None) -> KeyboardInterrupt | None:
    """The interrupt that an exception is, or that it arose from: whoever was interrupted may have
    failed at cleaning up, as Hypothesis does where its engine has not begun."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error


def code_of(error: BaseException | None) -> int:
    """The exit code of an interrupt, which click may have wrapped."""
    return TERMINATED if isinstance(interrupting(error), Terminated) else INTERRUPTED


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    _raised(KeyboardInterrupt())


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    _raised(Terminated())


def _terminate_once(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _raised(Terminated())


def _raised(error: KeyboardInterrupt) -> NoReturn:
    _received.append(error)
    raise error
