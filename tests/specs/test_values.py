"""Numbers of a case: rows of equal shape, and words for the ends of a format."""

import pytest

from conformance.specs.values import check, entries, resolve, shape

WORDS = {"largest": 65504.0, "smallest_normal": 2.0**-14, "smallest_subnormal": 2.0**-24}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, ()),
        ("largest", ()),
        (None, ()),
        ((), (0,)),
        ((1, 2), (2,)),
        (((1, 2, 3), (4, 5, 6)), (2, 3)),
        (((), ()), (2, 0)),
    ],
)
def test_rows_have_a_shape(value: object, expected: tuple[int, ...]) -> None:
    assert shape(value) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (((1, 2), (3,)), "rows have the shapes [(1,), (2,)]; make them equal"),
        ((1, (2,)), "rows have the shapes [(), (1,)]; make them equal"),
        (
            "huge",
            "the word 'huge' is no number; words are largest, smallest_normal, smallest_subnormal",
        ),
        (({},), "dict is no number; write numbers, words or rows"),
    ],
)
def test_what_is_no_number_is_refused(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        check(value)
    assert str(caught.value) == message


def test_words_become_numbers_of_the_format() -> None:
    value = (("largest", "-largest"), (1.5, "smallest_subnormal"))
    assert resolve(value, WORDS) == ((65504.0, -65504.0), (1.5, 2.0**-24))


def test_entries_come_in_order() -> None:
    assert entries(((1, 2), (3, 4))) == [1, 2, 3, 4]
    assert entries(5) == [5]
    assert entries(()) == []
