"""Results as data: the records of a run, their file, and what they come to.

`read_results(path)` and `ResultsWriter(path, manifest)` are the two ends of a file,
`summarise(results)` the verdict in words, the exit code and the findings by cause. Imports the
standard library only.
"""

from conformance.results.read import Results, ResultsError, read_results
from conformance.results.summary import Summary, summarise
from conformance.results.write import ResultsWriter

__all__ = ["Results", "ResultsError", "ResultsWriter", "Summary", "read_results", "summarise"]
