"""All pairs of 16-bit inputs of an elementwise loss: the value, block by block, to be resumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from conformance import __version__
from conformance.cases.case import Case
from conformance.cases.cotangent import Cotangents
from conformance.cases.exhaustive import unsuited
from conformance.engine.block import Block
from conformance.engine.book import Book
from conformance.engine.certification.certify import reference_digest
from conformance.engine.exhaustive import Sweep
from conformance.engine.finding import documented, findings
from conformance.engine.judge import Held, LimitsAt, judge
from conformance.engine.known import explainer
from conformance.engine.ledger import digest_of_known, finished, keep, merged
from conformance.engine.plane import Plane, plane_of
from conformance.engine.practice import algorithm_name
from conformance.engine.request import Request
from conformance.engine.shard import Batch
from conformance.engine.standard import Arguments, Indices, true_value, value_limits
from conformance.engine.workers import Absent, Station, in_order
from conformance.numerics.formats import FORMATS, Floats, to_bits
from conformance.numerics.table import Table, table_of
from conformance.results.cell import PAIRS, Cell
from conformance.results.verdict import Class as Label
from conformance.specs.library import spec_digest
from conformance.specs.models import Loss
from conformance.targets.call import Call, NotApplicable
from conformance.targets.known import Deviation
from conformance.targets.outcome import Array

MANY = 0.2
"""Share of open pairs from which the bounds of all pairs cost less than those of the open ones."""

Watch = Callable[[Iterable[int], int, Callable[[int], str]], Iterator[int]]


@dataclass
class Search:
    """One loss in one dtype on one target."""

    place: Block
    station: Station
    plane: Plane
    losses: Mapping[str, Loss]
    known: Sequence[Deviation] = ()

    def block(self, number: int) -> Cell:
        """Ask for a block, the next call under way while the last is judged."""
        side, loss = self.place.side, self.plane.loss
        explain = explainer(self.station.target, self.losses, self.known, self.station.installed)
        book = Book(
            loss.id, side.name, self.plane.dtype, explain, algorithm_name(self.binding, loss)
        )
        with ThreadPoolExecutor(1) as pool:
            waiting: list[Any] = []
            for rows in self.plane.rows(number):
                call = self._call(rows, number)
                waiting.append((rows, call, pool.submit(self._ask, call)))
                if len(waiting) > 1:
                    self._judge(book, number, *waiting.pop(0))
            for each in waiting:
                self._judge(book, number, *each)
        for found in findings(book.faults, side.name, lambda fault: fault):
            book.tally(found.property).findings.append(found)
        for (name, _), (fault, known) in book.explained.items():
            book.tally(name).findings.append(documented(fault, known, side.name))
        cell = book.tally(PAIRS).cell()
        return replace(cell, rows=(), points=(), quantiles=(), typed={}, bias_ulp=None)

    @property
    def binding(self) -> Any:
        return self.place.binding

    def _ask(self, call: Call) -> Any:
        with self.station.lock:
            return self.station.worker.evaluate([call])[0]

    def _call(self, rows: Floats, number: int) -> Call:
        form = FORMATS[self.plane.dtype]
        one, other = self.place.loss.inputs
        shape = (rows.size * self.plane.second.size, *([1] if self._column() else []))
        spread = {one: rows[:, None], other: self.plane.second[None, :]}
        whole = (rows.size, self.plane.second.size)
        stored, inputs = {}, {}
        for name, values in spread.items():
            bits = np.broadcast_to(to_bits(values, form), whole).reshape(shape)
            stored[name] = (form.name, bits)
            inputs[name] = np.broadcast_to(0.0, shape)  # the shape alone is read of it
        call = self.place.bound(self._case(inputs, f"b{number}"), gradient=())
        assert isinstance(call, Call)  # `open_search` saw to it
        return replace(call, stored=stored)

    def _column(self) -> bool:
        return self.place.choices().get("last-axis", "kept") != "kept"

    def _case(self, inputs: Mapping[str, Any], name: str) -> Case:
        text = f"{self.place.loss.id}/{self.plane.dtype}/pairs/{name}"
        plain = Cotangents(text, self.plane.dtype, ones=True)
        return Case(text, self.place.loss.id, self.plane.dtype, inputs, {}, "none", plain)

    def _judge(self, book: Book, number: int, rows: Floats, call: Call, asked: Any) -> None:
        outcome, second = asked.result(), self.plane.second
        truth = self._truth(rows)
        tally = book.tally(PAIRS)
        if outcome.value is None or outcome.value.stored.size != truth.size:
            case = self._case(dict.fromkeys(call.inputs, rows[:1]), f"b{number}")
            Sweep(self.place, case, call, book, PAIRS).examine(outcome)
            return
        table = _table(self.plane.dtype)
        bits = _bits(outcome.value)
        chosen, counted = _left(table, bits, truth)
        places = np.unravel_index(chosen, (rows.size, second.size))
        inputs = dict(zip(call.inputs, (rows[places[0]], second[places[1]]), strict=True))
        if self._column():
            inputs = {name: array[:, None] for name, array in inputs.items()}
        case = self._case(inputs, f"b{number}")
        sweep = Sweep(self.place, case, replace(call, stored={}), book, PAIRS)
        many = chosen.size > MANY * truth.size
        limits = self._limits_at(rows, chosen) if many else sweep.held.value_limits_at
        form = FORMATS[self.plane.dtype]
        sweep.count(judge(table.value[bits[chosen]], truth[chosen], form, limits), None)
        tally.elements += bits.size - chosen.size
        tally.classes.update(counted)

    def _truth(self, rows: Floats) -> Floats:
        held, given = self._on_axes(rows)
        return true_value(held.reference, given).reshape(-1)

    def _limits_at(self, rows: Floats, chosen: Indices) -> LimitsAt:
        """Limits of chosen pairs, from runs over all pairs of the rows."""
        held, given = self._on_axes(rows)
        whole = value_limits(held.reference, held.practice, given)
        return lambda elements: whole.at(chosen[elements])

    def _on_axes(self, rows: Floats) -> tuple[Held, Arguments]:
        """The inputs on two axes: what depends on one of them is computed once for all of it."""
        held = self.place.held(self._case(dict.fromkeys(self.place.loss.inputs, rows), "all"))
        keywords = {**held.given.keywords, "last_axis": "kept"}
        return held, Arguments((rows[:, None], self.plane.second[None, :]), keywords)


@lru_cache(maxsize=2)
def _table(dtype: str) -> Table:
    return table_of(FORMATS[dtype])


def _bits(array: Array) -> Any:
    return np.ascontiguousarray(array.stored).reshape(-1).view(np.uint16)


def _left(table: Table, bits: Any, truth: Floats) -> tuple[Any, Counter[Label]]:
    """The elements that a table does not settle and the worst that it does; counts of the others."""
    right = table.rounded(bits, truth)
    rest = np.flatnonzero(~right)
    near = table.faithful(bits[rest], truth[rest])
    chosen, settled = rest[~near], rest[near]
    if settled.size:
        with np.errstate(all="ignore"):
            off = np.abs(table.value[bits[settled]] - truth[settled]) / table.spacing[bits[settled]]
        furthest = settled[np.argmax(off)]
        chosen = np.insert(chosen, np.searchsorted(chosen, furthest), furthest)
    elif not chosen.size:
        chosen = np.zeros(1, dtype=np.intp)
    size = bits & 0x7FFF
    special = int(np.count_nonzero(right & ((size == 0) | np.isinf(table.value)[bits])))
    counted: Counter[Label] = Counter()
    first = bool(settled.size == 0 and rest.size == 0)  # then the one chosen is a rounded one
    odd = first and bool(size[0] == 0 or np.isinf(table.value[bits[0]]))
    counted["exact special"] = special - odd
    counted["correctly rounded"] = int(np.count_nonzero(right)) - special - (first and not odd)
    counted["faithful"] = max(settled.size - 1, 0)
    return chosen, +counted


def cells(
    request: Request,
    losses: Mapping[str, Loss],
    wanted: Sequence[Batch],
    stations: Sequence[Station],
    absent: Sequence[Absent],
    watch: Watch,
) -> Iterator[Cell]:
    """A cell for each loss and dtype wanted, and target; finished blocks are kept in the file."""
    for name, dtype in wanted:
        for each in in_order(request.targets, stations, absent):
            if isinstance(each, Absent):
                yield Cell(name, PAIRS, each.target.name, dtype, "not run", reason=each.reason)
            else:
                yield _cell(request, losses, losses[name], dtype, each, watch)


def elementwise(losses: Mapping[str, Loss], names: Iterable[str], dtypes: Iterable[str]) -> Any:
    """Those losses and dtypes that have pairs to try."""
    each = [(name, dtype) for name in names for dtype in dtypes]
    return tuple(pair for pair in each if not unsuited(losses[pair[0]], pair[1]))


def _cell(
    request: Request,
    losses: Mapping[str, Loss],
    loss: Loss,
    dtype: str,
    station: Station,
    watch: Watch,
) -> Cell:
    place = Block(station.side, loss, dtype, losses)
    whole = plane_of(loss, dtype)
    search = Search(place, station, whole, losses, request.known)
    empty = dict.fromkeys(loss.inputs, whole.first[:1])
    bound = place.bound(search._case(empty, "all"), gradient=())
    target = station.target.name
    if isinstance(bound, NotApplicable):
        return Cell(loss.id, PAIRS, target, dtype, "n/a", reason=bound.reason)
    asked, file = range(whole.blocks), request.pairs_file
    key = {
        "loss": loss.id, "target": target, "dtype": dtype, "spec": spec_digest(loss),
        "reference": reference_digest(), "suite": __version__,
        "known": digest_of_known(request.known),
    }  # fmt: skip
    done = finished(file, key)
    label = f"{loss.id} {dtype} {target.partition('==')[0]} pairs"
    for number in watch((n for n in asked if n not in done), len(asked), lambda _: label):
        done[number] = search.block(number)
        keep(file, key, number, done[number])
    return merged([done[number] for number in asked], "exhaustive, all pairs")
