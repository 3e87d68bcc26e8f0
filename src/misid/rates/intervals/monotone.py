"""Limits that go the way of their rate: what is known of one threshold holds for every threshold beyond it.

FMR and FPIR cannot rise as the threshold rises, FNMR and FNIR cannot fall. Limits made at each threshold alone can:
where few errors are left the spread between people has to be assumed, and it grows as errors become rarer. So the
upper limit is the least one of this threshold and of all those where errors are more, the lower limit the largest
one of this threshold and of all those where errors are fewer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from misid.rates.intervals.alone import Alone, Thresholds
from misid.rates.intervals.model import Bools, Floats, Interval, Ints, Side, check_level

Step = tuple[int, int]
"""Level (the last at or below a threshold) and errors at the threshold."""

SIDES: tuple[Side, Side] = ("two", "upper")

Limit = Callable[[Thresholds, Floats], Floats]
"""From thresholds and tails."""


class Monotone:
    """The limits of one rate of one group over all thresholds.

    They depend on the test alone, not on which thresholds were asked for. Limits of a threshold are made once, and
    only where they can matter: no upper limit is below its own estimate, so where estimates are above the limit of
    a threshold nothing can lower it.

    Parameters
    ----------
    alone : Alone
        Limits of each threshold alone.
    steps : iterable of (level, errors), or (k, 2) int
        Every threshold that counts: the levels, and those between them as far as their errors are known.
    level : float
        Nominal coverage.
    """

    def __init__(self, alone: Alone, steps: Iterable[Step] | Ints, level: float) -> None:
        self._alone, self._level = alone, level
        self._tails = np.array([check_level(level, side) for side in SIDES])
        pairs = steps if isinstance(steps, np.ndarray) else np.array(list(steps), dtype=np.int64).reshape(-1, 2)
        self._order, first = np.unique(self._place(pairs[:, 0], pairs[:, 1]), return_index=True)
        at, errors = pairs[first].T
        self._rate = errors / max(alone.trials, 1)
        self._steps = _Steps(alone, at, errors, self._tails)
        self._upper = _Made(self._steps, alone.upper, alone.least_upper)
        self._lower = _Made(self._steps, alone.lower, alone.most_lower)

    def _place(self, at: Ints, errors: Ints) -> Ints:
        """Numbers that grow as errors grow, and thresholds go that way."""
        levels = self._alone.n_levels
        return errors * levels + (at if self._alone.rising else levels - 1 - at)

    def interval(self, at: int, errors: int, side: Side) -> Interval:
        """Limits at one threshold, as in `intervals`."""
        return self.intervals(np.array([at]), np.array([errors]), [side])[0]

    def intervals(self, at: Ints, errors: Ints, sides: Sequence[Side]) -> list[Interval]:
        """Limits at thresholds: their levels, their own errors and their sides, (k,).

        With ``"upper"`` the limit is one-sided, and so are those of other thresholds without an error.
        """
        alone = self._alone
        if alone.trials == 0 or not len(at):
            return [_undefined(alone.method, self._level, side) for side in sides]
        side = np.array([SIDES.index(s) for s in sides], dtype=np.int64)
        place = self._place(at, errors)
        first, after = (np.searchsorted(self._order, place, end) for end in ("left", "right"))
        known = after > first
        asked = _Asked(
            of=self._steps.of(first) if known.all() else alone.thresholds(at, errors),
            side=side,
            tail=self._tails[side],
            first=first,
            after=after,
            # With the tails of a step its limits are those that other thresholds see.
            step=known & ((side == 0) | (errors == 0)),
        )
        own = self._upper.own(asked)
        hi = np.minimum(own, self._least_after(asked, own))
        lo = np.zeros(len(at))
        two = np.flatnonzero((side == 0) & (errors > 0) & (not alone.few))
        if len(two):
            some = asked.only(two)
            lower = self._lower.own(some)
            lo[two] = np.maximum(lower, self._most_before(some, lower))
        return self._built(asked, lo, hi, own)

    def _least_after(self, asked: _Asked, own: Floats) -> Floats:
        """The least upper limit among steps after each threshold asked for."""
        # Beyond the last estimate below a limit asked for, nothing can lower it.
        start, end = int(asked.after.min()), int(np.searchsorted(self._rate, own.max()))
        n = max(0, end - start)
        at = np.minimum(asked.after - start, n)
        # For each step the largest limit that it might lower.
        reach = np.full((len(SIDES), n + 1), -np.inf)
        np.maximum.at(reach, (asked.side, at), own)
        reach = np.maximum.accumulate(reach, axis=1)[:, :n]
        side, step = np.nonzero(self._rate[start:end] < reach)
        near = self._upper.bound(side, start + step) < reach[side, step]
        side, step = side[near], step[near]
        least = np.full((len(SIDES), n + 1), np.inf)
        least[side, step] = self._upper.limits(side, start + step)
        return np.minimum.accumulate(least[:, ::-1], axis=1)[:, ::-1][asked.side, at]

    def _most_before(self, asked: _Asked, own: Floats) -> Floats:
        """The largest lower limit among steps before each threshold asked for, 0 if there is none."""
        start, end = int(np.searchsorted(self._rate, own.min(), side="right")), int(asked.first.max())
        n = max(0, end - start)
        at = np.clip(asked.first - start, 0, n)
        # For each step the smallest limit that it might raise.
        reach = np.full(n + 1, np.inf)
        np.minimum.at(reach, at, own)
        reach = np.minimum.accumulate(reach[::-1])[::-1][1:]
        step = np.flatnonzero(self._rate[start:end] > reach)
        two = np.zeros(len(step), dtype=np.int64)
        near = self._lower.bound(two, start + step) > reach[step]
        step, two = step[near], two[near]
        most = np.zeros(n + 1)
        most[step + 1] = self._lower.limits(two, start + step)
        return np.maximum.accumulate(most)[at]

    def _built(self, asked: _Asked, lo: Floats, hi: Floats, own: Floats) -> list[Interval]:
        alone, of = self._alone, asked.of
        columns = (
            of.errors.tolist(),
            asked.side.tolist(),
            (of.errors / alone.trials).tolist(),
            lo.tolist(),
            hi.tolist(),
            _known(alone.effective_people(of, asked.tail, own)),
            _known(alone.log_variance(of)),
        )
        return [
            Interval(
                estimate=estimate,
                lo=low,
                hi=high,
                level=self._level,
                side=SIDES[side],
                method=alone.method,
                errors=errors,
                trials=alone.trials,
                people=alone.people,
                effective_people=people,
                log_variance=variance,
                status="ok" if errors and not alone.few else "bound",
                warnings=alone.warnings,
            )
            for errors, side, estimate, low, high, people, variance in zip(*columns, strict=True)
        ]


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """Thresholds asked for, and where they stand among the steps; all (k,)."""

    of: Thresholds
    side: Ints
    tail: Floats
    first: Ints
    after: Ints
    step: Bools

    def only(self, these: Ints) -> _Asked:
        return _Asked(
            of=self.of.only(these), side=self.side[these], tail=self.tail[these], first=self.first[these],
            after=self.after[these], step=self.step[these],
        )  # fmt: skip


class _Steps:
    """All thresholds, with the spread between people at those that were needed so far."""

    def __init__(self, alone: Alone, at: Ints, errors: Ints, tails: Floats) -> None:
        self._alone, self._at, self._errors, self._tails = alone, at, errors, tails
        self._seen = np.zeros(len(at), dtype=bool)
        self._trials, self._shared = np.empty(len(at)), np.empty(len(at))

    def __len__(self) -> int:
        return len(self._at)

    def of(self, step: Ints) -> Thresholds:
        new = step[~self._seen[step]]
        if len(new):
            made = self._alone.thresholds(self._at[new], self._errors[new])
            self._trials[new], self._shared[new], self._seen[new] = made.trials, made.shared, True
        return Thresholds(errors=self._errors[step], trials=self._trials[step], shared=self._shared[step])

    def with_tails(self, side: Ints, step: Ints) -> tuple[Thresholds, Floats]:
        # Thresholds with errors have both tails, as they are shown; those without may be one-sided.
        return self.of(step), self._tails[np.where(self._errors[step] > 0, 0, side)]


class _Made:
    """Limits of the steps, each made when first asked for; rows as `SIDES`."""

    def __init__(self, steps: _Steps, limit: Limit, bound: Limit) -> None:
        self._steps, self._limit, self._bound = steps, limit, bound
        self._values = np.full((len(SIDES), len(steps)), np.nan)

    def limits(self, side: Ints, step: Ints) -> Floats:
        missing = np.isnan(self._values[side, step])
        if missing.any():
            some = side[missing], step[missing]
            self._values[some] = self._limit(*self._steps.with_tails(*some))
        return self._values[side, step]

    def bound(self, side: Ints, step: Ints) -> Floats:
        """What the limits cannot be beyond."""
        return self._bound(*self._steps.with_tails(side, step))

    def own(self, asked: _Asked) -> Floats:
        """Limits of thresholds asked for from each alone."""
        if asked.step.all():
            return self.limits(asked.side, asked.first)
        found = self._limit(asked.of, asked.tail)
        found[asked.step] = self.limits(asked.side[asked.step], asked.first[asked.step])
        return found


def _known(values: Floats) -> list[float | None]:
    return [None if isnan(value) else value for value in values.tolist()]


def _undefined(method: str, level: float, side: Side) -> Interval:
    return Interval(
        estimate=None, lo=None, hi=None, level=level, side=side, method=method, errors=0, trials=0, people=0,
        effective_people=None, log_variance=None, status="undefined",
    )  # fmt: skip
