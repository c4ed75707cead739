"""Small packages of our own, as wheels in a folder: nothing is fetched from anywhere."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from zipfile import ZipFile


def wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    needs: tuple[str, ...] = (),
    python: str = "",
    code: str = "",
) -> Path:
    """Write a wheel of one module; `python` is what it says it requires."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    metadata = [
        "Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}",
        *([f"Requires-Python: {python}"] if python else []),
        *(f"Requires-Dist: {need}" for need in needs),
    ]  # fmt: skip
    files = {
        f"{name}.py": code or f"__version__ = {version!r}\n",
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},sha256={_hash(text)},{len(text)}\n" for file, text in files.items())
    with ZipFile(path, "w") as archive:
        for file, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(file, text)
    return path


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
