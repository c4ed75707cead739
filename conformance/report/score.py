"""The suite's own score as a table of text: in a page of many cells it is one node."""

from __future__ import annotations

from conformance.report import wording
from conformance.results.score import Score

_HEADS = ("judge", "faults caught", "correct variants flagged")


def text(score: Score) -> str:
    """A line a judge, the suite's profiles first."""
    rows = [
        (
            judge.name,
            f"{judge.caught} of {judge.faults} ({wording.percent(judge.caught, judge.faults)} %)",
            f"{judge.flagged} of {judge.correct}",
        )
        for judge in score.judges
    ]
    widths = [max(len(row[at]) for row in (_HEADS, *rows)) for at in range(len(_HEADS))]
    return "\n".join(
        f"{name:{widths[0]}}  {caught:>{widths[1]}}  {flagged:>{widths[2]}}"
        for name, caught, flagged in (_HEADS, *rows)
    )
