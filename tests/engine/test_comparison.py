from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from conformance.engine.comparison import Difference, contrasts, differences, serving
from conformance.engine.guide import guide
from conformance.engine.probing import Probe, probed, verdict_of
from conformance.engine.residue import agreement, residue
from conformance.engine.workers import Station
from conformance.specs.library import load_library
from conformance.targets.bindings import Binding
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from tests.engine.honest import LOSSES, changed, honest, one_off, refused, side, station

LIBRARY = load_library()


def bindings(loss: str, *frameworks: str) -> dict[str, Binding]:
    return {name: side(name).bindings[loss] for name in frameworks}


def found(loss: str, *frameworks: str) -> dict[str, Difference]:
    made = differences(LOSSES[loss], bindings(loss, *frameworks), LIBRARY.conventions)
    return {each.convention: each for each in made}


def declaring(loss: str, choices: Mapping[str, str], framework: str = "torch") -> Station:
    """A target that declares other choices than those it keeps."""
    true = side(framework).bindings[loss]
    lie = true.model_copy(update={"conventions": {**true.conventions, **choices}})

    def keep(call: Call, outcome: Outcome) -> Outcome:
        kept = honest(replace(call, binding=true, gradient=()))
        return replace(kept, gradients=outcome.gradients)

    made = station(keep, framework)
    return replace(made, side=replace(made.side, bindings={**made.side.bindings, loss: lie}))


def difference_of(loss: str, convention: str, stations: list[Station]) -> Difference:
    declared = {each.target.name: each.side.bindings[loss] for each in stations}
    made = differences(LOSSES[loss], declared, LIBRARY.conventions)
    return next(each for each in made if each.convention == convention)


def probes_of(loss: str, convention: str, stations: list[Station]) -> tuple[Probe, ...]:
    difference = difference_of(loss, convention, stations)
    return probed(difference, LOSSES[loss], stations, LOSSES)


def test_a_difference_has_the_question_each_choice_and_what_it_means() -> None:
    last = found("l1", "torch", "keras")["last-axis"]
    assert last.choices == {"torch": "kept", "keras": "mean"}
    assert last.question.endswith("?")
    assert "averaged" in last.meanings["mean"]
    assert last.distinct == ("kept", "mean")


def test_the_same_choice_is_no_difference() -> None:
    assert "empty-mean" not in found("l1", "torch", "keras")
    assert found("l1", "torch") == {}


def test_a_choice_written_with_another_number_format_is_the_same() -> None:
    made = bindings("binary_cross_entropy", "keras")
    one = made["keras"]
    other = one.model_copy(
        update={"conventions": {**one.conventions, "log-of-zero": "clip(0.0000001)"}}
    )
    again = differences(
        LOSSES["binary_cross_entropy"], {"one": one, "other": other}, LIBRARY.conventions
    )
    assert again == []


def test_calls_are_contrasted_where_they_differ_and_only_there() -> None:
    stations = [station(), station(framework="keras")]
    topics = {each.topic: each.texts for each in contrasts(LOSSES["cross_entropy"], stations)}
    torch, keras = (each.target.name for each in stations)
    assert topics["argument for logits"] == {torch: "input", keras: "y_pred"}
    assert topics["class axis"] == {torch: "1", keras: "last"}
    assert "only in Model.fit" in topics["parameter weight"][keras]
    assert contrasts(LOSSES["cross_entropy"], [stations[0], stations[0]]) == []


def test_the_default_reduction_is_read_from_the_installed_signature() -> None:
    path = "torch.nn.functional.mse_loss"
    made = replace(station(), signatures={path: "(input, target, reduction='sum', weight=None)"})
    stations = [made, station(framework="keras")]
    topics = {each.topic: each.texts for each in contrasts(LOSSES["mse"], stations)}
    assert topics["reduction by default"][made.target.name] == "function: sum"


def test_a_loss_that_one_side_lacks_is_told_with_the_reason() -> None:
    having, lacking = serving([station(), station(framework="keras")], LOSSES["nll"])
    assert [each.target.framework for each in having] == ["torch"]
    assert [*lacking.values()] == ["Keras takes probabilities or logits, not log-probabilities"]


@pytest.mark.parametrize(
    ("loss", "convention"),
    [
        ("l1", "last-axis"),
        ("binary_cross_entropy", "log-of-zero"),
        ("binary_cross_entropy", "saturated-gradient"),
        ("cross_entropy", "empty-mean"),
        ("cross_entropy_probabilities", "target-mass"),
    ],
)
def test_targets_that_do_as_they_declare_are_verified(loss: str, convention: str) -> None:
    probes = probes_of(loss, convention, [station(), station(framework="keras")])
    assert verdict_of(probes) == "verified"
    assert all(len(probe.answers or {}) == 2 for probe in probes)


def test_a_binding_that_declares_a_wrong_choice_is_not_verified() -> None:
    lying = declaring("cross_entropy", {"empty-mean": "zero"})
    probes = probes_of("cross_entropy", "empty-mean", [lying, station(framework="optax")])
    assert verdict_of(probes) == "not as declared"
    answers = probes[0].answers or {}
    told = answers[lying.target.name]
    assert (told.choice, told.expected, told.actual) == ("zero", "0", "nan")
    assert answers["optax==9.9@cpu"].as_declared


def test_a_wrong_choice_of_a_number_is_not_verified() -> None:
    lying = declaring("binary_cross_entropy", {"log-of-zero": "floor(-50)"})
    probes = probes_of("binary_cross_entropy", "log-of-zero", [lying, station(framework="keras")])
    assert verdict_of(probes) == "not as declared"


def test_a_target_that_raises_or_returns_another_shape_is_not_verified() -> None:
    keras = station(framework="keras")
    for spoil in (
        lambda call, outcome: refused(),
        lambda call, outcome: replace(
            outcome, value=changed(outcome.value, lambda v: v.reshape(1, -1))
        ),
    ):
        probes = probes_of("l1", "last-axis", [station(spoil), keras])
        assert verdict_of(probes) == "not as declared"


def test_what_cannot_be_asked_is_said_not_to_be_probed() -> None:
    probes = probes_of("l1", "weighted-mean", [station(), station(framework="keras")])
    assert verdict_of(probes) == "declared, not probed"
    assert "Keras weighs samples" in probes[0].reason


def test_honest_targets_are_nothing_apart_and_within_their_bounds() -> None:
    two = station(), station(framework="keras")
    left = residue(LOSSES["cross_entropy"], "float32", two, LOSSES, 10, 0)
    assert left.cases == 10
    assert (left.ulp, left.apart, left.failed) == (0.0, 0, 0)
    assert left.identical == left.elements
    assert max(left.shares) <= 1


def test_a_planted_error_is_the_residue_and_the_other_side_keeps_its_share() -> None:
    def spoil(call: Call, outcome: Outcome) -> Outcome:
        return replace(outcome, value=changed(outcome.value, lambda v: one_off(v, 1 + 2**-20)))

    two = station(spoil), station(framework="keras")
    left = residue(LOSSES["cross_entropy"], "float32", two, LOSSES, 10, 0)
    assert left.ulp is not None
    assert 4 <= left.ulp <= 16
    assert left.shares[0] > left.shares[1]


def test_a_nan_on_one_side_is_counted_apart_and_is_no_number_of_ulp() -> None:
    def spoil(call: Call, outcome: Outcome) -> Outcome:
        return replace(outcome, value=changed(outcome.value, lambda v: one_off(v, np.nan)))

    two = station(spoil), station(framework="keras")
    left = residue(LOSSES["cross_entropy"], "float32", two, LOSSES, 10, 0)
    assert left.apart > 0
    assert left.ulp in (None, 0.0)


def test_a_call_that_raises_is_counted() -> None:
    two = station(lambda call, outcome: refused()), station(framework="keras")
    left = residue(LOSSES["mse"], "float32", two, LOSSES, 5, 0)
    assert left.failed == left.cases > 0
    assert left.ulp is None


def test_cases_of_which_another_value_is_due_are_not_compared() -> None:
    two = station(), station(framework="keras")
    left = residue(LOSSES["l1"], "float32", two, LOSSES, 20, 0)
    assert left.matches["none"].same == 0 < left.matches["none"].of
    assert left.matches["mean"].same == left.matches["mean"].of > 0
    assert left.ulp == 0


def test_the_calls_that_agree_are_shown_and_give_the_same() -> None:
    agreed = agreement(
        LOSSES["l1"], (station(), station(framework="keras")), LOSSES, ["none", "mean"]
    )
    assert agreed is not None
    assert agreed.reduction == "mean"  # unreduced, Keras takes the mean over the last axis
    assert "reduction='sum_over_batch_size'" in agreed.snippets[1]
    assert agreed.ulp == 0


def test_a_reduction_behind_the_call_stands_in_the_snippet() -> None:
    agreed = agreement(LOSSES["mse"], (station(), station(framework="optax")), LOSSES, ["mean"])
    assert agreed is not None
    assert agreed.snippets[1].endswith(
        "print(jnp.mean(optax.losses.squared_error(predictions=prediction, targets=target)))"
    )


def test_three_targets_make_three_pairs() -> None:
    stations = [station(), station(framework="keras"), station(framework="optax")]
    made = guide(LIBRARY, ["mse", "nll"], stations, [], dtypes=["float32"], count=3)
    assert [len(chapter.pairs) for chapter in made.chapters] == [3, 0]
    assert made.common
