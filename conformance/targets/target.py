"""A target: a framework at a version on a device in a mode, as `torch==2.13.0@cuda+compile`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import metadata

DEVICES = ("cpu", "cuda")
_TEXT = re.compile(
    r"(?P<framework>[a-z]+)(\[(?P<backend>[a-z]+)\])?(==(?P<version>[0-9][^@\s]*))?"
    r"(@(?P<device>[a-z]+)(\+(?P<mode>[a-z]+))?)?"
)
_FORM = "FRAMEWORK[BACKEND]==VERSION@DEVICE+MODE, as in torch@cpu or keras[jax]==3.15.1@cuda"


class TargetError(ValueError):
    """A target's text names nothing that can be run."""


@dataclass(frozen=True)
class Framework:
    """How a framework is named and run; the first backend is the default.

    `distributions` are the names it is installed under, one of which suffices; `needs` lists, for
    each backend, the distributions that must be there besides.
    """

    adapter: str
    distributions: tuple[str, ...]
    modes: tuple[str, ...] = ()
    needs: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def backends(self) -> tuple[str, ...]:
        return tuple(backend for backend, _ in self.needs)


_TENSORFLOW = ("tensorflow", "tensorflow-cpu", "tensorflow-macos", "tf-nightly", "tf-nightly-cpu")
FRAMEWORKS = {
    "torch": Framework("pytorch", ("torch",), ("compile",)),
    "keras": Framework(
        "keras3",
        ("keras", "keras-nightly"),
        needs=(("tensorflow", _TENSORFLOW), ("torch", ("torch",)), ("jax", ("jax",))),
    ),
    "tensorflow": Framework("tensorflow2", _TENSORFLOW, ("xla",)),
    "optax": Framework("optax_jax", ("optax",), ("jit",)),
    "jax": Framework("optax_jax", ("jax",), ("jit",)),
    "numpy": Framework("plain", ("numpy",)),
}


@dataclass(frozen=True, order=True)
class Target:
    """A framework at a version (None: the installed one) on a device in a mode (empty: eager).

    With a `place` it is a user's callable, run by that framework; such a name is not read back.
    `known` is then the file of its known deviations.
    """

    framework: str
    backend: str | None = None
    version: str | None = None
    device: str = "cpu"
    mode: str = ""
    place: str = ""
    known: str = ""

    @staticmethod
    def parse(text: str) -> Target:
        """Read `FRAMEWORK[BACKEND]==VERSION@DEVICE+MODE`; raises TargetError."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise TargetError(f"target {text!r} cannot be read; write {_FORM}")
        name, backend, mode = match["framework"], match["backend"], match["mode"] or ""
        framework = FRAMEWORKS[_known(text, "framework", name, tuple(FRAMEWORKS))]
        if backend is not None:
            _known(text, "backend", backend, framework.backends)
        device = _known(text, "device", match["device"] or "cpu", DEVICES)
        if mode:
            _known(text, "mode", mode, framework.modes)
        return Target(
            name, backend or next(iter(framework.backends), None), match["version"], device, mode
        )

    @property
    def name(self) -> str:
        """The canonical text, which `parse` reads back."""
        backend = f"[{self.backend}]" if self.backend else ""
        version = f"=={self.version}" if self.version else ""
        runs = f"{self.framework}{backend}{version}@{self.device}{self._mode}"
        return f"{self.place} on {runs}" if self.place else runs

    @property
    def label(self) -> str:
        """The shortest text that tells the usual targets apart: no version, no default."""
        if self.place:
            return self.place
        usual = next(iter(FRAMEWORKS[self.framework].backends), None)
        backend = f"[{self.backend}]" if self.backend != usual else ""
        device = f"@{self.device}" if self.device != "cpu" or self.mode else ""
        return f"{self.framework}{backend}{device}{self._mode}"

    @property
    def _mode(self) -> str:
        return f"+{self.mode}" if self.mode else ""

    @property
    def compiles(self) -> bool:
        """Whether each new shape is compiled first, which costs far more than the call."""
        return bool(self.mode) or self.framework in ("optax", "jax") or self.backend == "jax"

    @property
    def variants(self) -> tuple[str, ...]:
        """What may change a binding: the backend, the device, the mode."""
        return tuple(word for word in (self.backend, self.device, self.mode) if word)


def _known(text: str, what: str, word: str, choices: tuple[str, ...]) -> str:
    if word not in choices:
        there = f"there is {', '.join(choices)}" if choices else f"{text.split('@')[0]} has none"
        raise TargetError(f"target {text!r}: unknown {what} {word!r}; {there}")
    return word


@dataclass(frozen=True)
class Missing:
    """A target that cannot run here, and why."""

    target: Target
    reason: str


def resolve(target: Target, installed: Mapping[str, str] | None = None) -> Target | Missing:
    """The target at the version installed beside this interpreter, found without importing it.

    `installed` holds versions by name where the target runs elsewhere.
    """
    framework = FRAMEWORKS[target.framework]
    version = version_of(framework.distributions, installed)
    if version is None:
        return Missing(target, f"{target.framework} is not installed")
    for backend, distributions in framework.needs:
        if backend == target.backend and version_of(distributions, installed) is None:
            return Missing(target, f"{backend}, the backend of {target.label}, is not installed")
    if target.version is not None and public(target.version) != public(version):
        return Missing(target, f"{target.framework} {version} is installed, not {target.version}")
    return replace(target, version=public(version))


def backend_of(name: str) -> str | None:
    """The backend in the name of a target, a callable's among them."""
    found = re.search(r"\[([a-z]+)\]", name.rpartition(" on ")[2])
    return found[1] if found else None


def public(version: str) -> str:
    """A version without its local part, which says how it was built: 2.13.0+cpu is 2.13.0."""
    return version.partition("+")[0]


def release(version: str) -> tuple[int, ...]:
    """The numbers of a version, for comparison: 2.13.0rc1 is (2, 13, 0).

    Trailing zeros are dropped, as 2.0 and 2.0.0 are one release.
    """
    found = re.match(r"[0-9]+(\.[0-9]+)*", public(version))
    if found is None:
        raise TargetError(
            f"version {version!r} does not begin with a number; write it as in 2.13.0"
        )
    numbers = [int(part) for part in found[0].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def version_of(
    distributions: tuple[str, ...], installed: Mapping[str, str] | None = None
) -> str | None:
    """The version of the first of them that is there, beside this interpreter or among `installed`."""
    if installed is not None:
        return next((installed[name] for name in distributions if name in installed), None)
    for name in distributions:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None
