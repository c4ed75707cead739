"""Command line: which figures, and over how many comparisons."""

from __future__ import annotations

import argparse

from benchmarks import auditing, bulk, checking, diffing, exceedances, exhaustive, peer, quick
from benchmarks.setting import heading
from conformance.engine.request import PROFILES

FIGURES = ("bulk", "quick", "checking", "peer", "diffing", "exhaustive", "exceedances", "auditing")


def main() -> None:
    """Print the machine, the versions, then each figure asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(FIGURES)}")
    parser.add_argument(
        "--elements", type=float, default=1e7, help="comparisons of `exceedances` (default 1e7)"
    )
    parser.add_argument(
        "--profile", choices=PROFILES, default="default", help="of `auditing` (default: default)"
    )
    asked = parser.parse_args()
    unknown = sorted(set(asked.names) - set(FIGURES))
    if unknown:
        parser.error(f"unknown figure {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    print(heading(), flush=True)
    for name in asked.names or FIGURES:
        print(f"\n## {name}\n", flush=True)
        match name:
            case "bulk":
                bulk.measure()
            case "quick":
                quick.measure()
            case "checking":
                checking.measure()
            case "peer":
                peer.measure()
            case "exhaustive":
                exhaustive.measure()
            case "diffing":
                diffing.measure()
            case "exceedances":
                exceedances.measure(int(asked.elements))
            case "auditing":
                auditing.measure(asked.profile)


if __name__ == "__main__":
    main()
