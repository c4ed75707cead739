"""What `conformance run` is asked for, as typed, and the request that it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.selection import DTYPES, chosen_losses, chosen_targets

if TYPE_CHECKING:
    from conformance.engine.request import Request
    from conformance.results.manifest import Manifest
    from conformance.specs.library import Library

GRID, PAIRS = "grid", "pairs"
"""What `--exhaustive` takes: every value of an input against a grid of the other, or all pairs."""


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
    exhaustive: str | None
    hunt: bool = False
    corpus: str | None = None

    @property
    def flags(self) -> dict[str, Any]:
        """What the manifest says was asked, beside what it has in fields of its own."""
        always = {"losses": self.losses, "target": self.target, "dtype": self.dtype}
        sometimes = {
            "device": self.device,
            "spec_folder": self.spec_folder,
            "known": self.known,
            "exhaustive": self.exhaustive,
            "hunt": self.hunt,
            "corpus": self.corpus,
        }
        return {**always, **{name: value for name, value in sometimes.items() if value}}


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
        exhaustive=flags.get("exhaustive"),
        hunt=flags.get("hunt", False),
        corpus=flags.get("corpus"),
    )
    typed = {
        name: value
        for name, value in vars(asked).items()
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    }
    return Asked(**{**vars(recorded), **typed})


def request_of(asked: Asked, file: Path | None = None) -> tuple[Request, Library]:
    """The request, and the specs it is about; raises click.UsageError for what there is not.

    All pairs of inputs are kept beside the results `file` as they are tried.
    """
    from conformance.cli.remembering import corpus_of
    from conformance.engine.pairs import elementwise
    from conformance.engine.request import EXHAUSTIVE, PROPERTIES, Request
    from conformance.engine.shard import shard
    from conformance.specs.library import load_library
    from conformance.targets.known import read_known

    library = load_library(Path(asked.spec_folder) if asked.spec_folder else None)
    chosen = chosen_losses(asked.losses, library)
    dtypes = tuple(dict.fromkeys(asked.dtype)) or DTYPES
    pairs = elementwise(library.losses, chosen, dtypes) if asked.exhaustive == PAIRS else ()
    part = shard(asked.shard, chosen, dtypes, library.losses, pairs) if asked.shard else None
    wide = asked.exhaustive is not None or asked.profile == "deep"
    request = Request(
        losses=chosen,
        targets=chosen_targets(asked.target, asked.device),
        dtypes=dtypes,
        properties=(*PROPERTIES, *EXHAUSTIVE) if wide else PROPERTIES,
        profile=asked.profile,
        seed=asked.seed,
        shard=part,
        known=tuple(each for path in asked.known for each in read_known(Path(path))),
        corpus=corpus_of(asked.corpus, library.losses, own=not asked.spec_folder),
        hunts=asked.hunt or asked.profile == "deep",
        pairs=pairs,
        pairs_file=file.with_name(f"{file.name}.pairs.jsonl") if pairs and file else None,
    )
    return request, library
