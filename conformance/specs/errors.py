"""What is wrong with a spec, where, and what would be right."""

from collections.abc import Iterable
from dataclasses import dataclass


class FormulaError(ValueError):
    """A formula lies outside the language, or ran past one of its limits."""


@dataclass(frozen=True, order=True)
class Problem:
    """One fault of one file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}; {self.remedy}"


class SpecError(Exception):
    """All that is wrong with the files read, at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))
