"""The tables of the score, as text and as Markdown."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.setting import heading
from conformance.results.score import Judge, Miss, Score
from tests.planted.catalogue import Planted, load

Results = Mapping[str, Mapping[str, Mapping[str, Any]]]
PEERS = {
    "assert_close": "torch.testing.assert_close on random normal inputs",
    "gradcheck": "torch.autograd.gradcheck, float64",
    "opinfo": "sample inputs of torch's OpInfo, its tolerances",
    "hypothesis": "Hypothesis arrays and assert_allclose",
}


def columns(results: Results) -> dict[str, dict[str, bool | None]]:
    """By judge, whether each implementation was flagged; None where the judge has nothing to ask."""
    found: dict[str, dict[str, bool | None]] = {}
    for profile in ("quick", "default"):
        if profile in results:
            found[profile] = {id: each["caught"] for id, each in results[profile].items()}
    for peer in PEERS:
        if "peers" in results:
            found[peer] = {id: each[peer] for id, each in results["peers"].items()}
    return found


def counts(flags: Mapping[str, bool | None], chosen: Sequence[Planted]) -> tuple[int, int]:
    """How many of the chosen were flagged, and how many were judged."""
    judged = [flags[each.id] for each in chosen if flags.get(each.id) is not None]
    return sum(map(bool, judged)), len(judged)


def summary(results: Results) -> Iterator[tuple[str, str, str]]:
    """Judge, faults caught, correct variants flagged."""
    faults = [each for each in load() if not each.correct]
    variants = [each for each in load() if each.correct]
    for judge, flags in columns(results).items():
        caught, of = counts(flags, faults)
        wrong, those = counts(flags, variants)
        share = f"{caught} of {of} ({100 * caught / of:.1f} %)" if of else "-"
        yield judge, share, f"{wrong} of {those}"


def by_property(results: Results, profile: str) -> Counter[str]:
    """How many faults each property found."""
    found: Counter[str] = Counter()
    for planted in load():
        row = results.get(profile, {}).get(planted.id)
        if row and row["caught"] and not planted.correct:
            found.update(row["properties"].keys())
    return found


def missed(results: Results, profile: str) -> list[Planted]:
    rows = results.get(profile, {})
    return [
        each
        for each in load()
        if not each.correct and each.id in rows and not rows[each.id]["caught"]
    ]


def flagged(results: Results, profile: str) -> list[Planted]:
    rows = results.get(profile, {})
    return [each for each in load() if each.correct and rows.get(each.id, {}).get("caught")]


def record(results: Results, suite: str, created: str) -> Score:
    """What the report of every run shows of it."""
    faults = [each for each in load() if not each.correct]
    variants = [each for each in load() if each.correct]
    judges = [
        Judge(_named(judge).replace("`", ""), *counts(flags, faults), *counts(flags, variants))
        for judge, flags in columns(results).items()
    ]
    misses = [
        Miss(profile, each.id, _why(each, profile))
        for profile in ("quick", "default")
        for each in missed(results, profile)
    ]
    return Score(suite, created, tuple(judges), tuple(misses))


def _named(judge: str) -> str:
    return PEERS.get(judge, f"`check`, profile `{judge}`")


def text(results: Results) -> str:
    """What the terminal shows: the counts, and what was missed or flagged."""
    lines = [
        f"{judge:14} faults {share:22} correct {wrong}" for judge, share, wrong in summary(results)
    ]
    for profile in ("quick", "default"):
        found = ", ".join(
            f"{name} {count}" for name, count in by_property(results, profile).most_common()
        )
        lines += [f"{profile}: {found}"] if found else []
        lines += [
            f"{profile}: missed {each.id} ({_why(each, profile)})"
            for each in missed(results, profile)
        ]
        lines += [
            f"{profile}: FLAGGED {each.id}: {results[profile][each.id]['case']}"
            for each in flagged(results, profile)
        ]
    return "\n".join(lines)


def _why(planted: Planted, profile: str) -> str:
    reasons = [f"due: the property {planted.due}"] if planted.due else []
    reasons += [planted.quick] if planted.quick and profile == "quick" else []
    reasons += [planted.open] if planted.open else []
    return "; ".join(reasons) or "open"


def markdown(results: Results) -> str:
    """The page: the same, and a row for every implementation."""
    return "\n".join([*_top(results), *_open(results), *_kinds(results), *_rows(results), ""])


def _top(results: Results) -> Iterator[str]:
    variants = sum(each.correct for each in load())
    yield "# The suite's own score"
    yield ""
    yield (
        f"{len(load()) - variants} faulty implementations of the eight losses and {variants} correct "
        "ones that compute differently (`tests/planted/catalogue.yaml`), through `check` and through "
        "its peers. `make score` makes this page."
    )
    yield ""
    yield "```"
    yield heading()
    yield f"{datetime.date.today().isoformat()}, seed 0, torch on one thread"
    yield "```"
    yield ""
    yield "| judge | faults caught | correct variants flagged |"
    yield "|---|---|---|"
    for judge, share, wrong in summary(results):
        yield f"| {_named(judge)} | {share} | {wrong} |"
    yield ""
    yield (
        "A fault is run in the dtypes in which it can be told from the truth at all, as the catalogue "
        "states them, up to the first that shows it; a correct variant in every dtype. assert_close "
        "and gradcheck are asked with every reduction and, where the loss has weights, with and "
        "without them, in float32 and float64, value and gradient: more than most suites do."
    )
    yield ""


def _open(results: Results) -> Iterator[str]:
    yield "## What was missed, and which correct variants were flagged"
    yield ""
    found = False
    for profile in ("quick", "default"):
        for each in missed(results, profile):
            found = True
            yield f"- `{profile}` misses `{each.id}` ({each.note}): {_why(each, profile)}."
        for each in flagged(results, profile):
            found = True
            yield f"- `{profile}` flags the correct `{each.id}`: {results[profile][each.id]['case']}."
    if not found:
        yield "Nothing."
    yield ""


def _kinds(results: Results) -> Iterator[str]:
    judges = columns(results)
    yield "## By kind of mistake"
    yield ""
    yield "| kind | faults | " + " | ".join(judges) + " |"
    yield "|---" * (len(judges) + 2) + "|"
    faults = [each for each in load() if not each.correct]
    for kind in sorted({each.kind for each in faults}):
        chosen = [each for each in faults if each.kind == kind]
        cells = [str(counts(flags, chosen)[0]) for flags in judges.values()]
        yield f"| {kind} | {len(chosen)} | " + " | ".join(cells) + " |"
    yield ""
    for profile in ("quick", "default"):
        found = by_property(results, profile).most_common()
        if found:
            told = ", ".join(f"{name} {count}" for name, count in found)
            yield f"Faults that a property found in `{profile}`, several a fault: {told}."
            yield ""


def _rows(results: Results) -> Iterator[str]:
    judges = columns(results)
    yield "## Every implementation"
    yield ""
    yield "| implementation | kind | what it is | " + " | ".join(judges) + " | found by |"
    yield "|---" * (len(judges) + 4) + "|"
    for each in load():
        cells = [_cell(flags.get(each.id), each.correct) for flags in judges.values()]
        row = results.get("default", {}).get(each.id) or results.get("quick", {}).get(each.id) or {}
        by = " ".join(row.get("properties", {}))
        by = f"{row['dtype']}: {by}" if row.get("caught") else ""
        note = each.note.replace("|", "\\|")
        yield f"| `{each.id}` | {each.kind} | {note} | " + " | ".join(cells) + f" | {by} |"


def _cell(flag: bool | None, correct: bool) -> str:
    if flag is None:
        return "·"
    if correct:
        return "✗ flagged" if flag else "✓"
    return "caught" if flag else "–"
