from __future__ import annotations

import re
from dataclasses import replace

from conformance.report import markdown
from conformance.results import Results


def test_verdict_gaps_matrix_and_causes_in_that_order(results: Results) -> None:
    text = markdown.render(results)
    assert text.startswith("## ✗ Does not conform: 8 causes in 6 of 8 losses")
    parts = [text.index(part) for part in ("### Did not run", "### Matrix", "<details>")]
    assert parts == sorted(parts)
    assert text.count("<details>") == text.count("</details>") == 8
    assert "| <code>kl_divergence</code> | ✗ fail 12.4× | ◐ known 90 % |" in text
    assert "print(cross_entropy(logits, torch.tensor([1])))" in text


def test_hostile_text_adds_no_markup(poisoned: Results) -> None:
    outside = re.sub(r"(?ms)^(`{3,})\n.*?^\1$", "", markdown.render(poisoned))
    tags = set(re.findall(r"<[^>]*>", outside))
    assert tags == {"<details>", "</details>", "<summary>", "</summary>", "<code>", "</code>"}
    rows = [line for line in outside.splitlines() if line.startswith("| <code>")]
    assert {row.count("|") for row in rows} <= {3, 7}


def test_a_fence_is_longer_than_any_inside_it(poisoned: Results) -> None:
    assert "````\na | b | `c` | ```\n````" in markdown.render(poisoned)


def test_what_does_not_fit_is_counted(results: Results) -> None:
    failing = next(cell for cell in results.cells if cell.findings and cell.verdict == "fail")
    finding = replace(failing.findings[0], inputs={f"x{at}": "<" * 400 for at in range(30)})
    many = tuple(replace(finding, property=f"p{at:03}") for at in range(80))
    text = markdown.render(replace(results, cells=(replace(failing, findings=many),)))
    assert len(text.encode()) <= markdown.LIMIT
    assert text.count("<details>") <= markdown.GROUPS
    left = 80 - text.count("<details>")
    assert text.endswith(f"\n{left} further causes in the full report.\n")
