"""Choices are written as text, with a number where they take one."""

import pytest

from conformance.specs.choice import Choice, ChoiceForm


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("exact", Choice("exact")),
        ("floor(-100)", Choice("floor", -100.0)),
        ("clip(1e-7)", Choice("clip", 1e-7)),
        (" by-weight ", Choice("by-weight")),
    ],
)
def test_a_choice_is_read(text: str, choice: Choice) -> None:
    assert Choice.parse(text) == choice


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is no choice; write a name in lower case, or name(number)"),
        ("Exact", "'Exact' is no choice; write a name in lower case, or name(number)"),
        ("floor(", "'floor(' is no choice; write a name in lower case, or name(number)"),
        ("floor()", "'floor()' is no choice; write a name in lower case, or name(number)"),
        ("floor(x)", "the choice 'floor(x)' has the argument 'x'; write a number"),
    ],
)
def test_what_is_no_choice_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Choice.parse(text)
    assert str(caught.value) == message


def test_a_form_fits_choices_of_its_name_that_take_a_number_as_it_does() -> None:
    form = ChoiceForm.parse("floor(value)")
    assert form == ChoiceForm("floor", "value")
    assert form.fits(Choice.parse("floor(-100)"))
    assert not form.fits(Choice.parse("floor"))
    assert not form.fits(Choice.parse("clip(1)"))
    assert not ChoiceForm.parse("exact").fits(Choice.parse("exact(1)"))


def test_a_form_names_its_argument() -> None:
    with pytest.raises(ValueError, match=r"^the choice 'floor\(1\)' names no argument; write it"):
        ChoiceForm.parse("floor(1)")
