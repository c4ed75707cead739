"""The report of two runs: what moves from one to the other, in every format."""
