"""The command line. Data goes to stdout, all else to stderr; frameworks are never imported here."""
