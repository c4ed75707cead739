"""The library holds the eight losses, complete, and everything they refer to."""

from pathlib import Path

import pytest

from conformance.specs.case import Expectation
from conformance.specs.errors import SpecError
from conformance.specs.library import families, load_library, load_loss, spec_digest, spec_folder
from tests.specs.planted import LOSS, plant
from tests.specs.planted import spec_folder as planted

LIBRARY = load_library()


def test_the_losses_are_there_by_family() -> None:
    assert families(LIBRARY.losses.values()) == {
        "classification": [
            "binary_cross_entropy",
            "binary_cross_entropy_with_logits",
            "cross_entropy",
            "cross_entropy_probabilities",
            "nll",
        ],
        "divergence": ["kl_divergence"],
        "regression": ["l1", "mse"],
    }


@pytest.mark.parametrize(
    ("loss", "inputs", "parameters"),
    [
        ("l1", ["prediction", "target"], {"weight": None}),
        ("mse", ["prediction", "target"], {"weight": None}),
        ("nll", ["log_probabilities", "target"], {"weight": None, "ignore_index": -100}),
        (
            "cross_entropy",
            ["logits", "target"],
            {"weight": None, "ignore_index": -100, "label_smoothing": 0.0},
        ),
        (
            "cross_entropy_probabilities",
            ["logits", "target"],
            {"weight": None, "label_smoothing": 0.0},
        ),
        ("binary_cross_entropy", ["probabilities", "target"], {"weight": None}),
        (
            "binary_cross_entropy_with_logits",
            ["logits", "target"],
            {"weight": None, "pos_weight": None},
        ),
        ("kl_divergence", ["log_probabilities", "target"], {"log_target": False}),
    ],
)
def test_inputs_and_parameters_are_the_agreed_ones(
    loss: str, inputs: list[str], parameters: dict[str, object]
) -> None:
    spec = LIBRARY.losses[loss]
    assert list(spec.inputs) == inputs
    assert {name: item.default for name, item in spec.parameters.items()} == parameters
    reductions = ["none", "sum", "mean"] + ["batchmean"] * (loss == "kl_divergence")
    assert list(spec.reductions) == reductions


@pytest.mark.parametrize("loss", LIBRARY.losses.values(), ids=LIBRARY.losses)
def test_every_loss_has_edge_cases_rejects_and_examples(loss: object) -> None:
    assert len(loss.examples) >= 3  # type: ignore[attr-defined]
    assert len(loss.edge_cases) >= 10  # type: ignore[attr-defined]
    assert len(loss.rejects) >= 5  # type: ignore[attr-defined]


def test_every_work_of_the_bibliography_is_a_source_or_background() -> None:
    cited = {source.key for loss in LIBRARY.losses.values() for source in loss.sources}
    cited |= {
        case.source.key
        for loss in LIBRARY.losses.values()
        for case in (*loss.examples, *loss.edge_cases)
        if case.source
    }
    cited |= {source.key for each in LIBRARY.conventions.values() for source in each.sources}
    assert LIBRARY.bibliography.keys() - cited <= {"higham2002"}


def test_another_folder_can_be_loaded(tmp_path: Path) -> None:
    planted(tmp_path)
    library = load_library(tmp_path)
    assert list(library.losses) == ["sketch"]
    assert library.losses["sketch"].family == "family"
    assert library.folder == tmp_path


def test_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    planted(tmp_path, loss=plant(LOSS, "latex: x", "latx: x"), bibliography="book: 1\n")
    with pytest.raises(SpecError) as caught:
        load_library(tmp_path)
    files = [Path(problem.file).name for problem in caught.value.problems]
    assert files == ["bibliography.yaml", "sketch.yaml", "sketch.yaml"]


def test_one_name_in_two_families_is_refused(tmp_path: Path) -> None:
    path = planted(tmp_path)
    other = tmp_path / "other" / "sketch.yaml"
    other.parent.mkdir()
    other.write_text(LOSS, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_library(tmp_path)
    assert str(caught.value) == (
        f"{other}:1:1: the loss 'sketch' stands in {path} too; rename one of the files"
    )


def test_the_digest_follows_the_meaning_and_not_the_layout(tmp_path: Path) -> None:
    digest = spec_digest(load_loss(planted(tmp_path / "a")))
    layout = plant(LOSS, "latex: x", "# a comment\n\nlatex:   'x'")
    assert spec_digest(load_loss(planted(tmp_path / "b", loss=layout))) == digest
    meaning = plant(LOSS, "default: 0.5}", "default: 0.25}")
    assert spec_digest(load_loss(planted(tmp_path / "c", loss=meaning))) != digest


def test_a_checkout_uses_its_own_specs() -> None:
    assert spec_folder() == Path(__file__).resolve().parents[2] / "spec"


def test_choices_are_the_norms_unless_overridden() -> None:
    loss = LIBRARY.losses["l1"]
    assert loss.choices()["gradient-at-kink"] == "value(0)"
    assert loss.choices({"gradient-at-kink": "value(1)"})["gradient-at-kink"] == "value(1)"
    assert loss.choices({"gradient-at-kink": "value(1)"}).keys() == loss.conventions.keys()


def test_what_is_expected_follows_the_choices() -> None:
    loss = LIBRARY.losses["binary_cross_entropy"]
    (case,) = [case for case in loss.edge_cases if case.id == "certain-and-wrong"]
    torch = loss.choices({"log-of-zero": "floor(-100)", "saturated-gradient": "floor(1e-12)"})
    expected = case.expected(torch)
    assert expected == Expectation(
        loss=(100.0, 100.0), gradient={"probabilities": (-1.0e12, 1.0e12)}
    )
    assert case.expected(loss.choices()).loss == (float("inf"), float("inf"))


def test_the_domain_of_an_input_may_depend_on_a_parameter() -> None:
    target = LIBRARY.losses["kl_divergence"].inputs["target"]
    assert target.domain().text == "[0, 1]"
    assert target.domain({"log_target": True}).text == "(-inf, 0]"
