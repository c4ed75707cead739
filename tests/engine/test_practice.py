"""What an implementation is held to where its algorithm is not known."""

from __future__ import annotations

from conformance.engine.practice import practice_of
from reference.algorithms import GRADIENTS, ONLY_STATED, VALUES, WEIGHTS
from tests.engine.honest import LOSSES, side


def programs(loss: str, **conventions: str) -> set[str]:
    """Names of the programs in the envelope of a callable that declares these choices."""
    bound = side().bindings[loss]
    given = {name.replace("_", "-"): choice for name, choice in conventions.items()}
    unknown = bound.model_copy(update={"algorithm": None, "conventions": given})
    practice = practice_of(unknown, LOSSES[loss], "float32", side().profile)
    return {name for name, program in VALUES[loss].items() if program in practice.values}


def test_the_envelope_holds_every_program_that_is_known() -> None:
    assert programs("cross_entropy") == {*VALUES["cross_entropy"]} - ONLY_STATED


def test_a_program_that_takes_no_weights_judges_none_but_those_that_state_it() -> None:
    assert ONLY_STATED & {*VALUES["cross_entropy"]}
    assert not ONLY_STATED & programs("cross_entropy")


def test_a_logarithm_of_the_complement_is_no_excuse_without_the_clip_that_goes_with_it() -> None:
    assert programs("binary_cross_entropy") == {"clamped_logs"}
    clipped = programs("binary_cross_entropy", log_of_zero="clip(1e-7)")
    assert clipped == {"clipped_probabilities", "clipped_then_clamped_logs"}
    assert programs("binary_cross_entropy", log_of_zero="shift(1e-7)") == {"shifted_logs"}


def slopes(loss: str, **conventions: str) -> set[str]:
    """The same of the programs of gradients."""
    bound = side().bindings[loss]
    given = {name.replace("_", "-"): choice for name, choice in conventions.items()}
    unknown = bound.model_copy(update={"algorithm": None, "conventions": given})
    practice = practice_of(unknown, LOSSES[loss], "float32", side().profile)
    return {name for name, program in GRADIENTS[loss].items() if program in practice.gradients}


def test_slopes_that_are_right_under_one_choice_alone_excuse_nothing_under_another() -> None:
    assert "autograd_through_clip" not in slopes("binary_cross_entropy")
    assert "autograd_through_clip" in slopes("binary_cross_entropy", log_of_zero="clip(1e-7)")
    assert "softmax_less_target" not in slopes("cross_entropy_probabilities")
    one = slopes("cross_entropy_probabilities", target_mass="assumed-one")
    assert one == {*GRADIENTS["cross_entropy_probabilities"]} - ONLY_STATED


def test_slopes_by_weights_are_those_of_the_order_that_is_stated() -> None:
    """The digits that a log-sum-exp loses are no excuse for torch, which subtracts the largest logit."""
    bound, known = side().bindings["cross_entropy"], WEIGHTS["cross_entropy"]
    loss, profile = LOSSES["cross_entropy"], side().profile
    assert bound.algorithm is not None
    stated = practice_of(bound, loss, "float32", profile).weights
    assert stated == (known[bound.algorithm.value],)
    unknown = bound.model_copy(update={"algorithm": None})
    assert practice_of(unknown, loss, "float32", profile).weights == tuple(known.values())
