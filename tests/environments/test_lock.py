"""Locks: what makes two environments one, and the file that installs them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.environments.interpreter import Interpreter
from conformance.environments.lock import Lock, Pinned, bytes_in_words, decoded, encoded, lock

PYTHON = Interpreter("/usr/bin/python3", (3, 11, 7), "linux-x86_64")
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
PINS = st.lists(
    st.builds(
        Pinned,
        NAMES,
        st.from_regex(r"[0-9]\.[0-9]", fullmatch=True),
        st.none(),
        st.lists(st.from_regex(r"[0-9a-f]{8}", fullmatch=True), max_size=2).map(tuple),
        st.none() | st.integers(0, 10**9),
    ),
    unique_by=lambda each: each.name,
)


@given(PINS, st.randoms())
def test_the_order_of_a_resolver_does_not_matter(pins: list[Pinned], random: object) -> None:
    shuffled = sorted(pins, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert lock(pins, PYTHON).digest == lock(shuffled, PYTHON).digest


@given(PINS)
def test_a_lock_survives_its_file(pins: list[Pinned]) -> None:
    made = lock(pins, PYTHON)
    assert decoded(json.loads(json.dumps(encoded(made)))) == made


@pytest.mark.parametrize(
    "other",
    [
        Lock((Pinned("torch", "2.13.0", hashes=("aa",)),), "3.12.1", "linux-x86_64"),
        Lock((Pinned("torch", "2.13.0", hashes=("aa",)),), "3.11.7", "macosx-14.0-arm64"),
        Lock((Pinned("torch", "2.13.1", hashes=("aa",)),), "3.11.7", "linux-x86_64"),
        Lock((Pinned("torch", "2.13.0", hashes=("bb",)),), "3.11.7", "linux-x86_64"),
    ],
)
def test_python_platform_version_and_contents_tell_environments_apart(other: Lock) -> None:
    one = Lock((Pinned("torch", "2.13.0", hashes=("aa",)),), "3.11.7", "linux-x86_64")
    assert one.digest != other.digest


def test_hashes_are_demanded_where_all_have_one_and_of_none_otherwise() -> None:
    pins = (Pinned("a", "1", hashes=("aa",)), Pinned("b", "2", url="file:///b.whl", hashes=("bb",)))
    made = Lock(pins, "3.11.7", "linux-x86_64")
    assert made.requirements == "a==1 --hash=sha256:aa\nb @ file:///b.whl --hash=sha256:bb\n"
    bare = replace(made, pins=(pins[0], replace(pins[1], hashes=())))
    assert bare.requirements == "a==1\nb @ file:///b.whl\n"


def test_sizes_that_are_not_known_are_counted_and_not_guessed() -> None:
    pins = (Pinned("a", "1", size=300), Pinned("b", "2"))
    assert Lock(pins, "3.11.7", "linux-x86_64").size == (300, 1)


def test_bytes_in_words() -> None:
    sizes = (12, 4_200, 312_000_000, 4_900_000_000)
    assert [bytes_in_words(each) for each in sizes] == ["12 bytes", "4.2 kB", "312 MB", "4.9 GB"]
