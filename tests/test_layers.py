"""Imports only point downwards, and only an adapter imports its framework."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = [
    {"__main__"},
    {"cli", "pytest_plugin", "__init__"},
    {"api"},
    {"report"},
    {"engine", "environments"},
    {"targets", "cases", "results"},
    {"numerics", "oracle"},
    {"specs"},
    {"reference"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
FRAMEWORKS = {"torch", "tensorflow", "keras", "jax", "optax", "flax", "ml_dtypes"}
WORKER = ROOT / "conformance" / "targets" / "worker"


def modules() -> list[Path]:
    found = [*(ROOT / "conformance").rglob("*.py"), *(ROOT / "reference").rglob("*.py")]
    assert len(found) > 20
    return sorted(found)


def part(name: str) -> str:
    """The part of the tree that a dotted name or a path belongs to."""
    words = name.split(".")
    if words[0] == "conformance":
        return words[1] if len(words) > 1 else "__init__"
    return words[0]


def imported(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def violations(file: Path) -> list[str]:
    own = part(".".join(file.relative_to(ROOT).with_suffix("").parts))
    found = []
    for name in imported(file):
        other = part(name)
        if other == own or other not in LEVEL:
            continue
        if other == "__init__" and name.endswith("__version__"):
            continue  # a constant, no code
        if LEVEL[other] <= LEVEL[own]:
            found.append(f"{file.relative_to(ROOT)}: {own} imports {name}, which is not below it")
    return found


def test_imports_only_point_downwards():
    broken = [line for file in modules() if WORKER not in file.parents for line in violations(file)]
    assert broken == []


def test_an_upward_import_is_found(tmp_path, monkeypatch):
    planted = ROOT / "conformance" / "numerics" / "planted.py"
    monkeypatch.setattr(Path, "read_text", lambda *_: "from conformance.engine import judge")
    assert violations(planted) != []


def test_only_adapters_import_a_framework():
    for file in modules():
        if WORKER in file.parents:
            continue
        assert not {name.split(".")[0] for name in imported(file)} & FRAMEWORKS, file


def test_reference_imports_numpy_and_the_standard_library_alone():
    import sys

    for file in (ROOT / "reference").rglob("*.py"):
        outside = {name.split(".")[0] for name in imported(file)}
        assert outside <= {"numpy", "reference", *sys.stdlib_module_names}, file


def test_the_worker_imports_nothing_of_ours():
    scripts = list(WORKER.glob("*.py"))
    if not scripts:
        pytest.fail("the worker's scripts are missing")
    for file in scripts:
        assert not {
            name for name in imported(file) if name.startswith(("conformance", "reference"))
        }
