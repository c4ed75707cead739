"""Which framework a callable is written for, read off its source: nothing is imported."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.targets.candidate import CandidateError
from conformance.targets.place import Place, is_there, source_of

FRAMEWORKS = ("torch", "keras", "tensorflow", "jax", "numpy")
_PACKAGES = {
    "torch": "torch",
    "triton": "torch",
    "keras": "keras",
    "tensorflow": "tensorflow",
    "jax": "jax",
    "optax": "jax",
    "flax": "jax",
    "equinox": "jax",
    "numpy": "numpy",
}
_MOST_HOPS = 5


@dataclass(frozen=True)
class Source:
    """A parsed file: its tree, and the dotted name behind each name that an import gives."""

    path: Path
    tree: ast.Module
    imports: Mapping[str, str]


def guess(place: Place) -> str | None:
    """The framework of a callable's signature, bases and body, else of its file, else of what it calls.

    None if unclear. NumPy counts only where nothing else does: most code for any framework uses it too.
    """
    packaged = _PACKAGES.get(place.path.partition(":")[0].partition(".")[0])
    if packaged is not None:
        return packaged
    source = _read(place.source)
    if source is None:
        return None
    source, node = _followed(source, place.name.split(".")[0], place.import_paths)
    if node is not None and (found := _only(_used(node, source))):
        return found
    own = [_framework(name) for name in source.imports.values()]
    return _only(iter(own)) if any(own) else _only(_behind(source, place.import_paths))


def unreadable(place: Place) -> str:
    """Why nothing could be read off a source; empty where it can be read."""
    if place.source is None:
        module = place.path.partition(":")[0]
        gone = not module.endswith(".py") and not is_there(module, place.import_paths)
        return f"there is no module {module} on the path" if gone else ""
    try:
        ast.parse(place.source.read_bytes())
    except SyntaxError as error:
        return f"{place.source.name}:{error.lineno}:{error.offset}: {error.msg}"
    except (OSError, ValueError) as error:
        return f"{place.source} cannot be read: {error}"
    return ""


def framework_of(live: Any) -> str:
    """The framework of an object of this process: of its bases, its globals, its annotations.

    Raises CandidateError where that leaves it open.
    """
    kind = live if isinstance(live, type) else type(live)
    bases = _only(_framework(each.__module__) for each in kind.__mro__)
    if bases is not None:
        return bases
    function = getattr(live, "__wrapped__", getattr(live, "func", live))
    code = getattr(function, "__code__", None)
    names = set(_names(code)) if code is not None else set()
    spaces = {**getattr(function, "__globals__", {}), **_closed_over(function)}
    used = (_module_of(spaces[name]) for name in names if name in spaces)
    found = _only(_framework(each) for each in used)
    if found is None:
        raise CandidateError(
            "the callable does not say which framework it is written for; "
            f"say it with framework=, one of {', '.join(FRAMEWORKS)}"
        )
    return found


def _names(code: Any) -> Iterator[str]:
    yield from (*code.co_names, *code.co_freevars)
    for each in code.co_consts:
        if hasattr(each, "co_names"):
            yield from _names(each)


def _closed_over(function: Any) -> dict[str, Any]:
    cells = getattr(function, "__closure__", None) or ()
    return {
        name: cell.cell_contents
        for name, cell in zip(function.__code__.co_freevars, cells, strict=True)
    }


def _module_of(value: Any) -> str:
    return str(getattr(value, "__module__", None) or getattr(value, "__name__", ""))


def _only(found: Iterator[str | None]) -> str | None:
    """The framework meant: NumPy gives way to any other, and of several others none is chosen."""
    counts = Counter(each for each in found if each is not None)
    others = [name for name in counts if name != "numpy"]
    if not others:
        return "numpy" if counts else None
    if set(others) == {"keras", "tensorflow"}:
        return max(others, key=lambda name: (counts[name], name == "keras"))
    return others[0] if len(others) == 1 else None


def _framework(dotted: str) -> str | None:
    """The framework of a dotted name; `tensorflow.keras` is Keras."""
    if dotted.startswith("tensorflow.keras"):
        return "keras"
    return _PACKAGES.get(dotted.partition(".")[0])


def _read(path: Path | None) -> Source | None:
    if path is None:
        return None
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None  # the worker will say what is wrong with it
    return Source(path, tree, dict(_imports(tree)))


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                dots = "." * node.level
                yield alias.asname or alias.name, f"{dots}{node.module or ''}.{alias.name}"


def _followed(source: Source, name: str, paths: Sequence[str]) -> tuple[Source, ast.stmt | None]:
    """The definition of a name, through re-exports."""
    for _ in range(_MOST_HOPS):
        node = next((each for each in source.tree.body if name in _defined(each)), None)
        if node is not None or name not in source.imports:
            return source, node
        module, _, name = source.imports[name].rpartition(".")
        other = _read(_beside(source.path, module) if module.startswith(".") else
                      source_of(module, paths))  # fmt: skip
        if other is None:
            return source, None
        source = other
    return source, None


def _behind(source: Source, paths: Sequence[str]) -> Iterator[str | None]:
    """The frameworks of the files that define what a file imports: a library's, for a mere wrapper."""
    for name, dotted in source.imports.items():
        other = None if dotted.startswith(".") else _read(source_of(dotted, paths))
        if other is None and "." in dotted:
            other, _ = _followed(source, name, paths)
        if other is not None and other is not source:
            yield from (_framework(each) for each in other.imports.values())


def _beside(file: Path, module: str) -> Path | None:
    """The file of a relative import."""
    name = module.lstrip(".")
    folder = file.parent
    for _ in range(len(module) - len(name) - 1):
        folder = folder.parent
    base = folder.joinpath(*name.split(".")) if name else folder
    found = [base.with_suffix(".py"), base / "__init__.py"] if name else [base / "__init__.py"]
    return next((each for each in found if each.is_file()), None)


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [each.id for each in targets if isinstance(each, ast.Name)]


def _used(node: ast.stmt, source: Source) -> Iterator[str | None]:
    """Frameworks behind the names that a definition uses, annotations and bases among them."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id in source.imports:
            yield _framework(source.imports[each.id])
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            head = each.value.partition(".")[0]
            if head in source.imports:  # an annotation in quotes
                yield _framework(source.imports[head])
