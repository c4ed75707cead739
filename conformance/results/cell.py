"""The records between the first and the last: one a cell, as it finishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from conformance.results.manifest import Manifest, Value
from conformance.results.verdict import Class, Kind, Verdict


class Point(NamedTuple):
    """One dot of the error-against-input plot; error and bound in ulp of the expected value."""

    x: float
    error: float
    bound: float


class Quantile(NamedTuple):
    """The share `p` of the compared elements is at most `ulp` off."""

    p: float
    ulp: float


class Row(NamedTuple):
    """One case of the cell: its verdict, its worst element, and a digest of the output's bits."""

    case: str
    verdict: Verdict
    worst_class: Class | None
    ulp: float | None
    share: float | None
    digest: str | None


@dataclass(frozen=True)
class Worst:
    """The element that used most of its bound; `share` is error / own bound."""

    ulp: float
    share: float | None
    case: str
    inputs: Mapping[str, Value]
    hex: Mapping[str, Value]
    expected: Value
    actual: Value
    bound_ulp: float | None = None


@dataclass(frozen=True)
class Climb:
    """What a hunt came to: the largest share of the own bound before it and after.

    `case` rebuilds the worst input, `tried` counts samples; `kept` is the share that the corpus's
    input of this cell uses in this run.
    """

    before: float
    after: float
    case: str | None
    tried: int
    kept: float | None = None


@dataclass(frozen=True)
class AccuracyLoss:
    """How far beyond `ideal` an honest program went: error / ideal bound, and where."""

    factor: float
    case: str


@dataclass(frozen=True)
class Outcome:
    """One hand-written case: an edge case, an example or an input that must be refused."""

    id: str
    given: Mapping[str, Value]
    expected: Value
    actual: Value
    verdict: Verdict
    note: str | None = None


@dataclass(frozen=True)
class Deviation:
    """A known deviation as it was found: `cases` counts the cases it explains, 0 for an xpass."""

    id: str
    reason: str
    source: str
    cases: int = 0


@dataclass(frozen=True)
class Example:
    case: str
    inputs: Mapping[str, Value]
    expected: Value
    actual: Value


@dataclass(frozen=True)
class Extent:
    """What all failing cases of a finding came to, unrounded.

    `ulp` is the largest error of those elements that have one; `values` are the others, as `nan`,
    `infinite`, `finite` or numbers; `answers` what came in place of numbers that can be compared: a
    dtype, a shape, an exception. `cases` are some of the failing ones, `written` those of the spec.
    """

    cases: tuple[str, ...]
    reductions: tuple[str, ...]
    ulp: float | None = None
    values: tuple[Value, ...] = ()
    answers: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    input: str | None = None


@dataclass(frozen=True)
class Finding:
    """One departure from the spec, shrunk; `known` is set where it is a documented one.

    `cases` counts the failing cases behind it, `mismatched` of `of` the elements in `case`;
    `bound` is in ulp; `snippet` shows the departure without this suite, `test`
    holds it as a pytest test, `hint` says which declared choice would explain it.
    """

    id: str
    kind: Kind
    loss: str
    property: str
    target: str
    dtype: str
    case: str
    rule: str
    why: str
    replay: str
    cases: int = 1
    mismatched: int = 1
    of: int = 1
    index: tuple[int, ...] = ()
    inputs: Mapping[str, Value] = field(default_factory=dict)
    hex: Mapping[str, Value] = field(default_factory=dict)
    parameters: Mapping[str, Value] = field(default_factory=dict)
    reduction: str | None = None
    expected: Value = None
    actual: Value = None
    expected_hex: Value = None
    actual_hex: Value = None
    error_ulp: float | None = None
    share: float | None = None
    bound: float | None = None
    snippet: str = ""
    test: str = ""
    hint: str = ""
    smallest: tuple[Example, ...] = ()
    known: Deviation | None = None
    extent: Extent | None = None


@dataclass(frozen=True)
class Cell:
    """Loss x property x target x dtype.

    `cases` and `elements` count what was compared; `typed` counts, per framework, the elements
    that its own default test tolerances would have flagged; `coverage` is `exhaustive` or
    `sampled n=...`; `axis` says what the x of `points` is; `warnings` are those that the calls
    gave, each once; `inputs` is a digest of the drawn cases of this loss and dtype, to the bit.
    """

    loss: str
    property: str
    target: str
    dtype: str
    verdict: Verdict
    reason: str | None = None
    cases: int = 0
    elements: int = 0
    classes: Mapping[Class, int] = field(default_factory=dict)
    worst: Worst | None = None
    bias_ulp: float | None = None
    accuracy_loss: AccuracyLoss | None = None
    typed: Mapping[str, int] = field(default_factory=dict)
    coverage: str = ""
    algorithm: str | None = None
    axis: str = "input"
    points: tuple[Point, ...] = ()
    quantiles: tuple[Quantile, ...] = ()
    rows: tuple[Row, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    findings: tuple[Finding, ...] = ()
    known: tuple[Deviation, ...] = ()
    warnings: tuple[str, ...] = ()
    inputs: str | None = None
    climb: Climb | None = None
    kind: Literal["cell"] = "cell"


@dataclass(frozen=True)
class End:
    """The last record. Without it the run is incomplete."""

    cells: int
    seconds: float
    exit: int
    verdict: str
    kind: Literal["end"] = "end"


PAIRS = "exhaustive-pairs"
"""The property of cells in which all pairs of inputs were tried; they follow all other cells."""

Key = tuple[str, str, str, str]
"""Loss, property, target and dtype."""


def key(cell: Cell) -> Key:
    """What a cell is told apart by; it occurs once in a file."""
    return cell.loss, cell.property, cell.target, cell.dtype


def stranger(cell: Cell, manifest: Manifest) -> str | None:
    """What the cell names that the manifest does not have, or None."""
    if cell.loss not in manifest.losses:
        return f"unknown loss {cell.loss!r}; the manifest has {', '.join(manifest.losses)}"
    targets = [target.name for target in manifest.targets]
    if cell.target not in targets:
        return f"unknown target {cell.target!r}; the manifest has {', '.join(targets)}"
    return None
