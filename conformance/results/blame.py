"""Which finding of a cell stands behind a case of it."""

from __future__ import annotations

from conformance.results.cell import Cell, Finding, Row


def finding_of(cell: Cell, row: Row) -> Finding | None:
    """The finding that names the case, else the only one that its verdict can stem from."""
    able = [each for each in cell.findings if (each.known is not None) == (row.verdict == "known")]
    for each in able:
        if row.case == each.case or any(row.case == shown.case for shown in each.smallest):
            return each
    return able[0] if len(able) == 1 else None
