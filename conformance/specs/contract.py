"""The clauses of the contract of a call: what the norm fixes, and the words to declare the rest."""

from functools import cache

from pydantic import Field

from conformance.specs.case import CaseId, Sentence, Source
from conformance.specs.library import load_shared, spec_folder
from conformance.specs.strict import Strict

FILE = "contract.yaml"


class Clause(Strict):
    """One point of the contract: a question, what holds for everybody, a sentence for each word."""

    asks: Sentence
    norm: Sentence
    words: dict[CaseId, str] = Field(default_factory=dict)
    sources: tuple[Source, ...] = ()


@cache
def load_contract() -> dict[str, Clause]:
    """The clauses by id; the suite's own, also for losses of other folders. Raises SpecError."""
    return load_shared(spec_folder() / FILE, Clause)
