"""The first record of a results file: what was asked of whom, and what each loss was held to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Value = Any
"""A number, text, flag or null, or tuples and mappings of them; decoded by `codec`."""


@dataclass(frozen=True)
class Suite:
    version: str
    commit: str | None = None


@dataclass(frozen=True)
class Machine:
    platform: str
    processor: str
    cores: int
    python: str


@dataclass(frozen=True)
class Algorithm:
    """The order of operations a binding registers for a loss; it decides the `own` bound."""

    value: str
    gradient: str
    rounding: str = ""


@dataclass(frozen=True)
class Target:
    """One framework at a version on a device in a mode.

    `label` is its family: findings of torch 2.13 and torch 2.15, or of torch on a CPU and on a
    GPU, are one cause. `signatures` holds, by path, how a callable declares its parameters. A
    candidate is a user's callable: `call` holds the options of its check, `notes` how it was called,
    `unsupported` what it does not take, with reasons. A target `beside` one is there for comparison
    and no part of the verdict.
    """

    name: str
    label: str
    framework: str
    version: str | None
    device: str
    mode: str | None = None
    python: str | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    status: Literal["ran", "not run"] = "ran"
    reason: str | None = None
    conventions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    algorithms: Mapping[str, Algorithm] = field(default_factory=dict)
    role: Literal["target", "candidate", "beside"] = "target"
    call: Mapping[str, Value] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unsupported: Mapping[str, str] = field(default_factory=dict)
    signatures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Input:
    shape: str
    interval: str = field(metadata={"key": "in"})
    kind: str = "real"


@dataclass(frozen=True)
class Parameter:
    kind: str = "real"
    default: Value = None
    interval: str | None = field(default=None, metadata={"key": "in"})
    shape: str | None = None
    optional: bool = False


@dataclass(frozen=True)
class Formula:
    """One sample, unreduced, as executable text: the definitions in order, then the loss."""

    let: Mapping[str, str]
    loss: str


@dataclass(frozen=True)
class Source:
    text: str
    url: str | None = None
    where: str | None = None


@dataclass(frozen=True)
class Convention:
    question: str
    choices: Mapping[str, str]
    default: str


@dataclass(frozen=True)
class EdgeCase:
    id: str
    why: str
    given: Mapping[str, Value]
    loss: Value = None
    gradient: Mapping[str, Value] | None = None


@dataclass(frozen=True)
class Reject:
    id: str
    breaks: str


@dataclass(frozen=True)
class Loss:
    """What the report needs of a spec, so that it can be drawn without the spec's files.

    `reductions` maps each name to what the sum of the losses is divided by, null for no division.
    """

    digest: str
    family: str
    summary: str
    inputs: Mapping[str, Input]
    formula: Formula
    latex: str = ""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    reductions: Mapping[str, str | None] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    conventions: Mapping[str, Convention] = field(default_factory=dict)
    edge_cases: tuple[EdgeCase, ...] = ()
    identities: tuple[str, ...] = ()
    invariants: tuple[str, ...] = ()
    rejects: tuple[Reject, ...] = ()


@dataclass(frozen=True)
class Listed:
    """A known deviation of the project's own that the run was given; `expires` is its last day."""

    id: str
    framework: str
    losses: tuple[str, ...]
    properties: tuple[str, ...]
    reason: str
    source: str
    expires: str | None = None


class Pairs(NamedTuple):
    """A loss and a dtype of which all pairs of inputs are tried."""

    loss: str
    dtype: str


@dataclass(frozen=True)
class Manifest:
    """`planned` counts the cells that the run set out to record, in this shard.

    A whole run records a cell for each of `losses`, `dtypes`, `targets` and `properties`, in this
    order: the last one changes fastest. A cell for each of `pairs` and `targets` follows them, of
    the losses and dtypes of which all pairs of inputs are tried; a shard names those of the whole
    run. Older files lack `dtypes`, `properties` and `pairs`.
    """

    suite: Suite
    created: str
    profile: str
    seed: int
    planned: int
    machine: Machine
    targets: tuple[Target, ...]
    losses: Mapping[str, Loss]
    dtypes: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    pairs: tuple[Pairs, ...] = ()
    shard: str | None = None
    known: tuple[Listed, ...] = ()
    flags: Mapping[str, Value] = field(default_factory=dict)
    schema: int = 1
    kind: Literal["manifest"] = "manifest"
