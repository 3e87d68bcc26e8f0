"""Where tables for people are printed: as wide as the terminal, and wide enough for rates where there is none."""

from __future__ import annotations

from typing import NoReturn, TextIO

from rich.console import Console

WIDTH_WITHOUT_TERMINAL = 140


class PipeConsole(Console):
    """A console of Rich that leaves a closed pipe to the caller.

    Rich ends the process with exit code 1, which in misid says that there is a defect.
    """

    def on_broken_pipe(self) -> NoReturn:
        """Let the error through: whoever read the output (head, less) has seen enough."""
        raise BrokenPipeError


def console_on(stream: TextIO) -> Console:
    """A console for tables on a stream.

    Examples
    --------
    >>> import io
    >>> console_on(io.StringIO()).width
    140
    """
    return PipeConsole(file=stream, width=None if stream.isatty() else WIDTH_WITHOUT_TERMINAL, highlight=False)
