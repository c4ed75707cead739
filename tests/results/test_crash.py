"""Whatever becomes of a file, its reader says so: cut anywhere, a bit flipped, zeros at its end."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.results import ResultsError, ResultsWriter, read_results
from conformance.results.codec import encode
from conformance.results.lines import Cut, Damage, lines
from conformance.results.read import NoManifest
from tests.report.sample import Size
from tests.report.sample.run import manifest, records

FEW = 4


def small(path: Path) -> Path:
    """A file with every kind of record and few bytes: one target, one loss, four plain cells."""
    made = [cell for cell in records(Size(cases=0, cuda=False)) if not cell.get("rows")][:FEW]
    loss = made[0]["loss"]
    head = manifest(Size(cuda=False), FEW)
    kept = [target for target in head["targets"] if target["name"] == made[0]["target"]]
    lean = {**kept[0], "conventions": {}, "algorithms": {}}
    spec = {**head["losses"][loss], "sources": [], "conventions": {}, "edge_cases": []}
    with ResultsWriter(path, {**head, "targets": [lean], "losses": {loss: spec}}) as writer:
        for cell in made:
            writer.cell({**cell, "points": [], "outcomes": [], "findings": []})
        writer.end(seconds=1.0, exit=0, verdict="made up")
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small(tmp_path_factory.mktemp("crash") / "run.jsonl.gz")


@pytest.fixture(scope="module")
def whole(file: Path) -> bytes:
    return file.read_bytes()


def ends(whole: bytes) -> list[int]:
    """Where each record ends in the file."""
    found, at = [], 0
    while at < len(whole):
        source = io.BytesIO(whole[at:])
        with gzip.GzipFile(fileobj=source) as member:
            size = len(gzip.compress(member.readline(), compresslevel=6, mtime=0))
        at += size
        found.append(at)
    return found


def test_cut_at_any_byte_a_file_keeps_the_records_before_and_is_never_complete(
    file: Path, whole: bytes
) -> None:
    places = ends(whole)
    assert len(places) == FEW + 2
    cells = read_results(file).cells
    cut_file = file.with_name("cut.gz")
    for length in range(len(whole)):
        cut_file.write_bytes(whole[:length])
        if length < places[0]:
            with pytest.raises(NoManifest):
                read_results(cut_file)
            continue
        results = read_results(cut_file)
        kept = sum(place <= length for place in places) - 1
        assert results.cells == cells[:kept], length
        assert not results.complete
        assert (results.cut is None) == (length in places)


@pytest.mark.parametrize("zeros", [1, 7, 4096, 100_000])
def test_zeros_after_a_lost_supply_of_power_are_a_cut(file: Path, whole: bytes, zeros: int) -> None:
    places = ends(whole)
    cut_file = file.with_name("zeros.gz")
    for length in (places[0], places[1], places[1] + 1, places[1] + 30, places[2] - 9, places[2]):
        cut_file.write_bytes(whole[:length] + bytes(zeros))
        results = read_results(cut_file)
        whole_records = sum(place <= length for place in places)
        # the last byte of a record is a zero, as its length is small: one more may be whole
        assert len(results.cells) in (whole_records - 1, whole_records)
        assert not results.complete


def test_zeros_in_the_middle_are_damage(file: Path, whole: bytes) -> None:
    first, second = ends(whole)[:2]
    spoiled = whole[: first + 20] + bytes(second - first - 20) + whole[second:]
    place = file.with_name("hole.gz")
    place.write_bytes(spoiled)
    with pytest.raises(ResultsError, match=":2: is damaged"):
        read_results(place)


def same_or_refused(place: Path, data: bytes, file: Path) -> None:
    """An error with its line, or what was written; or less of it that says it is incomplete."""
    place.write_bytes(data)
    was = read_results(file)
    try:
        results = read_results(place)
    except ResultsError as refused:
        message, line = str(refused), refused.line
        assert message.startswith(f"{place}:{line}: ")
        return
    assert results.manifest == was.manifest
    if results.complete:
        assert encode((results.cells, results.end)) == encode((was.cells, was.end))
    else:
        assert encode(results.cells) == encode(was.cells[: len(results.cells)])


def test_no_flipped_byte_gives_other_content(file: Path, whole: bytes) -> None:
    for at in range(len(whole)):
        data = bytearray(whole)
        data[at] ^= 1 << (at % 8)
        same_or_refused(file.with_name("flipped.gz"), bytes(data), file)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_accident_gives_other_content(file: Path, whole: bytes, data: st.DataObject) -> None:
    length = data.draw(st.integers(0, len(whole)), "length")
    spoiled = bytearray(whole[:length])
    places = st.integers(0, max(length - 1, 0))
    for at, byte in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=3)):
        if at < length:
            spoiled[at] = byte
    spoiled += data.draw(st.binary(max_size=12))
    same_or_refused(file.with_name("spoiled.gz"), bytes(spoiled), file)


def test_a_line_is_given_when_its_checksum_was_seen() -> None:
    member = gzip.compress(b"one\ntwo\n", mtime=0)
    assert list(lines(io.BytesIO(member))) == [b"one", b"two"]
    found = lines(io.BytesIO(member[:-1]))
    assert next(found) == b"one"
    with pytest.raises(Cut):
        next(found)
    wrong = lines(io.BytesIO(member[:-8] + b"\xff" + member[-7:]))
    with pytest.raises(Damage):
        list(wrong)
