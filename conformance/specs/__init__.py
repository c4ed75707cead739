"""Specs of losses: strict reading, models, the formula language, the library and its lint."""
