"""A corpus reads back as it was, keeps the worst input of each cell, and says where it is damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.results import ResultsError
from conformance.results.cell import Climb
from conformance.results.corpus import (
    Corpus,
    Entry,
    corpus_folder,
    grown,
    merged,
    read_corpus,
    unversioned,
    write_corpus,
)
from tests.results.runs import TORCH, cell, run

CASE = "l1/float32/typical/4/none/-/s3"
ENTRY = Entry("float32", "value", "torch@cpu", 0.5, "2.13.0", CASE)
MOST_BYTES = 300_000


def entry(**more: Any) -> Entry:
    return replace(ENTRY, **more)


ENTRIES = st.builds(
    Entry,
    dtype=st.sampled_from(["float32", "float16"]),
    property=st.sampled_from(["value", "gradient"]),
    target=st.sampled_from(["torch@cpu", "optax@cpu+jit"]),
    share=st.sampled_from([0.1, 0.25, 0.5, 1.0]),
    version=st.just("1"),
    case=st.sampled_from(["a", "b"]),
)


def corpora() -> st.SearchStrategy[Corpus]:
    entries = st.lists(ENTRIES, max_size=6, unique_by=lambda each: each.place()).map(tuple)
    return st.dictionaries(st.sampled_from(["l1", "mse"]), entries, max_size=2)


def worst(corpus: Corpus) -> dict[object, float]:
    return {
        (loss, *each.place()): each.share for loss, entries in corpus.items() for each in entries
    }


@given(corpora(), corpora(), corpora())
def test_two_corpora_together_keep_the_worst_of_each_place(
    one: Corpus, other: Corpus, third: Corpus
) -> None:
    both = merged(one, other)
    a, b = worst(one), worst(other)
    assert worst(both) == {place: max(a.get(place, 0), b.get(place, 0)) for place in {*a, *b}}
    assert merged(both, one) == merged(both, both) == both
    assert merged(both, third) == merged(one, merged(other, third))


def test_what_is_written_reads_back_and_is_not_written_twice(tmp_path: Path) -> None:
    made = merged(
        {}, {"l1": (entry(dtype="float16", case="l1/float16/typical/4/none/-/s3"), ENTRY)}
    )
    assert write_corpus(tmp_path / "corpus", made) == [tmp_path / "corpus" / "l1.jsonl"]
    assert read_corpus(tmp_path / "corpus") == made
    assert write_corpus(tmp_path / "corpus", made) == []
    lines = (tmp_path / "corpus" / "l1.jsonl").read_text().splitlines()
    assert [json.loads(line)["dtype"] for line in lines] == ["float32", "float16"]


def test_no_folder_is_an_empty_corpus(tmp_path: Path) -> None:
    assert read_corpus(tmp_path / "nothing") == {}


GOOD = json.dumps(vars(ENTRY))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "no entry of a corpus"),
        ("[]", "found []; would be a mapping"),
        (GOOD.replace('"share": 0.5, ', ""), "the key 'share' is missing"),
        (GOOD.replace('"share"', '"shares"'), "unknown key 'shares'"),
        (GOOD.replace("0.5", '"much"'), "share: found 'much'"),
        (GOOD.replace('"float32"', '"float8"'), "dtype: found 'float8'"),
        (GOOD.replace("l1/", "mse/"), "is of another loss or dtype"),
        (GOOD.replace('"dtype": "float32"', '"dtype": "float16"'), "is of another loss or dtype"),
        (GOOD, "float32 value torch@cpu again"),
    ],
)
def test_a_damaged_entry_is_told_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "l1.jsonl").write_text(f"{GOOD}\n{line}\n")
    with pytest.raises(ResultsError) as caught:
        read_corpus(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'l1.jsonl'}:2: ")
    assert said in str(caught.value)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "l1.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(ResultsError, match="cannot be read"):
        read_corpus(tmp_path)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("torch==2.13.0@cpu", "torch@cpu"),
        ("keras[tensorflow]==3.15.1@cpu", "keras[tensorflow]@cpu"),
        ("optax==0.2.8@cpu+jit", "optax@cpu+jit"),
        ("torch@cpu", "torch@cpu"),
    ],
)
def test_an_entry_names_its_target_without_a_version(name: str, short: str) -> None:
    assert unversioned(name) == short


def climbed(after: float, case: str | None = CASE, kept: float | None = None) -> Corpus:
    results = run(cell(climb=Climb(0.2, after, case, 10, kept)))
    return grown({"l1": (ENTRY,), "mse": (entry(case="mse/float32/a"),)}, results)


def test_a_hunt_replaces_what_is_less_bad() -> None:
    found = climbed(0.75, "l1/float32/wide/4/none/-/s4")
    (kept,) = found["l1"]
    assert (kept.share, kept.case) == (0.75, "l1/float32/wide/4/none/-/s4")
    assert (kept.target, kept.version) == ("torch@cpu", TORCH.version)
    assert found["mse"] == (entry(case="mse/float32/a"),)


def test_a_hunt_that_stays_below_changes_nothing() -> None:
    assert climbed(0.25, "l1/float32/wide/4/none/-/s4")["l1"] == (ENTRY,)
    assert climbed(0.0, None)["l1"] == (ENTRY,)


def test_an_entry_that_is_measured_anew_takes_the_new_share() -> None:
    other = "l1/float32/wide/4/none/-/s4"
    assert climbed(0.25, other, kept=0.125)["l1"][0].case == other
    assert climbed(0.25, other, kept=0.375)["l1"] == (entry(share=0.375),)


def test_the_suites_own_corpus_is_there_and_small() -> None:
    found = read_corpus(corpus_folder())
    assert found
    assert sum(file.stat().st_size for file in corpus_folder().iterdir()) < MOST_BYTES
    assert merged({}, found) == found  # sorted, each place once
