"""A block: one loss in one dtype on one target, with all that judging it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from conformance.cases.case import Case
from conformance.engine.book import Book
from conformance.engine.judge import Held
from conformance.engine.practice import declared, practice_of, reference_of
from conformance.engine.standard import Program, arguments
from conformance.specs.models import Loss
from conformance.targets.applicability import binding_of
from conformance.targets.bindings import Binding, Form
from conformance.targets.call import Call, NotApplicable, bind
from conformance.targets.outcome import Outcome
from conformance.targets.profiles import Profile


@dataclass(frozen=True)
class Side:
    """A target as the engine sees it: its name, its bindings by loss, its arithmetic.

    `programs` are orders of operations that its author has stated and nobody registered.
    """

    name: str
    framework: str
    version: str | None
    bindings: Mapping[str, Binding]
    profile: Profile
    programs: Mapping[str, Program] = field(default_factory=dict)

    @property
    def tensors(self) -> str:
        """Whose tensors the calls take: the backend's, where there is one."""
        return self.name.partition("[")[2].partition("]")[0] or self.framework


@dataclass(frozen=True)
class Block:
    """One loss in one dtype on one target. `losses` holds every spec, for identities."""

    side: Side
    loss: Loss
    dtype: str
    losses: Mapping[str, Loss]

    @property
    def binding(self) -> Binding:
        return self.side.bindings[self.loss.id]

    def held(self, case: Case, *, norm: bool = False) -> Held:
        """The case against the conventions that the target declares, or that the case fixes.

        With `norm` the declared ones give way to the spec's own.

        Parameters that the case leaves alone are at the spec's default; the binding passes them
        where the framework has another one.
        """
        loss = self.losses[case.loss]
        binding = binding_of(case, self.side.bindings[case.loss], loss)
        practice = practice_of(binding, loss, self.dtype, self.side.profile, self.side.programs)
        choices = {**(loss.choices() if norm else practice.choices), **case.conventions}
        practice = replace(practice, choices=choices)
        given = arguments(case, loss, choices)
        return Held(case, loss, reference_of(loss, case.dtype), practice, given)

    def choices(self) -> dict[str, str]:
        return declared(self.binding, self.loss)

    def bound(
        self, case: Case, *, form: Form | None = None, gradient: Sequence[str] | None = None
    ) -> Call | NotApplicable:
        """The call of a case, or why the target cannot be asked."""
        binding = self.side.bindings.get(case.loss)
        if binding is None:
            if len(self.side.bindings) == 1:
                return NotApplicable(
                    f"it relates {self.loss.id} to {case.loss}: one callable is one"
                )
            return NotApplicable(f"{self.side.framework} has no binding for {case.loss}")
        loss = self.losses[case.loss]
        version = self.side.version
        return bind(case, binding, loss, form=form, gradient=gradient, version=version)


@dataclass(frozen=True)
class Task:
    """Calls that are judged together, the case's id, and what is to be done with their outcomes.

    `property` is the one that the calls are made for.
    """

    case: str
    calls: tuple[Call, ...]
    judge: Callable[[Book, Sequence[Outcome]], None]
    property: str = ""
