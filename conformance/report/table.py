"""Every case as CSV, for a spreadsheet or a script."""

from __future__ import annotations

import csv as format
import io
from collections.abc import Iterator

from conformance.report import wording
from conformance.results.read import Results

HEADER = ("verdict", "loss", "property", "target", "dtype", "case", "class", "ulp", "share")
# A spreadsheet takes a field that starts so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv(results: Results) -> str:
    """A header and a line a case; empty fields where nothing was measured."""
    text = io.StringIO()
    writer = format.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(_rows(results))
    return text.getvalue()


def _rows(results: Results) -> Iterator[tuple[object, ...]]:
    for cell in results.cells:
        names = [_inert(name) for name in (cell.loss, cell.property, cell.target, cell.dtype)]
        for row in cell.rows:
            numbers = ("" if number is None else number for number in (row.ulp, row.share))
            yield row.verdict, *names, _inert(row.case), row.worst_class or "", *numbers


def _inert(text: str) -> str:
    text = wording.visible(text)
    return f"'{text}" if text.startswith(_FORMULA) else text
