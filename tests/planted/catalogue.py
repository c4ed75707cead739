"""The table of planted implementations: what is wrong with each, and where it can be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DTYPES = ("float32", "float64", "float16", "bfloat16")
CORRECT = "correct"


@dataclass(frozen=True)
class Planted:
    """One implementation. `place` is its `module:callable`.

    `kind` names the mistake, or says that there is none. `dtypes`: in which a fault can be told from
    the truth, or which a correct variant claims. `due` is the property that is to catch it and that
    the suite does not have yet, `open` the answer to why nothing catches it, `quick` why that
    profile does not.
    """

    name: str
    loss: str
    place: str
    kind: str
    note: str
    dtypes: tuple[str, ...] = DTYPES
    framework: str = "torch"
    quick: str | None = None
    due: str | None = None
    open: str | None = None

    @property
    def correct(self) -> bool:
        return self.kind == CORRECT

    @property
    def id(self) -> str:
        return f"{self.loss}:{self.name}"


@cache
def load() -> tuple[Planted, ...]:
    """Every planted implementation, the faults first."""
    written = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))
    return (*_faults(written["faults"]), *_variants(written["correct"]))


def faults() -> list[Planted]:
    return [each for each in load() if not each.correct]


def variants() -> list[Planted]:
    return [each for each in load() if each.correct]


def find(id: str) -> Planted:
    return next(each for each in load() if each.id == id)


def _faults(losses: Mapping[str, Mapping[str, Any]]) -> Iterator[Planted]:
    for loss, rows in losses.items():
        for name, (kind, note, *more) in rows.items():
            given = {"module": loss, **dict(*more)}
            module = f"tests.planted.{given.pop('module')}"
            found = _planted(name, loss, module, kind, note, given)
            yield found if found.framework == "torch" else _elsewhere(found)


def _variants(modules: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterator[Planted]:
    for module, losses in modules.items():
        for loss, rows in losses.items():
            for name, (note, *more) in rows.items():
                found = _planted(name, loss, f"tests.planted.{module}", CORRECT, note, *more)
                yield found if found.framework == "torch" else _elsewhere(found)


def _elsewhere(planted: Planted) -> Planted:
    """What is written for another framework stands in a module of that framework."""
    return replace(planted, place=f"tests.planted.of_{planted.framework}:{planted.name}")


def _planted(
    name: str, loss: str, module: str, kind: str, note: str, more: Mapping[str, Any] | None = None
) -> Planted:
    given = dict(more or {})
    dtypes = tuple(given.pop("dtypes", DTYPES))
    ordered = tuple(each for each in DTYPES if each in dtypes)
    return Planted(name, loss, f"{module}:{name}", kind, note, ordered, **given)
