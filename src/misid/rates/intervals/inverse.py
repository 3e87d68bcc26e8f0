"""Where falling probabilities have given values: many at once."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import numpy as np
from scipy.special import ndtri

from misid.rates.intervals.model import Floats, Ints

FARTHEST = 300.0
"""No value is sought farther from 0 than this."""

CLOSE = 1e-5
"""Newton's rule is done when its step is shorter: what is left is about the square of it."""

PATIENCE = 20
"""Steps after which Newton's rule is given up for halving, which always ends."""

Falling = Callable[[Floats, Ints], tuple[Floats, Floats]]
"""From values x (m,) and which of the probabilities they are for (m,): probabilities at x and their slopes, (m,)."""


def falls_to(falling: Falling, probability: Floats, near: Floats) -> Floats:
    """x at which falling probabilities are those given, (m,); infinite where they are larger for every x.

    Newton's rule on the normal scale, on which the probabilities of counts are nearly straight lines, from `near`.
    Where its step would leave the interval that is known to hold the answer, the interval is halved instead.
    """
    x = np.clip(near, -FARTHEST, FARTHEST)
    wanted = ndtri(probability)
    low, high = np.full(len(x), -FARTHEST), np.full(len(x), FARTHEST)
    left: Ints = np.arange(len(x))
    for turn in count():
        if not len(left):
            break
        here = x[left]
        value, slope = falling(here, left)
        z = ndtri(np.clip(value, 0.0, 1.0))
        above = z - wanted[left]
        low[left] = np.where(above >= 0, here, low[left])
        high[left] = np.where(above <= 0, here, high[left])
        with np.errstate(divide="ignore", invalid="ignore"):
            step = -above * np.exp(-z * z / 2) / np.sqrt(2 * np.pi) / slope
        new = here + step
        good = (new >= low[left]) & (new <= high[left])
        near_enough = good & (np.abs(step) < CLOSE)
        x[left] = np.where(good & (turn < PATIENCE) | near_enough, new, (low[left] + high[left]) / 2)
        left = left[~near_enough & (high[left] - low[left] > CLOSE**2)]
    end = np.flatnonzero(x > FARTHEST - 1)
    if len(end):
        x[end[falling(np.full(len(end), FARTHEST), end)[0] > probability[end]]] = np.inf
    return x
