"""The reader takes a strict subset of YAML 1.2 and finds every fault at once."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.specs.errors import SpecError
from conformance.specs.reading import DEPTH_LIMIT, SIZE_LIMIT, read, read_text


def data(text: str) -> object:
    return read_text(text, "f.yaml").data


def messages(text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        read_text(text, "f.yaml")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-6", 1e-6),
        ("-1.5E+3", -1500.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-0.0", -0.0),
        (".inf", math.inf),
        ("-.inf", -math.inf),
        ("007", 7),
        ("-12", -12),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("none", "none"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2020-01-01", "2020-01-01"),
        ("1.2.3", "1.2.3"),
        ("'2.10'", "2.10"),
        ('"1"', "1"),
        ("''", ""),
        ("|\n  1\n", "1\n"),
        ("[1, [2.0], []]", (1, (2.0,), ())),
        ("{a: {b: 1}, c: }", {"a": {"b": 1}, "c": None}),
        ("<<: 1", {"<<": 1}),
        ("%YAML 1.1\n---\nno", "no"),
    ],
)
def test_values_are_those_of_yaml_1_2(text: str, value: object) -> None:
    found = data(text)
    assert found == value
    assert type(found) is type(value)


def test_signs_of_zero_and_nan_are_kept() -> None:
    assert math.copysign(1.0, data("-0.0")) == -1.0  # type: ignore[arg-type]
    assert math.isnan(data(".nan"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "3:1: the key 'a' is given twice, first in line 1; keep one"),
        ("a: &x 1", "1:4: the anchor &x is set; write the value out"),
        ("a: !!str 1", "1:4: the tag tag:yaml.org,2002:str is set; leave tags out"),
        ("a: !mine {}", "1:4: the tag !mine is set; leave tags out"),
        ("1: a", "1:1: the key 1 is not text; put it in quotes"),
        ("? [a]\n: 1", "1:3: the key a collection is not text; put it in quotes"),
        ("1e999", "1:1: the number 1e999 is past the largest double; write .inf or a word"),
        ("9" * 99, "1:1: the number has 99 characters; at most 60 are read"),
        ("", "1:1: the file is empty; write a mapping"),
        ("# nothing", "1:1: the file is empty; write a mapping"),
        ("--- 1\n--- 2", "2:1: a second document begins; keep one document a file"),
        (
            "a: [1,\nb: }",
            "2:4: this is no YAML: did not find expected node content; mend the syntax",
        ),
        (
            "a: \x00",
            "1:1: this is no YAML: unacceptable character #x0000: control characters "
            "are not allowed; mend the syntax",
        ),
    ],
)
def test_what_is_not_strict_is_refused(text: str, message: str) -> None:
    assert messages(text) == [f"f.yaml:{message}"]


def test_deep_nesting_is_refused() -> None:
    column = DEPTH_LIMIT + 2
    assert messages("[" * 9_000) == [
        f"f.yaml:1:{column}: the nesting is deeper than 30 levels; write a flatter value"
    ]


def test_aliases_cannot_multiply() -> None:
    text = "a: &a [1, 1]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    assert [message.split(": ")[1] for message in messages(text)] == [
        "the anchor &a is set; write the value out",
        "the anchor &b is set; write the value out",
        *["the alias *a is used; write the value out"] * 2,
        *["the alias *b is used; write the value out"] * 2,
    ]


def test_faults_before_a_syntax_error_are_reported_with_it() -> None:
    assert [message[:10] for message in messages("a: 1\na: 2\nb: [")] == [
        "f.yaml:2:1",
        "f.yaml:4:1" if messages("b: [")[0].startswith("f.yaml:2:1") else "f.yaml:3:5",
    ]


def test_keys_and_values_have_places() -> None:
    document = read_text("a:\n  - b: 1\n    long: [2, 3]\n", "f.yaml")
    assert document.place(("a", 0, "long")) == (3, 11)
    assert document.place(("a", 0, "long"), key=True) == (3, 5)
    assert document.place(("a", 0, "long", 1)) == (3, 15)
    assert document.place(("a", 0, "absent")) == (2, 5)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "absent.yaml"
    with pytest.raises(SpecError) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path}:1:1: No such file or directory; give the path of a YAML file"
    )


def test_a_file_past_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * (SIZE_LIMIT + 1))
    with pytest.raises(SpecError, match="the file has 1000001 bytes; at most 1000000 are read"):
        read(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "binary.yaml"
    path.write_bytes(b"a: \xff")
    with pytest.raises(SpecError, match="the file is not UTF-8; save it as UTF-8"):
        read(path)


@settings(deadline=None)
@given(st.text() | st.text(alphabet="ab:-[]{},&*!|>#'\"? \n01.e"))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_text(text, "f.yaml")
    except SpecError as error:
        assert error.problems  # noqa: PT017 - both ways out are right


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_survives_the_file(number: float) -> None:
    assert data(repr(number)) == number
