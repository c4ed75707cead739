"""Programs that are run to their end, and what they said if they failed."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from conformance.environments.errors import EnvironmentFault, last_lines
from conformance.environments.interpreter import surroundings


def output(words: Sequence[str], given: str | None = None) -> str:
    """The standard output of a program; raises EnvironmentFault with the last that it printed."""
    try:
        done = subprocess.run(
            words, input=given or "", capture_output=True, text=True, env=surroundings()
        )
    except OSError as error:
        raise EnvironmentFault(f"{words[0]}: {error.strerror}") from error
    if done.returncode:
        raise EnvironmentFault(
            last_lines(done.stderr) or f"{words[0]} ended with {done.returncode}"
        )
    return done.stdout
