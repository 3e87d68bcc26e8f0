"""What a model says with one parameter held at each end of its range, the others drawn: the bars of a tornado."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from misid.encounter.draws import Draws, Space
from misid.tally.model import Floats

Model = Callable[[Draws], Mapping[str, Floats]]
"""Measures by name, (n,) each, from draws of the parameters; (1,) where a measure does not vary."""

_TRIED = 64


@dataclass(frozen=True, kw_only=True)
class Ends:
    """One parameter at its two ends.

    Attributes
    ----------
    path : str
    lo, hi : float
        The two values: the limits at `level` of the parameter's range.
    at_lo, at_hi : mapping
        Each measure's values over the draws of the others, (n,).
    """

    path: str
    lo: float
    hi: float
    at_lo: Mapping[str, Floats] = field(hash=False)
    at_hi: Mapping[str, Floats] = field(hash=False)


def at_ends(model: Model, space: Space, *, points: int = 1024, seed: int = 0, level: float = 0.95) -> tuple[Ends, ...]:
    """Every range of a space held at its ends, one after the other, on the same draws of the others.

    What is correlated with the one that is held is drawn as its value lets one expect.
    """
    drawn = space.points(points, seed)
    base = {name: spread_over(values, len(drawn)) for name, values in model(space.through(drawn)).items()}
    idle = {path for factor in idle_factors(model, space, seed) if len(factor) == 1 for path in factor}
    found = []
    for path in space.varying:
        lo, hi = (float(space.shapes[path].quantile(np.asarray(share))) for share in ((1 - level) / 2, (1 + level) / 2))
        low, high = (base, base) if path in idle else holding(model, space, drawn, path, (lo, hi))
        found.append(Ends(path=path, lo=lo, hi=hi, at_lo=low, at_hi=high))
    return tuple(found)


def idle_factors(model: Model, space: Space, seed: int) -> tuple[tuple[str, ...], ...]:
    """Inputs, or correlated ones together, that move no measure at all: what a policy never looks at.

    Each is drawn anew for 64 draws of the others. One that changes nothing in any of them, to the last digit, is idle.
    """
    factors, n = space.factors, _TRIED
    if not factors:
        return ()
    one, other = space.points(n, seed), space.points(n, seed + 1)
    at = {path: index for index, path in enumerate(space.varying)}
    rows = np.tile(one, (len(factors) + 1, 1))
    for number, factor in enumerate(factors, 1):
        columns = [at[path] for path in factor]
        rows[number * n : (number + 1) * n, columns] = other[:, columns]
    moved = np.zeros(len(factors), dtype=bool)
    for values in model(space.through(rows)).values():
        y = spread_over(values, len(rows)).reshape(len(factors) + 1, n)
        moved |= np.any((y[1:] != y[0]) & ~(np.isnan(y[1:]) & np.isnan(y[0])), axis=1)
    return tuple(factor for factor, moves in zip(factors, moved, strict=True) if not moves)


def holding(
    model: Model,
    space: Space,
    points: Floats,
    path: str,
    values: Iterable[float],
    given: Mapping[str, float] | None = None,
) -> list[dict[str, Floats]]:
    """The measures with a parameter held at each of several values, in one call of the model.

    Returns
    -------
    list of dict
        For each value: measure to (n,) float, n the number of points.
    """
    wanted, n = list(values), len(points)
    # Only what is correlated with the one that is held changes with its value.
    moving = {path, *(each for factor in space.factors if path in factor for each in factor)}
    several = [space.through(points, {**(given or {}), path: value}, moving) for value in wanted]
    rest = space.through(points, {**(given or {}), path: wanted[0]}, set(space.paths) - moving)
    stacked = {
        name: np.concatenate([np.broadcast_to(draws[name], (n,)) for draws in several]) for name in several[0]
    } | {name: values if values.size == 1 else np.tile(values, len(wanted)) for name, values in rest.items()}
    measures = {name: spread_over(values, n * len(wanted)) for name, values in model(stacked).items()}
    return [
        {name: values[index * n : (index + 1) * n] for name, values in measures.items()} for index in range(len(wanted))
    ]


def spread_over(values: Floats, n: int) -> Floats:
    """Values of a measure as (n,), whether it varies or not."""
    return np.broadcast_to(np.asarray(values, dtype=np.float64), (n,))
