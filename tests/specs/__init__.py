"""Tests of the specs, their language and their reader."""
