"""Frameworks: how the losses are called in them, and the processes that call."""
