"""What a command says to a person goes to standard error; standard output is for data alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from typer import Option

from misid.ground.errors import Problem
from misid.ground.progress import Progress
from misid.ground.visible import visible

_HEADING = "Talk"


@dataclass(frozen=True, kw_only=True)
class Talk:
    """Options on how much is said, and the saying."""

    quiet: Annotated[
        bool, Option("--quiet", "-q", help="Say nothing but errors; no progress.", rich_help_panel=_HEADING)
    ] = False
    verbose: Annotated[
        int,
        Option(
            "--verbose",
            "-v",
            count=True,
            show_default=False,
            help="Say more; -vv shows the SQL that ran.",
            rich_help_panel=_HEADING,
        ),
    ] = 0
    debug: Annotated[
        bool, Option("--debug", help="Show Python's traceback with an error.", rich_help_panel=_HEADING)
    ] = False

    def say(self, text: str, *, level: int = 0) -> None:
        """Tell the person something, unless they asked for quiet or for less than `level`."""
        if not self.quiet and self.verbose >= level:
            print(visible(text, lines=True), file=sys.stderr)  # noqa: T201

    def warn(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            if not self.quiet:
                said = visible(str(problem), lines=True)
                print(f"{coloured(problem.severity, YELLOW)} {said}", file=sys.stderr)  # noqa: T201

    def progress(self) -> Progress:
        return Progress(enabled=not self.quiet)


RED, YELLOW = "31", "33"


def coloured(text: str, colour: str) -> str:
    """`text` in a colour where standard error is a terminal that wants any (https://no-color.org)."""
    if not sys.stderr.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"
