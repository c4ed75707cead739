"""What the corpus remembers of a loss and dtype, asked of every target before anything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from conformance.cases.case import Case
from conformance.cases.recipe import CaseTextError
from conformance.cases.replay import rebuild
from conformance.engine import drawn
from conformance.engine.block import Block, Task
from conformance.engine.book import Book
from conformance.engine.shapes import Budget
from conformance.results.corpus import SUFFIX, Corpus, Entry, unversioned
from conformance.results.read import ResultsError
from conformance.specs.models import Loss
from conformance.targets.call import Call


def tasks(
    corpus: Corpus, block: Block, book: Book, budget: Budget | None, *, few: bool = False
) -> Iterator[Task]:
    """The calls of the entries, for `value` and `gradient`; with a budget those that it admits."""
    made = drawn.tasks(block, remembered(corpus, block, few=few), book)
    if budget is not None:
        made = (task for task in made if budget.admits(task))
    yield from (replace(task, property=drawn.VALUE) for task in made)


def remembered(corpus: Corpus, block: Block, *, few: bool = False) -> list[Case]:
    """The entries' cases that the target can be asked, each once, its own first.

    With `few` only those found on the target itself, if there are such. Raises CaseTextError for an
    entry that names no case of the specs.
    """
    own = unversioned(block.side.name)
    entries = sorted(_entries(corpus, block), key=lambda each: each.target != own)
    if few and entries and entries[0].target == own:
        entries = [each for each in entries if each.target == own]
    cases = [rebuild(text, block.losses) for text in dict.fromkeys(each.case for each in entries)]
    return [case for case in cases if isinstance(block.bound(case), Call)]


def own_cases(corpus: Corpus, block: Block) -> dict[str, Case]:
    """The entries' cases that were found on this target itself, by property; the first of two."""
    own = unversioned(block.side.name)
    entries = reversed(_entries(corpus, block))
    mine = {each.property: each.case for each in entries if each.target == own}
    return {name: rebuild(text, block.losses) for name, text in mine.items()}


def check(corpus: Corpus, folder: Path, losses: Mapping[str, Loss]) -> None:
    """Raise ResultsError, with its line, for an entry that names no case of the specs."""
    for loss, entries in corpus.items():
        path = folder / f"{loss}{SUFFIX}"
        for number, entry in enumerate(entries, start=1):
            try:
                rebuild(entry.case, losses)
            except CaseTextError as error:
                raise ResultsError(path, number, f"{error}; delete the line") from error


def _entries(corpus: Corpus, block: Block) -> list[Entry]:
    return [each for each in corpus.get(block.loss.id, ()) if each.dtype == block.dtype]
