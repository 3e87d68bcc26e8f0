"""Two kinds of not knowing, kept apart: what nobody measured, and chance.

Draws of the parameters give a probability each, and their spread is what is *not known*: it stays however many people
are scanned, until somebody measures. *Chance* is how a count falls in so many scans even where the probability is
known: binomial. A count to come has both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import bdtr

from misid.ground.errors import UsageError
from misid.tally.model import Floats, Ints

Limits = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A count in so many scans, with its limits by what makes them wide.

    Attributes
    ----------
    scans : float
    value : float or None
        Median over the draws of the expected count; None where `status` is ``undefined``.
    not_known : (float, float) or None
        Limits of the expected count over the draws: chance left out.
    chance : (int, int) or None
        Limits of the count, were the probability known and the draws' median.
    both : (int, int) or None
        Limits of the count that will be seen.
    share_not_known : float or None
        Share of the count's variance that is not chance: what measuring could take away. None where it has none.
    level : float
    status : str
        ``ok``; ``undefined``: a draw has no probability.
    """

    scans: float
    value: float | None
    not_known: Limits | None
    chance: tuple[int, int] | None
    both: tuple[int, int] | None
    share_not_known: float | None
    level: float
    status: Literal["ok", "undefined"] = "ok"


def spread(probability: Floats, scans: float, *, seed: int, level: float = 0.95, scans_of_one: float = 1.0) -> Spread:
    """How a count in so many scans is spread, and why.

    Parameters
    ----------
    probability : (n,) float
        Of the event in one scan, in [0, 1]: one value a draw.
    scans : float
    seed : int
        Of the chance drawn for each draw of the parameters.
    level : float
        Of every pair of limits.
    scans_of_one : float
        Scans of one person that all end alike. Errors fall on the same people again and again: the count is then of
        so many people, each counted so often, and chance spreads it more.

    Examples
    --------
    >>> known = spread(np.full(1024, 0.001), 100_000, seed=1)
    >>> known.value, known.not_known, known.chance, known.share_not_known
    (100.0, (100.0, 100.0), (81, 120), 0.0)
    """
    if not (scans >= 1 and scans_of_one >= 1 and math.isfinite(scans)):
        raise UsageError(f"{scans:g} scans, {scans_of_one:g} of one person", remedy="numbers from 1 up")
    p = np.asarray(probability, dtype=np.float64)
    if not np.all(np.isfinite(p)):
        return Spread(
            scans=scans, value=None, not_known=None, chance=None, both=None, share_not_known=None, level=level,
            status="undefined",
        )  # fmt: skip
    p = np.clip(p, 0.0, 1.0)
    trials = max(round(scans / scans_of_one), 1)
    counts = np.random.default_rng(seed).binomial(trials, p)
    at = [(1 - level) / 2, (1 + level) / 2]
    middle = float(np.median(p))
    expected_lo, expected_hi = np.quantile(p, at) * scans
    seen_lo, seen_hi = np.quantile(counts, at, method="inverted_cdf")
    alone_lo, alone_hi = (_binomial_quantile(share, trials, middle) for share in at)
    return Spread(
        scans=scans,
        value=middle * scans,
        not_known=(float(expected_lo), float(expected_hi)),
        chance=(_times(alone_lo, scans_of_one), _times(alone_hi, scans_of_one)),
        both=(_times(seen_lo, scans_of_one), _times(seen_hi, scans_of_one)),
        share_not_known=_share_not_known(p, trials),
        level=level,
    )


def counts_by_chance(shares: Floats, scans: int, generator: np.random.Generator) -> Ints:
    """Counts of all that a scan can end in, drawn together.

    Parameters
    ----------
    shares : (n, K) float
        Probabilities of K ends that exclude each other, for each of n draws; rows sum to 1.
    scans : int
    generator : numpy Generator

    Returns
    -------
    (n, K) int
        Rows sum to `scans`.
    """
    return generator.multinomial(scans, shares / shares.sum(axis=1, keepdims=True))


def _share_not_known(p: Floats, trials: int) -> float | None:
    """By the law of total variance: var(m p) against var(m p) + mean(m p (1 - p))."""
    not_known = trials**2 * float(p.var())
    # Equal draws: what is left is rounding.
    not_known = 0.0 if not_known <= 1e-20 * trials**2 * float(p.mean()) ** 2 else not_known
    total = not_known + trials * float((p * (1 - p)).mean())
    return not_known / total if total > 0 else None


def _binomial_quantile(share: float, trials: int, p: float) -> int:
    """The smallest k with P(at most k of the trials) >= share."""
    lo, hi = -1, trials
    while hi - lo > 1:
        middle = (lo + hi) // 2
        lo, hi = (lo, middle) if bdtr(middle, trials, p) >= share else (middle, hi)
    return hi


def _times(people: float, scans_of_one: float) -> int:
    return round(people * scans_of_one)
