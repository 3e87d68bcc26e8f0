"""Errors that say what is wrong, where, what is allowed, and what to do next.

::

    MisidError
    ├── UsageError       (ValueError)    exit 2   the call is wrong
    ├── BadInputError    (ValueError)    exit 3   the data are wrong; holds every Problem found
    ├── NotEstimableError (ValueError)   exit 4   the data are right and cannot carry the answer
    └── EngineError      (RuntimeError)  exit 5   the database engine failed

Exit 1 is kept for defects of misid itself; 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with an input.

    `code` and `slug` are stable (`docs/codes.md` lists them); `where` names file, column, row or
    group; `seen` the value met; `allowed` what would have been right; `remedy` what to do next;
    `count` how often it occurs; `examples` at most five places, never whole rows.
    """

    code: str
    slug: str
    severity: Severity
    where: str
    seen: str
    allowed: str
    remedy: str
    count: int = 1
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        times = f" ({self.count:,} times)" if self.count > 1 else ""
        text = f"{self.code} {self.slug}: {self.where}: {self.seen}{times}; allowed: {self.allowed}"
        if self.examples:
            text += f"\n  for example: {', '.join(self.examples)}"
        return f"{text}\n  try: {self.remedy}"


class MisidError(Exception):
    """Anything misid raises on purpose. `exit_code` is what the command line ends with."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message}\n  try: {remedy}" if remedy else message)
        self.message = message
        self.remedy = remedy


class UsageError(MisidError, ValueError):
    """The call is wrong: an unknown option, an impossible value, two that contradict."""

    exit_code = 2


class BadInputError(MisidError, ValueError):
    """The data are wrong. `problems` holds all of them, not only the first."""

    exit_code = 3

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class NotEstimableError(MisidError, ValueError):
    """The data are right, and cannot carry the answer asked for."""

    exit_code = 4


class EngineError(MisidError, RuntimeError):
    """The database engine failed, in its own words behind ours."""

    exit_code = 5


@dataclass
class Findings:
    """Collects problems so that they can be raised together."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        self.problems.append(problem)

    @property
    def errors(self) -> list[Problem]:
        return [p for p in self.problems if p.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        return [p for p in self.problems if p.severity == "warning"]

    def raise_if_any(self) -> None:
        """Raise `BadInputError` with every error found; warnings alone do not raise."""
        if self.errors:
            raise BadInputError(self.errors)
