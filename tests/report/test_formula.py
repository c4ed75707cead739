from __future__ import annotations

from xml.etree import ElementTree

import pytest

from conformance.report.formula import mathml
from tests.report.sample.losses import LOSSES


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_has_a_formula(loss: str) -> None:
    formula = mathml(LOSSES[loss]["latex"])
    assert formula is not None
    tree = ElementTree.fromstring(formula)
    assert tree.get("display") == "block"
    assert "ℓ" in "".join(tree.itertext())
    assert "\\" not in formula


def test_the_softmax_is_a_fraction_under_a_logarithm() -> None:
    formula = mathml(LOSSES["cross_entropy"]["latex"])
    assert formula is not None
    plain = ElementTree.fromstring(
        formula.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
    )
    fraction = plain.find(".//mfrac")
    assert fraction is not None
    above, below = ("".join(part.itertext()) for part in fraction)
    assert above == "ehiyi"
    assert below == "∑kehik"


def test_a_function_is_set_apart_from_its_argument() -> None:
    assert '<mi>log</mi><mspace width="0.1667em"' in (mathml(r"\log x") or "")
    assert "mspace" not in (mathml(r"\log (x)") or "")


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\href{javascript:alert(1)}{x}",
        r"\style{background:url(//x)}{x}",
        r"\class{onclick}{x} \id{top}{y}",
        r"\text{&lt;script&gt;} <img src=x onerror=y>",
        "x_" + "{" * 60,
        "\x00",
    ],
)
def test_latex_of_a_stranger_stays_a_formula(latex: str) -> None:
    formula = mathml(latex) or ""
    if formula:
        for element in ElementTree.fromstring(formula).iter():
            assert element.tag.split("}")[-1].startswith("m")
            assert not {"href", "style", "class", "id"} & set(element.keys())
    assert "<script" not in formula
    assert "<img" not in formula


def test_what_is_no_formula_is_left_out() -> None:
    assert mathml("") is None
    assert mathml(r"\frac") is None
