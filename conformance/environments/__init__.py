"""One isolated environment a requirement: parsed, resolved, built once, kept, and listed.

`prepare` makes the environments of several sides with one interpreter that all of them accept.
Imports the standard library only; the installers (uv, or venv and pip) are other processes.
"""

from conformance.environments.errors import EnvironmentFault
from conformance.environments.preparation import Environment, Options, prepare
from conformance.environments.requirement import Side, parse

__all__ = ["Environment", "EnvironmentFault", "Options", "Side", "parse", "prepare"]
