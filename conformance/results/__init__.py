"""Results as data: the records of a run, their file, and what they come to.

`read_results(path)` and `ResultsWriter(path, manifest)` are the two ends of a file,
`summarise(results)` the verdict in words, the exit code and the findings by cause;
`compare_runs(base, head)` says what became of every case between two runs, `compare_files` the same
of two files that it does not hold in memory. Imports the standard library only.
"""

from conformance.results.diff import Diff, DiffError, compare_files, compare_runs
from conformance.results.read import Results, ResultsError, read_results
from conformance.results.summary import Summary, summarise
from conformance.results.write import ResultsWriter

__all__ = [
    "Diff",
    "DiffError",
    "Results",
    "ResultsError",
    "ResultsWriter",
    "Summary",
    "compare_files",
    "compare_runs",
    "read_results",
    "summarise",
]
