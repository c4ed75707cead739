"""The reference against the oracle: what is asked of both, and how far apart they are."""
