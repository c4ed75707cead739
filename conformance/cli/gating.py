"""The base of a run: the earlier results against which only what is new counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from conformance.cli.verdict import INCOMPLETE, Incomplete
from conformance.results import Results, ResultsError, Summary, read_results
from conformance.results.cell import Finding
from conformance.results.novelty import comparable, new_findings
from conformance.results.read import ResultsReader

AUTO = "auto"
FOLDER = Path("reports")


def base_of(
    text: str, file: Path | None, digests: Mapping[str, str], profile: str, optional: bool
) -> Results | None:
    """The results that `--base` names; raises Incomplete where there are none and must be.

    `auto` is the newest complete file with the same profile and specs: the one that this run is
    about to replace, those beside it, and those in `reports/`.
    """
    found = _newest(file, digests, profile) if text == AUTO else Path(text)
    if found is not None and found.exists():
        results = read_results(found)
        lacks = "" if results.complete else "; it is incomplete, and what it lacks counts as new"
        click.echo(f"base    {found} of {results.manifest.created}{lacks}", err=True)
        return results
    why = (
        f"--base {text}: there is no such file"
        if text != AUTO
        else f"--base auto: no complete results of profile {profile} and these specs were found"
    )
    if not optional:
        raise Incomplete(f"{why}; name one, or add --base-optional for a first run")
    click.echo(f"{why}: every finding counts as new", err=True)
    return None


def gated(results: Results, summary: Summary, base: Results) -> tuple[int, tuple[Finding, ...]]:
    """The exit code when only new findings count, and those findings; raises click.UsageError."""
    reason = comparable(results, base)
    if reason is not None:
        raise click.UsageError(f"--base {base.path}: {reason}; name results of an equal run")
    new = new_findings(results, base)
    if new or summary.word != "findings":
        return summary.exit, new
    return (INCOMPLETE if summary.absent else 0), new


def told(summary: Summary, new: tuple[Finding, ...], base: Results) -> str:
    """The gate's verdict in a line."""
    causes = {(each.loss, each.property, each.kind) for each in new}
    if not new:
        old = "no finding" if not summary.groups else f"no new finding, {len(summary.groups)} old"
        return f"Against {base.path}: {old}."
    listed = ", ".join(f"{loss} {name} {kind}" for loss, name, kind in sorted(causes)[:5])
    more = f" and {len(causes) - 5} more" if len(causes) > 5 else ""
    return f"Against {base.path}: new are {listed}{more}."


def _newest(file: Path | None, digests: Mapping[str, str], profile: str) -> Path | None:
    dated = []
    for path in _candidates(file):
        try:
            with ResultsReader(path) as reader:
                was = reader.manifest
                same = was.profile == profile and all(
                    name in was.losses and was.losses[name].digest == digest
                    for name, digest in digests.items()
                )
                if same and was.shard is None and _complete(reader):
                    dated.append((was.created, str(path), path))
        except ResultsError:
            continue  # looked at without being asked for: another kind of file, or a broken one
    return max(dated)[2] if dated else None


def _complete(reader: ResultsReader) -> bool:
    for _ in reader:
        pass
    return reader.end is not None and reader.count >= reader.manifest.planned


def _candidates(file: Path | None) -> Iterator[Path]:
    folders = [file.parent if file else Path(), FOLDER]
    seen = set()
    for folder in folders:
        for path in sorted(folder.glob("*.jsonl.gz")):
            if path.resolve() not in seen:
                seen.add(path.resolve())
                yield path
