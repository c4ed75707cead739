"""The driver's side of a worker: any number of calls, each of which may kill it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

from conformance.targets.call import Call
from conformance.targets.exchange import Exchange, last_words
from conformance.targets.outcome import Died, Outcome
from conformance.targets.process import Process, spawn
from conformance.targets.target import FRAMEWORKS, Target
from conformance.targets.worker.protocol import ProtocolError, encode

_TIMEOUT = 20.0
_COMPILED_TIMEOUT = 120.0
_RENEWAL = 0.6  # of the memory limit: a worker grown so far is replaced between two batches


class WorkerError(Exception):
    """A worker cannot be started: its framework is missing or broken."""


class Worker:
    """A target's process, started again as often as it dies; a context manager.

    `timeout` bounds one call, `start_timeout` the import of the framework, both in seconds;
    `memory` bounds the resident size in bytes (None: unwatched). `threads` is what a framework may
    use inside one operation. `import_paths` are searched for the user's modules, `environment`
    adds variables. Once started, `facts` says which versions run and on what, `signatures` how the
    callables at `callables` declare themselves. Not for use by two threads at once.
    """

    def __init__(
        self,
        target: Target,
        *,
        interpreter: str | None = None,
        timeout: float | None = None,
        start_timeout: float = 120.0,
        memory: int | None = 6 << 30,
        threads: int = 1,
        import_paths: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        callables: Sequence[str] = (),
    ) -> None:
        self.target = target
        self.facts: dict[str, Any] = {}
        self.signatures: dict[str, str] = {}
        self._interpreter = interpreter
        self._timeout = timeout or (_COMPILED_TIMEOUT if target.mode else _TIMEOUT)
        self._start_timeout = start_timeout
        self._memory = memory
        self._threads = threads
        self._import_paths = list(import_paths)
        self._environment = dict(environment or {})
        self._callables = list(callables)
        self._process: Process | None = None

    def __enter__(self) -> Worker:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the process and import the framework, unless that is done; raises WorkerError."""
        self._started()

    def close(self) -> None:
        """End the process and whatever it started."""
        if self._process is not None:
            self._process.end()
            self._process = None

    def evaluate(self, calls: Sequence[Call]) -> list[Outcome]:
        """One outcome a call, in order, whatever becomes of the worker."""
        outcomes: list[Outcome] = []
        self._renew()
        while len(outcomes) < len(calls):
            try:
                process = self._started()
            except WorkerError as error:
                lost = Outcome(death=Died("crash", f"the worker cannot be restarted: {error}"))
                return outcomes + [lost] * (len(calls) - len(outcomes))
            try:
                died = Exchange(process, calls, outcomes, self._timeout, self._memory).run()
            except BaseException:  # an interrupt, or a call that cannot be encoded
                self.close()
                raise
            if died is not None:
                outcomes.append(Outcome(death=died))
                self.close()
        return outcomes

    def _renew(self) -> None:
        process = self._process
        if process and self._memory and process.resident() > _RENEWAL * self._memory:
            self.close()

    def _started(self) -> Process:
        if self._process is None:
            try:
                process = spawn(self.target, self._interpreter, self._threads, self._environment)
            except OSError as error:
                raise WorkerError(f"{self.target.name}: {error}") from error
            try:
                self.facts = self._greet(process)
            except BaseException:
                process.end()
                raise
            self._process = process
        return self._process

    def _greet(self, process: Process) -> dict[str, Any]:
        """Say what to load, wait for the facts."""
        start = {
            "adapter": FRAMEWORKS[self.target.framework].adapter,
            "device": self.target.device,
            "mode": self.target.mode,
            "threads": self._threads,
            "import_paths": self._import_paths,
            "callables": self._callables,
        }
        process.outbox.add(encode(start, []))
        deadline = time.monotonic() + self._start_timeout
        while time.monotonic() < deadline:
            try:
                process.outbox.send()
                frame = process.receive()
            except (EOFError, BrokenPipeError, ProtocolError):
                raise WorkerError(f"{self.target.name}: {last_words(process)}") from None
            if frame is not None:
                return self._facts(frame[0])
            process.wait(0.1)
        raise WorkerError(f"{self.target.name}: not imported within {self._start_timeout:g} s")

    def _facts(self, header: Mapping[str, Any]) -> dict[str, Any]:
        if "failed" in header:
            failed = header["failed"]
            raise WorkerError(f"{self.target.name}: {failed['names'][0]}: {failed['message']}")
        self.signatures = dict(header.get("signatures", {}))
        return dict(header["facts"])
