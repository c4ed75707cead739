"""From two sides to two environments: one interpreter, resolved, built where it is not cached."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from conformance.environments import cache
from conformance.environments.errors import EnvironmentFault
from conformance.environments.installer import Installer, find_installer
from conformance.environments.interpreter import Interpreter, discover, find, installed, probe
from conformance.environments.lock import Lock, bytes_in_words
from conformance.environments.requirement import Side

FRESH = 24 * 3600.0
"""Seconds for which a resolution is taken as it was, so that a second audit starts at once."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """`python` names the interpreter, `newest` the date of the last release that may be taken.

    `offline` asks for nothing that is not cached; `refresh` resolves anew.
    """

    python: str | None = None
    offline: bool = False
    newest: str | None = None
    refresh: bool = False


@dataclass(frozen=True)
class Environment:
    """A side that can run: an interpreter and what is installed for it.

    `kept` is its place in the cache, None for an interpreter that was there; `built` says that it
    was made just now.
    """

    side: Side
    python: str
    interpreter: Interpreter
    versions: Mapping[str, str]
    kept: cache.Kept | None = None
    built: bool = False


Fit = Callable[[Sequence[Environment]], object]


def prepare(
    sides: Sequence[Side],
    options: Options,
    say: Say,
    installer: Installer | None = None,
    fit: Fit = lambda _: None,
) -> list[Environment]:
    """An environment a side, in order; raises EnvironmentFault with the installer's last lines.

    `say` is told which interpreter was chosen, what is built, and how large it is. `fit` is shown
    what each side will hold, before anything is built, and may raise.
    """
    installer = installer or find_installer()
    asked = [side for side in sides if side.interpreter is None]
    locks: dict[Side, Lock] = {}
    chosen = None
    if asked:
        chosen, locks = _chosen(asked, _candidates(sides, options), options, installer)
        say(f"{chosen.name} ({chosen.path}), which every side accepts; installer: {installer.name}")
    planned = [_planned(side, chosen, locks) for side in sides]
    fit(planned)
    with ThreadPoolExecutor(len(sides)) as pool:
        return list(pool.map(lambda each: _ready(each, locks, installer, say), planned))


def _candidates(sides: Sequence[Side], options: Options) -> list[Interpreter]:
    """The one named, else those of sides that exist already, else all of this machine."""
    if options.python:
        return [find(options.python)]
    there = [probe(side.interpreter) for side in sides if side.interpreter]
    known = {each.version[:2] for each in there}
    return [*there, *(each for each in discover() if each.version[:2] not in known)]


def _chosen(
    sides: Sequence[Side],
    candidates: Sequence[Interpreter],
    options: Options,
    installer: Installer,
) -> tuple[Interpreter, dict[Side, Lock]]:
    """The first interpreter for which every side resolves, and the locks."""
    refusals = []
    for each in candidates:
        with ThreadPoolExecutor(len(sides)) as pool:
            found = list(
                pool.map(lambda side: _attempt(side, each, options, installer), sides)  # noqa: B023
            )
        locks = {s: lock for s, lock in zip(sides, found, strict=True) if isinstance(lock, Lock)}
        if len(locks) == len(set(sides)):
            return each, locks
        refusals += [
            f"{each.name}: {side.text}: {fault}"
            for side, fault in zip(sides, found, strict=True)
            if not isinstance(fault, Lock)
        ]
    tried = ", ".join(each.name for each in candidates)
    raise EnvironmentFault(
        f"no interpreter takes {' and '.join(side.text for side in sides)} (tried {tried}):\n"
        + "\n".join(refusals)
    )


def _attempt(
    side: Side, interpreter: Interpreter, options: Options, installer: Installer
) -> Lock | EnvironmentFault:
    try:
        return _resolved(side, interpreter, options, installer)
    except EnvironmentFault as fault:
        return fault


def _resolved(side: Side, interpreter: Interpreter, options: Options, installer: Installer) -> Lock:
    known = [side.identity, interpreter.name, interpreter.platform, options.newest or ""]
    identity = hashlib.sha256("\n".join(known).encode()).hexdigest()[:32]
    found = cache.recall(identity)
    if options.offline:
        if found is None or cache.get(found[0]) is None:
            raise EnvironmentFault("not in the cache; run once without --offline")
        return found[0]
    if found is not None and found[1] < FRESH and not options.refresh:
        return found[0]
    wanted = installer.resolve(interpreter, side.requirements, options.newest)
    cache.remember(identity, wanted)
    return wanted


def _planned(
    side: Side, interpreter: Interpreter | None, locks: Mapping[Side, Lock]
) -> Environment:
    """The environment as it will be; of one that is not built yet the interpreter is the chosen."""
    if side.interpreter is not None:
        return Environment(
            side, side.interpreter, probe(side.interpreter), installed(side.interpreter)
        )
    assert interpreter is not None
    return Environment(side, interpreter.path, interpreter, locks[side].versions)


def _ready(
    planned: Environment, locks: Mapping[Side, Lock], installer: Installer, say: Say
) -> Environment:
    side, interpreter = planned.side, planned.interpreter
    if side.interpreter is not None:
        say(f"{side.text}: {interpreter.name}, taken as it is")
        return planned
    wanted = locks[side]
    found = cache.get(wanted)
    if found is not None:
        say(f"{side.text}: cached, {bytes_in_words(found.size)} in {found.folder}")
        return Environment(side, found.python, interpreter, wanted.versions, found)
    say(f"{side.text}: building, {_announced(wanted)}")
    found, built = _built(side, interpreter, wanted, installer)
    say(f"{side.text}: built, {bytes_in_words(found.size)} in {found.folder}")
    return Environment(side, found.python, interpreter, wanted.versions, found, built)


def _announced(wanted: Lock) -> str:
    """How many archives of which size, as far as that is known."""
    size, unknown = wanted.size
    count = f"{len(wanted.pins)} distributions"
    if unknown == len(wanted.pins):
        return f"{count} of unknown size"
    return f"{count}, {bytes_in_words(size)} of archives" + (
        f" and {unknown} of unknown size" if unknown else ""
    )


def _built(
    side: Side, interpreter: Interpreter, wanted: Lock, installer: Installer
) -> tuple[cache.Kept, bool]:
    with cache.building(wanted) as folder:
        if found := cache.get(wanted):  # another process built it while this one waited
            return found, False
        cache.discard(wanted)
        folder.parent.mkdir(parents=True)
        try:
            installer.build(interpreter, wanted, Path(folder))
        except BaseException as error:
            cache.discard(wanted)
            if isinstance(error, EnvironmentFault):
                raise EnvironmentFault(f"{side.text} cannot be installed:\n{error}") from error
            raise
        return cache.keep(wanted, side.text), True
