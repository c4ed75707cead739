"""The file of a framework's bindings: read, its variants applied, all of its faults told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from conformance.specs.errors import SpecError
from conformance.specs.models import Name
from conformance.specs.reading import Document, read
from conformance.specs.strict import Strict
from conformance.specs.validation import validate
from conformance.targets.bindings import Binding
from conformance.targets.target import Target


class BindingFile(Strict):
    """One framework's bindings; `variants` overrides parts of a loss by backend, device, mode.

    `contract` holds for every loss, but for the parts that a loss states itself.
    """

    framework: str
    contract: dict[str, Any] | None = None
    losses: dict[Name, dict[str, Any]]


def binding_folder() -> Path:
    """Where the suite's own bindings lie."""
    return Path(__file__).resolve().parent / "bindings"


def load_bindings(target: Target, folder: Path | None = None) -> dict[str, Binding]:
    """The bindings of a target by loss, its variants applied; raises SpecError with all faults."""
    path = (folder or binding_folder()) / f"{target.framework}.yaml"
    return read_bindings(path, target.variants)


def read_bindings(path: Path, variants: tuple[str, ...] = ()) -> dict[str, Binding]:
    """Read one file of bindings; raises SpecError with all faults."""
    document = read(path)
    file = validate(TypeAdapter(BindingFile), document, {}, BindingFile)
    bindings: dict[str, Binding] = {}
    problems = []
    for loss, entry in file.losses.items():
        if file.contract is not None:
            entry = {**entry, "contract": _merge(file.contract, entry.get("contract", {}))}
        try:
            bindings[loss] = _binding(document, file.framework, loss, entry, variants)
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)
    return bindings


def _binding(
    document: Document, framework: str, loss: str, entry: dict[str, Any], variants: tuple[str, ...]
) -> Binding:
    base = {key: value for key, value in entry.items() if key != "variants"}
    for variant in variants:
        base = _merge(base, entry.get("variants", {}).get(variant, {}))
    given = {**base, "loss": loss, "framework": framework}
    try:
        instead = {
            name: Binding.model_validate({**_merge(given, override), "instead": {}})
            for name, override in given.pop("instead", {}).items()
        }
        return Binding.model_validate({**given, "instead": instead})
    except ValidationError as error:
        raise SpecError(
            document.problem(
                _trail(document, ("losses", loss, *fault["loc"])),
                f"{loss}: {'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}",
                f"keys allowed for a loss are {', '.join(_KEYS)}",
            )
            for fault in error.errors(include_url=False)
        ) from None


_KEYS = sorted({*Binding.model_fields} - {"loss", "framework"} | {"variants"})


def _trail(document: Document, loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """The longest part of a path that stands in the file."""
    length = len(loc)
    while length and loc[:length] not in document.values:
        length -= 1
    return loc[:length]


def _merge(base: dict[str, Any], override: dict[str, Any]) -> dict[str, Any]:
    """Override keys, and keys of mappings, where null removes one; `absent` replaces everything."""
    merged = {} if "absent" in override else dict(base)
    for key, value in override.items():
        old: Any = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = _without_nulls({**old, **value}) if both else value
    return merged


def _without_nulls(mapping: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if value is not None}
