from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.engine.agreement import same_answer
from conformance.engine.book import Book
from conformance.targets.call import Call
from conformance.targets.outcome import Array, Died, Outcome
from tests.engine.honest import Spoil, block, case, faults, refused, stored, untouched, worked

TEXT = "mse/float32/typical/7/mean/-/s3"


def book_of(name: str, spoil: Spoil) -> Book:
    return worked(block("mse"), name, [case(TEXT)], spoil)


def flipped(array: Array) -> Array:
    """The same array but for the last bit of its last element."""
    bits = array.bits.copy()
    bits.reshape(-1)[-1] ^= 1
    return Array(array.dtype, bits.view(array.stored.dtype))


def as_module(spoil: Spoil) -> Spoil:
    return lambda call, was: spoil(call, was) if call.form == "module" else was


def as_alias(spoil: Spoil) -> Spoil:
    return lambda call, was: spoil(call, was) if call.overrides is not None else was


def value_off(call: Call, was: Outcome) -> Outcome:
    assert was.value is not None
    return replace(was, value=flipped(was.value))


def gradient_off(call: Call, was: Outcome) -> Outcome:
    return replace(was, gradients={name: flipped(g) for name, g in was.gradients.items()})


def silent(call: Call, was: Outcome) -> Outcome:
    return replace(was, warnings=())


def raising(call: Call, was: Outcome) -> Outcome:
    return refused("TypeError")


@pytest.mark.parametrize("spoil", [value_off, gradient_off])
def test_a_module_that_differs_by_one_bit_is_told(spoil: Spoil) -> None:
    book = book_of("module", as_module(spoil))
    assert faults(book) == {("module", "module")}
    assert book.faults[0].note.startswith("function and module differ: float32[")


def test_function_and_module_that_agree_are_not() -> None:
    assert faults(book_of("module", untouched)) == set()


def test_function_and_module_that_refuse_alike_agree() -> None:
    assert faults(book_of("module", raising)) == set()


def test_a_binding_with_one_form_is_left_out_with_the_reason() -> None:
    book = worked(block("mse", framework="tensorflow"), "module", [case(TEXT)])
    assert book.skipped == {"module": {"tensorflow has this loss in one form only": 1}}


def test_an_alias_without_its_warning_is_told() -> None:
    assert faults(book_of("alias", as_alias(silent))) == {("alias", "warning")}


def test_an_alias_with_another_answer_is_told() -> None:
    assert faults(book_of("alias", as_alias(value_off))) == {("alias", "module")}


def test_an_alias_that_is_refused_is_told() -> None:
    assert faults(book_of("alias", as_alias(raising))) == {("alias", "exception")}


def test_a_module_that_refuses_what_the_function_takes_is_told() -> None:
    assert faults(book_of("module", as_module(raising))) == {("module", "exception")}


def test_an_alias_with_value_and_warning_is_not() -> None:
    book = book_of("alias", untouched)
    assert faults(book) == set()
    assert book.tally("alias").cases == len(block("mse").binding.aliases)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_equal_numbers_of_another_dtype_are_not_the_same_answer(dtype: str) -> None:
    one, other = (Outcome(value=stored(np.ones(2), name)) for name in ("float32", dtype))
    assert same_answer(one, one)
    assert not same_answer(one, other)


def test_zeros_of_either_sign_are_not_the_same_answer() -> None:
    zeros = [Outcome(value=stored(np.array([zero]), "float32")) for zero in (0.0, -0.0)]
    assert not same_answer(*zeros)


def test_two_deaths_are_not_the_same_answer() -> None:
    dead = Outcome(death=Died("crash", "it fell over"))
    assert not same_answer(dead, dead)


@pytest.mark.parametrize("lacking", [0, 1])
def test_a_gradient_that_only_one_of_them_has_is_a_difference(lacking: int) -> None:
    answer = Outcome(
        value=stored(np.ones(2), "float32"), gradients={"target": stored(np.ones(2), "float32")}
    )
    pair = [answer, answer]
    pair[lacking] = replace(answer, gradients={})
    assert not same_answer(*pair)
