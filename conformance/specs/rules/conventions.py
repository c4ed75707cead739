"""Conventions of a loss are known ones, with their choices, and the default is one of those."""

from collections.abc import Iterator

from conformance.specs.errors import Problem
from conformance.specs.rules.context import Context, options


def conventions(context: Context) -> Iterator[Problem]:
    """Check each convention that the loss names against the list of all."""
    for name, entry in context.loss.conventions.items():
        place = ("conventions", name)
        known = context.conventions.get(name)
        if known is None:
            message = f"the convention {name!r} is not among the known ones"
            yield context.problem(place, message, options(name, context.conventions), key=True)
            continue
        for form in entry.choices:
            if form not in known.choices:
                message = f"the convention {name} has no choice {form!r}"
                trail = (*place, "choices", form)
                yield context.problem(trail, message, options(form, known.choices), key=True)
        try:
            entry.rule(entry.default)
        except ValueError as error:
            message, _, remedy = str(error).partition("; ")
            message = f"the default of {name}: {message}"
            yield context.problem((*place, "default"), message, remedy)
