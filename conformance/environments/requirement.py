"""A side of an audit as it is written: requirements, a wheel, or an interpreter that exists."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from conformance.environments.errors import RequirementError

INTERPRETER = "py:"
_FORM = "write 'torch==2.13.0', 'keras==3.3.3 tensorflow-cpu==2.16.2', a wheel file, or py:PATH"
_NAME = re.compile(r"(?P<name>[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)(\[[\w.,-]+\])?")
_VERSION = re.compile(r"((===?|[~!<>]=|<|>)[^\s=<>~!,]+,?)*|@.+")
_ALWAYS = "numpy"  # the worker needs it, and torch only suggests it


@dataclass(frozen=True)
class Side:
    """One side: its text, and either what is to be installed or which interpreter is taken as it is.

    `requirements` are what an installer is asked for, wheels as absolute paths; `identity` is equal
    for two sides that ask for the same, the contents of wheels included.
    """

    text: str
    requirements: tuple[str, ...] = ()
    interpreter: str | None = None
    identity: str = ""


def parse(text: str) -> Side:
    """Read one argument of `audit`; raises RequirementError."""
    if text.startswith(INTERPRETER):
        return Side(text, interpreter=_interpreter(text))
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise RequirementError(f"{text!r}: {error}; {_FORM}") from None
    if not words:
        raise RequirementError(f"{text!r} names nothing to install; {_FORM}")
    asked = [_requirement(word, text) for word in words]
    if _ALWAYS not in {name_of(each) for each in asked}:
        asked.append(_ALWAYS)
    return Side(text, tuple(asked), identity=" ".join(sorted(map(_identified, asked))))


def name_of(requirement: str) -> str:
    """The normalised name of the distribution that a requirement or a wheel is."""
    if _is_wheel(requirement):
        return normalised(Path(requirement).name.partition("-")[0])
    match = _NAME.match(requirement)
    assert match is not None  # parse saw to it
    return normalised(match["name"])


def normalised(name: str) -> str:
    """The name by which installers compare: Typing_Extensions is typing-extensions."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _requirement(word: str, text: str) -> str:
    if _is_wheel(word):
        path = Path(word).expanduser()
        if not path.is_file():
            raise RequirementError(f"{text!r}: there is no file {word}; name a wheel that exists")
        return str(path.resolve())
    match = _NAME.match(word)
    if match is None or not _VERSION.fullmatch(word[match.end() :]):
        raise RequirementError(f"{text!r}: {word!r} is no requirement, without blanks; {_FORM}")
    return word


def _is_wheel(word: str) -> bool:
    return word.endswith(".whl") and "@" not in word


def _interpreter(text: str) -> str:
    word = text.removeprefix(INTERPRETER)
    found = shutil.which(os.path.expanduser(word)) if word else None
    if found is None:
        raise RequirementError(
            f"{text!r}: there is no program {word!r}; name an interpreter, as in py:/usr/bin/python3"
        )
    return os.path.abspath(found)  # not resolved: a virtual environment is known by its link


def _identified(requirement: str) -> str:
    if not _is_wheel(requirement):
        return requirement
    with open(requirement, "rb") as file:
        return f"{Path(requirement).name}@{hashlib.file_digest(file, 'sha256').hexdigest()}"
