"""Tests of targets, bindings, and the processes that call."""
