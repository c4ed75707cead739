"""The command line: `conformance` or `python -m conformance`."""

from conformance.cli.root import main

if __name__ == "__main__":
    main()
