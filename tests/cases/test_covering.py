from __future__ import annotations

import itertools

from conformance.cases.covering import Coverage, cover

FACTORS = {
    "regime": tuple("abcdefghijklmnop"),
    "reduction": ("none", "mean", "sum"),
    "axes": ("vector", "matrix", "cube"),
    "weight": ("-", "u", "v", "w", "x", "y"),
}


def rows(count, seed="a seed", fixed=({},)):
    return list(itertools.islice(cover(FACTORS, itertools.cycle(fixed), seed), count))


def missed(found, size):
    groups = list(itertools.combinations(FACTORS, size))
    met = {(group, tuple(row[name] for name in group)) for row in found for group in groups}
    options = {group: itertools.product(*(FACTORS[name] for name in group)) for group in groups}
    return {(group, texts) for group in groups for texts in options[group]} - met


def test_every_option_is_met_in_as_many_rows_as_the_longest_factor_has():
    assert not missed(rows(16), 1)
    assert missed(rows(15), 1)  # fewer rows cannot


def test_every_pair_is_met_soon():
    assert not missed(rows(120), 2)  # at least 16 x 6 = 96 rows are needed


def test_triples_come_after_the_pairs():
    triples = 16 * 3 * 3 + 16 * 3 * 6 * 2 + 3 * 3 * 6
    assert len(missed(rows(400), 3)) < triples / 20


def test_an_option_that_was_never_met_outweighs_any_pairs():
    coverage = Coverage()
    coverage.meet([1], 0b10)
    coverage.meet([2, 3, 4], 0b11100)
    never_met, new_in_company = coverage.gain(0, [], 0), coverage.gain(1, [2, 3, 4], 0b11100)
    assert never_met > new_in_company > 0


def test_given_options_are_kept():
    found = rows(60, fixed=({"weight": "-"}, {}))
    assert {row["weight"] for row in found[::2]} == {"-"}
    assert {row["weight"] for row in found[1::2]} >= set("uvwxy")


def test_equal_seeds_give_equal_rows_and_others_do_not():
    assert rows(30) == rows(30)
    assert rows(30) != rows(30, seed="another seed")
