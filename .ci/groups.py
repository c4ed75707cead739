"""Print the requirements of dependency groups, for a pip that does not know `--group` yet."""

import sys
import tomllib
from pathlib import Path

GROUPS = tomllib.loads(Path("pyproject.toml").read_text())["dependency-groups"]
print(*(requirement for name in sys.argv[1:] for requirement in GROUPS[name]))
