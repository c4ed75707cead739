"""A check of one callable at a glance: a row a property, what is not supported, what stands beside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.report import wording
from conformance.report.matrix import largest_share, property_order
from conformance.results.cell import Cell, Worst
from conformance.results.manifest import Target
from conformance.results.read import Results
from conformance.results.verdict import SYMBOL, Verdict, worst

_COUNT = re.compile(r" \(\d+ cases?\)$")
"""What a cell says behind a reason for which it left cases out."""
_UNDERIVED = re.compile(r"(not differentiated\b.*?) \((\d+) cases?\)(?:; |$)")
"""A refusal to be differentiated, as a cell counts it; a message may have semicolons of its own."""


@dataclass(frozen=True)
class Row:
    """One property over all dtypes; `where` is the dtype and the case of the worst share.

    `stock` is the share that the framework itself uses of its bound on the same inputs; `faults`
    says in a few words what failed, in which dtypes.
    """

    property: str
    verdict: Verdict
    cases: int
    worst: Worst | None
    dtype: str
    share: float | None
    coverage: str
    stock: float | None
    reasons: tuple[str, ...]
    faults: str


def where(row: Row) -> str:
    """What failed in which dtypes; the dtype and the inputs of the worst element; else why not."""
    if row.worst is None or row.faults:
        return row.faults or "; ".join(row.reasons)
    first = next(iter(row.worst.inputs.items()), None)
    shown = "" if first is None else f"{first[0]}={wording.value(first[1], 3)}"
    return f"{row.dtype} {shown}"


def error(row: Row) -> str:
    """The worst error in ulp."""
    return wording.at_least(row.worst.ulp, row.coverage) if row.worst else ""


@dataclass(frozen=True)
class Lack:
    """Something that the callable does not take, why, and how many cases asked for it."""

    what: str
    reason: str
    cases: int


def candidate(results: Results) -> Target | None:
    """The callable that was checked; None in a run of the suite."""
    found = [each for each in results.manifest.targets if each.role == "candidate"]
    return found[0] if found else None


def stock(results: Results) -> Target | None:
    """The framework that is shown beside it."""
    found = [each for each in results.manifest.targets if each.role == "beside"]
    return found[0] if found else None


def rows(results: Results) -> tuple[Row, ...]:
    """A row a property of the candidate, in the order of reports."""
    subject, other = candidate(results), stock(results)
    if subject is None:
        return ()
    own = [cell for cell in results.cells if cell.target == subject.name]
    names = sorted(dict.fromkeys(cell.property for cell in own), key=property_order)
    beside = [cell for cell in results.cells if other and cell.target == other.name]
    return tuple(
        _row(
            name,
            [cell for cell in own if cell.property == name],
            [cell for cell in beside if cell.property == name],
        )
        for name in names
    )


def _row(name: str, cells: Sequence[Cell], beside: Sequence[Cell]) -> Row:
    at = max(cells, key=_closeness)
    reasons = dict.fromkeys(cell.reason for cell in cells if cell.reason and not cell.cases)
    return Row(
        property=name,
        verdict=worst([cell.verdict for cell in cells]),
        cases=sum(cell.cases for cell in cells),
        worst=at.worst,
        dtype=at.dtype,
        share=largest_share(cells),
        coverage=at.coverage,
        stock=largest_share(beside),
        reasons=tuple(map(str, reasons)),
        faults=_faults(cells),
    )


def _faults(cells: Sequence[Cell]) -> str:
    """`nan, float16`: kinds that are no matter of size, and the dtypes; empty where all is well."""
    loud = [cell for cell in cells if cell.verdict not in ("pass", "n/a")]
    if not loud:
        return ""
    found = dict.fromkeys(each.kind for cell in loud for each in cell.findings if not each.known)
    kinds = [kind for kind in found if kind not in ("value", "gradient", loud[0].property)]
    where = f"{len(loud)} of {len(cells)} dtypes" if len(loud) > 1 else loud[0].dtype
    return ", ".join([*kinds, "every dtype" if len(loud) == len(cells) > 1 else where])


def _closeness(cell: Cell) -> float:
    share = largest_share([cell])
    return -1.0 if share is None else share


UNANSWERED = "nothing came that an answer could be held to"


def unasked(results: Results) -> tuple[tuple[str, str], ...]:
    """Properties that nothing was asked for, those with one reason together, and the reason."""
    found: dict[str, list[str]] = {}
    for row in rows(results):
        if row.verdict == "n/a":
            texts = (text for reason in row.reasons for text in reason.split("; "))
            once = dict.fromkeys(_COUNT.sub("", text) for text in texts)
            found.setdefault("; ".join(once) or UNANSWERED, []).append(row.property)
    return tuple((", ".join(names), reason) for reason, names in found.items())


def lacks(results: Results) -> tuple[Lack, ...]:
    """What the callable does not take, from its record; counted in the cells' reasons."""
    subject = candidate(results)
    if subject is None:
        return ()
    reasons = [
        reason
        for cell in results.cells
        if cell.target == subject.name and cell.property == "value" and cell.reason
        for reason in cell.reason.split("; ")
    ]
    whole = tuple(
        Lack(what, reason, _counted(reason, reasons))
        for what, reason in subject.unsupported.items()
    )
    return whole + _in_part([cell for cell in results.cells if cell.target == subject.name])


def _in_part(cells: Sequence[Cell]) -> tuple[Lack, ...]:
    """What is differentiated in some dtypes and cases and refuses to be in others.

    The row of its property says pass, and only the cells know.
    """
    offered = {cell.property for cell in cells if cell.cases}
    dtypes = {cell.dtype for cell in cells}
    found: dict[tuple[str, str], dict[str, int]] = {}
    for cell in cells:
        for reason, count in _UNDERIVED.findall(cell.reason or ""):
            if cell.property in offered:
                found.setdefault((cell.property, reason), {})[cell.dtype] = int(count)
    return tuple(
        Lack(
            f"{name} in {', '.join(counts)}" if counts.keys() < dtypes else f"{name} of some cases",
            reason,
            sum(counts.values()),
        )
        for (name, reason), counts in found.items()
    )


def _counted(reason: str, counted: Iterable[str]) -> int:
    """`REASON (12 cases)`, as a cell says what it left out."""
    total = 0
    for text in counted:
        if text.startswith(reason):
            digits = text[len(reason) :].strip(" ()").split(" ")[0]
            total += int(digits) if digits.isdigit() else 0
    return total


def line_of_dtype(cells: Sequence[Cell]) -> str:
    """One line for one dtype of one target, as its verdicts come."""
    verdict = worst([cell.verdict for cell in cells])
    shares = [
        f"{cell.property} {wording.share(largest_share([cell]))}"
        for cell in cells
        if largest_share([cell]) is not None and cell.property in ("value", "gradient")
    ]
    bad = [cell.property for cell in cells if cell.verdict not in ("pass", "known", "n/a")]
    told = [*shares, *([f"{verdict}: {', '.join(bad)}"] if bad else [])]
    name = wording.short(cells[0].target.partition(" on ")[0], wording.NAME)
    return f"{SYMBOL[verdict]} {cells[0].dtype:<9} {name}  {', '.join(told)}"


def account_of_check(results: Results) -> dict[str, Any]:
    """The table as JSON."""
    subject, other = candidate(results), stock(results)
    return {
        "candidate": None if subject is None else {**dict(subject.call), "name": subject.name},
        "notes": [] if subject is None else list(subject.notes),
        "beside": None if other is None else other.name,
        "properties": [
            {
                "property": row.property,
                "verdict": row.verdict,
                "cases": row.cases,
                "share": _finite(row.share),
                "ulp": _finite(row.worst.ulp) if row.worst else None,
                "dtype": row.dtype if row.worst else None,
                "case": row.worst.case if row.worst else None,
                "stock_share": _finite(row.stock),
            }
            for row in rows(results)
        ],
        "not_supported": [
            {"what": lack.what, "reason": lack.reason, "cases": lack.cases}
            for lack in lacks(results)
        ],
    }


def _finite(number: float | None) -> float | str | None:
    """JSON has no infinity; the results file writes it as text too."""
    if number is None or abs(number) < float("inf"):
        return number
    return str(number).replace("inf", "Infinity").replace("nan", "NaN")


def headline_table(results: Results) -> str:
    """The verdict and a row a property as a piece of HTML, everything foreign escaped."""
    from conformance.report.html import piece

    return piece("summary.html.jinja", results)
