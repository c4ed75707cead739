from __future__ import annotations

from types import SimpleNamespace

import click
import pytest

from conformance.cli import selection
from conformance.cli.selection import (
    DTYPES,
    STOCK,
    chosen_losses,
    chosen_targets,
    near,
    stock_targets,
)
from conformance.cli.verdict import NothingSelected
from conformance.engine import request
from conformance.specs.library import load_library
from conformance.targets import target
from conformance.targets.target import DEVICES, Missing, Target


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Distributions that this test has installed, all at version 9.9."""
    names = {"torch", "optax", "jax"}
    monkeypatch.setattr(
        target, "version_of", lambda wanted, _: "9.9" if names & set(wanted) else None
    )
    return names


def test_all_losses_without_a_name_and_each_once_with_names() -> None:
    library = load_library()
    assert chosen_losses((), library) == tuple(library.losses)
    assert chosen_losses(("mse", "l1", "mse"), library) == ("mse", "l1")


def test_what_is_installed_is_taken_where_nothing_is_named(installed: set[str]) -> None:
    assert [each.framework for each in chosen_targets(())] == ["torch", "optax"]


def test_nothing_installed_and_nothing_named_is_nothing_selected(installed: set[str]) -> None:
    installed.clear()
    with pytest.raises(NothingSelected, match=r"is installed; install one \(pip install") as caught:
        chosen_targets(())
    assert caught.value.exit_code == 5


def test_a_target_named_twice_is_run_once(installed: set[str]) -> None:
    assert len(chosen_targets(("torch", "torch@cpu", "torch==9.9"))) == 1


def test_a_target_that_is_not_installed_stays_to_be_reported(installed: set[str]) -> None:
    (named,) = chosen_targets(("keras",))
    assert isinstance(target.resolve(named), Missing)


def test_a_device_is_for_targets_that_name_none(installed: set[str]) -> None:
    named = chosen_targets(("torch", "optax@cpu"), "cuda")
    assert [each.device for each in named] == ["cuda", "cpu"]
    assert {each.device for each in chosen_targets((), "cuda")} == {"cuda"}


def test_the_nearest_name_is_suggested_and_all_names_where_none_is_near() -> None:
    assert near("mes", ("mse", "l1")) == "did you mean 'mse'?"
    assert near("zzz", ("mse", "l1")) == "there are mse, l1"


def test_the_lists_of_the_command_line_are_those_of_the_engine() -> None:
    assert set(DTYPES) == set(request.DTYPES)
    assert selection.DEVICES == DEVICES
    assert [each.framework for each in stock_targets()] == [
        Target.parse(text).framework for text in STOCK
    ]


def test_losses_of_another_folder_are_looked_up_there() -> None:
    library = SimpleNamespace(losses={"mine": None})
    with pytest.raises(click.UsageError, match="there are mine"):
        chosen_losses(("mse",), library)  # type: ignore[arg-type]
