"""Known deviations of the project that did nothing in a run: past their last day, or not met."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.results.manifest import Listed
from conformance.results.read import Results


@dataclass(frozen=True)
class Unmet:
    """A deviation that explained nothing, and why."""

    listed: Listed
    reason: str


def unmet(results: Results) -> tuple[Unmet, ...]:
    """The project's deviations that a whole run did not need, and those that expired.

    One that no longer happens in its own cases is a finding (`xpass`), and no longer listed here.
    """
    manifest = results.manifest
    frameworks = {target.name: target.framework for target in manifest.targets}
    ran = {target.framework for target in manifest.targets if target.status == "ran"}
    met = {(frameworks[cell.target], known.id) for cell in results.cells for known in cell.known}
    whole = results.end is not None and manifest.shard is None
    found = []
    for each in manifest.known:
        concerned = each.framework in ran and not manifest.losses.keys().isdisjoint(each.losses)
        if each.expires is not None and each.expires < manifest.created[:10]:
            found.append(Unmet(each, f"expired on {each.expires}; it explains nothing any more"))
        elif whole and concerned and (each.framework, each.id) not in met:
            found.append(Unmet(each, "not met in this run"))
    return tuple(found)
