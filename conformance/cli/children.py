"""Processes that are sent to do a part of the work: started, heard, and called back."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

PATIENCE = 20.0
"""Seconds that a process has to close its file and its workers once it was told to end."""


def sent(
    work: Callable[[Any, Connection], None], errand: Any, stack: ExitStack, *, duplex: bool = False
) -> tuple[Connection, SpawnProcess]:
    """A process that does `work(errand, line)`, and our end of the line; ended with the stack."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex)
    process = context.Process(target=work, args=(errand, theirs))
    process.start()
    theirs.close()  # so that its end is seen here
    stack.callback(_recalled, process)
    return ours, process


def dismissed(processes: Sequence[SpawnProcess]) -> None:
    """Tell all that are still there to end, before any is waited for."""
    for process in processes:
        if process.is_alive():
            process.terminate()


def _recalled(process: SpawnProcess) -> None:
    """End a process that is still there, and wait until its files and its workers are closed."""
    if process.is_alive():
        process.terminate()
        process.join(PATIENCE)
    if process.is_alive():
        process.kill()
        process.join()
