"""Environments that were built, in a folder of the user's cache, and what they were resolved from.

An environment is `<digest>/env` with `<digest>/environment.json` beside it. The record is put there
last, in one move: a folder without it is half-built, is never used, and is removed by who builds it
next, which two processes cannot do at once.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.environments.errors import EnvironmentFault
from conformance.environments.lock import Lock, decoded, encoded

VARIABLE = "CONFORMANCE_CACHE"
_RECORD, _USED, _RESOLUTIONS = "environment.json", "used", "resolutions"
_DIGITS = 16


@dataclass(frozen=True)
class Kept:
    """An environment in the cache; `size` in bytes on the disk, `used` in seconds since 1970."""

    folder: Path
    asked: str
    lock: Lock
    size: int
    used: float

    @property
    def digest(self) -> str:
        return self.folder.name

    @property
    def python(self) -> str:
        return str(self.folder / "env" / "bin" / "python")


def root() -> Path:
    """CONFORMANCE_CACHE, else the suite's folder in the user's cache."""
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser().absolute() / "environments"
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "loss-conformance" / "environments"


def kept() -> list[Kept]:
    """All whole environments, last used first."""
    found = [_read(record.parent) for record in root().glob(f"*/{_RECORD}")]
    return sorted((each for each in found if each), key=lambda each: -each.used)


def get(lock: Lock) -> Kept | None:
    """The environment of a lock, if it is there whole; from now on it counts as just used."""
    found = _read(_place(lock))
    if found is not None:
        (found.folder / _USED).touch()
    return found


@contextlib.contextmanager
def building(lock: Lock) -> Iterator[Path]:
    """The folder to build in, for this process alone: it waits while another one builds the same.

    Whoever waited finds the environment there: ask `get` again first.
    """
    place = _place(lock)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        file = open(f"{place}.lock", "w")  # noqa: SIM115 closed below, after the lock
    except OSError as error:
        raise EnvironmentFault(
            f"{place.parent}: cannot be written, {error.strerror}; set {VARIABLE} to another folder"
        ) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield place / "env"


def discard(lock: Lock) -> None:
    """Remove what an unfinished build left."""
    shutil.rmtree(_place(lock), ignore_errors=True)


def keep(lock: Lock, asked: str) -> Kept:
    """Declare a built environment whole."""
    place = _place(lock)
    record = {"asked": asked, "lock": encoded(lock), "size": _bytes(place), "built": time.time()}
    _put(place / _RECORD, record)
    found = get(lock)
    assert found is not None  # just written
    return found


def remove(each: Kept) -> None:
    """Delete an environment; its record first, so that nobody begins to use it."""
    (each.folder / _RECORD).unlink(missing_ok=True)
    shutil.rmtree(each.folder, ignore_errors=True)
    Path(f"{each.folder}.lock").unlink(missing_ok=True)


def leftovers() -> list[Path]:
    """Folders of builds that did not end well and that nobody works on now."""
    found = [path for path in root().glob("*") if path.is_dir() and path.name != _RESOLUTIONS]
    return [path for path in found if not (path / _RECORD).is_file() and _free(path)]


def remember(identity: str, lock: Lock) -> None:
    """Keep what a requirement resolved to, so that it need not be asked again at once."""
    _put(root() / _RESOLUTIONS / f"{identity}.json", {"at": time.time(), "lock": encoded(lock)})


def recall(identity: str) -> tuple[Lock, float] | None:
    """What a requirement resolved to last, and how many seconds ago."""
    try:
        found = json.loads((root() / _RESOLUTIONS / f"{identity}.json").read_text("utf-8"))
        return decoded(found["lock"]), time.time() - float(found["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget() -> None:
    """Drop all resolutions."""
    shutil.rmtree(root() / _RESOLUTIONS, ignore_errors=True)


def _place(lock: Lock) -> Path:
    return root() / lock.digest[:_DIGITS]


def _read(folder: Path) -> Kept | None:
    """None for what is not whole, or was written by another version of this suite."""
    try:
        record = json.loads((folder / _RECORD).read_text("utf-8"))
        used = (folder / _USED).stat() if (folder / _USED).exists() else folder.stat()
        lock = decoded(record["lock"])
        return Kept(folder, str(record["asked"]), lock, int(record["size"]), used.st_mtime)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _free(folder: Path) -> bool:
    try:
        with open(f"{folder}.lock") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _put(path: Path, record: Mapping[str, Any]) -> None:
    """Write a file in one move."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        json.dump(record, file)
    os.replace(file.name, path)


def _bytes(folder: Path) -> int:
    """What a folder takes on the disk; files with several names count once."""
    inodes = {}
    for place, _, names in os.walk(folder):
        for name in names:
            found = os.lstat(os.path.join(place, name))
            inodes[found.st_dev, found.st_ino] = found.st_blocks * 512
    return sum(inodes.values())
