"""Runs the fuzzer on one reader, and counts."""

from __future__ import annotations

import argparse
import contextlib
import gc
import hashlib
import json
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

LONGEST_CPU = 60
"""Seconds of processor time after which an input is a finding: no reader may keep a machine busy."""

CORPUS = Path("/tmp/misid-fuzz-corpus")


class StuckError(BaseException):
    """An input took too long. No reader may take it for an error of its own."""


def place_of(error: BaseException) -> str:
    """What tells one finding from another: the kind of error and the innermost line of misid's own."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f"{os.sep}misid{os.sep}" in f.filename]
    last = frames[-1] if frames else None
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}" if last else type(error).__name__


class Count:
    """Feeds a reader, counts, keeps what is found; and says so however the run ends."""

    def __init__(self, target: Any, options: argparse.Namespace, known: int) -> None:
        self.target, self.options = target, options
        # What is in the corpus already is read again first; it was counted when it was new.
        self.made, self.began, self.cpu = -known, time.monotonic(), time.process_time()
        self.found: dict[str, str] = {}
        self.refused = 0
        self.at_tick, self.ticks, self.slowest = 0, 0, 0

    def one(self, data: bytes) -> None:
        from misid.ground.errors import MisidError

        self.made += 1
        try:
            self.target.run(data)
        except MisidError:
            self.refused += 1
        except (Exception, StuckError) as error:  # noqa: BLE001 - this is what is looked for
            self.keep(error, data)
        if self.made >= self.options.runs or 0 < self.options.seconds < time.monotonic() - self.began:
            self.end()

    def tick(self, *_: int | FrameType | None) -> None:
        """Comes once a second of processor time: how long has this input taken?"""
        self.ticks = self.ticks + 1 if self.at_tick == self.made else 0
        self.at_tick = self.made
        self.slowest = max(self.slowest, self.ticks)
        if self.ticks >= LONGEST_CPU:
            raise StuckError(f"more than {LONGEST_CPU} s of processor time")

    def keep(self, error: BaseException, data: bytes) -> None:
        from tests.faults.fuzz.targets import FOUND

        place = place_of(error)
        if place not in self.found:
            name = f"{self.target.name}-{hashlib.sha256(place.encode()).hexdigest()[:10]}"
            self.found[place] = name
            FOUND.mkdir(exist_ok=True)
            (FOUND / name).write_bytes(data)
            print(f"{place}: {error!r}", file=sys.stderr, flush=True)

    def end(self, *_: int | FrameType | None) -> NoReturn:
        """Write what was done, and go at once: the fuzzer has an exit of its own that runs nothing of Python's."""
        from tests.faults.fuzz.target import tidy

        line = {
            "target": self.target.name, "inputs": max(self.made, 0),
            "seconds": round(time.monotonic() - self.began), "cpu_seconds": round(time.process_time() - self.cpu),
            "slowest_s": self.slowest, "refused": self.refused, "found": sorted(self.found),
        }  # fmt: skip
        with self.options.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        tidy()
        os._exit(0)


def main() -> None:
    import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

    # What is imported in here reports which of its branches were taken.
    with atheris.instrument_imports(include=["misid"]):
        from tests.faults.fuzz.targets import RESULTS, TARGETS

        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("target", choices=TARGETS)
        parser.add_argument("--runs", type=int, default=1_000_000)
        parser.add_argument("--seconds", type=int, default=0, help="stop after so long; 0: not")
        parser.add_argument("--results", type=Path, default=RESULTS)
        parser.add_argument("--corpus", type=Path, default=CORPUS, help="where inputs that reached new code are kept")
        options = parser.parse_args()
        target = TARGETS[options.target]
        for data in target.seeds():
            with contextlib.suppress(Exception):  # what a seed finds, it finds again below
                target.run(data)
    corpus = options.corpus / target.name
    corpus.mkdir(parents=True, exist_ok=True)
    known = len(list(corpus.iterdir()))
    for number, data in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(data)
    warnings.simplefilter("ignore")
    # What is loaded stays: errors hold their frames, and are freed only where there is little else to look through.
    gc.freeze()
    count = Count(target, options, known)
    on: Callable[..., Any]
    for number, on in ((signal.SIGTERM, count.end), (signal.SIGINT, count.end), (signal.SIGPROF, count.tick)):
        signal.signal(number, on)
    signal.setitimer(signal.ITIMER_PROF, 1, 1)
    arguments = [
        sys.argv[0], str(corpus), f"-max_len={target.longest}", "-rss_limit_mb=0", "-len_control=0",
        # Time is taken here, of the processor: a process that is stopped for a while is not stuck.
        "-timeout=86400", "-handle_term=0", "-handle_int=0",
        f"-seed={int(time.time())}", f"-artifact_prefix={corpus}/",
    ]  # fmt: skip
    atheris.Setup(arguments, count.one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
