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
from conformance.targets.target import Target, TargetError

Dtype = Literal["float64", "float32", "float16", "bfloat16"]
Rounding = Literal["each_op", "fused", "wide"]


class Fact(Strict):
    """A statement about a device, where it was found, and when."""

    what: str
    source: str
    date: str


class Span(Strict):
    """Arguments at which a function is worse than its `accuracy` says: by `ulp`."""

    function: str
    dtype: Dtype
    low: float
    high: float
    ulp: float


class Profile(Strict):
    """How a backend computes on a device; `accuracy` in ulp of the compute dtype.

    `flush_to_zero` and `denormals_are_zero` may list the storage dtypes of which they are true.
    `spans` are the exceptions from `accuracy`; their dtype is the compute dtype. `stored` names the
    functions that are not computed in the wider compute dtype, in ulp of the storage dtype.
    """

    compute: dict[Dtype, Dtype] = Field(default={})
    accumulator: dict[Dtype, Dtype] = Field(default={})
    flush_to_zero: bool | tuple[Dtype, ...] = False
    denormals_are_zero: bool | tuple[Dtype, ...] = False
    summation: Literal["blocked", "any"] = "blocked"
    constant_divisors: Literal["divided", "reciprocal"] = "divided"
    accuracy: dict[Dtype, dict[str, float]]
    stored: dict[Dtype, dict[str, float]] = Field(default={})
    spans: tuple[Span, ...] = ()
    facts: tuple[Fact, ...]

    def spans_of(self, function: str, dtype: str) -> tuple[Span, ...]:
        return tuple(x for x in self.spans if (x.function, x.dtype) == (function, dtype))

    def computes_in(self, dtype: str) -> str:
        """The dtype of registers for arrays of a dtype."""
        return next((str(wide) for name, wide in self.compute.items() if name == dtype), dtype)

    def accumulates_in(self, dtype: str) -> str:
        return next((str(each) for name, each in self.accumulator.items() if name == dtype), dtype)

    def accuracy_of(self, function: str, dtype: str) -> Accuracy:
        """What is declared of a function for arrays of a dtype."""
        compute = self.computes_in(dtype)
        tables = (dict(self.accuracy).get(compute, {}), dict(self.stored).get(dtype, {}))  # type: ignore[call-overload]
        worse = tuple((x.low, x.high, x.ulp) for x in self.spans_of(function, compute))
        out = tables[0].get(function, Accuracy().out)
        return Accuracy(out, worse=worse, stored=tables[1].get(function, 0.0))

    def arithmetic(self, dtype: str, rounding: Rounding) -> Arithmetic:
        """The arithmetic of arrays of `dtype` under a rounding policy."""
        compute = self.computes_in(dtype)
        named = {*dict(self.accuracy)[compute], *dict(self.stored).get(dtype, {})}  # type: ignore[index,call-overload]
        flushes = holds_of(self.flush_to_zero, compute)
        return Arithmetic(
            storage=FORMATS[dtype],
            compute=FORMATS[compute],
            accumulator=FORMATS[self.accumulates_in(dtype)],
            each_op=rounding == "each_op",
            accuracy=MappingProxyType({name: self.accuracy_of(name, dtype) for name in named}),
            flush_to_zero=flushes,
            gradual_storage=not holds_of(self.flush_to_zero, dtype),
            denormals_are_zero=holds_of(self.denormals_are_zero, dtype),
            strict_order=self.summation == "any",
            reciprocals=self.constant_divisors == "reciprocal",
        )


def holds_of(declared: bool | tuple[Dtype, ...], dtype: str) -> bool:
    """Whether something is declared of a dtype."""
    return declared if isinstance(declared, bool) else dtype in declared


BACKEND = {
    "torch": "torch",
    "tensorflow": "tensorflow",
    "optax": "jax",
    "jax": "jax",
    "numpy": "numpy",
}


MODES = {"tensorflow": ("xla",), "torch": ("compile",)}
"""Modes that compute in another way than the backend does without them; JAX compiles either way."""


def profile_folder() -> Path:
    return Path(__file__).resolve().parent / "profiles"


@cache
def load_profile(name: str) -> Profile:
    """Read `profiles/NAME.yaml`; raises SpecError."""
    return read_profile(profile_folder() / f"{name}.yaml")


def read_profile(path: Path) -> Profile:
    """Read a profile; raises SpecError with all faults."""
    return validate(TypeAdapter(Profile), read(path), {}, Profile)


def backend_of(target: Target) -> str:
    """Whose operations a target performs."""
    return target.backend or BACKEND[target.framework]


def profile_name(target: Target) -> str:
    """BACKEND.DEVICE, and +MODE where the mode computes in another way."""
    backend = backend_of(target)
    mode = f"+{target.mode}" if target.mode in MODES.get(backend, ()) else ""
    return f"{backend}.{target.device}{mode}"


def profile_of(target: Target) -> Profile:
    """The profile of a target's backend, device and mode. Raises TargetError where there is none."""
    found = declared_of(target)
    if found is None:
        name = profile_name(target)
        there = ", ".join(sorted(path.stem for path in profile_folder().glob("*.yaml")))
        raise TargetError(
            f"target {target.name!r}: no arithmetic is declared for {name}, so that no bound can be "
            f"derived; there is {there}. `conformance doctor --measure -t {target.label} "
            f"-o {name}.yaml` measures it"
        )
    return found


def declared_of(target: Target) -> Profile | None:
    """The same, or None."""
    name = profile_name(target)
    there = (profile_folder() / f"{name}.yaml").is_file()
    return load_profile(name) if there else None
