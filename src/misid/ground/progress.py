"""Says on a terminal how far a long job is; silent in a pipe, a log or a notebook.

Work that may take long takes a `ProgressLike` and names its stages. It does not know who listens: the
command line hands in `Progress`, a library call gets `NO_PROGRESS`.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TextIO

from misid.ground.interrupts import SIGNALS

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

SHOW_AFTER = 2.0
"""Seconds before anything is shown: a job that is over by then needs no bar."""

POLL_EVERY = 0.25

UNKNOWN = -1.0
"""What DuckDB's ``query_progress`` gives where it cannot tell."""


class Connection(Protocol):
    """The part of a DuckDB connection that tells how far its query is."""

    def query_progress(self) -> float:
        """Percentage done, -1 where unknown."""


class ProgressLike(Protocol):
    """What a long job is handed."""

    def stage(self, name: str) -> None:
        """The job turns to `name` now ("counting part 3 of 12")."""

    def watch(self, connection: Connection) -> None:
        """From here on the engine behind `connection` does the work."""


class NoProgress:
    """Listens to nobody."""

    def stage(self, name: str) -> None:
        pass

    def watch(self, connection: Connection) -> None:
        pass


NO_PROGRESS = NoProgress()


class Progress:
    """Shows stage, elapsed time and the engine's percentage once a job has taken `SHOW_AFTER` seconds.

    A thread polls the engine, because the query itself blocks the thread it runs in. Python answers
    Ctrl-C only between two calls into the engine or when the engine gives in; DuckDB gives in by itself
    (it looks for pending signals while it runs), so nothing is caught here and files that are being
    written are removed by `misid.ground.files.replacing`.

    Parameters
    ----------
    stream : file or None
        Where to show it; None is standard error. Nothing is shown if it is not a terminal.
    enabled : bool
        False for ``--quiet``.
    show_after : float
        Seconds before the first sign.
    """

    def __init__(
        self,
        *,
        stream: TextIO | None = None,
        enabled: bool = True,
        show_after: float = SHOW_AFTER,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stream = sys.stderr if stream is None else stream
        self.enabled = enabled and self.stream.isatty()
        self.show_after = show_after
        self.clock = clock
        self._stage = "working"
        self._shown = ("", 1, 0.0)
        self._connection: Connection | None = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def stage(self, name: str) -> None:
        self._stage = name

    def watch(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> Progress:
        if self.enabled:
            self._thread = threading.Thread(target=self._show, name="misid-progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _show(self) -> None:
        # A signal may be given to any thread; this one, and Rich's made from it, would let the main one sleep on.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        started = self.clock()
        if self._over.wait(self.show_after):
            return
        with _bar(self.stream) as bar:
            # Rich counts from when a task is added; the job is older than that.
            task = bar.add_task(self._stage, total=None, since=started)
            while True:
                done = self._percentage()
                bar.update(
                    task, description=self._step(done), total=None if done is None else 100.0, completed=done or 0.0
                )
                if self._over.wait(POLL_EVERY):
                    return

    def _step(self, done: float | None) -> str:
        """The stage; and which step of it, once the engine has begun another query under the same name."""
        stage, step, was = self._stage, *self._shown[1:]
        if stage != self._shown[0]:
            step, was = 1, 0.0
        elif done is not None and done < was:
            step += 1
        self._shown = (stage, step, was if done is None else done)
        return stage if step == 1 else f"{stage}, step {step}"

    def _percentage(self) -> float | None:
        if self._connection is None:
            return None
        done = self._connection.query_progress()
        return None if done <= UNKNOWN else done


def _bar(stream: TextIO) -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, Task, TextColumn
    from rich.progress import Progress as Bar
    from rich.text import Text

    class Elapsed(ProgressColumn):
        def render(self, task: Task) -> Text:
            seconds = int(time.monotonic() - task.fields["since"])
            return Text(f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}")

    class Percentage(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text("" if task.total is None else f"{task.percentage:3.0f} %")

    return Bar(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        Percentage(),
        Elapsed(),
        console=Console(file=stream, force_terminal=True),
        transient=True,
    )
