"""Rows of options that between them meet every single option, then every pair, then triples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from random import Random

Row = dict[str, str]
Factors = Mapping[str, Sequence[str]]

# One new single outweighs any number of pairs, one new pair any number of triples.
_SINGLE, _PAIR = 1_000_000, 1_000


class Coverage:
    """Which options were met alone, in pairs and in triples; options are bits of a mask."""

    def __init__(self) -> None:
        self.single = 0
        self.pair: defaultdict[int, int] = defaultdict(int)
        self.triple: defaultdict[tuple[int, int], int] = defaultdict(int)

    def gain(self, option: int, chosen: Sequence[int], mask: int) -> int:
        """How much that was never met an option adds to those chosen before it."""
        score = _SINGLE * (not self.single >> option & 1)
        pairs = (mask & ~self.pair[option]).bit_count()
        if pairs:
            return score + _PAIR * pairs
        return score + sum((mask & ~self.triple[option, other]).bit_count() for other in chosen)

    def unmet(self, option: int) -> int:
        """How many options were never met together with this one, up to a constant."""
        return -self.pair[option].bit_count()

    def meet(self, chosen: Sequence[int], mask: int) -> None:
        self.single |= mask
        for option in chosen:
            self.pair[option] |= mask
            for other in chosen:
                # A triple holds three different options: the pair itself counts as met.
                self.triple[option, other] |= mask


def cover(factors: Factors, fixed: Iterator[Row], seed: str) -> Iterator[Row]:
    """Rows of one option a factor, one for each of `fixed`, which gives the options it must have.

    The others are picked greedily, factor by factor in random order, to meet what no row before has
    met (Cohen, Dalal, Fredman and Patton 1997, "The AETG system"). Equal seeds give equal rows.
    """
    random, coverage = Random(seed), Coverage()
    numbers = _numbered(factors)
    for pinned in fixed:
        row = dict(pinned)
        chosen = [numbers[name, text] for name, text in row.items()]
        mask = sum(1 << option for option in chosen)
        free = [name for name in factors if name not in row]
        random.shuffle(free)
        for name in free:
            gains = {
                text: coverage.gain(numbers[name, text], chosen, mask)
                + (coverage.unmet(numbers[name, text]) + random.random()) / (len(numbers) + 1)
                for text in factors[name]
            }
            row[name] = max(gains, key=gains.__getitem__)
            chosen.append(numbers[name, row[name]])
            mask |= 1 << chosen[-1]
        coverage.meet(chosen, mask)
        yield {name: row[name] for name in factors}


def _numbered(factors: Factors) -> dict[tuple[str, str], int]:
    options = [(name, text) for name, texts in factors.items() for text in texts]
    return {option: number for number, option in enumerate(options)}
