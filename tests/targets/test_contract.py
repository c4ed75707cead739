"""What bindings declare of the contract of a call: closed words, one for every clause that is asked."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from conformance.cases.contract import askings
from conformance.specs.contract import load_contract
from conformance.specs.errors import SpecError
from conformance.specs.library import load_library
from conformance.targets.binding_file import load_bindings, read_bindings
from conformance.targets.contract import Contract, Mixing, NoGradient, OfLists, Taking, Weighing
from conformance.targets.target import Target

LOSSES = load_library().losses
WORDS = {
    "mixed-floats": Mixing, "mixed-weight": Weighing,
    "integer-gradient": NoGradient, "all-lists": OfLists,
    **dict.fromkeys(
        ("integer-target", "boolean-target", "index-dtype", "python-number", "python-list",
         "zero-dimensional"), Taking,
    ),
}  # fmt: skip

FILE = """\
framework: numpy
contract: {source: measured by hand, python_list: accepted, mixed_floats: promoted}
losses:
  squared:
    call: somewhere.squared
    inputs: {prediction: a, target: b}
    contract:
      mixed_floats: {float32+float64: first, otherwise: raises}
  other:
    call: somewhere.other
    inputs: {prediction: a, target: b}
"""


def test_the_words_are_those_that_the_norm_explains() -> None:
    stated = {name: tuple(clause.words) for name, clause in load_contract().items() if clause.words}
    assert stated == {name: get_args(kind) for name, kind in WORDS.items()}


@pytest.mark.parametrize("framework", ["torch", "keras", "tensorflow", "optax"])
def test_every_stock_binding_declares_all_that_is_asked_with_its_source(framework: str) -> None:
    for name, binding in load_bindings(Target.parse(framework)).items():
        if binding.absent is not None:
            continue
        assert binding.contract is not None
        assert "measured with" in binding.contract.source
        for dtype in ("float64", "float32", "float16", "bfloat16"):
            for asking in askings(LOSSES[name], dtype):
                unweighted = "weight" in asking.dtypes and "weight" in binding.unsupported
                if load_contract()[asking.clause].words and not unweighted:
                    assert binding.contract.word(asking.clause, asking.key), (name, asking.clause)


def written(folder: Path, text: str = FILE) -> Path:
    path = folder / "numpy.yaml"
    path.write_text(text)
    return path


def test_a_loss_overrides_parts_of_what_holds_for_all(tmp_path: Path) -> None:
    found = read_bindings(written(tmp_path))
    squared, other = found["squared"].contract, found["other"].contract
    assert squared is not None
    assert other is not None
    assert squared.word("mixed-floats", "float32+float64") == "first"
    assert squared.word("mixed-floats", "float64+float32") == "raises"
    assert squared.word("python-list", "float32") == "accepted"
    assert other.word("mixed-floats", "float32+float64") == "promoted"
    assert other.word("zero-dimensional", "float32") is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("first, otherwise", "perhaps, otherwise", "contract.mixed_floats"),
        ("float32+float64", "float32+double", "'float32+double' is no dtype"),
        ("source: measured by hand, ", "", "contract.source"),
        ("python_list:", "python_lists:", "contract.python_lists"),
    ],
)
def test_a_word_that_is_not_known_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(SpecError) as caught:
        read_bindings(written(tmp_path, FILE.replace(old, new, 1)))
    assert message in str(caught.value)


def test_nothing_declared_is_nothing() -> None:
    assert Contract(source="nobody has looked").word("python-list", "float32") is None
