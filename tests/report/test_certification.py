"""The report says how near the reference came to the oracle, and for which state of the specs."""

from __future__ import annotations

from dataclasses import replace

from conformance.report import certification, html
from conformance.results.certification import Certification, Certified, Row


def certified_for(results, spec=None) -> Certification:
    rows = (
        Row("value", "typical", 4, 1200, 0.25), Row("value", "tails", 4, 1200, 0.5),
        Row("logits", "ties", 4, 34, 0.875),
    )  # fmt: skip
    losses = {
        name: Certified(spec or loss.digest, rows) for name, loss in results.manifest.losses.items()
    }
    return Certification("0.1.0", "2026-11-23T00:00:00+00:00", 0, 20, "ab", {}, losses)


def test_every_loss_of_the_run_gets_its_largest_shares(results):
    made = certification.lines(results.manifest, certified_for(results))
    assert [line.loss for line in made] == [*results.manifest.losses]
    assert made[0].value.regime == "tails"
    assert made[0].gradient.quantity == "logits"
    assert {(line.elements, line.note) for line in made} == {(2434, "")}


def test_the_page_shows_the_figures(results):
    page = html.render(results, certified=certified_for(results))
    assert "Certification of the reference" in page
    assert "20 rounds with seed 0" in page
    assert "88 % <small>ties, by logits</small>" in page


def test_another_state_of_a_spec_is_told(results):
    page = html.render(results, certified=certified_for(results, "other"))
    assert "certified for another state of the spec" in page


def test_a_loss_that_was_not_certified_is_told(results):
    made = replace(certified_for(results), losses={})
    assert {line.note for line in certification.lines(results.manifest, made)} == {"not certified"}


def test_the_score_stands_in_the_method_section(results, monkeypatch):
    page = html.render(results)
    method = page[page.index('id="method"') :]
    assert "<h3>The suite's own score</h3>" in method.replace("&#39;", "'")
    assert "check, profile default" in method
    assert "torch.autograd.gradcheck" in method
    assert "quick misses" in method
    monkeypatch.setattr(html, "read_score", lambda: None)
    assert "carries no score" in html.render(results)


def test_a_suite_without_a_certification_says_so(results, monkeypatch):
    monkeypatch.setattr(html, "read_certification", lambda: None)
    assert "carries no certification" in html.render(results)
