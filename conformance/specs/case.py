"""Cases written into a spec: worked examples, edge cases, and input that must be refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

from conformance.specs.strict import Strict
from conformance.specs.values import Value, shape

#: An id says the situation in kebab case: `far-target`.
CaseId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Sentence = Annotated[str, StringConstraints(min_length=8, max_length=400)]
Dtype = Literal["float64", "float32", "float16", "bfloat16"]
Size = Annotated[int, Field(ge=0, le=4_096)]
RejectKind = Literal["domain", "shape", "dtype", "index", "reduction"]


class Source(Strict):
    """A place in a work: of the bibliography by its key, or any other by its text."""

    key: str | None = None
    text: Sentence | None = None
    url: str | None = None
    where: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Source:
        if (self.key is None) == (self.text is None):
            raise ValueError("a source needs either a key or a text; give the work's title as text")
        if self.url is not None and self.text is None:
            raise ValueError("the bibliography holds the url of this key; remove it here")
        return self

    @model_serializer(mode="wrap")
    def _stated(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without the parts of a text where there is none: the digest of a spec stays as it was."""
        whole: dict[str, Any] = serialise(self)
        return {k: v for k, v in whole.items() if k not in ("text", "url") or v is not None}


class Given(Strict):
    """What a case is called with: inputs and parameters by name, and how the loss is reduced.

    Numbers are decimals and mean exactly what they say. `dtype` overrides the type of an input,
    `shape` states that of an empty one.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Value] = Field(init=False)

    reduction: str = "none"
    conventions: dict[str, str] = Field(default_factory=dict)
    dtype: dict[str, str] = Field(default_factory=dict)
    shape: dict[str, tuple[Size, ...]] = Field(default_factory=dict)

    @property
    def values(self) -> dict[str, Value]:
        """The inputs and parameters given, by name."""
        return dict(self.__pydantic_extra__)

    def shape_of(self, name: str) -> tuple[int, ...]:
        """Give the shape of a value: as stated, which only an empty one needs, else as written."""
        return self.shape.get(name) or shape(self.values[name])


class Expectation(Strict):
    """What is expected under another declared choice; a part left out is not expected to change."""

    loss: Value | None = None
    gradient: dict[str, Value] = Field(default_factory=dict)


class Example(Strict):
    """A case with the value it must have and, for a cotangent of ones, the gradient.

    `when` states, by convention and choice, what another declared choice gives instead. Choices
    that change values everywhere (another last axis, a shifted logarithm) are stated only there.
    """

    id: CaseId
    why: Sentence | None = None
    source: Source | None = None
    given: Given
    loss: Value
    gradient: dict[str, Value] = Field(default_factory=dict)
    when: dict[str, dict[str, Expectation]] = Field(default_factory=dict)
    sign_of_zero: bool = False
    dtypes: tuple[Dtype, ...] = ("float64", "float32", "float16", "bfloat16")

    def expected(self, choices: Mapping[str, str]) -> Expectation:
        """Give what is expected under some choices; a later entry of `when` overrules."""
        loss, gradient = self.loss, dict(self.gradient)
        for convention, cases in self.when.items():
            part = cases.get(choices.get(convention, ""))
            if part is not None:
                loss = loss if part.loss is None else part.loss
                gradient.update(part.gradient)
        return Expectation(loss=loss, gradient=gradient)


class EdgeCase(Example):
    """A case at the edge of the domain, with the reason for its value."""

    why: Sentence


class Reject(Strict):
    """Input that must be refused with an exception, and the rule that it breaks."""

    id: CaseId
    given: Given
    breaks: Sentence
    kind: RejectKind
