"""The planted troubles of the made-up run: one of every kind that a report has to show well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Place = tuple[str, str, str, str]


@dataclass(frozen=True)
class Fault:
    verdict: str
    kind: str = "value"
    share: float = 0.0
    rule: str = ""
    why: str = ""
    expected: Any = 200.0
    actual: Any = "Infinity"
    cases: int = 7


CLIP = Fault(
    "known",
    share=0.9,
    rule="Probabilities are clipped into [1e-7, 1 - 1e-7] before the logarithm.",
    why="A documented choice of Keras.",
    expected=23.02585092994046,
    actual=16.11809539794922,
    cases=212,
)
FAULTS: dict[tuple[str, str, str], Fault] = {
    ("cross_entropy", "edge-case", "optax"): Fault(
        "fail",
        "inf",
        rule="The loss is finite where every logit is finite.",
        why="log(softmax(x)) was formed; one wrong row in a batch makes the whole mean infinite.",
    ),
    ("kl_divergence", "gradient", "torch"): Fault(
        "fail",
        "gradient",
        share=12.4,
        rule="The gradient lies within its own bound.",
        why="A term that should cancel does not where target and prediction nearly agree.",
        expected=0.3132616875182228,
        actual=0.31326,
        cases=42,
    ),
    ("mse", "value", "tensorflow"): Fault(
        "fail",
        "value",
        share=1.31,
        rule="The value lies within its own bound.",
        why="The mean was accumulated in the storage dtype.",
        expected=0.04,
        actual=0.0400390625,
        cases=3,
    ),
    ("nll", "dtype", "keras"): Fault(
        "fail",
        "dtype",
        rule="The output has the dtype of the input.",
        expected="bfloat16",
        actual="float32",
        why="A promoted loss doubles the memory of what follows.",
        cases=12,
    ),
    ("l1", "error", "torch"): Fault(
        "fail",
        "exception",
        rule="Shapes that do not match are refused.",
        expected="ValueError",
        actual="no exception, only a warning",
        why="A forgotten axis broadcasts to a plausible number.",
    ),
    ("binary_cross_entropy", "gradient", "keras"): CLIP,
    ("binary_cross_entropy", "value", "keras"): CLIP,
    ("binary_cross_entropy", "edge-case", "keras"): CLIP,
    ("kl_divergence", "value", "keras"): CLIP,
    ("l1", "gradient", "optax"): Fault("xpass"),
    ("cross_entropy_probabilities", "module", "torch"): Fault(
        "error",
        "crash",
        rule="The worker died of signal 11; the run went on without this case.",
        why="A segmentation fault takes the whole training process with it.",
        expected="a value",
        actual="signal 11 (SIGSEGV)",
        cases=1,
    ),
    ("mse", "identity", "keras"): Fault("not run", rule="the worker was killed after 30 s"),
    ("cross_entropy", "reduction", "keras"): Fault(
        "error", rule="the reference has no such reduction"
    ),
}


def fault(place: Place) -> Fault | None:
    loss, property, target, dtype = place
    found = FAULTS.get((loss, property, target.split("=")[0].split("[")[0]))
    return found if dtype in ("float32", "bfloat16") else None


def deviation(place: Place) -> dict[str, Any]:
    framework = place[2].split("=")[0].split("[")[0]
    if framework == "optax":
        return {
            "id": "gradient-of-abs-at-zero",
            "source": "measured, jax 0.10.2",
            "reason": "The gradient of the absolute value at zero is 1 instead of 0.",
        }
    return {
        "id": "probabilities-clipped",
        "source": "https://github.com/keras-team/keras/issues/9664",
        "reason": "Probabilities are clipped at 1e-7, so small ones lose their gradient and the"
        " loss cannot exceed 16.1.",
    }


def finding(place: Place, fault: Fault) -> dict[str, Any]:
    loss, property, target, dtype = place
    case = f"{property}:{loss}/{dtype}/tails/2x2/none/s31"
    given = {"logits": [[0.0, -200.0]], "target": [1]}
    example = {"case": case, "inputs": given, "expected": fault.expected, "actual": fault.actual}
    known = {**deviation(place), "cases": fault.cases} if fault.verdict == "known" else None
    return {
        "id": f"{loss}-{property}-{dtype}",
        "kind": fault.kind,
        "loss": loss,
        "property": property,
        "target": target,
        "dtype": dtype,
        "case": case,
        "cases": fault.cases,
        "mismatched": 1,
        "of": 6,
        "index": [0, 1],
        "inputs": given,
        "parameters": {"label_smoothing": 0.1},
        "hex": {"logits": [["0x0.0p+0", "-0x1.9000000000000p+7"]]},
        "reduction": "mean",
        "expected": fault.expected,
        "actual": fault.actual,
        "expected_hex": "0x1.9000000000000p+7" if isinstance(fault.expected, float) else None,
        "error_ulp": 3.2 * fault.share or None,
        "share": fault.share or None,
        "bound": 3.2 if fault.share else None,
        "rule": fault.rule,
        "why": fault.why,
        "snippet": "import torch\nfrom torch.nn.functional import cross_entropy\n\n"
        "logits = torch.tensor([[0.0, -200.0]])\nprint(cross_entropy(logits, torch.tensor([1])))",
        "replay": f"conformance replay {case} -t '{target}'",
        "smallest": [example, {**example, "case": case + "2"}, {**example, "case": case + "3"}],
        "known": known,
    }
