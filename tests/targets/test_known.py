"""Known deviations: a strict list, narrowed by version, device, mode and dtype."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from conformance.cases.contract import askings
from conformance.engine.layout import CLAUSES
from conformance.engine.row import CLAUSES as WAYS
from conformance.specs.errors import SpecError
from conformance.specs.library import load_library
from conformance.targets.known import (
    When,
    applies,
    beside,
    in_range,
    known_folder,
    load_known,
    read_known,
)
from conformance.targets.target import Target

FILE = """\
framework: torch
deviations:
  - id: gradient-of-nothing
    loss: [l1]
    property: [gradient]
    when:
      {version: ">=2.1,<2.14", device: [cpu], mode: [eager], where: prediction == target}
    expect: {value: nan}
    reason: The sign of a distance of NaN is zero there
    source: measured with torch 2.13.0
    since: "2026-11-23"
    expires: "2027-11-23"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "torch.yaml"
    path.write_text(text)
    return path


def test_a_list_is_read_with_reason_and_source(tmp_path: Path) -> None:
    (found,) = read_known(written(tmp_path, FILE))
    assert found.expect.value == "nan"
    assert found.when.where == "prediction == target"
    assert found.expires == "2027-11-23"
    assert load_known(Target("torch"), tmp_path) == (found,)
    assert load_known(Target("optax"), tmp_path) == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    reason: The sign of a distance of NaN is zero there\n", "", "lacks the key 'reason'"),
        ("    source: measured with torch 2.13.0\n", "", "lacks the key 'source'"),
        ("{value: nan}", "{}", "one expectation is needed, found none"),
        ("{value: nan}", "{value: nan, dtype: float32}", "found value, dtype"),
        ("{value: nan}", "{at_most_ulp: -1.0}", "greater than 0"),
        (">=2.1", "about 2", "'about 2' is no version clause"),
        ('"2026-11-23"', '"yesterday"', "nvalid isoformat string: 'yesterday'"),
        ("version:", "packages: {numpy: about 2}, version:", "'about 2' is no version clause"),
        (
            "version:",
            'packages: {Tensorflow_CPU: "==2.16.2"}, version:',
            "'Tensorflow_CPU' is no name of a package; write it as in tensorflow-cpu",
        ),
        ("version:", "packages: {numpy: null}, version:", "packages.numpy"),
        ("device:", "devise:", "the key 'devise' is not known here; did you mean 'device'?"),
    ],
)
def test_a_faulty_list_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = written(tmp_path, FILE.replace(old, new, 1))
    with pytest.raises(SpecError) as caught:
        read_known(path)
    assert str(caught.value).startswith(f"{path}:")
    assert message in str(caught.value)


def test_one_id_may_stand_only_once(tmp_path: Path) -> None:
    twice = FILE + FILE.partition("deviations:\n")[2]
    with pytest.raises(SpecError, match="gradient-of-nothing is listed twice; rename one"):
        read_known(written(tmp_path, twice))


@pytest.mark.parametrize(
    ("versions", "version", "inside"),
    [
        (">=2.1,<2.14", "2.13.0+cpu", True),
        (">=2.1,<2.14", "2.14.0", False),
        (">=2.1,<2.14", "2.0.9", False),
        ("==2.0", "2.0.0", True),
        (None, "2.0", True),
        ("<1", None, True),
    ],
)
def test_a_version_lies_in_a_range(versions: str | None, version: str | None, inside: bool) -> None:
    assert in_range(versions, version) is inside


def test_a_deviation_of_eager_mode_says_nothing_of_compiled_code() -> None:
    when = When(mode=("eager",), device=("cpu",), dtype=("float32",), backend=("jax",))
    assert applies(when, Target("keras", "jax"), "float32")
    assert not applies(when, Target("keras", "torch"), "float32")
    assert not applies(when, Target("keras", "jax", device="cuda"), "float32")
    assert not applies(when, Target("keras", "jax"), "float64")
    assert not applies(When(mode=("eager",)), Target("optax", mode="jit"), "float64")


def test_a_package_must_be_there_in_the_versions_named() -> None:
    when = When(packages={"tensorflow": "==2.16.2", "numpy": ">=1.26,<3"})
    assert beside(when, {"tensorflow-cpu": "2.16.2", "numpy": "1.26.4"})
    assert beside(when, {"tensorflow": "2.16.2", "numpy": "2.4.0"})
    assert not beside(when, {"tensorflow-cpu": "2.21.0", "numpy": "1.26.4"})
    assert not beside(when, {"tensorflow-cpu": "2.16.2", "numpy": "3.0"})
    assert not beside(when, {"tensorflow-cpu": "2.16.2"})
    assert beside(When(), {})


def test_without_an_environment_the_packages_of_this_interpreter_count() -> None:
    here = metadata.version("numpy")
    assert beside(When(packages={"numpy": f"=={here}"}))
    assert not beside(When(packages={"numpy": f"<{here}"}))
    assert not beside(When(packages={"no-such-package": ">=0"}))


@pytest.mark.parametrize("path", sorted(known_folder().glob("*.yaml")), ids=lambda path: path.stem)
def test_the_suites_own_lists_name_losses_and_cases_there_are(path: Path) -> None:
    losses = load_library().losses
    for each in read_known(path):
        assert set(each.loss) <= set(losses)
        specs = [losses[name] for name in each.loss]
        named = {
            case.id for spec in specs for case in (*spec.examples, *spec.edge_cases, *spec.rejects)
        }
        ways = {*CLAUSES} if "layout" in each.property else set()
        if "second-order" in each.property:
            ways |= {way + hot for way in WAYS for hot in ("", "-one-hot")}
        if "contract" in each.property:
            ways |= {asking.case.id.rpartition("+")[2] for asking in askings(specs[0], "float32")}
        assert set(each.when.case) <= named | ways
        for spec in specs:
            assert set(each.when.reduction) <= set(spec.reductions)
