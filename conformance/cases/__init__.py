"""Recipes drawn from a spec, the cases built from them, and the cases that the spec itself writes.

A recipe is drawn (`drawing`), built into a case (`generation`) and can be read back from the id
that a report prints (`replay`). `edges` and `rejects` hold the spec's own cases, `identities` the
sides of equations, `shrinking` simpler neighbours of what fails.
"""
