from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator

import pytest

from conformance.cli.root import coded
from conformance.cli.signals import INTERRUPTED, TERMINATED, Terminated, code_of, heed, raise_lost


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    heed()
    yield
    heed()  # forgets what the test sent
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, INTERRUPTED), (signal.SIGTERM, TERMINATED)]
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_python_dropped_is_raised_at_the_next_step(
    number: signal.Signals, code: int
) -> None:
    sent: list[int] = []

    def interrupting(phase: str, info: dict[str, int]) -> None:
        if not sent:
            sent.append(number)
            os.kill(os.getpid(), number)

    gc.callbacks.append(interrupting)
    try:
        gc.collect()  # an exception in a callback of the collector goes nowhere
    finally:
        gc.callbacks.remove(interrupting)
    with pytest.raises(KeyboardInterrupt) as raised:
        raise_lost()
    assert code_of(raised.value) == code


def test_nothing_is_raised_where_nothing_came() -> None:
    raise_lost()


@pytest.mark.parametrize(("kind", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
def test_what_fails_while_it_is_interrupted_was_interrupted(
    kind: type[KeyboardInterrupt], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hypothesis asserts that its engine has begun, also where an interrupt kept it from beginning."""

    def cut_short() -> None:
        try:
            raise kind
        finally:
            raise AssertionError

    assert coded(cut_short) == code
    assert "bug in the suite" not in capsys.readouterr().err
