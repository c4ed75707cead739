"""All specs of a folder: the losses, the conventions they name, the works they cite."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from conformance.specs.errors import Problem, SpecError
from conformance.specs.models import Loss
from conformance.specs.reading import read
from conformance.specs.shared import Convention, Work
from conformance.specs.validation import validate

CONVENTIONS = "conventions.yaml"
BIBLIOGRAPHY = "bibliography.yaml"
BINDINGS = "bindings"
"""The folder beside the families that holds no losses: how frameworks call them."""


@dataclass(frozen=True)
class Library:
    """What a spec folder holds; losses in the order of their families and names."""

    folder: Path
    losses: dict[str, Loss]
    conventions: dict[str, Convention]
    bibliography: dict[str, Work]


def spec_folder() -> Path:
    """Give the folder of the specs: `spec/` in a checkout, else the copy inside the package."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / "spec"
    return checkout if (checkout / CONVENTIONS).is_file() else package / "_spec"


def load_library(folder: Path | None = None) -> Library:
    """Read a spec folder, the suite's own by default; raises SpecError with all faults."""
    return _load(spec_folder() if folder is None else Path(folder))


@cache
def _load(folder: Path) -> Library:
    problems: list[Problem] = []
    losses: dict[str, Loss] = {}
    for path in loss_files(folder):
        try:
            loss = load_loss(path)
        except SpecError as error:
            problems += error.problems
            continue
        if loss.id in losses:
            message = f"the loss {loss.id!r} stands in {losses[loss.id].file} too"
            problems.append(Problem(str(path), 1, 1, message, "rename one of the files"))
        losses.setdefault(loss.id, loss)
    shared: list[dict[str, Any]] = []
    for name, kind in SHARED:
        try:
            shared.append(shared_of((folder,), name, kind))
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)
    return Library(folder, losses, *shared)


def with_loss(path: Path) -> Library:
    """The suite's own losses and the one of a file, which stands before a namesake.

    Raises SpecError.
    """
    own, loss = load_library(), load_loss(path)
    return Library(
        path.resolve().parent,
        {**own.losses, loss.id: loss},
        *(shared_of(folders_about(path), name, kind) for name, kind in SHARED),
    )


SHARED: tuple[tuple[str, Any], ...] = ((CONVENTIONS, Convention), (BIBLIOGRAPHY, Work))


def folders_about(path: Path) -> tuple[Path, ...]:
    """Where what a loss refers to may lie: beside its file, or beside its family's folder."""
    return tuple(path.resolve().parents[:2])


def shared_of(folders: Iterable[Path], name: str, kind: Any) -> dict[str, Any]:
    """The conventions or the works known to losses in some folders. Raises SpecError.

    A folder that has both files stands alone; one of them, or none, adds to the suite's own.
    """
    about = [folder for folder in folders if (folder / name).is_file()]
    for folder in about:
        if all((folder / other).is_file() for other, _ in SHARED):
            return load_shared(folder / name, kind)
    known = load_shared(spec_folder() / name, kind)
    for folder in reversed(about):
        known |= load_shared(folder / name, kind)
    return known


def loss_files(folder: Path) -> list[Path]:
    """Give the files of the losses: one folder down, a family a folder."""
    return sorted(path for path in folder.glob("*/*.yaml") if path.parent.name != BINDINGS)


def load_loss(path: Path) -> Loss:
    """Read one loss; its id and family come from the file's name and folder. Raises SpecError."""
    document = read(path)
    extra = {"id": path.stem, "family": _family(path), "file": str(path)}
    return validate(TypeAdapter(Loss), document, extra, Loss)


def _family(path: Path) -> str:
    """The folder's name, as a family may be called: a spec of one's own lies where it lies."""
    name = re.sub(r"[^a-z0-9_]", "_", path.resolve().parent.name.lower())
    return name if name[:1].isalpha() else f"family_{name}"


def load_shared(path: Path, kind: Any) -> dict[str, Any]:
    """Read the conventions or the bibliography: a model by key. Raises SpecError."""
    root = dict[str, kind]
    adapter: TypeAdapter[dict[str, Any]] = TypeAdapter(root)
    return validate(adapter, read(path), {}, root)


def spec_digest(loss: Loss) -> str:
    """Give the SHA-256 of what a spec says, whatever its layout and comments."""
    content = loss.model_dump(mode="python", by_alias=True, exclude={"file"})
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def families(losses: Iterable[Loss]) -> dict[str, list[str]]:
    """Give the ids of the losses of each family."""
    grouped: dict[str, list[str]] = {}
    for loss in losses:
        grouped.setdefault(loss.family, []).append(loss.id)
    return grouped
