"""A batch and one worker: calls stream out, outcomes stream in, until all are there or it dies."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from conformance.targets.call import Call, request
from conformance.targets.outcome import Died, Outcome, read_outcome
from conformance.targets.process import Process, ending
from conformance.targets.worker.protocol import Packed, ProtocolError, encode

_TICK = 0.05  # seconds between looks at the clock and at the memory
_LAST_WORDS = 1_500
_LISTED = "Extension modules: "  # a crash ends with all that were loaded, which nobody asks for


class Exchange:
    """Asks for the calls that have no outcome yet and appends their outcomes, in order."""

    def __init__(
        self,
        process: Process,
        calls: Sequence[Call],
        outcomes: list[Outcome],
        timeout: float,
        memory: int | None,
    ) -> None:
        self._process = process
        self._calls = calls
        self._outcomes = outcomes
        self._timeout = timeout
        self._memory = memory
        self._sent = len(outcomes)
        self._deaf = False

    def run(self) -> Died | None:
        """None when every call has its outcome, else how the worker died on the next one."""
        deadline = time.monotonic() + self._timeout
        look = time.monotonic() + _TICK
        while True:
            self._send()
            try:
                if self._receive():
                    deadline = time.monotonic() + self._timeout
            except EOFError:
                return Died("crash", last_words(self._process))
            except ProtocolError as error:
                return Died("crash", f"the worker's answer cannot be read: {error}")
            if len(self._outcomes) == len(self._calls):
                return None
            now = time.monotonic()
            if now >= look:
                look = now + _TICK
                if (died := self._examine(now, deadline)) is not None:
                    return died
            self._process.wait(_TICK)

    def _send(self) -> None:
        """Encode a call only when the one before has left: what waits is bounded by the pipe."""
        outbox = self._process.outbox
        try:
            outbox.send()
            while not outbox and not self._deaf and self._sent < len(self._calls):
                outbox.add(encode(*request(self._calls[self._sent], self._sent)))
                self._sent += 1
                outbox.send()
        except BrokenPipeError:  # dead; the outcomes that it had written are still to be read
            outbox.clear()
            self._deaf = True

    def _receive(self) -> bool:
        """Take every outcome that is there; whether there was one."""
        came = False
        while (place := len(self._outcomes)) < len(self._calls):
            frame = self._process.receive()
            if frame is None:
                return came
            header, arrays = frame
            if header.get("id") != place:
                raise ProtocolError(f"outcome {header.get('id')} came for call {place}")
            names = tuple(self._calls[place].arrays)
            self._outcomes.append(_read(header, arrays, names))
            came = True
        return came

    def _examine(self, now: float, deadline: float) -> Died | None:
        self._process.drain()
        resident = self._process.resident()
        if self._memory is not None and resident > self._memory:
            limit = self._memory >> 20
            return Died("memory", f"{resident >> 20} MiB were resident, {limit} are allowed")
        if now >= deadline:
            return Died("timeout", f"no outcome within {self._timeout:g} s")
        return None


def _read(header: dict[str, Any], arrays: list[Packed], names: tuple[str, ...]) -> Outcome:
    """The outcome in a frame; raises ProtocolError where foreign code has garbled it."""
    try:
        return read_outcome(header, arrays, names)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as fault:
        raise ProtocolError(f"an unreadable outcome: {fault!r}") from fault


def last_words(process: Process) -> str:
    """How a process that has died or closed its pipe ended, and what it printed last."""
    process.drain()
    lines = process.said.splitlines()
    said = "\n".join(each for each in lines if not each.startswith(_LISTED))[-_LAST_WORDS:]
    status = process.popen.poll()
    if status is None:  # the pipe is closed, the process not yet gone, or still there
        time.sleep(_TICK)
        status = process.popen.poll()
    how = "the process closed its pipe" if status is None else ending(status)
    return f"{how}; it printed last: {said}" if said else how
