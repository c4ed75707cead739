"""What `conformance run` is asked for, as typed, and the request that it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.selection import DTYPES, chosen_losses, chosen_targets, need_reference

if TYPE_CHECKING:
    from conformance.engine.request import Request
    from conformance.results.manifest import Manifest
    from conformance.specs.library import Library


@dataclass(frozen=True)
class Asked:
    """The parameters of the command that say what is run, by their names."""

    losses: tuple[str, ...]
    target: tuple[str, ...]
    profile: str
    dtype: tuple[str, ...]
    device: str | None
    seed: int
    shard: str | None
    spec_folder: str | None
    known: tuple[str, ...]

    @property
    def flags(self) -> dict[str, Any]:
        """What the manifest says was asked, beside what it has in fields of its own."""
        always = {"losses": self.losses, "target": self.target, "dtype": self.dtype}
        where = {"device": self.device, "spec_folder": self.spec_folder, "known": self.known}
        return {**always, **{name: value for name, value in where.items() if value}}


def asked_again(ctx: click.Context, asked: Asked, manifest: Manifest) -> Asked:
    """The same as an unfinished run was asked, but for what stands on this command line."""
    flags = manifest.flags
    recorded = Asked(
        losses=tuple(manifest.losses),
        target=tuple(flags.get("target", ())),
        profile=manifest.profile,
        dtype=manifest.dtypes,
        device=flags.get("device"),
        seed=manifest.seed,
        shard=manifest.shard,
        spec_folder=flags.get("spec_folder"),
        known=tuple(flags.get("known", ())),
    )
    typed = {
        name: value
        for name, value in vars(asked).items()
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    }
    return Asked(**{**vars(recorded), **typed})


def request_of(asked: Asked) -> tuple[Request, Library]:
    """The request, and the specs it is about; raises click.UsageError for what there is not."""
    from conformance.engine.request import Request
    from conformance.engine.shard import shard
    from conformance.specs.library import load_library
    from conformance.targets.known import read_known

    library = load_library(Path(asked.spec_folder) if asked.spec_folder else None)
    chosen = chosen_losses(asked.losses, library)
    need_reference(chosen)
    dtypes = tuple(dict.fromkeys(asked.dtype)) or DTYPES
    part = shard(asked.shard, chosen, dtypes, library.losses) if asked.shard else None
    request = Request(
        losses=chosen,
        targets=chosen_targets(asked.target, asked.device),
        dtypes=dtypes,
        profile=asked.profile,
        seed=asked.seed,
        shard=part,
        known=tuple(each for path in asked.known for each in read_known(Path(path))),
    )
    return request, library
