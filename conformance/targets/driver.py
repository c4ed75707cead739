"""The driver's side of a worker: any number of calls, each of which may kill it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol

from conformance.targets.call import Call
from conformance.targets.exchange import Exchange, last_words
from conformance.targets.outcome import Died, Outcome
from conformance.targets.process import Process, spawn
from conformance.targets.target import FRAMEWORKS, Target
from conformance.targets.worker.protocol import ProtocolError, encode

_TIMEOUT = 20.0
_COMPILED_TIMEOUT = 120.0
_RENEWAL = 0.6  # of the memory limit: a worker grown so far is replaced between two batches
_LEAST = 2.0  # seconds that even a callable that hangs again and again gets
_MANY = 10  # times its slowest answer, likewise


class WorkerError(Exception):
    """A worker cannot be started: its framework is missing or broken."""


class Answering(Protocol):
    """Whoever performs calls for a target: a worker's process, or this very one."""

    facts: dict[str, Any]

    def evaluate(self, calls: Sequence[Call]) -> list[Outcome]: ...
    def close(self) -> None: ...


class Worker:
    """A target's process, started again as often as it dies; a context manager.

    `timeout` bounds one call, `start_timeout` the import of the framework, both in seconds;
    `memory` bounds the resident size in bytes (None: unwatched). `threads` is what a framework may
    use inside one operation. `import_paths` are searched for the user's modules, `environment`
    adds variables. After `patience` deaths in a row the rest of a batch is given up, and one call of
    each later batch is tried (None: every call is); after as many calls that hung, the others are not
    waited for as long. Once started, `facts` says which versions run and on what, `signatures` how the
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
        patience: int | None = None,
        callables: Sequence[str] = (),
    ) -> None:
        self.target = target
        self._patience = patience
        self._deaths = 0
        self._hung = 0
        self._slowest = 0.0
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
                known = len(outcomes)
                died = Exchange(process, calls, outcomes, self._allowed(), self._memory).run()
                self._slowest = max([self._slowest, *(each.seconds for each in outcomes[known:])])
            except BaseException:  # an interrupt, or a call that cannot be encoded
                self.close()
                raise
            if died is not None:
                outcomes.append(Outcome(death=died))
                self._hung += died.kind == "timeout"
                self.close()
                if self._hopeless(outcomes):
                    given_up = Died(died.kind, f"not asked any more: {_last(died)}")
                    return outcomes + [Outcome(death=given_up)] * (len(calls) - len(outcomes))
        if outcomes and outcomes[-1].death is None:
            self._deaths = 0
        return outcomes

    def _allowed(self) -> float:
        """Seconds for a call; of one that hangs often, a few times what it takes to answer."""
        if self._patience is None or self._hung < self._patience:
            return self._timeout
        return min(self._timeout, max(_LEAST, _MANY * self._slowest))

    def _hopeless(self, outcomes: Sequence[Outcome]) -> bool:
        """Whether the callable has died so often in a row that more calls would only cost time."""
        run = 0
        while run < len(outcomes) and outcomes[-1 - run].death is not None:
            run += 1
        self._deaths = self._deaths + 1 if run == len(outcomes) else run
        return self._patience is not None and self._deaths >= self._patience

    def describe(self, path: str) -> dict[str, Any]:
        """What the callable at a path takes; imports it. Raises WorkerError with the reason."""
        process = self._started()
        process.outbox.add(encode({"describe": path}, []))
        began = time.monotonic()
        try:
            header = self._awaited(process, f"{path} was not imported")
        except WorkerError:
            self.close()
            raise
        self._slowest = time.monotonic() - began  # a worker that starts again imports it in a call
        if "failed" in header:
            raise WorkerError(f"{header['failed']['names'][0]}: {header['failed']['message']}")
        return dict(header["description"])

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
            "watch": bool(self.target.place),  # what a framework does to itself is its own
            "callables": self._callables,
        }
        process.outbox.add(encode(start, []))
        try:
            header = self._awaited(process, "not imported")
        except WorkerError as error:
            raise WorkerError(f"{self.target.name}: {error}") from None
        return self._facts(header)

    def _awaited(self, process: Process, undone: str) -> Mapping[str, Any]:
        """The header of the next frame; WorkerError where none comes in time, or ever."""
        deadline = time.monotonic() + self._start_timeout
        while time.monotonic() < deadline:
            try:
                process.outbox.send()
                frame = process.receive()
            except (EOFError, BrokenPipeError, ProtocolError):
                raise WorkerError(last_words(process)) from None
            if frame is not None:
                return frame[0]
            process.wait(0.1)
        raise WorkerError(f"{undone} within {self._start_timeout:g} s")

    def _facts(self, header: Mapping[str, Any]) -> dict[str, Any]:
        if "failed" in header:
            failed = header["failed"]
            raise WorkerError(f"{self.target.name}: {failed['names'][0]}: {failed['message']}")
        self.signatures = dict(header.get("signatures", {}))
        return dict(header["facts"])


def _last(died: Died) -> str:
    """What the last death was like, in one line."""
    return f"the last calls each ended so: {died.detail}"
