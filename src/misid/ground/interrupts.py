"""Ctrl-C, SIGTERM and SIGHUP end a run in one way: it is unwound, what is half-written goes, its exit code says why.

SIGTERM is what batch systems, containers and ``timeout`` send, SIGHUP what a closed terminal sends; left to the system,
both would leave temporary files, which hold ids, and a terminal without a cursor.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import weakref
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

PATIENCE = 5.0
"""Seconds in which a further signal does not disturb a run that is ending: ``timeout`` and some shells send two."""


AGAIN_AFTER = 0.02
"""Seconds until a signal that was lost is raised again."""


class Interrupted(KeyboardInterrupt):
    """A run was told to stop by a signal."""


class Interrupts:
    """Turns the first signal into `Interrupted`, and again where that was lost on its way.

    Python drops an exception that arises in a destructor or in a callback of a library, and some libraries drop all. An
    exception that is dropped before the run was unwound is raised once more.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.over = False
        self._raised: weakref.ref[Interrupted] | None = None
        self._since = 0.0

    def install(self) -> None:
        """Take over the signals, but those that whoever started the process wants ignored (``nohup``)."""
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._handle)
        signal.signal(signal.SIGALRM, self._again)
        others = sys.unraisablehook

        def hook(dropped: sys.UnraisableHookArgs) -> None:
            # It is raised again: nothing to tell anybody.
            if not issubclass(dropped.exc_type, Interrupted):
                others(dropped)

        sys.unraisablehook = hook

    def end(self) -> None:
        """The run is unwound: nothing is raised any more."""
        self.over = True
        signal.setitimer(signal.ITIMER_REAL, 0)

    @property
    def exit_code(self) -> int:
        """What the shell expects of a process that a signal ended."""
        return 128 + (signal.SIGINT if self.number is None else self.number)

    @property
    def name(self) -> str:
        """What ended the run, in the words of a message: "" for Ctrl-C."""
        return "" if self.number in (None, signal.SIGINT) else f" by {signal.Signals(self.number or 0).name}"

    def translated(self) -> KeyboardInterrupt:
        """What to raise where a library made an error of its own of the signal: else that is taken for lost, and is
        raised again in the midst of cleaning up."""
        if self.number is None:
            return KeyboardInterrupt()
        raised = Interrupted()
        self._raised = weakref.ref(raised, self._lost)
        return raised

    def _handle(self, number: int, frame: FrameType | None) -> None:
        under_way = self.over or (self._raised is not None and self._raised() is not None)
        if self.number is not None and under_way and time.monotonic() - self._since < PATIENCE:
            return
        if self.over:
            os._exit(128 + number)
        if self.number is None:
            self.number, self._since = number, time.monotonic()
        raised = Interrupted()
        self._raised = weakref.ref(raised, self._lost)
        try:
            raise raised
        finally:
            # The traceback holds this frame: with the name in it the exception would hold itself, and outlive its loss.
            del raised

    def _lost(self, _: object) -> None:
        if not self.over and self.number is not None:
            # Not here: this runs where it was lost, and would be lost again.
            signal.setitimer(signal.ITIMER_REAL, AGAIN_AFTER)

    def _again(self, _: int, frame: FrameType | None) -> None:
        if self.number is not None:
            self._handle(self.number, frame)


INTERRUPTS = Interrupts()
