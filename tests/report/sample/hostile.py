"""The same run with text that wants to break out of every place it is put in."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from conformance.results import Results, ResultsWriter, read_results
from tests.report.sample.run import Size, manifest, records

HOSTILE = (
    "<script>window.pwned=1</script>",
    "</script><script>window.pwned=1</script>",
    "</details></section></main></style>",
    "\"'><img src=x onerror=window.pwned=1>",
    "{{ 7*7 }}{% raw %}",
    "a | b | `c` | ```",
    "javascript:window.pwned=1",
    '=HYPERLINK("http://127.0.0.1/")',
    "\u202eesrever\u2066 \u05e9\u05dc\u05d5\u05dd 👩‍🔬 🧪",
    "nul\x00 bell\x07 escape\x1b[31m",
    "]]>&amp;&lt;",
    "M" * 10_000,
)
# What the schema reads as words of its own stays as it is.
FIXED = {"verdict", "status"}
NAMES = {"loss", "target", "property", "dtype"}


def hostile(path: Path, seed: int = 1) -> Results:
    """Results in which every free text is replaced; names only gain a tail."""
    size = Size(cases=400, dtypes=("float32",))
    made = records(size)
    head = manifest(size, len(made))
    known = [*head["losses"], *(target["name"] for target in head["targets"])]
    names = {name: name + HOSTILE[at % len(HOSTILE)] for at, name in enumerate(known)}
    poison = _Poison(names, Random(seed))
    with ResultsWriter(path, poison(head)) as writer:
        for record in made:
            writer.cell(poison(record))
        writer.end(seconds=1.0, exit=1, verdict=HOSTILE[0])
    return read_results(path)


class _Poison:
    def __init__(self, names: dict[str, str], random: Random) -> None:
        self.names = names
        self.random = random

    def __call__(self, item: Any, key: str = "") -> Any:
        if isinstance(item, dict):
            return {self.names.get(name, name): self(part, name) for name, part in item.items()}
        if key == "rows":
            return [[self.random.choice(HOSTILE[:-1]), *row[1:]] for row in item]
        if isinstance(item, list):
            return [self(part, key) for part in item]
        if not isinstance(item, str) or key in FIXED or item in ("NaN", "Infinity"):
            return item
        if key == "kind" and item not in ("real", "class_index", "integer", "boolean"):
            return item
        return self.names.get(item, item if key in NAMES else self.random.choice(HOSTILE))
