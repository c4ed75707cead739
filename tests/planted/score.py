"""The suite's own score: every planted implementation through the suite and through its peers.

`python -m tests.planted.score quick default peers` runs those parts, keeps what they found in
reports/score.json, prints the tables, and writes reports/score.md and what every report shows of it.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conformance import __version__
from tests.planted.catalogue import Planted, load
from tests.planted.judging import ROOT, Bench, judged
from tests.planted.tables import markdown, record, text

PROFILES = ("quick", "default")
PARTS = (*PROFILES, "peers")
DATA = ROOT / "reports" / "score.json"
PAGE = ROOT / "reports" / "score.md"
SUMMARY = ROOT / "reports" / "score-summary.json"
Found = dict[str, Any]


def through_suite(planted: Planted, bench: Bench, profile: str) -> Found:
    """Which properties found something in the first dtype in which any did; all are run else."""
    began = time.perf_counter()
    ready = bench.ready(planted)
    found: Found = {"caught": False, "dtype": None, "properties": {}, "case": None}
    for dtype in planted.dtypes:
        if dtype not in ready.dtypes:
            found["properties"] = {"not taken": 1}
            found["case"] = ready.binding.unsupported.get(dtype)
        faults = judged(ready, planted, dtype, profile)
        if faults:
            names = [fault.property for fault in faults]
            found |= {
                "caught": True,
                "dtype": dtype,
                "properties": {name: names.count(name) for name in dict.fromkeys(names)},
                "case": f"{faults[0].case.id}: {faults[0].note}",
            }
            break
    return {**found, "seconds": round(time.perf_counter() - began, 2)}


def suite_part(profile: str, chosen: Sequence[Planted], keep: Callable[[str, Found], None]) -> None:
    bench = Bench()
    try:
        for planted in chosen:
            keep(planted.id, through_suite(planted, bench, profile))
    finally:
        bench.close()


def peers_part(chosen: Sequence[Planted], keep: Callable[[str, Found], None]) -> None:
    from tests.planted.peers import PEERS, verdict

    for planted in chosen:
        keep(planted.id, {name: verdict(peer, planted) for name, peer in PEERS.items()})


def stored() -> dict[str, dict[str, Found]]:
    return json.loads(DATA.read_text("utf-8")) if DATA.exists() else {}


def run(part: str, chosen: Sequence[Planted]) -> dict[str, Found]:
    """One part over the chosen implementations, told on stderr as it goes."""
    results: dict[str, Found] = {}

    def keep(id: str, found: Found) -> None:
        results[id] = found
        print(f"{part} {len(results)}/{len(chosen)} {id} {_told(found)}", file=sys.stderr)

    if part == "peers":
        peers_part(chosen, keep)
    else:
        suite_part(part, chosen, keep)
    return results


def _told(found: Mapping[str, Any]) -> str:
    if "caught" not in found:
        return ", ".join(name for name, caught in found.items() if caught)
    return f"{found['dtype']} {' '.join(found['properties'])}" if found["caught"] else "-"


def main() -> None:
    """Run the parts asked for (all without any), then print and write the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.planted.score", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument(
        "--only", help="only those whose id contains this; the others keep what is stored"
    )
    asked = parser.parse_args()
    if unknown := sorted(set(asked.parts) - set(PARTS)):
        parser.error(f"unknown part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    chosen = [each for each in load() if asked.only is None or asked.only in each.id]
    results = stored()
    for part in asked.parts or PARTS:
        found = run(part, chosen)
        results = stored()
        results[part] = {**results.get(part, {}), **found} if asked.only else found
        DATA.write_text(json.dumps(results, indent=0, sort_keys=True) + "\n", "utf-8")
    PAGE.write_text(markdown(results), "utf-8")
    today = datetime.date.today().isoformat()
    SUMMARY.write_text(record(results, __version__, today).text(), "utf-8")
    print(text(results))


if __name__ == "__main__":
    main()
