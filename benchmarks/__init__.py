"""The figures that the README states, as ratios measured side by side in one run.

`python -m benchmarks` prints all of them, `python -m benchmarks bulk peer` two. Nothing is
asserted: a time belongs to a machine, and its neighbour in the same run is the only fair measure.
"""
