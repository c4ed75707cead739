"""The spec of a loss, as data: what its YAML file may hold."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from conformance.specs.case import CaseId, EdgeCase, Example, Reject, Sentence, Source
from conformance.specs.choice import Choice, ChoiceForm
from conformance.specs.interval import Interval
from conformance.specs.strict import Strict


def _interval(text: str) -> str:
    Interval.parse(text)
    return text


def _form(text: str) -> str:
    ChoiceForm.parse(text)
    return text


def _choice(text: str) -> str:
    Choice.parse(text)
    return text


IntervalText = Annotated[str, AfterValidator(_interval)]
FormText = Annotated[str, AfterValidator(_form)]
ChoiceText = Annotated[str, AfterValidator(_choice)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
FormulaText = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]

InvariantId = Literal[
    "non-negative",  # no loss is below zero
    "non-negative-sum",  # no row of losses sums to less than zero, for two distributions
    "zero-at-target",  # the loss is zero exactly where prediction and target agree
    "symmetric",  # prediction and target may change places
    "translation-invariant",  # one constant added to prediction and target changes nothing
    "shift-invariant",  # one constant added to every logit of a sample changes nothing
    "complement-symmetric",  # 1 - p against 1 - y is p against y
    "permutation-equivariant",  # permuting samples (or classes) permutes the losses
    "linear-in-weight",  # an unreduced loss is proportional to its weight
    "weight-scale-free-mean",  # one factor on all weights leaves the mean as it is
    "ignored-is-irrelevant",  # what an ignored sample holds changes nothing
    "linear-in-log-probabilities",  # a combination of inputs gives the combination of losses
    "gradient-sums-to-zero",  # over the classes of a sample, with respect to the logits
    "homogeneous",  # a factor on all inputs is, to the power `degree`, one on every loss
    "convex",  # the loss half-way between two points is at most the mean of theirs
    "unit-weight-is-none",  # weights of one give what no weights give
    "ignored-is-removed",  # a batch without its ignored samples has the same loss
    "additive-over-batch",  # the losses of a batch are those of its parts, joined
    "improbable-class-is-nothing",  # one class more, of log-probability -inf, changes nothing
    "same-in-every-dtype",  # equal numbers in a wider dtype have the same loss
]

#: Identities that need no formula of their own.
GENERIC_IDENTITIES = (
    "sum-is-n-means",  # sum = mean times the divisor of the mean
    "none-reduced-by-hand",  # none, reduced outside, = reduced inside
    "positive-weight-is-repetition",  # pos_weight 3 = each positive example three times, summed
)

#: Functions that an identity may apply to inputs, and how many arguments each takes.
TRANSFORMS: dict[str, tuple[int, int | None]] = {
    "log_softmax": (1, 1),
    "softmax": (1, 1),
    "sigmoid": (1, 1),
    "exp": (1, 1),
    "log": (1, 1),
    "one_hot": (2, 2),
}


class Input(Strict):
    """An argument that the loss is taken of: shape in named dims, classes last."""

    shape: Literal["*batch", "*batch classes"]
    kind: Literal["real", "class_index"] = "real"
    interval: IntervalText = Field(alias="in")
    interval_when: dict[Name, IntervalText] = Field(alias="in_when", default_factory=dict)
    also: Name | None = Field(alias="or", default=None)

    def domain(self, parameters: dict[str, Any] | None = None) -> Interval:
        """Give the interval of legal values; a true boolean parameter may choose another one."""
        for name, text in self.interval_when.items():
            if (parameters or {}).get(name):
                return Interval.parse(text)
        return Interval.parse(self.interval)


class Parameter(Strict):
    """An argument that shapes the loss; without a shape a single number."""

    kind: Literal["real", "integer", "boolean"] = "real"
    shape: Literal["classes", "*batch"] | None = None
    interval: IntervalText | None = Field(alias="in", default=None)
    optional: bool = False
    default: bool | int | float | None = None

    def domain(self) -> Interval:
        """Give the interval of legal values."""
        return Interval.parse(self.interval or "real")


class Formula(Strict):
    """The definition: named steps in order, and the unreduced loss of one sample."""

    let: dict[Name, FormulaText] = Field(default_factory=dict)
    loss: FormulaText


class SumOf(Strict):
    """A divisor that is a sum over the samples, of an expression that sees the named steps."""

    sum_of: FormulaText


class Reduction(Strict):
    """The sum of the losses over a divisor; without one, the sum; `none` keeps the losses apart.

    `size` counts the unreduced losses, `rows` the first axis. Where the convention last-axis takes
    the last axis away, what is left is counted, and divisor terms along it count as their mean.
    """

    divide_by: Literal["size", "rows"] | SumOf | None = None


class ChoiceRule(Strict):
    """What a choice changes: steps of the formula, or a gradient that is so by declaration.

    Where two conventions of a loss change the same step, the one listed later overrules.
    """

    let: dict[Name, FormulaText] = Field(default_factory=dict)
    gradient: dict[Name, FormulaText] = Field(default_factory=dict)


class LossConvention(Strict):
    """A convention as it applies to one loss: the norm's choice and what each choice changes."""

    default: ChoiceText
    choices: dict[FormText, ChoiceRule]

    def rule(self, text: str) -> tuple[ChoiceRule, dict[str, float]]:
        """Give what a choice changes, and its argument by name; raises ValueError."""
        choice = Choice.parse(text)
        for form_text, rule in self.choices.items():
            form = ChoiceForm.parse(form_text)
            if form.fits(choice):
                named = form.argument is not None and choice.argument is not None
                return rule, {str(form.argument): float(choice.argument or 0.0)} if named else {}
        raise ValueError(f"there is no choice {text!r}; choices are {', '.join(self.choices)}")


class Invariant(Strict):
    """A property of the loss by itself; `over` says which axis, where there are two.

    `of` names the inputs or parameters that it speaks of, where it is not all that it could be;
    `when` the parameters' values for which it holds; `degree` the power of a factor.
    """

    id: InvariantId
    text: Sentence
    over: Literal["batch", "classes"] | None = None
    of: tuple[Name, ...] = ()
    when: dict[Name, bool | int | float | None] = Field(default_factory=dict)
    degree: Literal[1, 2] | None = None

    @property
    def name(self) -> str:
        """Unique in a loss."""
        return f"{self.id}-over-{self.over}" if self.over else self.id


class Equal(Strict):
    """The other side of an identity: a loss, its inputs as expressions, parameters that differ."""

    loss: Name
    given: dict[Name, FormulaText]
    parameters: dict[Name, bool | int | float] = Field(default_factory=dict)


class Identity(Strict):
    """An equation that holds between losses, or between reductions of one.

    Parameters of one name are equal on both sides, those that only one side has are at their
    default, unless `when` lists the reductions and parameter values for which the equation holds.
    """

    id: CaseId
    text: Sentence
    equals: Equal | None = None
    when: dict[Name, tuple[bool | int | float | str | None, ...]] = Field(default_factory=dict)


class Loss(Strict):
    """A loss: its spec file, with the id, family and path that the file's place gives."""

    id: Name
    family: Name
    file: str
    summary: Sentence
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    inputs: Annotated[dict[Name, Input], Field(min_length=1)]
    parameters: dict[Name, Parameter] = Field(default_factory=dict)
    formula: Formula
    latex: str
    reductions: Annotated[dict[Name, Reduction], Field(min_length=1)]
    conventions: dict[CaseId, LossConvention] = Field(default_factory=dict)
    invariants: tuple[Invariant, ...] = ()
    identities: tuple[Identity, ...] = ()
    examples: Annotated[tuple[Example, ...], Field(min_length=1)]
    edge_cases: tuple[EdgeCase, ...] = ()
    rejects: tuple[Reject, ...] = ()

    def choices(self, overrides: Mapping[str, str] | None = None) -> dict[str, str]:
        """Give a choice for every convention, the norm's by default; raises ValueError."""
        chosen = {name: convention.default for name, convention in self.conventions.items()}
        for name, text in (overrides or {}).items():
            if name not in self.conventions:
                known = ", ".join(self.conventions) or "none"
                raise ValueError(f"{self.id} has no convention {name!r}; it has {known}")
            self.conventions[name].rule(text)
            chosen[name] = text
        return chosen
