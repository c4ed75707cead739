"""Known deviations: departures of a framework, each with its reason, source and range."""

from __future__ import annotations

import datetime
import operator
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, TypeAdapter, model_validator

from conformance.specs.case import CaseId, Dtype, Sentence
from conformance.specs.errors import Problem, SpecError
from conformance.specs.models import FormulaText, Name
from conformance.specs.reading import Document, read
from conformance.specs.strict import Strict
from conformance.specs.validation import validate
from conformance.targets.target import FRAMEWORKS, Target, release, version_of

_PACKAGE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
CLAUSE = re.compile(r"(<=|>=|==|<|>)\s*([0-9]+(?:\.[0-9]+)*)")


def _range(text: str) -> str:
    for clause in text.split(","):
        if not CLAUSE.fullmatch(clause.strip()):
            raise ValueError(f"{clause.strip()!r} is no version clause; write as in >=2.1,<2.14")
    return text


def _package(text: str) -> str:
    if not _PACKAGE.fullmatch(text):
        usual = re.sub(r"[-_.]+", "-", text).lower().strip("-")
        raise ValueError(f"{text!r} is no name of a package; write it as in {usual or 'jaxlib'}")
    return text


def _date(text: str) -> str:
    datetime.date.fromisoformat(text)
    return text


Package = Annotated[str, AfterValidator(_package)]
VersionRange = Annotated[str, AfterValidator(_range)]
Date = Annotated[str, AfterValidator(_date)]


class When(Strict):
    """Where a deviation shows; a part left out does not narrow it.

    `version` is the framework's; `packages` are others that must be there in a range of versions, as a
    backend: by the name of a framework, under whichever distribution it is installed, else of a
    distribution.
    `where` is a formula over the inputs and parameters of one sample, true where it deviates.
    `case` names an edge case, example or reject of the spec, a layout, or a row of the contract, `input`
    what a gradient is taken with respect to. The mode without a name is `eager`.
    """

    version: VersionRange | None = None
    packages: Mapping[Package, VersionRange] = Field(default_factory=dict)
    backend: tuple[str, ...] = ()
    device: tuple[str, ...] = ()
    mode: tuple[str, ...] = ()
    dtype: tuple[Dtype, ...] = ()
    reduction: tuple[Name, ...] = ()
    case: tuple[CaseId, ...] = ()
    input: tuple[Name, ...] = ()
    where: str | None = None


Value = float | Literal["nan", "infinite", "finite"]


class Instead(Strict):
    """What is computed in place of the loss, within the bounds that this is due.

    `parameters` are as though given so, `rounded` names inputs that are rounded to the dtype of the
    call, `still` those whose direction is dropped from a second derivative. `gradient` is what the
    slope of one sample's loss is by an input, `second` how that slope, or under the name `loss` the
    loss itself, moves along the direction `d_<input>` of each input: formulas, as in the spec.
    """

    parameters: dict[Name, bool | int | float | None] = Field(default_factory=dict)
    rounded: tuple[Name, ...] = ()
    still: tuple[Name, ...] = ()
    gradient: dict[Name, FormulaText] = Field(default_factory=dict)
    second: dict[Name, FormulaText] = Field(default_factory=dict)


class Expect(Strict):
    """What shows there, so that a worse result still fails: what is computed instead, one bound, or
    one exact class.

    `instead` says what the answer would be right for; `at_most_ulp` bounds the error; `value` is
    what each value equals, or one of several, and where both are given either may show; `dtype`
    and `shape` are the output's; `raises` is the exception's class, or one of several; `accepts`
    says that nothing is raised.
    """

    instead: Instead | None = None
    at_most_ulp: float | None = Field(default=None, gt=0)
    value: Value | tuple[Value, ...] | None = None
    dtype: str | None = None
    shape: tuple[int, ...] | None = None
    raises: str | tuple[str, ...] | None = None
    accepts: Literal[True] | None = None

    @model_validator(mode="after")
    def _one(self) -> Expect:
        given = [name for name, value in self if value is not None]
        if len(given) != 1 and given != ["at_most_ulp", "value"]:
            found = ", ".join(given) or "none"
            raise ValueError(f"one expectation is needed, found {found}; keep one")
        return self


class Deviation(Strict):
    """One known deviation; `since` is when it was first seen, `expires` its last day.

    `framework` may stand for the whole file. `seen` names generated cases in which it was measured:
    where one of these runs and it shows in none, it has vanished.
    """

    id: CaseId
    framework: str | None = None
    loss: tuple[Name, ...]
    property: tuple[Name | CaseId, ...]
    when: When = When()
    expect: Expect
    reason: Sentence
    source: Sentence
    since: Date
    expires: Date | None = None
    seen: tuple[str, ...] = ()


class KnownFile(Strict):
    """The known deviations of one framework, or of those that each of them names."""

    framework: str | None = None
    deviations: tuple[Deviation, ...] = ()


def known_folder() -> Path:
    """Where the suite's own lists lie."""
    return Path(__file__).resolve().parent / "known"


def load_known(target: Target, folder: Path | None = None) -> tuple[Deviation, ...]:
    """The known deviations of a target's framework, none without a file; raises SpecError.

    A user's callable answers for itself: what its framework departs in is no excuse for it.
    """
    if target.place:
        return read_known(Path(target.known)) if target.known else ()
    path = (folder or known_folder()) / f"{target.framework}.yaml"
    return read_known(path) if path.is_file() else ()


def read_known(path: Path) -> tuple[Deviation, ...]:
    """Read one file of known deviations; raises SpecError with all faults."""
    document = read(path)
    file = validate(TypeAdapter(KnownFile), document, {}, KnownFile)
    problems = [*_repeated(document, file), *_homeless(document, file)]
    if problems:
        raise SpecError(problems)
    return tuple(
        each.model_copy(update={"framework": each.framework or file.framework})
        for each in file.deviations
    )


def applies(when: When, target: Target, dtype: str) -> bool:
    """Whether a deviation concerns a target and dtype at all, whatever the case."""
    wanted = (
        (when.backend, target.backend or ""),
        (when.device, target.device),
        (when.mode, target.mode or "eager"),
        (when.dtype, dtype),
    )
    fits = all(not allowed or found in allowed for allowed, found in wanted)
    return fits and in_range(when.version, target.version)


def beside(when: When, installed: Mapping[str, str] | None = None) -> bool:
    """Whether all packages that a deviation names are there as it says; one that is not there is not.

    `installed` holds versions by distribution where the target runs in an environment of its own.
    """
    for name, text in when.packages.items():
        framework = FRAMEWORKS.get(name)
        found = version_of(framework.distributions if framework else (name,), installed)
        if found is None or not in_range(text, found):
            return False
    return True


def in_range(text: str | None, version: str | None) -> bool:
    """Whether a version lies in a range such as `>=2.1,<2.14`; without either it does."""
    if text is None or version is None:
        return True
    number = release(version)
    for clause in text.split(","):
        sign, bound = CLAUSE.fullmatch(clause.strip()).groups()  # type: ignore[union-attr]
        if not _COMPARE[sign](number, release(bound)):
            return False
    return True


_COMPARE = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}


def _homeless(document: Document, file: KnownFile) -> list[Problem]:
    """Deviations of no framework, or of one that there is not."""
    problems = []
    for place, each in enumerate(file.deviations):
        name = each.framework or file.framework
        if name not in FRAMEWORKS:
            found = f"{name!r} is no framework" if name else f"{each.id} names no framework"
            remedy = f"write framework: with one of {', '.join(FRAMEWORKS)}"
            problems.append(document.problem(("deviations", place), found, remedy))
    return problems


def _repeated(document: Document, file: KnownFile) -> list[Problem]:
    seen: set[str] = set()
    problems = []
    for place, each in enumerate(file.deviations):
        if each.id in seen:
            trail = ("deviations", place, "id")
            problems.append(document.problem(trail, f"{each.id} is listed twice", "rename one"))
        seen.add(each.id)
    return problems
