"""What a model says with one parameter held at each end of its range, the others drawn: the bars of a tornado."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from misid.encounter.draws import Draws, Space
from misid.tally.model import Floats

Model = Callable[[Draws], Mapping[str, Floats]]
"""Measures by name, (n,) each, from draws of the parameters; (1,) where a measure does not vary."""


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
    found = []
    for path in space.varying:
        lo, hi = (float(space.shapes[path].quantile(np.asarray(share))) for share in ((1 - level) / 2, (1 + level) / 2))
        low, high = holding(model, space, drawn, path, (lo, hi))
        found.append(Ends(path=path, lo=lo, hi=hi, at_lo=low, at_hi=high))
    return tuple(found)


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
    wanted = list(values)
    if any(path in correlation.of for correlation in space.correlations):
        several = [space.through(points, {**(given or {}), path: value}) for value in wanted]
    else:
        others = space.through(points, given)
        several = [{**others, path: np.array([value])} for value in wanted]
    n = len(points)
    stacked = {
        name: several[0][name]
        if name != path and all(draws[name].size == 1 for draws in several)
        else np.concatenate([np.broadcast_to(draws[name], (n,)) for draws in several])
        for name in several[0]
    }
    measures = {name: spread_over(values, n * len(wanted)) for name, values in model(stacked).items()}
    return [
        {name: values[index * n : (index + 1) * n] for name, values in measures.items()} for index in range(len(wanted))
    ]


def spread_over(values: Floats, n: int) -> Floats:
    """Values of a measure as (n,), whether it varies or not."""
    return np.broadcast_to(np.asarray(values, dtype=np.float64), (n,))
