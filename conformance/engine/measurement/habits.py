"""What a device does besides its functions: flushing, accumulators, quotients, orders of sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from conformance.engine.measurement.asking import Device, Unanswered
from conformance.numerics.arithmetic import Arithmetic
from conformance.numerics.formats import FLOAT32, FORMATS, Floats, Format, round_to, ulp

COPIES = 67
"""Of one number: full vectors and a scalar tail."""
ONES = 100_000
DIVISORS = (3, 7, 10, 120)
LENGTHS = (1_000, 100_000, 1_000_000)

FLUSH, DENORMALS, ACCUMULATOR = "flush_to_zero", "denormals_are_zero", "accumulator"
DIVISOR, SUMMATION = "constant_divisors", "summation"


@dataclass(frozen=True)
class Habit:
    """One fact of a device in one dtype; `text` says what showed it. Without a value, why."""

    name: str
    dtype: str
    value: bool | str | None
    text: str


def habits_of(device: Device, dtype: str, seed: int) -> Iterator[Habit]:
    """Everything that is cheap to learn of a device in a dtype."""
    form = FORMATS[dtype]
    makers: dict[str, Callable[[], tuple[bool | str, str]]] = {
        FLUSH: lambda: _flushes(device, form),
        DENORMALS: lambda: _reads_zero(device, form),
    }
    if form.bytes == 2:
        makers[ACCUMULATOR] = lambda: _accumulates(device, form, seed)
    else:
        makers[DIVISOR] = lambda: _divides(device, form, seed)
    if form is FLOAT32:
        makers[SUMMATION] = lambda: _sums(device, form, seed)
    for name, make in makers.items():
        try:
            value, text = make()
        except Unanswered as error:
            yield Habit(name, dtype, None, str(error))
        else:
            yield Habit(name, dtype, value, text)


def _flushes(device: Device, form: Format) -> tuple[bool, str]:
    """Half of the smallest normal number, and an exponential below it."""
    least = np.full(COPIES, form.smallest_normal)
    argument = round_to(np.full(COPIES, np.log(form.smallest_normal) - 1.0), form)
    found = {
        "products": device.ask("multiply", form.name, least, np.full(COPIES, 0.5)) == 0,
        "exponentials": device.ask("exp", form.name, argument) == 0,
    }
    return _told(found, "subnormal {} are zero", "subnormal {} are kept")


def _reads_zero(device: Device, form: Format) -> tuple[bool, str]:
    """A subnormal number times a power of two, and its logarithm."""
    small = np.full(COPIES, form.smallest_normal / 4.0)
    found = {
        "products": device.ask("multiply", form.name, small, np.full(COPIES, 2.0**8)) == 0,
        "logarithms": np.isneginf(device.ask("log", form.name, small)),
    }
    return _told(found, "{} read subnormals as zero", "{} read subnormals as they are")


def _told(found: Mapping[str, np.ndarray], bad: str, good: str) -> tuple[bool, str]:
    some = [name for name, hit in found.items() if hit.any()]
    parts = [(some, bad), ([name for name in found if name not in some], good)]
    text = "; ".join(words.format(" and ".join(names)) for names, words in parts if names)
    return bool(some), text


def _accumulates(device: Device, form: Format, seed: int) -> tuple[str, str]:
    """Sums that one rounding cannot explain were added in the narrow format.

    Random sums show it, whatever the order; a hundred thousand ones show it where it overflows.
    """
    rng = np.random.default_rng([seed, form.precision])
    rows = round_to(rng.uniform(0.25, 1.0, (64, 1000)), form)
    means = device.mean_of_rows(form.name, rows)
    exact = rows.sum(axis=1) / 1000.0
    off = float((np.abs(means - exact) / ulp(exact, form)).max())
    ones = float(device.ask("mean", form.name, np.ones(ONES)))
    narrow = ones != 1.0 or not off <= 0.51
    text = f"100,000 ones average to {ones:g}, means of 1,000 random terms are off by {off:.3g} ulp"
    return form.name if narrow else FLOAT32.name, text


def _divides(device: Device, form: Format, seed: int) -> tuple[str, str]:
    """Means of a number and zeros: the quotient, or the product with a rounded reciprocal."""
    rng = np.random.default_rng([seed, form.precision])
    numbers = round_to(rng.uniform(1.0, 2.0, 512), form)
    products = 0
    for divisor in DIVISORS:
        rows = np.zeros((numbers.size, divisor))
        rows[:, 0] = numbers
        kind = np.dtype(form.name).type
        quotient = (numbers.astype(kind) / kind(divisor)).astype(np.float64)
        products += int((device.mean_of_rows(form.name, rows) != quotient).sum())
    total = numbers.size * len(DIVISORS)
    text = f"{products} of {total} means of a number and zeros are not its rounded quotient"
    return "reciprocal" if products else "divided", text


def _sums(device: Device, form: Format, seed: int) -> tuple[str, str]:
    """Sums of equal and of random terms, alone and behind a square that a compiler may fuse.

    The squares of 12-bit numbers are exact. Off by more than blocks can be, a sum was added in
    some other order.
    """
    rng = np.random.default_rng([seed, form.precision])
    share = 0.0
    for length in LENGTHS:
        terms = [np.full(length, 1229.0 / 4096.0), rng.integers(1, 4096, length) / 4096.0]
        share = max([share, *(_share(device, form, each, "square") for each in terms)])
        plain = [np.full(length, float(np.float32(0.1)))]
        share = max([share, *(_share(device, form, each, None) for each in plain)])
    text = f"sums of up to 1,000,000 terms use {share:.3g} of what blocks of 32 may be off by"
    return ("any" if share > 1.0 else "blocked"), text


def _share(device: Device, form: Format, terms: Floats, before: str | None) -> float:
    if before is None:
        found, exact = device.ask("sum", form.name, terms), terms
    else:
        found, exact = device.ask(before, form.name, terms, after="sum"), terms * terms
    total = float(exact.sum())  # of numbers of 24 bits: float64 is off by far less
    unit = Arithmetic(form, form, form).height(terms.size) * form.unit_roundoff
    return abs(float(found) - total) / (unit * total)
