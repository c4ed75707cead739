"""Invariants of a loss, made into calls and what must hold between their results."""
