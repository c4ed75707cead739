"""Tests of loss implementations in pytest: one readable test a property and dtype.

Nothing of the suite is imported before a test module asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conformance.api import Report
    from conformance.results.cell import Cell

MARK = "loss_conformance"
DTYPES = ("float32",)
_REPORTS = pytest.StashKey[dict[tuple[int, str], Any]]()


@dataclass(frozen=True, eq=False)
class ConformanceTests:
    """What `conformance_tests` gives to a test module; `options` are those of `check`."""

    fn: Any
    name: str
    dtypes: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)


def conformance_tests(
    fn: Any, loss: str | None = None, *, dtypes: str | Sequence[str] = DTYPES, **options: Any
) -> ConformanceTests:
    """Tests of a callable, for a variable of a test module: `tests = conformance_tests(...)`.

    They are called after the callable, whatever the variable: `test_fast_ce[gradient-float32]`.
    """
    return ConformanceTests(
        fn, _plain_name(fn), _several(dtypes), {**options, **({"loss": loss} if loss else {})}
    )


def assert_conforms(fn: Any, loss: str | None = None, **options: Any) -> Report:
    """`conformance.check`, and an AssertionError with the findings unless it conforms."""
    from conformance.api import assert_conforms

    __tracebackhide__ = True
    return assert_conforms(fn, loss, **options)


def _several(names: str | Sequence[str]) -> tuple[str, ...]:
    """One name by itself is a list of one."""
    return (names,) if isinstance(names, str) else tuple(names)


def _plain_name(fn: Any) -> str:
    name = fn.rpartition(":")[2] if isinstance(fn, str) else getattr(fn, "__name__", None)
    return str(name or type(fn).__name__).replace("<lambda>", "lambda").removeprefix("test_")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The suite's own options."""
    group = parser.getgroup("loss conformance")
    group.addoption("--conformance-profile", default=None, help="quick, default or deep.")
    group.addoption("--conformance-seed", default=None, type=int, help="Seed of the cases.")
    group.addoption(
        "--conformance-report", default=None, metavar="DIR", help="Write results and reports there."
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"{MARK}(loss, dtypes=..., **options): hold the callable that the function returns to a loss",
    )
    config.stash[_REPORTS] = {}


def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> list[pytest.Item] | None:
    """A variable of tests, or a marked function that returns the callable, becomes its items."""
    if isinstance(obj, ConformanceTests):
        return list(_items(collector, f"test_{obj.name}", obj))
    for mark in getattr(obj, "pytestmark", ()) if callable(obj) else ():
        if mark.name == MARK:
            options = dict(mark.kwargs)
            dtypes = _several(options.pop("dtypes", DTYPES))
            if mark.args:
                options["loss"] = mark.args[0]
            tests = ConformanceTests(obj, name.removeprefix("test_"), dtypes, options)
            return list(_items(collector, name, tests, provided=True))
    return None


def _items(
    collector: pytest.Module | pytest.Class,
    name: str,
    tests: ConformanceTests,
    provided: bool = False,
) -> Iterator[pytest.Item]:
    from conformance.engine.asked import checked_properties, need_known
    from conformance.targets.candidate import CandidateError

    properties = _several(tests.options.get("properties", ()))
    asked = checked_properties(properties)
    try:
        need_known(tests.dtypes, properties)
    except CandidateError as error:
        raise collector.CollectError(f"{name}: {error}") from None
    for dtype in tests.dtypes:
        for each in asked:
            item = ConformanceItem.from_parent(collector, name=f"{name}[{each}-{dtype}]")
            item.tests, item.about, item.dtype = tests, each, dtype
            item.provided = provided
            item.add_marker(pytest.mark.xdist_group(f"{name}-{dtype}"))
            yield item


class ConformanceFailure(AssertionError):
    """A cell that does not conform; the message is its findings, as in the terminal."""


class ConformanceItem(pytest.Item):
    """One property in one dtype. The check runs once a dtype, and its items read their cells."""

    tests: ConformanceTests
    about: str
    dtype: str
    provided: bool = False

    def runtest(self) -> None:
        """Raise the findings; skip what the callable does not offer; xfail what is known."""
        report = self._report()
        cell = next((c for c in _own(report) if (c.property, c.dtype) == self._key), None)
        if cell is None:
            pytest.fail(report.summary.sentence, pytrace=False)
        self._note(cell)
        if cell.verdict == "n/a":
            pytest.skip(cell.reason or "the callable does not offer this")
        if cell.verdict == "not run":
            pytest.fail(f"did not run: {cell.reason}", pytrace=False)
        if cell.verdict == "known":
            pytest.xfail("; ".join(f"{each.id}: {each.reason}" for each in cell.known))
        if cell.verdict != "pass":
            raise ConformanceFailure(_told(cell))

    @property
    def _key(self) -> tuple[str, str]:
        return self.about, self.dtype

    def _report(self) -> Report:
        reports = self.config.stash[_REPORTS]
        key = (id(self.tests), self.dtype)
        if key not in reports:
            try:
                reports[key] = self._checked()
            except Exception as error:  # told once for each of its items, and not run again
                reports[key] = error
        found = reports[key]
        if isinstance(found, Exception):
            raise found
        return found

    def _checked(self) -> Report:
        from conformance.api import check

        options = dict(self.tests.options)
        for name in ("profile", "seed"):
            given = self.config.getoption(f"conformance_{name}")
            if given is not None:
                options[name] = given
        options.setdefault("alone", True)
        fn = self.tests.fn() if self.provided else self.tests.fn
        report = check(fn, dtypes=[self.dtype], **options)
        folder = self.config.getoption("conformance_report")
        if folder:
            name = f"{self.tests.name}-{self.dtype}"
            report.save(Path(folder) / f"{name}.jsonl.gz")
            report.to_html(Path(folder) / f"{name}.html")
        return report

    def _note(self, cell: Cell) -> None:
        """Numbers that a JUnit file keeps as properties."""
        self.user_properties.append(("verdict", cell.verdict))
        self.user_properties.append(("cases", cell.cases))
        if cell.worst is not None:
            self.user_properties.append(("worst_ulp", cell.worst.ulp))
            if cell.worst.share is not None:
                self.user_properties.append(("share_of_bound", cell.worst.share))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """The finding as the terminal shows it; anything else as pytest does."""
        from conformance.targets.candidate import CandidateError
        from conformance.targets.place import PlaceError

        if isinstance(excinfo.value, ConformanceFailure | CandidateError | PlaceError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo, style))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


def _own(report: Report) -> list[Cell]:
    from conformance.report.check import candidate

    subject = candidate(report.results)
    return [c for c in report.results.cells if subject is not None and c.target == subject.name]


def _told(cell: Cell) -> str:
    import io

    from rich.console import Console

    from conformance.report.verdict import show_failure

    text = io.StringIO()
    show_failure(cell, Console(file=text, highlight=False, no_color=True, width=100))
    known = "\n".join(
        f"  the known deviation {each.id} no longer happens: take it off the list"
        for each in cell.known
        if cell.verdict == "xpass"
    )
    told = "\n".join(line.rstrip() for line in text.getvalue().splitlines())
    return "\n".join(part for part in (told, known) if part)
