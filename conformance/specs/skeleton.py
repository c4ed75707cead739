"""A first spec to change: complete, commented, and without a fault."""

import re
from pathlib import Path

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def skeleton() -> str:
    """Give the text of a spec that checks clean, with a comment on every part."""
    return Path(__file__).with_suffix(".yaml").read_text("utf-8")


def place_of(id: str, family: str | None, file: Path | None) -> Path:
    """Give where the spec of a loss goes; raises ValueError for a name that is none."""
    for what, name in (("loss", id), ("family", family or "family")):
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"the {what} {name!r} has no name for a file and a column; "
                "write a small letter, then small letters, digits and _, 40 at most"
            )
    if file is None:
        return Path(family or ".") / f"{id}.yaml"
    if file.stem != id or file.suffix != ".yaml":
        raise ValueError(f"the file {file} names another loss than {id}; call it {id}.yaml")
    if family is not None and file.resolve().parent.name != family:
        raise ValueError(f"the file {file} is in no folder {family}; leave --family out")
    return file
