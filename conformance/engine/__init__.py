"""Plan, evaluate, judge, shrink: the run of the suite, as values."""
