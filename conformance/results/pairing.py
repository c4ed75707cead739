"""Which target of the base is compared with which of the head."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from conformance.results.manifest import Manifest, Target


class DiffError(Exception):
    """Two runs that cannot be compared as asked; the message names the targets and the remedy."""


class Run(Protocol):
    """A run, for what its manifest says of its targets."""

    @property
    def path(self) -> Path: ...
    @property
    def manifest(self) -> Manifest: ...


@dataclass(frozen=True)
class Pair:
    """One target on both sides; a side that does not have it is None."""

    base: Target | None
    head: Target | None

    @property
    def label(self) -> str:
        """The family, and both where a pair was asked for across families."""
        labels = dict.fromkeys(each.label for each in (self.base, self.head) if each)
        return " → ".join(labels)

    @property
    def name(self) -> str:
        """Both names, or the one that there is."""
        return " → ".join(dict.fromkeys(each.name for each in (self.base, self.head) if each))


Key = tuple[str, str, str | None]


def pair_targets(
    base: Run, head: Run, pairs: Sequence[tuple[str, str]] | None = None
) -> tuple[Pair, ...]:
    """One-to-one: the pairs asked for, then equal label, device and mode, then equal versions.

    Targets without a counterpart stand alone. Raises DiffError for a name that a run does not
    have, for targets that several could stand against, and where no pair is left at all.
    """
    asked = _asked(base, head, pairs or ())
    sides = [
        _by_key(base.manifest.targets, {pair.base.name for pair in asked if pair.base}),
        _by_key(head.manifest.targets, {pair.head.name for pair in asked if pair.head}),
    ]
    found = list(asked)
    for key in dict.fromkeys([*sides[0], *sides[1]]):
        found += _of_key(sides[0].get(key, []), sides[1].get(key, []))
    if not any(pair.base and pair.head for pair in found):
        raise DiffError(
            f"{head.path}: no target of it is in {base.path}: found {_names(head.manifest.targets)} "
            f"and {_names(base.manifest.targets)}; name two that belong together (--pair BASE HEAD)"
        )
    order = {target.name: at for at, target in enumerate(head.manifest.targets)}
    return tuple(sorted(found, key=lambda p: order[p.head.name] if p.head else len(order)))


def _asked(base: Run, head: Run, pairs: Sequence[tuple[str, str]]) -> list[Pair]:
    found = []
    for names in pairs:
        sides = [_named(run, name) for run, name in zip((base, head), names, strict=True)]
        found.append(Pair(sides[0], sides[1]))
    for at, side in enumerate(("base", "head")):
        names_of_side = [names[at] for names in pairs]
        twice = {name for name in names_of_side if names_of_side.count(name) > 1}
        if twice:
            named = ", ".join(sorted(twice))
            raise DiffError(f"the {side} target {named} is in two pairs; name it in one")
    return found


def _named(run: Run, name: str) -> Target:
    for target in run.manifest.targets:
        if target.name == name:
            return target
    alike = [target for target in run.manifest.targets if target.label == name]
    if len(alike) == 1:
        return alike[0]
    raise DiffError(
        f"{run.path}: there is no target {name!r}; there are {_names(run.manifest.targets)}"
    )


def _by_key(targets: Iterable[Target], taken: set[str]) -> dict[Key, list[Target]]:
    found: dict[Key, list[Target]] = defaultdict(list)
    for target in targets:
        if target.name not in taken:
            found[target.label, target.device, target.mode].append(target)
    return found


def _of_key(base: list[Target], head: list[Target]) -> list[Pair]:
    """Pairs of equal versions; what is left makes a pair if it is one a side."""
    if len(base) == len(head) == 1:
        return [Pair(base[0], head[0])]
    versions = {target.version: target for target in head}
    found = [Pair(each, versions[each.version]) for each in base if each.version in versions]
    paired = {target.name for pair in found for target in (pair.base, pair.head) if target}
    left = [[each for each in side if each.name not in paired] for side in (base, head)]
    if len(left[0]) == len(left[1]) == 1:
        return [*found, Pair(left[0][0], left[1][0])]
    if left[0] and left[1]:
        raise DiffError(
            f"{_names(left[0])} of the base and {_names(left[1])} of the head could be paired in "
            "several ways; name the pairs (--pair BASE HEAD)"
        )
    return [
        *found,
        *(Pair(each, None) for each in left[0]),
        *(Pair(None, each) for each in left[1]),
    ]


def _names(targets: Iterable[Target]) -> str:
    return ", ".join(target.name for target in targets) or "none"
