"""A small spec folder without a fault, into which tests plant one."""

from pathlib import Path

LOSS = """\
summary: A loss made up for the tests of the lint.
sources: [{key: book}]
inputs:
  scores: {shape: "*batch classes", in: real}
  target: {shape: "*batch", kind: class_index, in: "[0, classes)", or: skip}
parameters:
  weight: {shape: classes, in: "[0, inf)", optional: true}
  margin: {in: "[0, 1]", default: 0.5}
  skip: {kind: integer, default: -100}
  squared: {kind: boolean, default: false}
formula:
  let:
    w: "1 if weight is None or target == skip else weight[target]"
    gap: "max(margin - scores[target], 0) if target != skip else 0"
  loss: w * gap ** 2 if squared else w * gap
latex: x
reductions:
  none: {}
  mean: {divide_by: {sum_of: w}}
conventions:
  floor:
    default: exact
    choices:
      exact: {}
      least(value):
        let: {gap: "max(margin, value)"}
        gradient: {scores: "[w * value for s in scores]"}
invariants:
  - {id: non-negative, text: No loss is negative.}
identities:
  - {id: none-reduced-by-hand, text: "none, reduced by hand, = reduced"}
  - id: own-value
    text: The loss is itself.
    equals: {loss: sketch, given: {scores: scores, target: target}}
    when: {reduction: [none]}
examples:
  - id: plain
    why: One half less one quarter.
    given: {scores: [[0.25, 0.0]], target: [0]}
    loss: [0.25]
    gradient: {scores: [[-1.0, 0.0]]}
edge_cases:
  - id: skipped
    why: A target to be skipped costs nothing.
    given: {scores: [[0.25, 0.0]], target: [-100], weight: [1.0, 1.0]}
    loss: [0.0]
    when: {floor: {least(1): {loss: [1.0]}}}
rejects:
  - id: too-far
    given: {scores: [[0.0, 0.0]], target: [2]}
    breaks: "target in [0, classes)"
    kind: index
"""

CONVENTIONS = """\
floor:
  question: How small may the gap become?
  choices:
    exact: As small as it is.
    least(value): Not below the value.
  sources: [{key: book}]
"""

BIBLIOGRAPHY = """\
book: {text: "A. Nobody, A Book, 2000."}
"""


def spec_folder(
    root: Path,
    *,
    loss: str = LOSS,
    conventions: str = CONVENTIONS,
    bibliography: str = BIBLIOGRAPHY,
) -> Path:
    """Write a spec folder; gives the path of its one loss."""
    path = root / "family" / "sketch.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(loss, encoding="utf-8")
    (root / "conventions.yaml").write_text(conventions, encoding="utf-8")
    (root / "bibliography.yaml").write_text(bibliography, encoding="utf-8")
    return path


def plant(text: str, right: str, wrong: str) -> str:
    """Replace a part that is there once."""
    assert text.count(right) == 1, f"{right!r} is there {text.count(right)} times"
    return text.replace(right, wrong)
