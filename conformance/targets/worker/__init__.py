"""Plain scripts, run by path in any Python from 3.9 on, with NumPy and one framework."""
