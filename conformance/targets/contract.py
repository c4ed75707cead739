"""What a framework takes beside tensors of one dtype, and what it returns then, as declared."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from conformance.specs.case import Sentence
from conformance.specs.strict import Strict

OTHERWISE = "otherwise"
_DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "uint8", "bool")

Mixing = Literal["promoted", "each-alone", "first", "first-at-last", "target", "raises"]
Weighing = Literal["promoted", "each-alone", "first", "first-at-last", "raises"]
Taking = Literal["accepted", "raises"]
NoGradient = Literal["none", "raises"]
OfLists = Literal["float32", "raises"]


def _by_dtype(words: dict[str, Any]) -> dict[str, Any]:
    for key in words:
        if key != OTHERWISE and not all(part in _DTYPES for part in key.split("+")):
            known = f"a dtype, two joined by +, or {OTHERWISE}"
            raise ValueError(f"{key!r} is no dtype; write {known}")
    return words


Mixings = Annotated[dict[str, Mixing], AfterValidator(_by_dtype)]
Weighings = Annotated[dict[str, Weighing], AfterValidator(_by_dtype)]
Takings = Annotated[dict[str, Taking], AfterValidator(_by_dtype)]


class Contract(Strict):
    """A word for each clause of `spec/contract.yaml`, or words by dtype; None: nothing is declared.

    The keys of `mixed_floats` are the dtypes of the first input and of the target, `float32+float64`,
    or of the weight in `mixed_weight`, those of `index_dtype` the dtype of the indices, of others that
    of the tensors.
    """

    source: Sentence
    mixed_floats: Mixing | Mixings | None = None
    mixed_weight: Weighing | Weighings | None = None
    integer_target: Taking | Takings | None = None
    boolean_target: Taking | Takings | None = None
    index_dtype: Taking | Takings | None = None
    integer_gradient: NoGradient | None = None
    python_number: Taking | Takings | None = None
    python_list: Taking | Takings | None = None
    all_lists: OfLists | None = None
    zero_dimensional: Taking | None = None

    def words(self, clause: str) -> dict[str, str]:
        """What is declared of a clause by dtypes; one word for all has an empty key."""
        given = getattr(self, clause.replace("-", "_"), None)
        if isinstance(given, dict):
            return given
        return {} if given is None else {"": given}

    def word(self, clause: str, key: str) -> str | None:
        """What is declared of a clause, for the dtypes `key`."""
        words = self.words(clause)
        return words.get(key, words.get(OTHERWISE, words.get("")))
