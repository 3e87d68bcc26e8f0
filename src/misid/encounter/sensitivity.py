"""Which input moves the answer most: Sobol indices, first-order and total, with limits.

The first-order index of an input is the share of an outcome's variance that would go, on average, if that input were
known; the total index is the share that would be left if all others were. Estimators: Saltelli et al. 2010 for
the first, Jansen 1999 for the total, on pairs of Sobol sets (A, B) and A with one input's column from B.

Inputs that are correlated have no index of their own: their shares overlap. They are one factor here, and its index
is exact. The limits come from independent scrambles of the Sobol points, by a jackknife: a bootstrap
of the points of one scramble, as in SciPy's `sobol_indices`, takes them for random and is too wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtrit

from misid.encounter.draws import Draws, Space, power_of_two
from misid.encounter.ends import Model, at_ends, idle_factors, spread_over
from misid.ground.errors import UsageError
from misid.tally.model import Floats

METHOD = "Sobol indices: Saltelli 2010 (first), Jansen 1999 (total), on independent scrambles; correlated inputs as one"

Status = Literal["ok", "constant", "undefined"]

_UNSURE = 0.1
"""Half a width of an index's limits from which on the result says that more points are needed."""


@dataclass(frozen=True, kw_only=True)
class Driver:
    """One input, or correlated inputs, and how far it drives an outcome.

    Attributes
    ----------
    paths : tuple of str
    first, first_lo, first_hi, total, total_lo, total_hi : float
        In [0, 1].
    end : str
        The path that `at_lo` and `at_hi` are about: of correlated inputs the one with the widest bar.
    lo, hi : float
        Its two values.
    at_lo, at_hi : float
        The outcome's median with the input at these values, and the others drawn.
    """

    paths: tuple[str, ...]
    first: float
    first_lo: float
    first_hi: float
    total: float
    total_lo: float
    total_hi: float
    end: str
    lo: float
    hi: float
    at_lo: float
    at_hi: float


@dataclass(frozen=True, kw_only=True)
class Drivers:
    """What drives one outcome, the strongest first.

    Attributes
    ----------
    measure : str
    status : str
        ``ok``; ``constant``: no draw differs, so nothing drives it; ``undefined``: some draws have no value.
    reason : str
        Why there are no drivers.
    median, variance : float or None
    interactions : float or None
        Share of the variance that no input has alone.
    drivers : tuple of Driver
    method : str
    level : float
    evaluations : int
        Rows of parameters that the model was asked for.
    warnings : tuple of str
    """

    measure: str
    status: Status
    reason: str = ""
    median: float | None = None
    variance: float | None = None
    interactions: float | None = None
    drivers: tuple[Driver, ...] = ()
    method: str = METHOD
    level: float = 0.95
    evaluations: int = 0
    warnings: tuple[str, ...] = ()


def drivers(
    model: Model,
    space: Space,
    *,
    measures: Iterable[str] | None = None,
    points: int = 256,
    scrambles: int = 16,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Drivers]:
    """What drives each outcome.

    Parameters
    ----------
    model : callable
        Draws to measures; asked for ``scrambles * points * (factors + 2)`` rows, and for the ends of each range. Inputs
        that move nothing in a first trial of 64 draws cost no more than that.
    space : Space
    measures : iterable of str, optional
        Default: all that the model gives.
    points : int
        Of each scramble, rounded up to a power of two.
    scrambles : int
        Independent ones; the limits come from their spread.
    seed : int
    level : float

    Examples
    --------
    >>> from misid.encounter.shapes import Uniform
    >>> space = Space(shapes={name: Uniform(lo=0.0, hi=1.0) for name in "abc"})
    >>> found = drivers(lambda x: {"sum": 3 * x["a"] + x["b"] + 0 * x["c"]}, space)["sum"]
    >>> [(d.paths[0], round(d.first, 2), round(d.total, 2)) for d in found.drivers]
    [('a', 0.9, 0.9), ('b', 0.1, 0.1), ('c', 0.0, 0.0)]
    """
    if scrambles < 2:
        raise UsageError(f"{scrambles} scrambles", remedy="2 or more: their spread gives the limits")
    points = power_of_two(points)
    wanted = None if measures is None else set(measures)
    asked = _Counted(model)
    idle = idle_factors(asked, space, seed)
    seeds = np.random.SeedSequence(seed).spawn(scrambles)
    runs = [_run(asked, space, points, each, wanted, idle) for each in seeds]
    ends = at_ends(asked, space, points=points, seed=seed, level=level)
    rows = asked.rows
    found = {}
    for measure in runs[0]:
        per_run = [run[measure] for run in runs]
        bars = {
            end.path: (end.lo, end.hi, float(np.median(end.at_lo[measure])), float(np.median(end.at_hi[measure])))
            for end in ends
        }
        found[measure] = _drivers(measure, per_run, space, bars, level, rows)
    return found


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One scramble: moments of an outcome, and of its change with each factor."""

    finite: bool
    median: float
    mean: float
    variance: float
    first: Floats
    """(factors,) covariance of f(B) with f(A with the factor from B) - f(A)."""
    total: Floats
    """(factors,) half the mean square of f(A) - f(A with the factor from B)."""


class _Counted:
    """A model that counts the rows it is asked for."""

    def __init__(self, model: Model) -> None:
        self._model, self.rows = model, 0

    def __call__(self, draws: Draws) -> Mapping[str, Floats]:
        self.rows += max((values.size for values in draws.values()), default=1)
        return self._model(draws)


def _run(
    model: Model,
    space: Space,
    n: int,
    seed: np.random.SeedSequence,
    wanted: set[str] | None,
    idle: tuple[tuple[str, ...], ...],
) -> dict[str, _Run]:
    from scipy.stats import qmc

    d = len(space.varying)
    moving = [number for number, factor in enumerate(space.factors) if factor not in idle]
    factors = [space.factors[number] for number in moving]
    both = qmc.Sobol(max(2 * d, 1), scramble=True, rng=np.random.default_rng(seed)).random(n) + 2.0**-31
    a, b = both[:, :d], both[:, d : 2 * d]
    at = {path: index for index, path in enumerate(space.varying)}
    sets = [a, b]
    for factor in factors:
        mixed = a.copy()
        columns = [at[path] for path in factor]
        mixed[:, columns] = b[:, columns]
        sets.append(mixed)
    rows = np.concatenate(sets)
    measured = model(space.through(rows))
    found = {}
    for name, values in measured.items():
        if wanted is not None and name not in wanted:
            continue
        y = spread_over(values, len(rows)).reshape(len(sets), n)
        f_a, f_b, f_mixed = y[0], y[1], y[2:]
        mean = float(y[:2].mean())
        found[name] = _Run(
            finite=bool(np.all(np.isfinite(y))),
            median=float(np.median(y[:2])),
            mean=mean,
            variance=float(((y[:2] - mean) ** 2).mean()),
            first=_placed(((f_b - mean) * (f_mixed - f_a)).mean(axis=1), moving, space),
            total=_placed(((f_a - f_mixed) ** 2).mean(axis=1) / 2, moving, space),
        )
    return found


def _placed(moments: Floats, at: list[int], space: Space) -> Floats:
    """Moments of the factors that move something, and 0 for those that do not."""
    whole = np.zeros(len(space.factors))
    whole[at] = moments
    return whole


def _drivers(
    measure: str,
    runs: list[_Run],
    space: Space,
    bars: Mapping[str, tuple[float, float, float, float]],
    level: float,
    rows: int,
) -> Drivers:
    if not all(run.finite for run in runs):
        return Drivers(
            measure=measure, status="undefined", level=level, evaluations=rows,
            reason="the outcome has no value for some of the inputs' values, so its variance has none",
        )  # fmt: skip
    variances = np.array([run.variance for run in runs])
    scale = max(abs(run.mean) for run in runs)
    median = float(np.median([run.median for run in runs]))
    if float(variances.max()) <= (1e-12 * scale) ** 2:
        return Drivers(
            measure=measure, status="constant", level=level, evaluations=rows, median=median, variance=0.0,
            reason="the outcome is the same whatever the inputs are, so nothing drives it",
        )  # fmt: skip
    first = _ratio(np.array([run.first for run in runs]), variances, level)
    total = _ratio(np.array([run.total for run in runs]), variances, level)
    found = []
    for index, paths in enumerate(space.factors):
        widest = max(paths, key=lambda path: abs(bars[path][3] - bars[path][2]))
        lo, hi, at_lo, at_hi = bars[widest]
        (one, one_lo, one_hi), (all_, all_lo, all_hi) = first[index], total[index]
        found.append(
            Driver(
                paths=paths, first=one, first_lo=one_lo, first_hi=one_hi, total=all_, total_lo=all_lo, total_hi=all_hi,
                end=widest, lo=lo, hi=hi, at_lo=at_lo, at_hi=at_hi,
            )
        )  # fmt: skip
    found.sort(key=lambda driver: (-driver.total, driver.paths))
    widths = [max(d.total_hi - d.total_lo, d.first_hi - d.first_lo) / 2 for d in found]
    unsure = [d.paths[0] for d, half in zip(found, widths, strict=True) if half > _UNSURE]
    return Drivers(
        measure=measure, status="ok", median=median, variance=float(variances.mean()),
        interactions=max(0.0, 1.0 - sum(driver.first for driver in found)), drivers=tuple(found), level=level,
        evaluations=rows,
        warnings=(f"the shares of {', '.join(unsure)} are known to {_UNSURE:g} or worse: more points are needed",)
        if unsure else (),
    )  # fmt: skip


def _ratio(parts: Floats, variances: Floats, level: float) -> list[tuple[float, float, float]]:
    """Pooled index of each factor with its jackknife limits over scrambles: parts (runs, factors)."""
    runs = len(variances)
    whole = parts.sum(axis=0) / variances.sum()
    without = (parts.sum(axis=0) - parts) / (variances.sum() - variances)[:, None]
    error = np.sqrt((runs - 1) / runs * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    reach = float(stdtrit(runs - 1, (1 + level) / 2)) * error
    bounded = [np.clip(value, 0.0, 1.0) for value in (whole, whole - reach, whole + reach)]
    return [(float(a), float(lo), float(hi)) for a, lo, hi in zip(*bounded, strict=True)]
