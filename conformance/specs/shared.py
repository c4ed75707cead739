"""What the losses share: questions on which implementations differ, and works that are cited."""

from typing import Annotated

from pydantic import Field

from conformance.specs.case import Sentence, Source
from conformance.specs.models import FormText
from conformance.specs.strict import Strict


class Convention(Strict):
    """A point on which sane implementations differ: the question, and a line on each answer."""

    question: Sentence
    choices: Annotated[dict[FormText, Sentence], Field(min_length=1)]
    sources: tuple[Source, ...] = ()


class Work(Strict):
    """A work that specs cite."""

    text: Sentence
    url: str | None = None
    doi: str | None = None
