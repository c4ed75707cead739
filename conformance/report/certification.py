"""How near the reference came to the oracle, for the losses of a run."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.results.certification import Certification, Certified, Row
from conformance.results.manifest import Loss, Manifest


@dataclass(frozen=True)
class Line:
    """One loss: what was compared, the largest error / bound of value and gradients, and where."""

    loss: str
    elements: int
    value: Row | None
    gradient: Row | None
    note: str


def lines(manifest: Manifest, certified: Certification | None) -> tuple[Line, ...]:
    """A line for each loss of the run; none where no certification came with the suite."""
    if certified is None:
        return ()
    return tuple(
        _line(name, loss, certified.losses.get(name)) for name, loss in manifest.losses.items()
    )


def _line(name: str, loss: Loss, certified: Certified | None) -> Line:
    if certified is None:
        return Line(name, 0, None, None, "not certified")
    return Line(
        loss=name,
        elements=certified.elements,
        value=_largest(certified, gradient=False),
        gradient=_largest(certified, gradient=True),
        note="" if certified.spec == loss.digest else "certified for another state of the spec",
    )


def _largest(certified: Certified, *, gradient: bool) -> Row | None:
    rows = [row for row in certified.rows if (row.quantity != "value") == gradient]
    return max(rows, key=lambda row: row.share, default=None)
