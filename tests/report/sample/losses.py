"""Spec cards of the eight losses, as a manifest carries them."""

from __future__ import annotations

from typing import Any

REAL = {"shape": "*batch", "in": "real", "kind": "real"}
LOGITS = {"shape": "*batch classes", "in": "real", "kind": "real"}
INDEX = {"shape": "*batch", "in": "[0, classes)", "kind": "class_index"}
UNIT = {"shape": "*batch", "in": "[0, 1]", "kind": "real"}
WEIGHT = {"kind": "real", "default": None, "in": "[0, inf)", "shape": "classes", "optional": True}
MEAN = {"none": None, "sum": None, "mean": "size"}
LOG_OF_ZERO = {
    "question": "How is the logarithm of zero kept finite?",
    "choices": {
        "exact": "it is not",
        "floor(value)": "the logarithm is clamped from below",
        "clip(eps)": "probabilities are clipped into [eps, 1 - eps]",
    },
    "default": "exact",
}
EMPTY_MEAN = {
    "question": "What is the mean over nothing?",
    "choices": {"nan": "zero divided by zero", "zero": "zero"},
    "default": "nan",
}
IGNORED = {
    "question": "Does the mean count rows whose target is ignored?",
    "choices": {"excluded": "no", "counted": "yes"},
    "default": "excluded",
}
CE_LATEX = r"\ell_i = -w_{y_i} \log \frac{e^{h_{i y_i}}}{\sum_k e^{h_{ik}}}"


def loss(family: str, summary: str, inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    latex, let, text = more.pop("latex"), more.pop("let", {}), more.pop("loss")
    return {
        "digest": f"{len(summary) % 10}" + "7f3c9be41d02a68f" * 3,
        "family": family,
        "summary": summary,
        "inputs": inputs,
        "formula": {"let": let, "loss": text},
        "latex": latex,
        "reductions": MEAN,
        "sources": [{"text": "Goodfellow, Bengio, Courville: Deep Learning", "where": "6.2.2"}],
        **more,
    }


def edge(id: str, why: str, given: dict[str, Any], expected: Any) -> dict[str, Any]:
    return {"id": id, "why": why, "given": given, "loss": expected}


CE_EDGES = [
    edge(
        "far-target",
        "log(softmax(x)) is infinite here; the difference of the logits is exact.",
        {"logits": [[0.0, -200.0]], "target": [1]},
        [200.0],
    ),
    edge(
        "two-infinities",
        "Two certain classes share the mass.",
        {"logits": [["Infinity"] * 2]},
        ["NaN"],
    ),
    edge(
        "all-ignored-mean",
        "Zero divided by zero; see the convention empty-mean.",
        {"logits": [[0.0, 0.0]], "target": [-100], "reduction": "mean"},
        "NaN",
    ),
    edge("one-class", "Nothing to be uncertain of.", {"logits": [[3.0]], "target": [0]}, [0.0]),
    edge(
        "empty-batch", "The sum of nothing.", {"logits": [], "target": [], "reduction": "sum"}, 0.0
    ),
]
BCE_EDGES = [
    edge(
        "certain-and-wrong",
        "The logarithm of zero.",
        {"probabilities": [0.0], "target": [1.0]},
        ["Infinity"],
    ),
    edge("certain-and-right", "Exactly nothing.", {"probabilities": [1.0], "target": [1.0]}, [0.0]),
    edge(
        "smallest-subnormal",
        "Below the normal range.",
        {"probabilities": [5e-324], "target": [1.0]},
        [744.44],
    ),
]
PLAIN_EDGES = [
    edge(
        "signed-zeros",
        "Equal numbers, whatever their sign.",
        {"prediction": [-0.0], "target": [0.0]},
        [0.0],
    ),
    edge(
        "overflowing-difference",
        "The difference is not a float.",
        {"prediction": [1e308], "target": [-1e308]},
        ["Infinity"],
    ),
    edge("nan-in-nan-out", "", {"prediction": ["NaN"], "target": [0.0]}, ["NaN"]),
]

LOSSES: dict[str, dict[str, Any]] = {
    "l1": loss(
        "regression",
        "Absolute difference.",
        {"prediction": REAL, "target": REAL},
        latex=r"\ell_i = \left| x_i - y_i \right|",
        loss="abs(prediction - target)",
        edge_cases=PLAIN_EDGES,
        conventions={"empty-mean": EMPTY_MEAN},
    ),
    "mse": loss(
        "regression",
        "Squared difference.",
        {"prediction": REAL, "target": REAL},
        latex=r"\ell_i = (x_i - y_i)^2",
        loss="(prediction - target) ** 2",
        edge_cases=PLAIN_EDGES,
        conventions={"empty-mean": EMPTY_MEAN},
    ),
    "nll": loss(
        "classification",
        "Minus the log-probability given to the target class.",
        {"log_probabilities": LOGITS, "target": INDEX},
        latex=r"\ell_i = -w_{y_i} x_{i y_i}",
        let={"w": "[1 for k in range(classes)] if weight is None else weight"},
        loss="0 if target == ignore_index else -w[target] * log_probabilities[target]",
        parameters={"weight": WEIGHT, "ignore_index": {"kind": "integer", "default": -100}},
        conventions={"ignored-in-mean": IGNORED, "empty-mean": EMPTY_MEAN},
        edge_cases=CE_EDGES[2:],
    ),
    "cross_entropy": loss(
        "classification",
        "Minus the log-probability that softmax(logits) gives to the target class.",
        {"logits": LOGITS, "target": INDEX},
        latex=CE_LATEX,
        let={
            "log_z": "log(sum(exp(x) for x in logits))",
            "w": "[1 for k in range(classes)] if weight is None else weight",
            "hard": "w[target] * (log_z - logits[target])",
            "soft": "sum(w[k] * (log_z - logits[k]) for k in range(classes)) / classes",
        },
        loss="0 if target == ignore_index"
        " else (1 - label_smoothing) * hard + label_smoothing * soft",
        parameters={
            "weight": WEIGHT,
            "ignore_index": {"kind": "integer", "default": -100},
            "label_smoothing": {"default": 0.0, "in": "[0, 1]"},
        },
        conventions={"ignored-in-mean": IGNORED, "empty-mean": EMPTY_MEAN},
        edge_cases=CE_EDGES,
        identities=["cross_entropy(h, y) = nll(log_softmax(h), y)"],
        invariants=["One constant added to every logit of a sample leaves its loss unchanged."],
        rejects=[{"id": "target-past-the-last-class", "breaks": "target in [0, classes)"}],
    ),
    "cross_entropy_probabilities": loss(
        "classification",
        "Cross entropy between target probabilities and softmax(logits).",
        {"logits": LOGITS, "target": {**LOGITS, "in": "[0, 1]"}},
        latex=r"\ell_i = -\sum_k w_k \, y_{ik} \log \frac{e^{h_{ik}}}{\sum_j e^{h_{ij}}}",
        let={"log_z": "log(sum(exp(x) for x in logits))"},
        loss="sum(target[k] * (log_z - logits[k]) for k in range(classes))",
        parameters={"weight": WEIGHT},
        edge_cases=CE_EDGES[:2],
        conventions={"empty-mean": EMPTY_MEAN},
    ),
    "binary_cross_entropy": loss(
        "classification",
        "Cross entropy of two classes, from a probability.",
        {"probabilities": UNIT, "target": UNIT},
        latex=r"\ell_i = -w_i \left[ y_i \log p_i + (1 - y_i) \log (1 - p_i) \right]",
        let={"log_p": "log(probabilities)", "log_q": "log(1 - probabilities)"},
        loss="-(xlogy(target, probabilities) + xlogy(1 - target, 1 - probabilities))",
        parameters={"weight": {**WEIGHT, "shape": "*batch"}},
        edge_cases=BCE_EDGES,
        conventions={"log-of-zero": LOG_OF_ZERO, "empty-mean": EMPTY_MEAN},
    ),
    "binary_cross_entropy_with_logits": loss(
        "classification",
        "Cross entropy of two classes, from a logit.",
        {"logits": REAL, "target": UNIT},
        latex=r"\ell_i = (1 - y_i) h_i"
        r" + \left(1 + (p - 1) y_i\right) \log \left( 1 + e^{-h_i} \right)",
        loss="(1 - target) * logits + (1 + (pos_weight - 1) * target) * log(1 + exp(-logits))",
        parameters={"pos_weight": {**WEIGHT, "shape": "*batch"}},
        edge_cases=PLAIN_EDGES[2:],
        conventions={"empty-mean": EMPTY_MEAN},
    ),
    "kl_divergence": loss(
        "divergence",
        "Kullback-Leibler divergence of a target from a log-prediction.",
        {"log_probabilities": REAL, "target": UNIT},
        latex=r"\ell_i = y_i \left( \log y_i - x_i \right)",
        loss="xlogy(target, target) - target * log_probabilities",
        reductions={**MEAN, "batchmean": "rows"},
        parameters={"log_target": {"kind": "boolean", "default": False}},
        conventions={"log-of-zero": LOG_OF_ZERO, "empty-mean": EMPTY_MEAN},
        edge_cases=PLAIN_EDGES[2:],
    ),
}
