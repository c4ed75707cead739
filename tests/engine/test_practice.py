"""What an implementation is held to where its algorithm is not known."""

from __future__ import annotations

from conformance.engine.practice import practice_of
from reference.algorithms import VALUES
from tests.engine.honest import LOSSES, side


def programs(loss: str, **conventions: str) -> set[str]:
    """Names of the programs in the envelope of a callable that declares these choices."""
    bound = side().bindings[loss]
    given = {name.replace("_", "-"): choice for name, choice in conventions.items()}
    unknown = bound.model_copy(update={"algorithm": None, "conventions": given})
    practice = practice_of(unknown, LOSSES[loss], "float32", side().profile)
    return {name for name, program in VALUES[loss].items() if program in practice.values}


def test_the_envelope_holds_every_program_that_is_known() -> None:
    assert programs("cross_entropy") == {*VALUES["cross_entropy"]}


def test_a_logarithm_of_the_complement_is_no_excuse_without_the_clip_that_goes_with_it() -> None:
    assert programs("binary_cross_entropy") == {"clamped_logs"}
    clipped = programs("binary_cross_entropy", log_of_zero="clip(1e-7)")
    assert clipped == {"clamped_logs", "clipped_probabilities"}
