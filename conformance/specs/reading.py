"""Strict YAML: one document of plain data, each part with its place, and every fault at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from conformance.specs.errors import Problem, SpecError
from conformance.specs.scalars import resolve

SIZE_LIMIT = 1_000_000
DEPTH_LIMIT = 30

Trail = tuple[str | int, ...]
Place = tuple[int, int]


@dataclass(frozen=True)
class Document:
    """Plain data (dict, tuple, str, int, float, bool, None) and where each key and value stands."""

    file: str
    data: Any
    values: dict[Trail, Place]
    keys: dict[Trail, Place]

    def place(self, trail: Trail, *, key: bool = False) -> Place:
        """Give line and column, from 1, of a value or its key; of the parent where it is absent."""
        marks = self.keys if key else self.values
        for length in range(len(trail), -1, -1):
            if trail[:length] in marks:
                return marks[trail[:length]]
            marks = self.values
        return (1, 1)

    def problem(self, trail: Trail, message: str, remedy: str, *, key: bool = False) -> Problem:
        """Say what is wrong at a place of this document."""
        return Problem(self.file, *self.place(trail, key=key), message, remedy)


def read(path: Path) -> Document:
    """Read one file; raises SpecError with everything that is wrong with it."""
    file = str(path)
    try:
        size = path.stat().st_size
        text = path.read_text(encoding="utf-8") if size <= SIZE_LIMIT else None
    except OSError as error:
        reason = error.strerror or "cannot be opened"
        raise SpecError([Problem(file, 1, 1, reason, "give the path of a YAML file")]) from None
    except UnicodeDecodeError:
        problem = Problem(file, 1, 1, "the file is not UTF-8", "save it as UTF-8")
        raise SpecError([problem]) from None
    if text is None:
        message = f"the file has {size} bytes"
        raise SpecError([Problem(file, 1, 1, message, f"at most {SIZE_LIMIT} are read; split it")])
    return read_text(text, file)


def read_text(text: str, file: str) -> Document:
    """Read YAML from a string that stands for a file; raises SpecError."""
    builder = _Builder(file, _events(text, file))
    try:
        document = builder.document()
    except SpecError as error:
        raise SpecError([*builder.problems, *error.problems]) from None
    if builder.problems:
        raise SpecError(builder.problems)
    return document


def _events(text: str, file: str) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise SpecError(
            [Problem(file, line, column, f"this is no YAML: {error.problem}", "mend the syntax")]
        ) from None
    except yaml.YAMLError as error:
        message = f"this is no YAML: {str(error).splitlines()[0]}"
        raise SpecError([Problem(file, 1, 1, message, "mend the syntax")]) from None


@dataclass
class _Builder:
    """Turns the parser's events into data; collects what the strict subset of YAML refuses."""

    file: str
    events: Iterator[yaml.Event]
    problems: list[Problem] = field(default_factory=list)
    values: dict[Trail, Place] = field(default_factory=dict)
    keys: dict[Trail, Place] = field(default_factory=dict)

    def document(self) -> Document:
        data: Any = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.refuse(event, "a second document begins", "keep one document a file")
                data = self.node(next(self.events), ())
        if documents == 0:
            self.problems.append(Problem(self.file, 1, 1, "the file is empty", "write a mapping"))
        return Document(self.file, data, self.values, self.keys)

    def refuse(self, event: yaml.Event, message: str, remedy: str) -> None:
        self.problems.append(Problem(self.file, *_place(event), message, remedy))

    def node(self, event: yaml.Event, trail: Trail) -> Any:
        self.values[trail] = _place(event)
        if isinstance(event, yaml.AliasEvent):
            self.refuse(event, f"the alias *{event.anchor} is used", "write the value out")
            return None
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor is not None:
            self.refuse(event, f"the anchor &{anchor} is set", "write the value out")
        if tag is not None:
            self.refuse(event, f"the tag {tag} is set", "leave tags out")
        if len(trail) > DEPTH_LIMIT:
            found = f"the nesting is deeper than {DEPTH_LIMIT} levels"
            raise SpecError([Problem(self.file, *_place(event), found, "write a flatter value")])
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(trail)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(trail)
        return self.scalar(event)

    def scalar(self, event: Any) -> Any:
        if event.style:
            return event.value
        try:
            return resolve(event.value)
        except ValueError as error:
            message, _, remedy = str(error).partition("; ")
            self.refuse(event, message, remedy)
            return None

    def sequence(self, trail: Trail) -> tuple[Any, ...]:
        entries: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            entries.append(self.node(event, (*trail, len(entries))))
        return tuple(entries)

    def mapping(self, trail: Trail) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.key(event, trail)
            repeated = key in entries
            if repeated:
                line = self.keys[(*trail, key)][0]
                message = f"the key {key!r} is given twice, first in line {line}"
                self.refuse(event, message, "keep one")
            self.keys.setdefault((*trail, key), _place(event))
            value = self.node(next(self.events), (*trail, key))
            entries.setdefault(key, value)
        return entries

    def key(self, event: yaml.Event, trail: Trail) -> str:
        value = self.node(event, (*trail, "?"))
        if isinstance(event, yaml.ScalarEvent) and isinstance(value, str):
            return value
        found = event.value if isinstance(event, yaml.ScalarEvent) else "a collection"
        self.refuse(event, f"the key {found} is not text", "put it in quotes")
        return str(found)


def _place(event: Any) -> Place:
    return (event.start_mark.line + 1, event.start_mark.column + 1)
