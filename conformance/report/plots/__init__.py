"""Plots as numbers and paths; templates draw them. Nothing here knows HTML."""
