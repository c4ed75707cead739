"""What one target was asked for one loss in one dtype, while its answers are under way."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property

from conformance.cases.case import Case
from conformance.engine.block import Block, Task
from conformance.engine.book import Book, digest_of_cases
from conformance.engine.workers import Station
from conformance.specs.models import Loss
from conformance.targets.outcome import Outcome


@dataclass(frozen=True)
class Batch:
    """One loss in one dtype: the cases, equal for all targets, and the digest of their inputs."""

    loss: Loss
    dtype: str
    cases: tuple[Case, ...]
    left_out: Mapping[str, int]

    @cached_property
    def digest(self) -> str:
        return digest_of_cases(self.cases)


@dataclass(frozen=True)
class Job:
    """What one target was asked for a batch, while its answers are under way."""

    station: Station
    block: Block
    book: Book
    tasks: tuple[Task, ...]
    answers: Future[list[Outcome]]
    batch: Batch
