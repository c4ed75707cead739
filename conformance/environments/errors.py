"""What can go wrong between a requirement and an environment that runs."""

from __future__ import annotations

_LAST_LINES = 12


class RequirementError(ValueError):
    """A side of an audit cannot be read: a bad argument, not a failed installation."""


class EnvironmentFault(Exception):
    """An environment cannot be had: nothing accepts it, it cannot be built, or it is not cached."""


def last_lines(said: str) -> str:
    """The end of what an installer printed, without its blank lines."""
    lines = [line.rstrip() for line in said.splitlines() if line.strip()]
    return "\n".join(lines[-_LAST_LINES:])
