"""Run one case again by its id, on one target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conformance.cases.case import Case
from conformance.cases.identities import MARK
from conformance.cases.replay import rebuild, split_id
from conformance.cases.variant import base_of
from conformance.engine.block import Block
from conformance.engine.book import Book
from conformance.engine.exhaustive import PLAIN
from conformance.engine.finding import documented, findings
from conformance.engine.known import explainer
from conformance.engine.practice import algorithm_name
from conformance.engine.properties import MAKER_OF, MAKERS
from conformance.engine.workers import Station, ask
from conformance.results.cell import Cell, Finding
from conformance.specs.models import Loss
from conformance.targets.known import Deviation


def replay(
    case_id: str,
    station: Station,
    losses: Mapping[str, Loss],
    own: Sequence[Deviation] = (),
) -> list[Cell]:
    """The cells that the case touches, the property of its id first.

    Raises CaseTextError for an id that names no case.
    """
    name, text = split_id(case_id)
    name = PLAIN.get(name, name)  # one value of a sweep is a case like any other
    head, mark, _ = text.partition(f"/{MARK}")
    base = rebuild(head if mark else base_of(text), losses)
    block = Block(station.side, losses[base.loss], base.dtype, losses)
    explain = explainer(station.target, losses, own)
    binding = block.binding
    name_of_algorithm = algorithm_name(binding, block.loss)
    book = Book(base.loss, station.target.name, base.dtype, explain, name_of_algorithm)
    if binding.absent is None:
        _work(name, text, base, block, book, station)
    for found in findings(book.faults, station.target.name, lambda fault: fault):
        book.tally(found.property).findings.append(found)
    for (place, _), (fault, known) in book.explained.items():
        shown: Finding = documented(fault, known, station.target.name)
        book.tally(place).findings.append(shown)
    tally = book.tally(name)
    tally.reason = binding.absent or next(iter(book.skipped.get(name, {})), None)
    cells = [each.cell() for each in book.tallies.values()]
    return sorted(cells, key=lambda cell: cell.property != name)


def _work(name: str, text: str, base: Case, block: Block, book: Book, station: Station) -> None:
    make = MAKERS[MAKER_OF.get(name, name)]
    for task in make(block, [base], book):
        if task.case in (text, base.id) or text.startswith(f"{task.case}/"):
            task.judge(book, ask(station, task.calls))
