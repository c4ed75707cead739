"""What a model refuses is told with its place, all of it at once."""

from pathlib import Path

import pytest

from conformance.specs.errors import SpecError
from conformance.specs.library import load_loss
from tests.specs.planted import LOSS, plant, spec_folder

FAULTS = {
    "unknown-key": (
        "latex: x",
        "latx: x",
        [
            "1:1: the file lacks the key 'latex'; add it",
            "16:1: the key 'latx' is not known here; did you mean 'latex'? keys allowed here are "
            "conventions, edge_cases, examples, formula, identities, inputs, invariants, latex, "
            "parameters, reductions, rejects, sources, summary",
        ],
    ),
    "unknown-key-inside": (
        "    why: A target to be",
        "    wy: A target to be",
        [
            "43:5: edge_cases.0 lacks the key 'why'; add it",
            "44:5: the key 'wy' is not known here; did you mean 'why'? keys allowed here are "
            "dtypes, given, gradient, id, loss, sign_of_zero, source, when, why",
        ],
    ),
    "number-for-text": (
        '    gap: "max(margin - scores[target], 0) if target != skip else 0"',
        "    gap: 0",
        [
            "14:10: formula.let.gap is 0, but text is expected; write text, in quotes if it looks "
            "like a number"
        ],
    ),
    "mapping-for-a-list": (
        "sources: [{key: book}]",
        "sources: {key: book}",
        [
            "2:10: sources is {'key': 'book'}, but a list is expected; write [a, b] or '- ' lines",
        ],
    ),
    "nothing-for-a-mapping": (
        "  skip: {kind: integer, default: -100}",
        "  skip:",
        [
            "9:8: parameters.skip is empty, but a mapping is expected; write 'key: value' lines",
        ],
    ),
    "interval-that-is-none": (
        'margin: {in: "[0, 1]"',
        'margin: {in: "[0; 1]"',
        [
            "8:16: parameters.margin.in: '[0; 1]' is no interval; write real, [0, 1], [0, inf) or "
            "the like"
        ],
    ),
    "choice-that-is-none": (
        "    default: exact",
        "    default: Exact!",
        [
            "22:14: conventions.floor.default: 'Exact!' is no choice; write a name in lower case, "
            "or name(number)"
        ],
    ),
    "word-that-is-no-number": (
        "scores: [[0.25, 0.0]], target: [-100]",
        "scores: [[biggest, 0.0]], target: [-100]",
        [
            "45:21: edge_cases.0.given.scores: the word 'biggest' is no number; words are largest, "
            "smallest_normal, smallest_subnormal"
        ],
    ),
    "rows-of-different-lengths": (
        "scores: [[0.25, 0.0]], target: [-100]",
        "scores: [[0.25, 0.0], [1.0]], target: [-100]",
        [
            "45:21: edge_cases.0.given.scores: rows have the shapes [(1,), (2,)]; make them equal",
        ],
    ),
    "id-not-in-kebab-case": (
        "  - id: skipped",
        "  - id: Skipped_one",
        [
            "43:9: edge_cases.0.id is 'Skipped_one'; write it to the pattern "
            "^[a-z0-9]+(-[a-z0-9]+)*$"
        ],
    ),
    "unknown-invariant": (
        "{id: non-negative,",
        "{id: nonnegative,",
        None,
    ),
    "family-in-the-file": (
        "latex: x",
        "latex: x\nfamily: other",
        ["17:1: the key 'family' is not written in the file; the file's place gives it; remove it"],
    ),
}


def messages(path: Path) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load_loss(path)
    return [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems]


@pytest.mark.parametrize(("right", "wrong", "expected"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_its_place(
    right: str, wrong: str, expected: list[str] | None, tmp_path: Path
) -> None:
    found = messages(spec_folder(tmp_path, loss=plant(LOSS, right, wrong)))
    if expected is None:
        assert len(found) == 1
        assert found[0].startswith("29:10: invariants.0.id: input should be 'non-negative', ")
    else:
        assert found == expected


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = plant(LOSS, "latex: x", "latx: x")
    text = plant(text, "    default: exact", "    default: Exact!")
    found = messages(spec_folder(tmp_path, loss=plant(text, "  - id: skipped", "  - id: Skipped")))
    assert [message.split(":")[0] for message in found] == ["1", "16", "22", "43"]


def test_a_file_named_in_capitals_is_refused(tmp_path: Path) -> None:
    path = spec_folder(tmp_path)
    path = path.rename(path.with_name("Sketch.yaml"))
    (message,) = messages(path)
    assert message == (
        "1:1: the name of the file is 'Sketch'; write it to the pattern ^[a-z][a-z0-9_]*$"
    )
