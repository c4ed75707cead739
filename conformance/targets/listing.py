"""Write known deviations: new ones go to the end of a file, and what is there stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from conformance.specs.errors import Problem, SpecError
from conformance.targets.known import Deviation, read_known

HEAD = """\
# Known deviations of this project, matched strictly: a worse result fails, one that is gone is reported.
deviations:
"""


def add(path: Path, deviations: Sequence[Deviation]) -> None:
    """Add deviations to a file, which need not exist yet.

    Raises SpecError where the file is no such list, has one of the ids, or does not end with its
    deviations; OSError where it cannot be written. It is as it was then.
    """
    there = read_known(path) if path.exists() else ()
    _new(path, there, deviations)
    before = path.read_text("utf-8") if there else HEAD
    part = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        part.write_text(before.rstrip("\n") + "\n" + "".join(map(_entry, deviations)), "utf-8")
        if not _holds(part, [*there, *deviations]):
            message = "the file does not end with its deviations, one below the other"
            raise SpecError([Problem(str(path), 1, 1, message, "write to another file with -o")])
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _holds(path: Path, deviations: Sequence[Deviation]) -> bool:
    try:
        return list(read_known(path)) == list(deviations)
    except SpecError:
        return False


def _new(path: Path, there: Sequence[Deviation], deviations: Sequence[Deviation]) -> None:
    taken = {each.id: each.expect for each in there}
    problems = [
        Problem(
            str(path), 1, 1,
            f"{each.id} is listed already, with {_told(taken[each.id])}; "
            f"measured is now {_told(each.expect)}",
            "take it off the list first",
        )
        for each in deviations
        if each.id in taken
    ]  # fmt: skip
    if problems:
        raise SpecError(problems)


def _told(expect: Any) -> str:
    given = expect.model_dump(exclude_none=True)
    return ", ".join(f"{name} {value}" for name, value in given.items())


def _entry(deviation: Deviation) -> str:
    given = deviation.model_dump(exclude_defaults=True)
    text = yaml.safe_dump(
        [_plain(given)], sort_keys=False, width=110, allow_unicode=True, default_flow_style=None
    )
    return "\n" + "".join(f"  {line}\n" for line in text.splitlines())


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value
