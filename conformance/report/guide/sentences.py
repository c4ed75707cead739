"""The sentences of a porting guide, the same in every form."""

from __future__ import annotations

from typing import Any

from conformance.report import wording

SYMBOL = {"verified": "✓", "not as declared": "✗", "declared, not probed": "?"}


def title(guide: dict[str, Any]) -> str:
    names = " and ".join(guide["targets"]) or ", ".join(guide["not_run"])
    return f"Porting between {names}"


def opening(guide: dict[str, Any]) -> str:
    """What the guide counts, in one sentence."""
    found = [each for loss in guide["losses"] for each in loss["differences"]]
    common = sum(len(loss["targets"]) > 1 for loss in guide["losses"])
    counts = [
        f"{sum(each['verdict'] == verdict for each in found)} {verdict}" for verdict in SYMBOL
    ]
    losses = wording.plural(common, "loss") if common == 1 else f"{common} losses"
    return (
        f"{losses} in common, {wording.plural(len(found), 'difference')} by convention: "
        f"{'; '.join(counts)}."
    )


def asked(probe: dict[str, Any]) -> str:
    """The case that was asked, and what of its answer tells the choices apart."""
    part = "value" if probe["part"] == "value" else f"gradient by {probe['part']}"
    given = ", ".join(f"{name} = {_input(item)}" for name, item in probe["given"].items())
    return f"{part} of {probe['case']} in {probe['dtype']}: {given}"


def _input(item: Any) -> str:
    return str(item).replace("'", "")


def answered(one: dict[str, Any]) -> str:
    """What a target returned, against what its choice demands."""
    if one["as_declared"]:
        return f"{one['actual']}, as {one['choice']} demands"
    return f"{one['actual']}, not as {one['choice']} demands: {one['expected']}"


def measured(residue: dict[str, Any]) -> tuple[str, ...]:
    """Dtype, cases, largest difference in ulp, and each side's share of its own bound."""
    furthest = "–" if residue["ulp"] is None else wording.ulp(float(residue["ulp"]))
    shares = tuple(wording.share(each) if residue["cases"] else "–" for each in _shares(residue))
    cases = f"{residue['cases']} ({residue['elements']} values)"
    return residue["dtype"], cases, furthest, *shares


def _shares(residue: dict[str, Any]) -> list[float]:
    return [float(each) for each in residue["shares"].values()]


def oddities(pair: dict[str, Any]) -> list[str]:
    """What no number of ulp can say."""
    lines = []
    for each in pair["residues"]:
        if each["apart"]:
            count = wording.plural(each["apart"], "value")
            lines.append(f"{each['dtype']}: {count} NaN or infinite on one side only")
        if each["failed"]:
            count = wording.plural(each["failed"], "case")
            lines.append(f"{each['dtype']}: {count} without a value of the due shape")
    return lines


def matches(pair: dict[str, Any]) -> str:
    """In how many drawn cases the declared choices demand the same, by reduction."""
    counts: dict[str, list[int]] = {}
    for residue in pair["residues"]:
        for name, match in residue["reductions"].items():
            have = counts.setdefault(name, [0, 0])
            have[0] += match["same"]
            have[1] += match["of"]
    shown = "; ".join(f"{name} {same} of {of}" for name, (same, of) in counts.items())
    return f"The same is due from both, of the cases that both take: {shown or 'none of any'}."
