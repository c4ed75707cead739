"""What an audit compares: the frameworks that both of its environments have, and that moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from conformance.cli.selection import STOCK
from conformance.cli.verdict import NothingSelected
from conformance.environments import Environment
from conformance.targets.target import FRAMEWORKS, Missing, Target, resolve


def counterparts(
    environments: Sequence[Environment], named: Sequence[Target]
) -> tuple[Target, ...]:
    """The targets named, else every stock one that all environments can run.

    One that is the same in all of them is left out while another one moves. Raises NothingSelected
    where they have nothing in common.
    """
    if named:
        return tuple(dict.fromkeys(replace(each, version=None) for each in named))
    found = [_able(each.versions) for each in environments]
    shared = [each for each in found[0] if all(each in others for others in found)]
    if not shared:
        told = " and ".join(
            f"{each.side.text} has {_labels(targets)}"
            for each, targets in zip(environments, found, strict=True)
        )
        raise NothingSelected(
            f"the two sides have no framework in common: {told}; name one framework on both sides, "
            "and with Keras its backend, as in 'keras==3.3.3 tensorflow-cpu==2.16.2'"
        )
    moved = [each for each in shared if len({_versions(each, e) for e in environments}) > 1]
    return tuple(moved or shared)


def _able(versions: Mapping[str, str]) -> list[Target]:
    """Every stock target that can run there, Keras on the first backend that it finds."""
    found = []
    for text in STOCK:
        target = Target.parse(text)
        backends = FRAMEWORKS[target.framework].backends or (None,)
        choices = [replace(target, backend=backend) for backend in backends]
        found += [each for each in choices if not isinstance(resolve(each, versions), Missing)][:1]
    return found


def _labels(targets: Sequence[Target]) -> str:
    return ", ".join(each.label for each in targets) or "none that is known here"


def _versions(target: Target, environment: Environment) -> tuple[str | None, ...]:
    """Of everything that computes for the target."""
    framework = FRAMEWORKS[target.framework]
    backend = dict(framework.needs).get(str(target.backend), ())
    names = [*framework.distributions, *backend]
    if "jax" in names or target.framework == "optax":
        names += ["jax", "jaxlib"]
    return tuple(environment.versions.get(name) for name in names)
