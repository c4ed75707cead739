"""Whether files are the parts of one run, and the manifest of that run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from conformance.results.manifest import Manifest, Target, Value
from conformance.results.parts import Parts, names, parts

REMEDY = "would be parts of one run"


class MergeError(Exception):
    """Files that do not go together: `file: what differs, what the other one has; would be`."""


@dataclass(frozen=True)
class Part:
    """One file of a divided run."""

    path: Path
    manifest: Manifest

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(target.name for target in self.manifest.targets)

    @property
    def parts(self) -> Parts:
        try:
            return parts(self.manifest.shard)
        except ValueError:
            raise MergeError(
                f"{self.path}: the shard {self.manifest.shard!r} cannot be read; would be as 2/4"
            ) from None


@dataclass(frozen=True)
class Whole:
    """The run that the files are parts of. `gaps` names what is missing, `notes` what is odd."""

    manifest: Manifest
    gaps: tuple[str, ...]
    notes: tuple[str, ...]


def partition(given: Sequence[Part]) -> Whole:
    """The whole run, in which targets stand in the order of the files; raises MergeError.

    Files of the same targets are the shards of one run. Files of other targets are runs of the
    same request on those, as where each framework has a job of its own.
    """
    first = given[0]
    for part in given:
        comparable(first, part)
    groups: dict[tuple[str, ...], list[Part]] = {}
    for part in given:
        groups.setdefault(part.targets, []).append(part)
    _disjoint([group[0] for group in groups.values()])
    found = [_shards(group) for group in groups.values()]
    gaps = tuple(gap for group, parts in zip(groups.values(), found, strict=True)
                 for gap in _gaps(group, parts, alone=len(groups) == 1))  # fmt: skip
    targets = tuple(each for group in groups.values() for each in _targets(group))
    return Whole(_manifest(given, targets, found), gaps, tuple(_machines(given)))


def _manifest(
    given: Sequence[Part], targets: tuple[Target, ...], found: Sequence[Parts]
) -> Manifest:
    first = min(given, key=lambda part: (given[0].targets != part.targets, min(part.parts.numbers)))
    was = first.manifest
    grid = (was.losses, was.dtypes, targets, was.properties)
    planned = 1
    for axis in grid:
        planned *= len(axis)
    planned += len(was.pairs) * len(targets)
    return replace(
        was,
        created=min(part.manifest.created for part in given),
        planned=planned,
        targets=targets,
        shard=found[0].text if len(found) == 1 else None,
        flags={**was.flags, **_asked(given)},
    )


def _asked(given: Sequence[Part]) -> dict[str, tuple[Value, ...]]:
    """The targets as they were asked for, each once; nothing where no flags are recorded."""
    said = [part.manifest.flags["target"] for part in given if "target" in part.manifest.flags]
    return (
        {"target": tuple(dict.fromkeys(name for names in said for name in names))} if said else {}
    )


def comparable(first: Part, part: Part) -> None:
    """Same suite, question and specs."""
    one, other = first.manifest, part.manifest
    if not (other.dtypes and other.properties):
        raise MergeError(
            f"{part.path}: its manifest does not list dtypes and properties, as an older version "
            "of the suite left them out; run it again"
        )
    for name in ("suite", "profile", "seed", "dtypes", "properties"):
        same(first, part, name, getattr(one, name), getattr(other, name))
    same(first, part, "losses", tuple(one.losses), tuple(other.losses))
    same(first, part, "list of all pairs", *(_pairs(each) for each in (one, other)))
    for loss in one.losses:
        ours, theirs = one.losses[loss].digest, other.losses[loss].digest
        same(first, part, f"digest of the spec {loss}", ours[:12], theirs[:12])


def _pairs(manifest: Manifest) -> str:
    return ", ".join(f"{each.loss} {each.dtype}" for each in manifest.pairs) or "none"


def same(first: Part, part: Part, name: str, ours: object, theirs: object) -> None:
    if ours != theirs:
        raise MergeError(
            f"{part.path}: the {name} is {_told(theirs)}, and {first.path} has {_told(ours)}; "
            f"{REMEDY}"
        )


def _told(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)


def _disjoint(groups: Sequence[Part]) -> None:
    owners: dict[str, Part] = {}
    for part in groups:
        for name in part.targets:
            if name in owners:
                raise MergeError(
                    f"{part.path}: the targets are {_told(part.targets)}, and {owners[name].path} "
                    f"has {_told(owners[name].targets)}; would be the same or have none in common"
                )
            owners[name] = part


def _shards(group: Sequence[Part]) -> Parts:
    """What the files of one set of targets hold together."""
    first = group[0]
    owners: dict[int, Part] = {}
    for part in group:
        found = part.parts
        if found.of != first.parts.of:
            raise MergeError(
                f"{part.path}: it is one of {found.of} shards, and {first.path} is one of "
                f"{first.parts.of}; {REMEDY}"
            )
        for number in sorted(found.numbers):
            if number in owners:
                raise MergeError(
                    f"{part.path}: it holds {_named(number, found.of)}, and {owners[number].path} "
                    "does too; would be in one of them"
                )
            owners[number] = part
    return Parts(frozenset(owners), first.parts.of)


def _named(number: int, of: int) -> str:
    return f"shard {number}/{of}" if of > 1 else "the whole run"


def _gaps(group: Sequence[Part], found: Parts, alone: bool) -> list[str]:
    on = "" if alone else f" of {', '.join(group[0].targets)}"
    return [f"shard {name}{on} is missing" for name in names(found.missing, found.of)]


def _targets(group: Sequence[Part]) -> list[Target]:
    """The targets of a group: the same in all its files, but that one may not have run in some."""
    merged = []
    for place, target in enumerate(group[0].manifest.targets):
        there = [(part, part.manifest.targets[place]) for part in group]
        ran = [(part, each) for part, each in there if each.status == "ran"]
        for part, each in ran[1:]:
            alike(ran[0][0], part, ran[0][1], each)
        merged.append(ran[0][1] if ran else target)
    return merged


def alike(first: Part, part: Part, ours: Target, theirs: Target) -> None:
    for field in fields(Target):
        name = f"{field.name} of {ours.name}"
        was, now = getattr(ours, field.name), getattr(theirs, field.name)
        if was != now and field.name == "packages":
            for package in sorted({*was, *now}):
                same(first, part, f"{package} of {ours.name}", was.get(package), now.get(package))
        same(first, part, name, was, now)


def _machines(given: Sequence[Part]) -> list[str]:
    first = given[0].manifest.machine
    return [
        f"{part.path} was made on another machine than {given[0].path}: "
        f"{part.manifest.machine.processor}, {part.manifest.machine.platform}"
        for part in given
        if part.manifest.machine != first
    ]
