"""Corpora as the command line takes them: what is asked first, and where a hunt's finds are kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.output import unwritable

if TYPE_CHECKING:
    from conformance.results import Results
    from conformance.results.corpus import Corpus
    from conformance.specs.models import Loss


def corpus_of(folder: str | None, losses: Mapping[str, Loss], own: bool) -> Corpus:
    """That of the folder which is named, then the suite's own where its specs are meant.

    Raises ResultsError for an entry that cannot be read or names no case.
    """
    from conformance.engine.memory import check
    from conformance.results.corpus import own_corpus, read_corpus

    mine = own_corpus() if own else {}
    if folder is None:
        return mine
    given = read_corpus(Path(folder))
    check(given, Path(folder), losses)
    return {
        loss: (*given.get(loss, ()), *mine.get(loss, ())) for loss in dict.fromkeys((*given, *mine))
    }


def keep(results: Results, folder: str) -> None:
    """Keep what the hunts of a run have climbed to; raises click.UsageError where it cannot."""
    from conformance.results.corpus import grown, read_corpus, write_corpus

    try:
        changed = write_corpus(Path(folder), grown(read_corpus(Path(folder)), results))
    except OSError as error:
        raise unwritable(folder, error) from error
    for path in changed:
        click.echo(f"corpus  {path}", err=True)
