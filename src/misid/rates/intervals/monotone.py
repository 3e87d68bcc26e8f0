"""Limits that go the way of their rate: what is known of one threshold holds for every threshold beyond it.

FMR and FPIR cannot rise as the threshold rises, FNMR and FNIR cannot fall. Limits made at each threshold alone can:
where few errors are left the spread between people has to be assumed, and it grows as errors become rarer. So the
upper limit is the least one of this threshold and of all those where errors are more, the lower limit the largest
one of this threshold and of all those where errors are fewer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import replace

from misid.rates.intervals.model import Interval, Side

Alone = Callable[[int, int, Side], Interval]
"""Interval at a level, of so many errors, for a side, from that threshold alone."""

Step = tuple[int, int]
"""Level (the last at or below a threshold) and errors at the threshold."""


class Monotone:
    """The limits of one rate of one group over all thresholds.

    They depend on the test alone, not on which thresholds were asked for. Limits of a threshold are made once.

    Parameters
    ----------
    alone : function of (level, errors, side)
    steps : iterable of (level, errors)
        Every threshold that counts: the levels, and those between them as far as their errors are known.
    rising : bool
        Whether errors grow with the threshold (FNMR, FNIR).
    """

    def __init__(self, alone: Alone, steps: Iterable[Step], *, rising: bool) -> None:
        self._alone = alone
        self._sign = 1 if rising else -1
        # In the order in which errors grow, and thresholds go that way.
        self._steps = sorted({(errors, self._sign * level) for level, errors in steps})
        self._made: dict[tuple[int, int, Side], Interval] = {}

    def interval(self, level: int, errors: int, side: Side) -> Interval:
        """Limits at a threshold: its level and its own errors.

        Other thresholds with errors have both tails, as they are shown; ``side="upper"`` is then a tail of this
        threshold, and of those without an error.
        """
        own = self._at(level, errors, side)
        if own.status == "undefined" or own.hi is None or own.lo is None:
            return own
        hi, lo = own.hi, own.lo
        here = errors, self._sign * level
        for count, other in self._steps[bisect_right(self._steps, here) :]:
            beyond = self._at(abs(other), count, "two" if count else side)
            # No limit is below its own estimate, and from here on estimates only grow.
            if beyond.estimate is None or beyond.estimate >= hi:
                break
            hi = hi if beyond.hi is None else min(hi, beyond.hi)
        if lo > 0:
            for count, other in reversed(self._steps[: bisect_left(self._steps, here)]):
                before = self._at(abs(other), count, "two")
                if before.estimate is None or before.estimate <= lo:
                    break
                lo = lo if before.lo is None or before.status != "ok" else max(lo, before.lo)
        return own if (lo, hi) == (own.lo, own.hi) else replace(own, lo=lo, hi=hi)

    def _at(self, level: int, errors: int, side: Side) -> Interval:
        key = level, errors, side
        if key not in self._made:
            self._made[key] = self._alone(level, errors, side)
        return self._made[key]
