"""Rates at a threshold that was chosen on the same data: the choice is uncertain too.

A tally has no rows to draw people from again. What a bootstrap of people through the choice would show is had from
the limits of both curves: each is moved to its limit in turn, the choice is made again, and the distances the
answer travels are put together (Zou and Donner's recovery of variance from limits). How the errors of FMR and of
FNMR go together the tally does not say; bad photographs raise both, so they are taken as correlated 0.25.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, sqrt

import numpy as np
from scipy.special import ndtri

from misid.ground.errors import UsageError
from misid.rates.intervals.model import Floats, Interval, Side, check_level

METHOD = "limits of both curves, moved through the choice"


def threshold_interval(limits_lo: Floats, limits_hi: Floats, target: float) -> tuple[float, float | None]:
    """Where the true falling rate may be `target`, as positions on a list of ascending thresholds.

    Parameters
    ----------
    limits_lo, limits_hi : (k,) float
        Limits of FMR (or FPIR) at ascending thresholds.
    target : float
        In (0, 1).

    Returns
    -------
    first, last : float
        Position 2.5 is half way between thresholds 2 and 3. `last` is None where the test cannot tell any
        threshold at which the rate is below the target.

    Examples
    --------
    >>> first, last = threshold_interval(np.array([.2, .02, .002]), np.array([.4, .04, .004]), 0.02)
    >>> round(first, 2), round(last, 2)
    (1.0, 1.3)
    """
    if not 0 < target < 1:
        raise UsageError(f"target is {target}", remedy="give a proportion between 0 and 1")
    first = _falls_below(np.asarray(limits_lo, dtype=float), target)
    last = _falls_below(np.asarray(limits_hi, dtype=float), target)
    return (float(len(limits_lo) - 1) if first is None else first), last


def interval_at_target(
    chosen: int,
    target: float,
    falling: Sequence[Interval],
    rising: Sequence[Interval],
    *,
    level: float = 0.95,
    side: Side = "two",
) -> Interval:
    """FNMR (FNIR) at the threshold where FMR (FPIR) is `target`, the choice of the threshold included.

    Parameters
    ----------
    chosen : int
        Index of the threshold that the test chose.
    target : float
        FMR (or FPIR) asked for.
    falling, rising : (k,) sequences of Interval
        Both rates at the same ascending thresholds, with limits at the same `level` and ``side="two"``.
        The thresholds must reach well to both sides of the chosen one.

    Returns
    -------
    Interval
        ``bound`` with hi = 1 where FMR cannot be told from values above the target at any threshold: then no
        threshold is known to reach it.
    """
    tail = check_level(level, side)
    _same_length(falling, rising)
    own = rising[chosen]
    if own.estimate is None or own.lo is None or own.hi is None or any(i.estimate is None for i in falling):
        return _undefined(level, side)
    first, last = threshold_interval(_values(falling, "lo"), _values(falling, "hi"), target)
    estimates = _values(rising, "estimate")
    positions = np.arange(len(estimates))
    g = own.estimate
    # The test chose a listed threshold at or beyond the one where its own curve meets the target.
    met = _falls_below(_values(falling, "estimate"), target)
    g_met = min(g, float(np.interp(chosen if met is None else met, positions, estimates)))
    g_first = min(g_met, float(np.interp(first, positions, estimates)))
    lo, hi = 0.0, 1.0
    warnings = own.warnings
    if last is None:
        warnings += (f"no threshold of this test is known to have a rate as low as {target:g}",)
    else:
        g_last = max(g, float(np.interp(last, positions, estimates)))
        hi = min(1.0, g + _together(own.hi - g, g_last - g))
        if own.lo > 0 and g_first > 0:
            lo = g_met * exp(-_together(log(g / own.lo), log(g_met / g_first)))
            hi = min(1.0, max(hi, g * exp(_together(log(own.hi / g), log(g_last / g)))))
    ok = own.status == "ok" and last is not None
    return Interval(
        estimate=g,
        lo=lo if ok and side == "two" else 0.0,
        hi=hi,
        level=level,
        side=side,
        method=METHOD,
        errors=own.errors,
        trials=own.trials,
        people=own.people,
        effective_people=None,
        log_variance=(log(hi / lo) / (-2 * float(ndtri(tail)))) ** 2 if lo > 0 else None,
        status="ok" if ok else "bound",
        warnings=warnings,
    )


def eer_interval(falling: Sequence[Interval], rising: Sequence[Interval], *, level: float = 0.95) -> Interval:
    """EER: where the falling FMR and the rising FNMR cross.

    Parameters
    ----------
    falling, rising : (k,) sequences of Interval
        FMR and FNMR at the same ascending thresholds, two-sided at `level`. The estimate is interpolated
        between the two thresholds where they cross, so these should be close.

    Returns
    -------
    Interval
        ``undefined`` where the curves do not cross within the thresholds; errors and trials are None.
    """
    check_level(level, "two")
    _same_length(falling, rising)
    if any(i.estimate is None for i in (*falling, *rising)):
        return _undefined(level, "two")
    f, g = _values(falling, "estimate"), _values(rising, "estimate")
    e = _crossing(f, g)
    if e is None:
        return _undefined(level, "two")
    down = _together(
        *(e - min(e, _crossing(*pair) or 0.0) for pair in ((_values(falling, "lo"), g), (f, _values(rising, "lo"))))
    )
    up = [_crossing(_values(falling, "hi"), g), _crossing(f, _values(rising, "hi"))]
    hi = 1.0 if None in up else min(1.0, e + _together(*(max(e, u) - e for u in up if u is not None)))
    lo = max(0.0, e - down)
    ok = e > 0 and lo > 0
    return Interval(
        estimate=e,
        lo=lo,
        hi=hi,
        level=level,
        side="two",
        method=METHOD,
        errors=None,
        trials=None,
        people=max(falling[0].people, rising[0].people),
        effective_people=None,
        log_variance=(log(hi / lo) / (-2 * float(ndtri((1 - level) / 2)))) ** 2 if ok else None,
        status="ok" if ok else "bound",
        warnings=tuple(dict.fromkeys(w for i in (*falling, *rising) for w in i.warnings)),
    )


def _together(a: float, b: float) -> float:
    """Length of two distances whose errors are correlated 0.25."""
    return sqrt(a * a + b * b + 0.5 * a * b)


def _values(intervals: Sequence[Interval], name: str) -> Floats:
    return np.array([getattr(i, name) for i in intervals], dtype=float)


def _falls_below(rate: Floats, target: float) -> float | None:
    """Position at which a falling rate reaches the target; between two positive rates on the log scale."""
    below = np.flatnonzero(rate < target)
    if not len(below):
        return None
    k = int(below[0])
    if k == 0:
        return 0.0
    a, b = rate[k - 1], rate[k]
    return k - 1 + (log(a / target) / log(a / b) if b > 0 else 1.0)


def _crossing(falling: Floats, rising: Floats) -> float | None:
    """Value at which the curves cross: both straight (on the log scale where positive) between thresholds."""
    above = np.flatnonzero(rising >= falling)
    if not len(above) or above[0] == 0:
        return None
    k = int(above[0])
    a, b = falling[k - 1 : k + 1], rising[k - 1 : k + 1]
    logs = bool(a.min() > 0 and b.min() > 0)
    if logs:
        a, b = np.log(a), np.log(b)
    share = (a[0] - b[0]) / (a[0] - b[0] + b[1] - a[1])
    value = float(a[0] + share * (a[1] - a[0]))
    return exp(value) if logs else value


def _same_length(falling: Sequence[Interval], rising: Sequence[Interval]) -> None:
    if len(falling) != len(rising) or not falling:
        raise UsageError(f"{len(falling)} and {len(rising)} intervals", remedy="give both rates at the same thresholds")


def _undefined(level: float, side: Side) -> Interval:
    return Interval(
        estimate=None, lo=None, hi=None, level=level, side=side, method=METHOD, errors=None, trials=None,
        people=0, effective_people=None, log_variance=None, status="undefined",
    )  # fmt: skip
