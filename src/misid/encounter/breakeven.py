"""What would have to be true: the values of one input at which an outcome reaches what is wanted of it.

One parameter is held at a value, the others are drawn as the scenario says; the outcome's median or upper limit is then
a function of that value. Its crossings with the wanted value are sought over all that the parameter can be,
within the scenario's range and outside it, without taking for granted that it only rises or only falls.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from misid.encounter.draws import Space
from misid.encounter.ends import Model, holding, spread_over
from misid.ground.errors import UsageError
from misid.tally.model import Floats

Statistic = Literal["median", "mean", "lo", "hi"]
Side = Literal["below", "above", "within", "outside", "always", "never", "undefined"]

_INSIDE = 9
"""Values tried within the range of a parameter."""
_FACTORS = (3.0, 10.0, 100.0, 1e3, 1e4)
"""How far beyond its range, in times, before the last value that it can have is tried."""
_FINER = 8
"""Values tried between two in each round that narrows a crossing."""
_ROUNDS = 3
_EDGE = 1e-12
_HELPS = 1e-3
"""By what share an input has to better an outcome to be held at its better end."""
_FEW = 32
"""Draws in which an input has to change something for all its values to be tried on all draws."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is wanted of an outcome.

    Attributes
    ----------
    measure : str
    side : str
        ``below`` or ``above``.
    value : float
    statistic : str
        ``median``; ``mean``; ``lo``, ``hi``: the limits at `level`. To want the upper limit below a value
        is to want it to hold in 97.5 of 100 draws.
    level : float
    """

    measure: str
    side: Literal["below", "above"]
    value: float
    statistic: Statistic = "median"
    level: float = 0.95

    def of(self, values: Floats) -> float:
        """The statistic of an outcome's draws; NaN where one has no value."""
        if not np.all(np.isfinite(values)):
            return math.nan
        if self.statistic == "median":
            return float(np.median(values))
        if self.statistic == "mean":
            return float(np.mean(values))
        share = (1 - self.level) / 2 if self.statistic == "lo" else (1 + self.level) / 2
        return float(np.quantile(values, share))

    def holds(self, value: float) -> bool:
        return value < self.value if self.side == "below" else value > self.value


@dataclass(frozen=True, kw_only=True)
class BreakPoint:
    """Where one parameter turns an outcome.

    Attributes
    ----------
    path : str
    side : str
        Where what is wanted holds: ``below`` or ``above`` the one crossing; ``within`` or ``outside`` several;
        ``always``, ``never``: at every value that the parameter can have; ``undefined``: the outcome has no value.
    values : tuple of float
        The crossings, ascending.
    in_range : bool
        One of them lies within the scenario's range of the parameter.
    tried : (float, float)
        The lowest and the highest value tried.
    best : float
        Of the values tried, the one that brings the outcome nearest to what is wanted, or farthest beyond it.
    at_best : float
        The outcome there.
    """

    path: str
    side: Side
    values: tuple[float, ...]
    in_range: bool
    tried: tuple[float, float]
    best: float
    at_best: float


def break_points(
    model: Model,
    space: Space,
    wanted: Wanted,
    allowed: Mapping[str, tuple[float, float]],
    *,
    paths: Iterable[str] | None = None,
    points: int = 1024,
    seed: int = 0,
) -> tuple[BreakPoint, ...]:
    """For each parameter alone, where the outcome reaches what is wanted.

    Parameters
    ----------
    model : callable
    space : Space
    wanted : Wanted
    allowed : mapping
        Path to the lowest and the highest value that the parameter can have at all.
    paths : iterable of str, optional
        Default: every range, in the order of the alphabet.
    points : int
        Draws of the others, the same at each value.
    seed : int

    Raises
    ------
    UsageError
        If a path is no parameter, or nothing says what it can be.

    Examples
    --------
    >>> from misid.encounter.shapes import Uniform
    >>> space = Space(shapes={"fpir": Uniform(lo=0.0, hi=0.1), "held": Uniform(lo=0.0, hi=1.0)})
    >>> model = lambda x: {"wrongly_held": x["fpir"] * x["held"]}
    >>> wanted = Wanted(measure="wrongly_held", side="below", value=0.01, statistic="hi")
    >>> limits = {"fpir": (0.0, 1.0), "held": (0.0, 1.0)}
    >>> for found in break_points(model, space, wanted, limits):
    ...     print(found.path, found.side, [round(value, 3) for value in found.values])
    fpir below [0.01]
    held below [0.103]
    """
    drawn = space.points(points, seed)
    found = []
    for path in space.varying if paths is None else paths:
        if path not in space.shapes or path not in allowed:
            raise UsageError(f"{path!r} is no parameter with limits", remedy=", ".join(sorted(allowed)))
        found.append(_break_point(model, space, wanted, drawn, path, allowed[path]))
    return tuple(found)


def _break_point(
    model: Model, space: Space, wanted: Wanted, drawn: Floats, path: str, allowed: tuple[float, float],
    given: Mapping[str, float] | None = None,
) -> BreakPoint:  # fmt: skip
    tried = _grid(space, path, allowed)

    def at(values: Sequence[float]) -> list[float]:
        return [wanted.of(each[wanted.measure]) for each in holding(model, space, drawn, path, values, given)]

    outcome = _constant(model, space, wanted, drawn, path, tried, given) or at(tried)
    known = [(x, y) for x, y in zip(tried, outcome, strict=True) if math.isfinite(y)]
    if not known:
        ends = tried[0], tried[-1]
        return BreakPoint(
            path=path, side="undefined", values=(), in_range=False, tried=ends, best=math.nan, at_best=math.nan
        )
    best, at_best = (min if wanted.side == "below" else max)(known, key=lambda pair: pair[1])
    crossings = []
    for (x0, y0), (x1, y1) in pairwise(known):
        if wanted.holds(y0) != wanted.holds(y1):
            crossings.append(_narrowed(at, wanted, (x0, x1), (y0, y1)))
    lo, hi = space.shapes[path].ends
    first = wanted.holds(known[0][1])
    return BreakPoint(
        path=path,
        side=_side(len(crossings), first),
        values=tuple(crossings),
        in_range=any(lo <= value <= hi for value in crossings),
        tried=(known[0][0], known[-1][0]),
        best=best,
        at_best=at_best,
    )


def _constant(
    model: Model, space: Space, wanted: Wanted, drawn: Floats, path: str, tried: list[float],
    given: Mapping[str, float] | None,
) -> list[float] | None:  # fmt: skip
    """The outcome at every value, where a trial of a few draws shows that this input does not move it at all."""
    if any(path in factor and len(factor) > 1 for factor in space.factors):
        return None
    few = [each[wanted.measure] for each in holding(model, space, drawn[:_FEW], path, tried, given)]
    if not all(np.array_equal(each, few[0], equal_nan=True) for each in few):
        return None
    [all_draws] = holding(model, space, drawn, path, tried[:1], given)
    return [wanted.of(all_draws[wanted.measure])] * len(tried)


def _side(crossings: int, holds_at_lowest: bool) -> Side:
    if crossings == 0:
        return "always" if holds_at_lowest else "never"
    if crossings == 1:
        return "below" if holds_at_lowest else "above"
    return "outside" if holds_at_lowest else "within"


def _grid(space: Space, path: str, allowed: tuple[float, float]) -> list[float]:
    """Values to try, ascending: evenly within the range, by its own quantiles, and on to what the parameter can be."""
    shape = space.shapes[path]
    shares = np.linspace(0.0, 1.0, _INSIDE)
    inside = [float(value) for value in np.unique(shape.quantile(np.clip(shares, 1e-3, 1 - 1e-3)))]
    lo, hi = (max(shape.ends[0], allowed[0]), min(shape.ends[1], allowed[1]))
    below = [lo / factor for factor in _FACTORS if lo / factor > allowed[0] and lo > 0]
    above = [hi * factor for factor in _FACTORS if hi * factor < allowed[1] and hi > 0]
    # Between the range and the end of what is allowed, where that is nearer than a factor.
    middle_above = [hi + share * (allowed[1] - hi) for share in (0.25, 0.5, 0.75) if math.isfinite(allowed[1])]
    ends = [end for end in (*allowed, lo, hi) if math.isfinite(end)]
    return sorted({*inside, *below, *above, *middle_above, *ends})


def _narrowed(
    at: Callable[[Sequence[float]], list[float]], wanted: Wanted, x: tuple[float, float], y: tuple[float, float]
) -> float:
    """The crossing between two values, by trying some between them, again and again, and then a straight line."""
    for _ in range(_ROUNDS):
        between = _between(*x)
        tried = [x[0], *between, x[1]]
        outcome = [y[0], *at(between), y[1]]
        for (a, b), (c, d) in zip(pairwise(tried), pairwise(outcome), strict=True):
            if math.isfinite(c) and math.isfinite(d) and wanted.holds(c) != wanted.holds(d):
                x, y = (a, b), (c, d)
                break
        if x[1] - x[0] <= _EDGE * max(abs(x[0]), abs(x[1])):
            break
    share = (wanted.value - y[0]) / (y[1] - y[0]) if y[1] != y[0] else 0.5
    return x[0] + min(max(share, 0.0), 1.0) * (x[1] - x[0])


def _between(lo: float, hi: float) -> list[float]:
    """Values between two, by factors where the two are of different orders (or one is 0), and evenly where not."""
    if lo == 0:
        return [float(value) for value in hi * 10.0 ** np.arange(-_FINER, 0)]
    steps = np.arange(1, _FINER + 1) / (_FINER + 1)
    if lo > 0 and hi > 2 * lo:
        return [float(value) for value in lo * (hi / lo) ** steps]
    return [float(value) for value in lo + (hi - lo) * steps]


@dataclass(frozen=True, kw_only=True)
class Frontier:
    """Two parameters together: for each value of the one, where the other turns the outcome."""

    path: str
    other: str
    points: tuple[tuple[float, BreakPoint], ...]


def frontier(
    model: Model,
    space: Space,
    wanted: Wanted,
    allowed: Mapping[str, tuple[float, float]],
    path: str,
    other: str,
    *,
    steps: int = 7,
    points: int = 512,
    seed: int = 0,
) -> Frontier:
    """For values of one parameter over its range, the value of another at which the outcome turns."""
    drawn = space.points(points, seed)
    for each in (path, other):
        if each not in space.shapes:
            raise UsageError(f"{each!r} is no parameter", remedy=", ".join(space.paths))
    values = [float(value) for value in space.shapes[path].quantile(np.linspace(0.02, 0.98, steps))]
    return Frontier(
        path=path,
        other=other,
        points=tuple(
            (value, _break_point(model, space, wanted, drawn, other, allowed[other], {path: value})) for value in values
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Together:
    """Inputs that must lie at their best ends at once for what is wanted to hold, the others drawn.

    Attributes
    ----------
    values : tuple of (str, float)
        Path and the end of its range that it is held at, in the order in which they were added.
    holds : bool
        Whether that is enough; False: not even with every input at its best end.
    at : float
        The outcome's statistic with them held.
    """

    values: tuple[tuple[str, float], ...]
    holds: bool
    at: float


def together(
    model: Model, space: Space, wanted: Wanted, order: Sequence[str], *, points: int = 512, seed: int = 0
) -> Together:
    """Inputs that are enough together when each is at the better end of its range; none of them can be left out.

    They are taken in an order, and those that do not help are passed over.

    Parameters
    ----------
    order : sequence of str
        Paths, the strongest first (`sensitivity.drivers`).
    """
    drawn = space.points(points, seed)
    better = min if wanted.side == "below" else max
    held: dict[str, float] = {}

    def at(given: Mapping[str, float], path: str, values: Sequence[float]) -> list[float]:
        return [wanted.of(each[wanted.measure]) for each in holding(model, space, drawn, path, values, given)]

    reached = wanted.of(spread_over(model(space.through(drawn))[wanted.measure], len(drawn)))
    for path in order:
        if wanted.holds(reached):
            break
        ends = [float(space.shapes[path].quantile(np.asarray(share))) for share in (0.025, 0.975)]
        known = [(y, x) for y, x in zip(at(held, path, ends), ends, strict=True) if math.isfinite(y)]
        if not known:
            continue
        value, end = better(known)
        # An input that hardly helps is left to vary.
        if not math.isfinite(reached) or (
            better(value, reached) != reached and abs(value - reached) > _HELPS * abs(reached)
        ):
            reached, held[path] = value, end
    holds = wanted.holds(reached)
    # The first that was taken may no longer be needed beside the last.
    for path in list(held) if holds else []:
        rest = {each: value for each, value in held.items() if each != path}
        if rest:
            (first, value), *others = rest.items()
            without = at(dict(others), first, [value])[0]
            if wanted.holds(without):
                held, reached = rest, without
    return Together(values=tuple(held.items()), holds=holds, at=reached)
