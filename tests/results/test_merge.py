"""Any partition of a run merges to the file of the whole run; anything else is refused."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.results import Results, ResultsError, ResultsWriter, read_results, summarise
from conformance.results.cell import PAIRS, Cell, End, key
from conformance.results.codec import decode, encode
from conformance.results.lines import lines
from conformance.results.manifest import Manifest, Pairs, Target
from conformance.results.merge import merge
from conformance.results.partition import MergeError
from tests.report.sample import Size
from tests.report.sample.run import manifest as sample_manifest
from tests.report.sample.run import records

DTYPES, PROPERTIES = ("float64", "float32"), ("value", "dtype", "error")
LOSSES = ("l1", "mse", "nll")
BATCHES = tuple(product(LOSSES, DTYPES))
HEAD: Manifest = decode(Manifest, sample_manifest(Size(cuda=False), 0))
HEAD = replace(
    HEAD,
    losses={name: HEAD.losses[name] for name in LOSSES},
    dtypes=DTYPES,
    properties=PROPERTIES,
    targets=HEAD.targets[:2],
    planned=len(BATCHES) * 2 * len(PROPERTIES),
)
TARGETS = tuple(target.name for target in HEAD.targets)
MADE = {key(cell): cell for cell in (decode(Cell, r) for r in records(Size(48, DTYPES, False)))}


def cells(
    batches: Sequence[tuple[str, str]] = BATCHES, targets: Sequence[str] = TARGETS
) -> Iterator[Cell]:
    for (loss, dtype), target, name in product(batches, targets, PROPERTIES):
        place = (loss, name, target, dtype)
        yield MADE.get(place) or Cell(*place, "n/a", reason="not offered by the target")


def write(
    path: Path,
    batches: Sequence[tuple[str, str]] = BATCHES,
    only: Sequence[str] = TARGETS,
    end: bool = True,
    **changes: Any,
) -> Path:
    """A file of some batches on some targets, as a run of its own would write it."""
    made = [*cells(batches, only)]
    chosen = tuple(target for target in HEAD.targets if target.name in only)
    planned = len(made)
    head = replace(HEAD, planned=planned, targets=chosen)
    with ResultsWriter(path, replace(head, **changes)) as writer:
        for cell in made:
            writer.cell(cell)
        if end:
            writer.end(seconds=2.0, **end_of(chosen, made))
    return path


def end_of(targets: tuple[Target, ...], made: list[Cell]) -> dict[str, Any]:
    head = replace(HEAD, targets=targets, planned=len(made))
    summary = summarise(Results(Path(), head, tuple(made), End(len(made), 2.0, 0, "")))
    return {"exit": summary.exit, "verdict": summary.sentence}


def shards(folder: Path, parts: Sequence[Sequence[tuple[str, str]]], **changes: Any) -> list[Path]:
    return [
        write(
            folder / f"{at}.gz",
            sorted(part, key=BATCHES.index),
            **{"shard": f"{at}/{len(parts)}", **changes},
        )
        for at, part in enumerate(parts, 1)
    ]


def of_pairs(loss: str, dtype: str) -> list[Cell]:
    return [Cell(loss, PAIRS, name, dtype, "pass", cases=4, elements=9) for name in TARGETS]


def write_pairs(
    path: Path, batches: Sequence[tuple[str, str]], pairs: Sequence[Pairs], **changes: Any
) -> Path:
    """A file of some batches and, of some of them, all pairs."""
    made = [*cells(batches), *(each for pair in pairs for each in of_pairs(*pair))]
    head = replace(HEAD, planned=len(made), pairs=ALL_PAIRS, **changes)
    with ResultsWriter(path, head) as writer:
        for cell in made:
            writer.cell(cell)
        summary = summarise(Results(Path(), head, tuple(made), End(len(made), 2.0, 0, "")))
        writer.end(seconds=2.0, exit=summary.exit, verdict=summary.sentence)
    return path


ALL_PAIRS = (Pairs("l1", "float64"), Pairs("mse", "float64"))


def test_all_pairs_in_shards_merge_to_the_whole(tmp_path: Path) -> None:
    whole = write_pairs(tmp_path / "whole.gz", BATCHES, ALL_PAIRS)
    parts = [
        write_pairs(tmp_path / "1.gz", (), ALL_PAIRS[1:], shard="1/3"),
        write_pairs(tmp_path / "2.gz", BATCHES[1::2], ALL_PAIRS[:1], shard="2/3"),
        write_pairs(tmp_path / "3.gz", BATCHES[::2], (), shard="3/3"),
    ]
    merged = merge([parts[2], parts[0], parts[1]], tmp_path / "out.gz")
    assert (merged.gaps, told(tmp_path / "out.gz")) == ((), told(whole))
    lacking = merge(parts[1:], tmp_path / "some.gz")
    assert lacking.gaps == ("shard 1/3 is missing",)
    assert lacking.planned - lacking.cells == len(TARGETS)


def test_other_pairs_are_another_run(tmp_path: Path) -> None:
    one = write_pairs(tmp_path / "1.gz", BATCHES[:1], (), shard="1/2")
    other = write(tmp_path / "2.gz", BATCHES[1:], shard="2/2")
    with pytest.raises(MergeError, match="the list of all pairs is none"):
        merge([one, other], tmp_path / "out.gz")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("whole") / "whole.gz")


HALVES = (BATCHES[::2], BATCHES[1::2])


def told(path: Path) -> list[bytes]:
    """The lines of a file without what no two runs have in common: when, and how long."""
    with path.open("rb") as file:
        first, *middle, last = lines(file)
    results = read_results(path)
    head, end = encode(results.manifest), encode(results.end)
    assert first != last
    return [
        repr({**head, "created": ""}).encode(), *middle, repr({**end, "seconds": 0}).encode()
    ]  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_any_partition_in_any_order_merges_to_the_whole(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    of = data.draw(st.integers(1, len(BATCHES)))
    owners = data.draw(st.lists(st.integers(0, of - 1), min_size=6, max_size=6))
    parts = [[b for b, at in zip(BATCHES, owners, strict=True) if at == n] for n in range(of)]
    files = data.draw(st.permutations(shards(folder, parts)))
    merged = merge(files, folder / "out.gz")
    assert told(folder / "out.gz") == told(whole)
    assert merged.gaps == ()
    assert merged.exit == summarise(read_results(whole)).exit


def test_jobs_of_other_targets_merge_to_the_run_of_all_in_the_order_of_the_files(
    whole: Path, tmp_path: Path
) -> None:
    files = [
        write(tmp_path / f"{n}.gz", only=[name], flags={**HEAD.flags, "target": [name]})
        for n, name in enumerate(TARGETS)
    ]
    merged = merge(files, tmp_path / "out.gz")
    assert merged.cells == merged.planned == HEAD.planned
    out = read_results(tmp_path / "out.gz")
    assert out.manifest.flags["target"] == TARGETS
    assert encode(out.cells) == encode(read_results(whole).cells)
    merge(files[::-1], tmp_path / "back.gz")
    back = read_results(tmp_path / "back.gz")
    assert [target.name for target in back.manifest.targets] == [*TARGETS[::-1]]


def test_jobs_may_be_divided_each_in_its_own_way(whole: Path, tmp_path: Path) -> None:
    files = [write(tmp_path / "a.gz", only=TARGETS[:1])]
    for n, part in enumerate(HALVES, 1):
        files.append(write(tmp_path / f"b{n}.gz", part, TARGETS[1:], shard=f"{n}/2"))
    assert merge(files, tmp_path / "out.gz").gaps == ()
    assert told(tmp_path / "out.gz") == told(whole)
    merged = merge(files[:2], tmp_path / "less.gz")
    assert merged.gaps == (f"shard 2/2 of {', '.join(TARGETS[1:])} is missing",)
    less = read_results(tmp_path / "less.gz")
    assert [each.cells for each in summarise(less).absent] == [3 * len(PROPERTIES)]


def test_a_missing_shard_is_named_and_the_file_is_incomplete_until_it_comes(
    whole: Path, tmp_path: Path
) -> None:
    thirds = [BATCHES[::3], BATCHES[1::3], BATCHES[2::3]]
    one, two, three = shards(tmp_path, thirds)
    merged = merge([three, one], tmp_path / "less.gz")
    assert merged.gaps == ("shard 2/3 is missing",)
    less = read_results(tmp_path / "less.gz")
    assert less.manifest.shard == "1,3/3"
    (absence,) = summarise(less).absent
    assert absence.reason.endswith("planned cells recorded; 1 shard missing: 2/3")
    merge([tmp_path / "less.gz", two], tmp_path / "out.gz")
    assert told(tmp_path / "out.gz") == told(whole)


def test_a_shard_that_was_cut_short_is_named(tmp_path: Path) -> None:
    one, two = shards(tmp_path, HALVES)
    two.write_bytes(two.read_bytes()[:-600])
    merged = merge([one, two], tmp_path / "out.gz")
    assert merged.gaps == (f"{two} was cut short",)
    assert merged.cells < merged.planned
    assert summarise(read_results(tmp_path / "out.gz")).absent


def _other_digest() -> dict[str, Any]:
    l1 = replace(HEAD.losses["l1"], digest="0" * 64)
    return {"losses": {**HEAD.losses, "l1": l1}}


def _other_numpy() -> dict[str, Any]:
    first = replace(HEAD.targets[0], packages={**HEAD.targets[0].packages, "numpy": "1.26.4"})
    return {"targets": (first, *HEAD.targets[1:])}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": 7}, "2.gz: the seed is 7, and .*1.gz has 20261123; would be parts of one run"),
        ({"profile": "deep"}, "the profile is deep, and .* has quick"),
        (_other_digest(), "the digest of the spec l1 is 000000000000, and"),
        (_other_numpy(), "the numpy of torch==2.13.0@cpu is 1.26.4, and .* has 2.3.4"),
        ({"losses": dict([*HEAD.losses.items()][:2])}, "the losses is l1, mse, and"),
        ({"dtypes": ("float64",)}, "the dtypes is float64, and"),
        ({"dtypes": ()}, "does not list dtypes and properties.*; run it again"),
        ({"suite": replace(HEAD.suite, commit="abc")}, "the suite is .*abc.*, and"),
        ({"shard": "2/3"}, "it is one of 3 shards, and .* is one of 2"),
        ({"shard": "1/2"}, "it holds shard 1/2, and .*1.gz does too"),
        ({"shard": None}, "it is one of 1 shards, and"),
        ({"shard": "x"}, "the shard 'x' cannot be read; would be as 2/4"),
        ({"shard": "3/2"}, "the shard '3/2' cannot be read"),
        ({"targets": (*HEAD.targets[1:], HEAD.targets[0])}, "would be the same or have none in"),
    ],
    ids=lambda part: "-".join(part) if isinstance(part, dict) else "",
)
def test_what_is_no_part_of_the_run_is_refused_by_what_differs(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    (tmp_path / "out.gz").write_bytes(b"as it was")
    one = write(tmp_path / "1.gz", HALVES[0], shard="1/2")
    few = [batch for batch in HALVES[1] if batch[0] in changes.get("losses", LOSSES)]
    two = write(tmp_path / "2.gz", few, **{"shard": "2/2", **changes})
    with pytest.raises(MergeError, match=message):
        merge([one, two], tmp_path / "out.gz")
    assert (tmp_path / "out.gz").read_bytes() == b"as it was"
    assert len([*tmp_path.iterdir()]) == 3


def test_cells_that_are_in_two_files_are_refused(tmp_path: Path) -> None:
    one = write(tmp_path / "1.gz", BATCHES[:4], shard="1/2")
    two = write(tmp_path / "2.gz", BATCHES[3:], shard="2/2")
    with pytest.raises(MergeError, match=r"is in .*1\.gz too; would be in one of them"):
        merge([one, two], tmp_path / "out.gz")


@pytest.mark.parametrize("same", [lambda path: path, lambda path: path.parent / "." / path.name])
def test_one_file_twice_is_refused(tmp_path: Path, same: Callable[[Path], Path]) -> None:
    one, two = shards(tmp_path, HALVES)
    with pytest.raises(MergeError, match=r"1\.gz: is given twice"):
        merge([one, two, same(one)], tmp_path / "out.gz")
    with pytest.raises(MergeError, match=r"1\.gz: would be written over"):
        merge([one, two], one)


def test_a_copy_of_a_file_is_refused(tmp_path: Path) -> None:
    one, two = shards(tmp_path, HALVES)
    (tmp_path / "copy.gz").write_bytes(one.read_bytes())
    with pytest.raises(MergeError, match="it holds shard 1/2, and"):
        merge([one, two, tmp_path / "copy.gz"], tmp_path / "out.gz")


def test_a_file_out_of_order_is_refused_with_its_line(tmp_path: Path) -> None:
    one = write(tmp_path / "1.gz", BATCHES[2:3], shard="1/2")
    two = write(tmp_path / "2.gz", (BATCHES[1], BATCHES[0]), shard="2/2")
    with pytest.raises(ResultsError, match=r"2\.gz:8: the cell l1 .* again or out of order"):
        merge([one, two], tmp_path / "out.gz")


def test_a_target_that_did_not_run_in_one_shard_is_the_one_that_ran(tmp_path: Path) -> None:
    gone = replace(HEAD.targets[0], status="not run", reason="no such library", packages={})
    one, _ = shards(tmp_path, HALVES)
    there = cells(HALVES[1])
    with ResultsWriter(
        tmp_path / "2.gz", replace(HEAD, shard="2/2", targets=(gone, *HEAD.targets[1:]))
    ) as writer:
        for cell in there:
            lost = cell.target == gone.name
            writer.cell(Cell(*key(cell), "not run", reason=gone.reason) if lost else cell)
        writer.end(seconds=1.0, exit=4, verdict="")
    merge([one, tmp_path / "2.gz"], tmp_path / "out.gz")
    results = read_results(tmp_path / "out.gz")
    assert results.manifest.targets == HEAD.targets
    assert ("torch==2.13.0@cpu", "no such library") in {
        (each.target, each.reason) for each in summarise(results).absent
    }


def peak(folder: Path, times: int) -> int:
    """Bytes that a merge holds at most, of two files with so many times the cells."""
    folder.mkdir()
    names = tuple(f"property-{n}" for n in range(times))
    files = []
    for number, dtype in ((1, DTYPES[0]), (2, DTYPES[1])):
        head = replace(HEAD, properties=names, shard=f"{number}/2", planned=99)
        files.append(folder / f"{number}.gz")
        with ResultsWriter(files[-1], head) as writer:
            for loss, target, name in product(LOSSES, TARGETS, names):
                text = "".join(Random(name).choices("abcdef", k=3000))
                writer.cell(Cell(loss, name, target, dtype, "n/a", reason="", algorithm=text))
    tracemalloc.start()
    try:
        merge(files, folder / "out.gz")
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_cells(tmp_path: Path) -> None:
    few, many = peak(tmp_path / "few", 4), peak(tmp_path / "many", 40)
    assert many < 1.5 * few
