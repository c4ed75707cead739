"""Cells with errors that look measured: most below half an ulp, some near their bound, few over."""

from __future__ import annotations

import math
from random import Random
from typing import Any

from tests.report.sample.faults import deviation, fault, finding

Place = tuple[str, str, str, str]

REGIMES = ("typical", "tails", "log-uniform", "cancelling", "ties", "subnormal", "one-hot")
TOP = {"float64": 300, "float32": 38, "float16": 4, "bfloat16": 38}
ULP = {"float64": -52, "float32": -23, "float16": -10, "bfloat16": -7}


def cell(place: Place, loss: dict[str, Any], rows: int, random: Random) -> dict[str, Any] | None:
    name, property, target, dtype = place
    base = {"kind": "cell", "loss": name, "property": property, "target": target, "dtype": dtype}
    reason = missing(place)
    if reason:
        return {**base, "verdict": "n/a", "reason": reason}
    trouble = fault(place)
    base |= {
        "verdict": trouble.verdict if trouble else "pass",
        "cases": rows,
        "elements": 61 * rows,
    }
    if property in ("value", "gradient"):
        base |= numbers(place, rows, trouble.share if trouble else 0.0, random)
    if property in ("edge-case", "example", "error"):
        base |= {"outcomes": outcomes(place, loss, trouble is not None)}
    if (trouble and trouble.verdict in ("fail", "known")) or (trouble and trouble.kind == "crash"):
        base["findings"] = [finding(place, trouble)]
    if trouble and trouble.verdict in ("known", "xpass"):
        base["known"] = [
            {**deviation(place), "cases": 0 if trouble.verdict == "xpass" else trouble.cases}
        ]
    if trouble and trouble.verdict in ("not run", "error"):
        base["reason"] = trouble.rule
    return base


def missing(place: Place) -> str | None:
    loss, property, target, _ = place
    framework = target.split("=")[0].split("[")[0]
    if framework == "tensorflow" and loss in ("nll", "kl_divergence", "l1"):
        return f"tf.nn has no {loss}"
    if framework == "optax" and loss == "binary_cross_entropy":
        return "Optax has no binary cross entropy from probabilities"
    if framework in ("tensorflow", "optax") and property == "module":
        return "functions only"
    return None


def numbers(place: Place, rows: int, share: float, random: Random) -> dict[str, Any]:
    loss, property, _, dtype = place
    reach = random.uniform(0.15, 0.95)
    measured = [measure(dtype, reach, random) for _ in range(400)]
    if share:
        x, _, bound = measured[7]
        measured[7] = (x, bound * share, bound)
        measured[8] = (x * 1.5, bound * min(share, 1.3), bound)
    x, error, bound = max(measured, key=lambda m: m[1] / m[2])
    used = error / bound
    total = 61 * rows
    whole = dtype == "bfloat16" and loss in ("l1", "mse")
    over = 3 if used > 1 else 0
    own = 0.08 * random.random() ** 3
    split = [0.02, 0.85 - 2 * own, 0.12, own, own, 0.0]
    counts = [int(part * total) for part in split]
    names = ("exact special", "correctly rounded", "faithful", "ideal", "own", "premature")
    case = f"{property}:{loss}/{dtype}/tails/17x3/mean/weight=typical,label_smoothing=0.1/s123"
    value = abs(math.sin(x)) * 10
    return {
        "classes": {**dict(zip(names, counts, strict=True)), "exceeds": over, "wrong": 0},
        "worst": {
            "ulp": error,
            "share": used,
            "case": case,
            "inputs": {"logits": [x, 0.25], "target": [0]},
            "hex": {"logits": [x.hex(), (0.25).hex()], "target": None},
            "expected": value,
            "actual": value * (1 + error * 2.0 ** ULP[dtype]),
            "bound_ulp": bound,
        },
        "bias_ulp": random.gauss(0, 0.02),
        "accuracy_loss": {"factor": 1 + 3 * random.random(), "case": case},
        "typed": {"torch": int(total * own / 9), "jax": int(total * own / 20), "keras": 0},
        "coverage": "exhaustive" if whole else f"sampled n={total}",
        "algorithm": "log_softmax_then_pick",
        "axis": "logits" if "entropy" in loss else "prediction",
        "points": [list(point) for point in measured],
        "quantiles": quantiles(sorted(error for _, error, _ in measured)),
        "rows": [row(place, at, random) for at in range(rows)],
    }


def measure(dtype: str, reach: float, random: Random) -> tuple[float, float, float]:
    """An input somewhere among the floats, its error and its bound in ulp."""
    top = TOP[dtype]
    if random.random() < 0.5:
        x = random.choice((-1, 1)) * 10 ** random.uniform(-top, top)
    else:
        x = random.gauss(0, 8)
    bound = 1.5 + 2.5 / (1 + (math.log10(abs(x)) / 6) ** 2) * (1 + 0.1 * random.random())
    error = (
        min(abs(random.gauss(0, 0.22)), reach)
        if random.random() < 0.8
        else random.random() ** 3 * reach * bound
    )
    return x, 0.0 if random.random() < 0.1 else error, bound


def quantiles(errors: list[float]) -> list[list[float]]:
    levels = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0]
    return [[level, errors[min(int(level * len(errors)), len(errors) - 1)]] for level in levels]


def row(place: Place, at: int, random: Random) -> list[Any]:
    loss, property, _, dtype = place
    shape = f"{1 + at % 65}x{2 + at % 9}"
    reduction = ("none", "mean", "sum")[at % 3]
    options = ("", "weight=typical", "label_smoothing=0.1", "weight=zeros,label_smoothing=0.9")[
        at % 4
    ]
    parts = [loss, dtype, REGIMES[at % 7], shape, reduction, options, f"s{1000 + 7 * at}"]
    error = abs(random.gauss(0, 0.4))
    known = place[2].startswith("keras") and at % 97 == 0
    return [
        f"{property}:{'/'.join(part for part in parts if part)}",
        "known" if known else "pass",
        "faithful" if error > 0.5 else "correctly rounded",
        error,
        error / 3,
        f"{random.getrandbits(64):016x}",
    ]


def outcomes(place: Place, loss: dict[str, Any], trouble: bool) -> list[dict[str, Any]]:
    if place[1] == "error":
        listed = [
            {"id": r["id"], "given": {}, "loss": "an exception"} for r in loss.get("rejects", [])
        ]
    elif place[1] == "example":
        listed = [{"id": "two-rows", "given": {"prediction": [1, 2, 3]}, "loss": 0.2}]
    else:
        listed = loss.get("edge_cases", [])
    made = [
        {
            "id": case["id"],
            "given": case["given"],
            "expected": case["loss"],
            "actual": case["loss"],
            "verdict": "pass",
            "note": None,
        }
        for case in listed
    ]
    if trouble and made:
        made[0] |= {
            "verdict": "known" if place[2].startswith("keras") else "fail",
            "actual": ["Infinity"],
        }
    return made
