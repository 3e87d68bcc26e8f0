"""Standard streams that are closed, or whose disk is full: a log that cannot be written costs no result."""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO, cast


def give_up(stream: TextIO) -> None:
    """Let everything that is printed on a stream from now on go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class _Careful:
    """A stream that is given up at the first word that it does not take (a full disk, a terminal that is gone).

    With a `name` the error goes on under it, for the system's names no place; without one it goes no further.
    """

    def __init__(self, stream: TextIO, name: str = "") -> None:
        self._stream, self._name = stream, name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            self._lost(error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._lost(error)

    def _lost(self, error: OSError) -> None:
        give_up(self._stream)
        if self._name:
            raise type(error)(error.errno, error.strerror, self._name) from error


def open_streams() -> None:
    """Make sure that all three streams are there: a file opened later must not take the number of a closed one."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is this one.
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - a number, for good
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - a number, for good
    sys.stdout = cast(TextIO, _Careful(sys.stdout, "standard output"))
    sys.stderr = cast(TextIO, _Careful(sys.stderr))
