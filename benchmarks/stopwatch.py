"""Times measured side by side: contenders take turns, so that a busy machine slows all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median


def side_by_side(
    contenders: Mapping[str, Callable[[], object]], repetitions: int
) -> dict[str, float]:
    """Median seconds of each contender; one round before the first is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(repetitions + 1):
        for name, run in contenders.items():
            began = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - began)
    return {name: median(each) for name, each in seconds.items()}
