from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from conformance.results import ResultsError, read_results
from conformance.results.codec import encode
from tests.report.sample import Size, write

Lines = list[dict[str, object]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    size = Size(cases=40, dtypes=("float32",), cuda=False)
    return write(tmp_path_factory.mktemp("read") / "run.jsonl.gz", size).read_bytes()


def save(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def edited(path: Path, whole: bytes, edit: Callable[[Lines], object]) -> Path:
    lines: Lines = [json.loads(line) for line in gzip.decompress(whole).splitlines()]
    edit(lines)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    return save(path / "edited.jsonl.gz", gzip.compress(text.encode()))


def test_a_file_packed_anew_as_one_stream_is_the_same(tmp_path: Path, whole: bytes) -> None:
    first = read_results(save(tmp_path / "a.gz", whole))
    again = read_results(save(tmp_path / "b.gz", gzip.compress(gzip.decompress(whole))))
    assert encode(first.cells) == encode(again.cells)
    assert again.complete


def test_without_the_end_marker_a_run_is_incomplete(tmp_path: Path, whole: bytes) -> None:
    results = read_results(edited(tmp_path, whole, lambda lines: lines.pop()))
    assert not results.complete
    assert results.cut is None


def test_a_file_that_stops_inside_a_record_gives_those_before_it(
    tmp_path: Path, whole: bytes
) -> None:
    full = read_results(save(tmp_path / "full.gz", whole))
    last = whole.rfind(b"\x1f\x8b\x08\x00")
    before = whole.rfind(b"\x1f\x8b\x08\x00", 0, last)
    results = read_results(save(tmp_path / "cut.gz", whole[: before + 40]))
    assert not results.complete
    assert len(results.cells) == len(full.cells) - 1
    assert results.cut == f"the file stops inside line {len(full.cells) + 1}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", ":1: is empty; would be a results file"),
        (b"<html>", ":1: is not gzip"),
        (gzip.compress(b"", mtime=0)[:12], ":1: the file stops before the manifest is complete"),
        (gzip.compress(b"", mtime=0), ":1: the file stops before the manifest is complete"),
        (gzip.compress(b"hello\n", mtime=0), ":1: is not JSON"),
        (gzip.compress(b"[1]\n", mtime=0), ":1: is not an object"),
        (gzip.compress(b"\xff\xfe{}\n", mtime=0), ":1: is not UTF-8"),
        (gzip.compress(b'{"kind": "manifest", "x": NaN}\n', mtime=0), ":1: is not JSON"),
        (gzip.compress(b"[" * 100_000 + b"\n", mtime=0), ":1: is not JSON"),
        (
            gzip.compress(b'{"kind": "cell"}\n', mtime=0),
            ":1: found a record 'cell'; would be one manifest",
        ),
        (
            gzip.compress(b'{"kind": "manifest", "schema": 9}\n', mtime=0),
            ":1: schema 9; this version reads",
        ),
        (
            gzip.compress(b'{"kind": "manifest", "schema": 1}\n', mtime=0),
            ":1: manifest record, the record",
        ),
    ],
)
def test_a_foreign_file_is_refused_with_its_line(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(ResultsError) as error:
        read_results(save(tmp_path / "foreign.gz", data))
    assert f"foreign.gz{message}" in str(error.value)


def test_a_missing_file_is_a_results_error(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="cannot be read, No such file"):
        read_results(tmp_path / "absent.gz")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda lines: lines.insert(2, lines[1]), ":3: the cell l1 / value"),
        (lambda lines: lines.insert(2, lines[0]), ":3: found a record 'manifest'"),
        (lambda lines: lines.append(lines[1]), "a record 'cell' after the end marker"),
        (lambda lines: lines.pop(1), "would be the same"),
        (lambda lines: lines[1].update(kind="cel"), ":2: a record of kind 'cel'"),
        (lambda lines: lines[1].update(target="mars"), ":2: unknown target 'mars'"),
        (lambda lines: lines[1].update(loss="sadness"), ":2: unknown loss 'sadness'"),
        (lambda lines: lines[1].update(cases=None), ":2: cell record, cases: found None"),
        (lambda lines: lines[-1].update(exit="zero"), "end record, exit: found 'zero'"),
    ],
)
def test_a_malformed_record_is_refused_with_its_line(
    tmp_path: Path, whole: bytes, edit: Callable[[Lines], object], message: str
) -> None:
    with pytest.raises(ResultsError) as error:
        read_results(edited(tmp_path, whole, edit))
    assert message in str(error.value)


def test_a_flipped_bit_is_never_taken_for_results(tmp_path: Path, whole: bytes) -> None:
    expected = encode(read_results(save(tmp_path / "whole.gz", whole)).cells)
    random = Random(5)
    refused = 0
    for _ in range(60):
        data = bytearray(whole)
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        path = save(tmp_path / "flipped.gz", bytes(data))
        try:
            results = read_results(path)
        except ResultsError:
            refused += 1
            continue
        # Bits of the gzip header carry nothing; anything else must at least not look complete.
        assert not results.complete or encode(results.cells) == expected
    assert refused > 45


def test_damage_in_the_middle_names_the_line(tmp_path: Path, whole: bytes) -> None:
    data = bytearray(whole)
    second = whole.find(b"\x1f\x8b\x08\x00", 4)
    third = whole.find(b"\x1f\x8b\x08\x00", second + 4)
    data[third - 6] ^= 0xFF
    with pytest.raises(ResultsError, match=":2: is damaged"):
        read_results(save(tmp_path / "damaged.gz", bytes(data)))


def test_damage_in_a_packed_file_names_the_lines_that_it_may_be_in(
    tmp_path: Path, whole: bytes
) -> None:
    packed = bytearray(gzip.compress(gzip.decompress(whole), 0))  # stored: every bit is text
    packed[-2_000] ^= 1
    with pytest.raises(ResultsError, match=r":\d+: is damaged \(.*\), anywhere from line 1 on"):
        read_results(save(tmp_path / "packed.gz", bytes(packed)))


def test_what_follows_the_last_record_is_damage(tmp_path: Path, whole: bytes) -> None:
    with pytest.raises(ResultsError, match="is damaged"):
        read_results(save(tmp_path / "tail.gz", whole + b"\x00" * 20))
