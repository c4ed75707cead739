"""Each rule of the lint catches the fault planted for it, and says where and what is right."""

import shutil
from pathlib import Path

import pytest

from conformance.specs.library import (
    load_library,
    load_loss,
    load_shared,
    loss_files,
    with_loss,
)
from conformance.specs.library import spec_folder as own_folder
from conformance.specs.lint import RULES, lint
from conformance.specs.reading import read
from conformance.specs.rules.context import Context
from conformance.specs.shared import Convention, Work
from tests.specs.planted import BIBLIOGRAPHY, CONVENTIONS, LOSS, plant, spec_folder

FAULTS = [
    pytest.param(fault, id=fault["id"])
    for fault in read(Path(__file__).with_name("faults.yaml")).data
]


def shared(folder: Path) -> tuple[dict[str, Convention], dict[str, Work]]:
    return (
        load_shared(folder / "conventions.yaml", Convention),
        load_shared(folder / "bibliography.yaml", Work),
    )


def test_a_spec_without_a_fault_has_no_problem(tmp_path: Path) -> None:
    path = spec_folder(tmp_path)
    assert lint([path, tmp_path / "conventions.yaml", tmp_path / "bibliography.yaml"]) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_reported_with_its_place(fault: dict[str, str], tmp_path: Path) -> None:
    path = spec_folder(tmp_path, loss=plant(LOSS, fault["right"], fault["wrong"]))
    assert f"{path}:{fault['message']}" in [str(problem) for problem in lint([path])]


def test_every_rule_has_a_planted_fault(tmp_path: Path) -> None:
    caught = set()
    for parameters in FAULTS:
        fault = parameters.values[0]
        path = spec_folder(tmp_path, loss=plant(LOSS, fault["right"], fault["wrong"]))
        loss, folder = load_loss(path), shared(tmp_path)
        context = Context(loss, read(path), {loss.id: loss}, *folder)
        caught |= {rule for rule in RULES if any(rule(context))}
    assert caught == set(RULES)


def test_all_faults_of_all_files_are_reported_at_once_in_order(tmp_path: Path) -> None:
    text = plant(LOSS, "w * gap ** 2 if squared", "open(gap) if squared")
    text = plant(text, "default: 0.5}", "default: 1.5}")
    path = spec_folder(tmp_path, loss=plant(text, "  - id: skipped", "  - id: plain"))
    other = path.with_name("other.yaml")
    other.write_text("summary: 1\nsummary: 2\n", encoding="utf-8")
    found = [f"{Path(problem.file).stem} {problem.line}" for problem in lint([path, other])]
    assert found == ["other 2", "sketch 8", "sketch 15", "sketch 43"]


def test_a_convention_that_cites_an_unknown_work_is_reported(tmp_path: Path) -> None:
    spec_folder(tmp_path, conventions=plant(CONVENTIONS, "[{key: book}]", "[{key: bok}]"))
    path = tmp_path / "conventions.yaml"
    assert [str(problem) for problem in lint([path])] == [
        f"{path}:6:19: the work 'bok' is not in the bibliography; did you mean 'book'? "
        "known are book"
    ]


def test_a_work_without_a_text_is_reported(tmp_path: Path) -> None:
    spec_folder(tmp_path, bibliography=BIBLIOGRAPHY + "page: {url: nowhere}\n")
    path = tmp_path / "bibliography.yaml"
    assert [str(problem) for problem in lint([path])] == [
        f"{path}:2:7: page lacks the key 'text'; add it"
    ]


def test_the_specs_of_the_suite_have_no_problem() -> None:
    folder = own_folder()
    shared = [folder / "conventions.yaml", folder / "bibliography.yaml"]
    assert [str(problem) for problem in lint([*loss_files(folder), *shared])] == []


def test_a_loss_outside_any_spec_folder_is_checked_against_the_suites_own(tmp_path: Path) -> None:
    path = tmp_path / "losses" / "l1.yaml"
    path.parent.mkdir()
    shutil.copy(own_folder() / "regression" / "l1.yaml", path)
    assert lint([path]) == []


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A spec of a loss of the suite's, outside any spec folder."""
    path = tmp_path / "losses" / "l1.yaml"
    path.parent.mkdir()
    shutil.copy(own_folder() / "regression" / "l1.yaml", path)
    return path


def cited(path: Path, source: str) -> None:
    """Put one source in place of those of the file."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    start = next(k for k, line in enumerate(lines) if line.startswith("sources:"))
    end = next(k for k in range(start + 1, len(lines)) if lines[k][0] not in " -#\n")
    path.write_text("".join([*lines[:start], f"sources: [{source}]\n", *lines[end:]]), "utf-8")


def test_a_source_may_be_given_by_its_text(foreign: Path) -> None:
    cited(foreign, "{text: 'A. Nobody, A Book, 2000.', url: https://example.org, where: page 3}")
    assert lint([foreign]) == []
    [source] = load_loss(foreign).sources
    assert (source.key, source.text) == (None, "A. Nobody, A Book, 2000.")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{where: page 3}", "a source needs either a key or a text"),
        ("{key: torch-l1, text: A whole title}", "a source needs either a key or a text"),
        ("{key: torch-l1, url: https://example.org}", "the bibliography holds the url"),
    ],
)
def test_a_source_without_a_work_or_with_two_is_reported(
    foreign: Path, source: str, said: str
) -> None:
    cited(foreign, source)
    assert any(said in str(problem) for problem in lint([foreign]))


@pytest.mark.parametrize("beside", ["losses", "."])
def test_a_bibliography_beside_a_loss_adds_to_the_suites_own(foreign: Path, beside: str) -> None:
    cited(foreign, "{key: book}, {key: torch-l1}")
    assert "the work 'book' is not in the bibliography" in str(lint([foreign])[0])
    folder = foreign.parents[1] / beside
    (folder / "bibliography.yaml").write_text(BIBLIOGRAPHY, "utf-8")
    assert lint([foreign]) == []


def test_conventions_beside_a_loss_add_to_the_suites_own(foreign: Path) -> None:
    text = foreign.read_text("utf-8")
    named = "conventions:\n  floor: {default: exact, choices: {exact: {}}}\n"
    foreign.write_text(text.replace("conventions:\n", named, 1), "utf-8")
    assert "the convention 'floor' is not among the known ones" in str(lint([foreign])[0])
    shared = CONVENTIONS.replace("  sources: [{key: book}]\n", "")
    foreign.with_name("conventions.yaml").write_text(shared, "utf-8")
    assert lint([foreign]) == []


def test_a_folder_without_shared_files_has_those_of_the_suite(foreign: Path) -> None:
    library = load_library(foreign.parents[1])
    assert list(library.losses) == ["l1"]
    assert library.bibliography == load_library().bibliography
    assert "l1" in with_loss(foreign).losses
    assert "mse" in with_loss(foreign).losses
