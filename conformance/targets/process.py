"""A worker's process: started in a group of its own, watched, and ended as a group."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.targets.target import Target
from conformance.targets.worker.protocol import Frame, Inbox, Outbox

WORKER = Path(__file__).resolve().parent / "worker"
_PIPE_BYTES = 1 << 20  # the most that Linux gives without privilege
_KEPT_OUTPUT = 8_192
_PAGE = os.sysconf("SC_PAGE_SIZE")
_BACKEND = {"optax": "jax", "jax": "jax"}


def environment(target: Target, threads: int, home: str) -> dict[str, str]:
    """The variables that pin down how a framework computes, over those of this process.

    `home` is an empty folder: Keras would read its settings from, and write them to, the user's.
    """
    number = str(threads)
    settings = {
        "OMP_NUM_THREADS": number,
        "MKL_NUM_THREADS": number,
        "OPENBLAS_NUM_THREADS": number,
        "TF_NUM_INTRAOP_THREADS": number,
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "JAX_ENABLE_X64": "1",
        "JAX_PLATFORMS": target.device,
        "KERAS_HOME": home,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if target.framework == "keras":
        settings["KERAS_BACKEND"] = str(target.backend)
    if target.device == "cpu":
        settings["CUDA_VISIBLE_DEVICES"] = ""
    if "jax" in (target.backend, _BACKEND.get(target.framework)):
        settings.update(_compiled_before(target.framework))
    return {**os.environ, **settings}


def foreign(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables without those that would let this interpreter's packages into another one."""
    ours = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    return {
        **{name: value for name, value in variables.items() if name not in ours},
        "PYTHONNOUSERSITE": "1",
    }


def _compiled_before(framework: str) -> dict[str, str]:
    """Keep what JAX compiles: eager JAX compiles every operation anew for every shape it meets.

    A folder a framework, as JAX does not lock it. Nothing where the user's cache cannot be written.
    """
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return {}
    try:
        caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(caches) / "loss-conformance" / "jax" / framework
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return {}
    if not os.access(folder, os.W_OK):
        return {}
    return {
        "JAX_COMPILATION_CACHE_DIR": str(folder),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


@dataclass
class Process:
    """A running worker and the pipes to it; `inbox` and `outbox` never block."""

    popen: subprocess.Popen[bytes]
    inbox: Inbox
    outbox: Outbox
    requests: int
    responses: int
    output: int
    home: tempfile.TemporaryDirectory[str]
    printing: bool = True
    _said: deque[int] = field(default_factory=lambda: deque(maxlen=_KEPT_OUTPUT))

    def drain(self) -> None:
        """Read what the worker has printed and keep its end; `printing` ends with the pipe."""
        while self.printing:
            try:
                chunk = os.read(self.output, 1 << 16)
            except BlockingIOError:
                return
            self.printing = bool(chunk)
            self._said.extend(chunk[-_KEPT_OUTPUT:])

    def receive(self) -> Frame | None:
        """The next frame, or None while there is none; raises EOFError after the last.

        A child of the worker may hold the pipe open, so the end of the process counts, and not only
        that of the pipe; what was written before it is read first.
        """
        over = self.popen.poll() is not None
        frame = self.inbox.receive()
        if frame is None and over:
            raise EOFError
        return frame

    def wait(self, seconds: float) -> None:
        """Sleep until the worker answers, prints, takes what is on its way to it, or time is up."""
        poll = select.poll()
        poll.register(self.responses, select.POLLIN)
        if self.printing:
            poll.register(self.output, select.POLLIN)
        if self.outbox:
            poll.register(self.requests, select.POLLOUT)
        if any(descriptor == self.output for descriptor, _ in poll.poll(seconds * 1_000)):
            self.drain()

    @property
    def said(self) -> str:
        """The last that the worker printed."""
        return bytes(self._said).decode(errors="replace").strip()

    def resident(self) -> int:
        """Resident memory in bytes; 0 where the system does not say."""
        try:
            with open(f"/proc/{self.popen.pid}/statm", "rb") as file:
                return int(file.read().split()[1]) * _PAGE
        except (OSError, IndexError):
            return 0

    def end(self) -> int:
        """Kill the whole group, close the pipes; the exit status, negative for a signal."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        status = self.popen.wait()
        for descriptor in (self.requests, self.responses, self.output):
            os.close(descriptor)
        self.home.cleanup()
        return status


def spawn(
    target: Target, interpreter: str | None, threads: int, extra: Mapping[str, str]
) -> Process:
    """Start a worker for a target; it waits for its first frame."""
    home = tempfile.TemporaryDirectory(prefix="conformance-")
    (child_in, requests), (responses, child_out), (output, child_said) = (
        os.pipe(),
        os.pipe(),
        os.pipe(),
    )
    variables = environment(target, threads, home.name)
    words = [interpreter or sys.executable, "-u", "-X", "faulthandler", str(WORKER)]
    try:
        popen = subprocess.Popen(
            [*words, str(child_in), str(child_out)],
            stdin=subprocess.DEVNULL,
            stdout=child_said,
            stderr=child_said,
            pass_fds=(child_in, child_out),
            env={**(foreign(variables) if interpreter else variables), **extra},
            start_new_session=True,
        )
    except OSError:
        for descriptor in (requests, responses, output):
            os.close(descriptor)
        home.cleanup()
        raise
    finally:
        for descriptor in (child_in, child_out, child_said):
            os.close(descriptor)
    for descriptor in (requests, responses, output):
        os.set_blocking(descriptor, False)
        with contextlib.suppress(OSError, AttributeError):  # not every system lets a pipe grow
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return Process(popen, Inbox(responses), Outbox(requests), requests, responses, output, home)


def ending(status: int) -> str:
    """What an exit status says, in words."""
    if status >= 0:
        return f"the process ended with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    hint = ", perhaps by the system for want of memory" if -status == signal.SIGKILL else ""
    return f"the process was ended by {name}{hint}"
