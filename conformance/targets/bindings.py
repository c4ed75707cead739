"""Bindings: how a loss of the specs is called in one framework, as data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from conformance.specs.case import CaseId, Dtype, Sentence
from conformance.specs.models import ChoiceText, Name
from conformance.specs.strict import Strict
from conformance.targets.contract import Contract

Form = Literal["function", "module"]
Rounding = Literal["each_op", "fused", "wide"]
Scalar = bool | int | float | str | None
Path_ = Annotated[str, Field(pattern=r"^[^:\n]+(:\w+(\.\w+)*|(\.\w+)+)$")]
Version = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)*$")]

#: May stand among the keys of `unsupported` beside parameters, reductions and dtypes.
SCALAR_BATCH = "scalar-batch"


def batch_key(axes: int) -> str:
    """The key in `unsupported` for batches of that many axes."""
    return SCALAR_BATCH if axes == 0 else f"batch-of-{axes}-axes"


class ParameterBinding(Strict):
    """An argument of the framework; `default` where the framework's own is not the spec's.

    `forms` lists those that take it; `whole` says that an array must have the shape of the batch.
    """

    name: str
    forms: tuple[Form, ...] = ("function", "module")
    whole: Sentence | None = None
    since: Version | None = None
    default: Scalar = None
    differs: bool = False

    @model_validator(mode="before")
    @classmethod
    def _note_default(cls, given: Any) -> Any:
        return {**given, "differs": "default" in given} if isinstance(given, dict) else given


class ReductionBinding(Strict):
    """How a reduction is asked for: the argument's value, or a callable applied to the losses."""

    argument: str | None = None
    after: Path_ | None = None


class Alias(Strict):
    """A deprecated way to ask for a reduction: same value, and a warning of category `warns`."""

    id: CaseId
    reduction: Name
    arguments: dict[str, Scalar]
    warns: str


class Algorithm(Strict):
    """The registered programs that order the operations as this implementation does.

    `rounding`: each_op (every operation writes its result in the storage dtype), fused (where the
    program says: several operations in a wider format, then one store), wide (all in float32 or
    wider, one store at the end). `rounding_of` and `gradient_of` name the dtypes that are treated
    otherwise.
    """

    value: Name
    gradient: Name
    rounding: Rounding
    rounding_of: dict[Dtype, Rounding] = Field(default={})
    gradient_of: dict[Dtype, Name] = Field(default={})

    def gradient_in(self, dtype: str) -> str:
        """Name the program of the gradient in a dtype."""
        return next(
            (name for each, name in self.gradient_of.items() if each == dtype), self.gradient
        )

    def rounding_in(self, dtype: str) -> Rounding:
        """Say how results of a dtype are rounded."""
        return next((how for name, how in self.rounding_of.items() if name == dtype), self.rounding)


class Binding(Strict):
    """How one loss is called in one framework; with `absent`, why it cannot be.

    `inputs` names the framework's argument of each input, or its position. `layout` moves the class
    axis, last in the specs. `constants` are passed to every call (of a module: to its constructor).
    `reduced_by` lists the forms that take the argument `reduction`; the others return unreduced
    losses; `reduction_name` is what they call it. `held` narrows parameters to one value. Reasons
    stand in `not_differentiated` by input, in `unsupported` by parameter, by reduction, by dtype or
    by `batch_key`, in `unchecked` by reject. `instead` holds, by parameter, what is called where a
    case gives it: a binding that overrides parts of this one, and may have the parameter `implied`.
    `contract` says what is taken beside tensors of one dtype, and what comes back (None: not known).
    `ordered` are all arguments of a callable that takes no names, with their defaults. `loss` and
    `framework` come from the place.
    """

    loss: Name
    framework: str
    absent: Sentence | None = None
    call: Path_ | None = None
    module: Path_ | None = None
    inputs: dict[Name, str | int] = Field(default={})
    layout: dict[Literal["classes"], int] = Field(default={})
    constants: dict[str, Scalar] = Field(default={})
    parameters: dict[Name, str | ParameterBinding] = Field(default={})
    reductions: dict[Name, str | ReductionBinding] = Field(default={})
    reduced_by: tuple[Form, ...] = ("function", "module")
    reduction_name: str = "reduction"
    ordered: dict[str, Scalar] = Field(default={})
    held: dict[Name, Scalar] = Field(default={})
    aliases: tuple[Alias, ...] = ()
    conventions: dict[CaseId, ChoiceText] = Field(default={})
    algorithm: Algorithm | None = None
    rejects: dict[CaseId, str] = Field(default={})
    unchecked: dict[CaseId, Sentence] = Field(default={})
    not_differentiated: dict[Name, Sentence] = Field(default={})
    unsupported: dict[str, Sentence] = Field(default={})
    implied: tuple[Name, ...] = ()
    instead: dict[Name, Binding] = Field(default={})
    contract: Contract | None = None
    since: Version | None = None

    @model_validator(mode="after")
    def _whole(self) -> Binding:
        if self.absent is None and not (self.call or self.module):
            raise ValueError("neither call nor module; add one, or say why it is absent")
        if self.absent is not None and (self.call or self.module):
            raise ValueError("the loss is absent and has a call; keep one of the two")
        return self

    def parameter(self, name: str) -> ParameterBinding | None:
        bound = self.parameters.get(name)
        return ParameterBinding(name=bound) if isinstance(bound, str) else bound

    def reduction(self, name: str) -> ReductionBinding | None:
        bound = self.reductions.get(name)
        return ReductionBinding(argument=bound) if isinstance(bound, str) else bound

    def forms(self, reduction: str, parameters: Iterable[str] = ()) -> tuple[Form, ...]:
        """The forms that serve a reduction and take the parameters, function first."""
        bound = self.reduction(reduction)
        paths: dict[Form, str | None] = {"function": self.call, "module": self.module}
        left = {form for form, path in paths.items() if path}
        if reduction != "none" and not (bound and bound.after):
            left &= set(self.reduced_by)
        for name in parameters:
            taken = self.parameter(name)
            left &= set(taken.forms if taken else paths)
        return tuple(form for form in paths if form in left)
