"""Rules that a spec must keep beyond its schema; each gives the problems that it finds."""
