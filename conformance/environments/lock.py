"""What a requirement resolves to: exact distributions with their hashes, for one interpreter."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.environments.interpreter import Interpreter


@dataclass(frozen=True, order=True)
class Pinned:
    """One distribution; `url` only where it is a file of this machine, `size` in bytes if known.

    `hashes` are sha256 of the archives that may be taken, of which one is.
    """

    name: str
    version: str
    url: str | None = None
    hashes: tuple[str, ...] = ()
    size: int | None = None

    @property
    def requirement(self) -> str:
        place = f" @ {self.url}" if self.url else f"=={self.version}"
        return " ".join([self.name + place, *(f"--hash=sha256:{each}" for each in self.hashes)])


@dataclass(frozen=True)
class Lock:
    """Sorted by name; `python` and `platform` belong to it, as wheels differ by them."""

    pins: tuple[Pinned, ...]
    python: str
    platform: str

    @property
    def digest(self) -> str:
        """Names the environment: equal for equal distributions on an equal interpreter."""
        lines = [f"{each.name}=={each.version} {','.join(each.hashes)}" for each in self.pins]
        return hashlib.sha256("\n".join([self.python, self.platform, *lines]).encode()).hexdigest()

    @property
    def versions(self) -> dict[str, str]:
        return {each.name: each.version for each in self.pins}

    @property
    def size(self) -> tuple[int, int]:
        """Bytes of the archives whose size is known, and how many are of unknown size."""
        known = [each.size for each in self.pins if each.size is not None]
        return sum(known), len(self.pins) - len(known)

    @property
    def requirements(self) -> str:
        """A requirements file that installs exactly this; hashes hold for all or for none."""
        hashed = all(each.hashes for each in self.pins)
        lines = [each.requirement for each in self.pins]
        return "\n".join(line if hashed else line.partition(" --hash")[0] for line in lines) + "\n"


def lock(pins: list[Pinned], interpreter: Interpreter) -> Lock:
    """The lock of what a resolver gave."""
    python = ".".join(map(str, interpreter.version))
    return Lock(tuple(sorted(pins)), python, interpreter.platform)


def encoded(lock: Lock) -> dict[str, Any]:
    """As JSON."""
    pins = [[each.name, each.version, each.url, list(each.hashes), each.size] for each in lock.pins]
    return {"pins": pins, "python": lock.python, "platform": lock.platform}


def decoded(given: Mapping[str, Any]) -> Lock:
    """Read back what `encoded` wrote; raises KeyError, TypeError or ValueError for anything else."""
    pins = [
        Pinned(name, version, url, tuple(hashes), size)
        for name, version, url, hashes, size in given["pins"]
    ]
    return Lock(tuple(pins), given["python"], given["platform"])


def bytes_in_words(size: int) -> str:
    """`312 MB`, `4.9 GB`: decimal, as installers say it."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            number = size / scale
            return f"{number:.1f} {unit}" if number < 10 else f"{number:.0f} {unit}"
    return f"{size} bytes"
