"""Where Hypothesis keeps what it computes once: out of the folder that a run starts in."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

VARIABLE = "HYPOTHESIS_STORAGE_DIRECTORY"


def keep_hypothesis_out() -> None:
    """Name a folder of the user's cache, or a temporary one; before Hypothesis is imported."""
    os.environ.setdefault(VARIABLE, str(_folder()))


def _folder() -> Path:
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = cache / "loss-conformance" / "hypothesis"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # no home, or none that can be written to
        return Path(tempfile.gettempdir()) / "loss-conformance-hypothesis"
    if not os.access(folder, os.W_OK):
        return Path(tempfile.gettempdir()) / "loss-conformance-hypothesis"
    return folder
