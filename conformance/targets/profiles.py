"""Arithmetic profiles: one YAML file a backend and device, facts with their sources."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import Field, TypeAdapter

from conformance.numerics.arithmetic import Accuracy, Arithmetic
from conformance.numerics.formats import FORMATS
from conformance.specs.reading import read
from conformance.specs.strict import Strict
from conformance.specs.validation import validate
from conformance.targets.target import Target

Dtype = Literal["float64", "float32", "float16", "bfloat16"]
Rounding = Literal["each_op", "fused", "wide"]


class Fact(Strict):
    """A statement about a device, where it was found, and when."""

    what: str
    source: str
    date: str


class Profile(Strict):
    """How a backend computes on a device; `accuracy` in ulp of the compute dtype."""

    compute: dict[Dtype, Dtype] = Field(default={})
    accumulator: dict[Dtype, Dtype] = Field(default={})
    flush_to_zero: bool = False
    denormals_are_zero: bool = False
    summation: Literal["blocked", "any"] = "blocked"
    constant_divisors: Literal["divided", "reciprocal"] = "divided"
    accuracy: dict[Dtype, dict[str, float]]
    facts: tuple[Fact, ...]

    def arithmetic(self, dtype: str, rounding: Rounding) -> Arithmetic:
        """The arithmetic of arrays of `dtype` under a rounding policy."""
        storage = FORMATS[dtype]
        compute = FORMATS[self.compute.get(storage.name, storage.name)]  # type: ignore[call-overload]
        narrow = self.accumulator.get(storage.name, storage.name)  # type: ignore[call-overload]
        table = self.accuracy[compute.name]  # type: ignore[index]
        return Arithmetic(
            storage=storage,
            compute=compute,
            accumulator=FORMATS[narrow],
            each_op=rounding == "each_op",
            accuracy=MappingProxyType({name: Accuracy(out) for name, out in table.items()}),
            flush_to_zero=self.flush_to_zero,
            denormals_are_zero=self.denormals_are_zero,
            strict_order=self.summation == "any",
            reciprocals=self.constant_divisors == "reciprocal",
        )


BACKEND = {
    "torch": "torch",
    "tensorflow": "tensorflow",
    "optax": "jax",
    "jax": "jax",
    "numpy": "numpy",
}


def profile_folder() -> Path:
    return Path(__file__).resolve().parent / "profiles"


@cache
def load_profile(name: str) -> Profile:
    """Read `profiles/NAME.yaml`; raises SpecError."""
    return validate(TypeAdapter(Profile), read(profile_folder() / f"{name}.yaml"), {}, Profile)


def profile_of(target: Target) -> Profile:
    """The profile of a target's backend on its device. Raises SpecError where there is none."""
    backend = target.backend or BACKEND[target.framework]
    return load_profile(f"{backend}.{target.device}")
