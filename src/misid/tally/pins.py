"""Pins: thresholds that meet a target exactly, found from the scores themselves.

A histogram alone puts a threshold for "FMR <= 1/1000" at the edge of a bin. A pin lies just above the highest
score at which too many non-mated comparisons match, and below or at the next score that occurs: counts there
are exact to the last comparison, and the threshold is conservative, never the nearest. Between those two scores
it is the number with the fewest binary digits, so that a tally does not publish anybody's score.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from misid.engine import Engine
from misid.engine.seam import literal
from misid.tally.model import Floats, Ints

DEFAULT_TARGETS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""FMR and FPIR for which thresholds are sought when none are named."""


def target_pins(engine: Engine, values: str, total: int, targets: Sequence[float]) -> dict[float, float]:
    """Per target the lowest threshold that meets it, but for others with the very same counts.

    Targets that `total` trials cannot show are left out.

    `values` is SQL for rows (score, n), the n trials whose error score is `score`. Table `kept_rows` holds the
    scores that may be chosen.
    """
    wanted = {t: math.floor(t * total + 1e-9) for t in targets if t * total >= 1}
    if not wanted:
        return {}
    rows = engine.columns(f"""
        SELECT score, above FROM (
          SELECT score, n, sum(n) OVER (ORDER BY score DESC ROWS UNBOUNDED PRECEDING) AS above FROM ({values}) AS v) AS t
        WHERE above - n <= {max(wanted.values())} ORDER BY score DESC""")  # noqa: E501
    scores, above = rows["score"].astype(np.float64), rows["above"].astype(np.int64)
    too_many = {target: np.flatnonzero(above > allowed) for target, allowed in wanted.items()}
    matched = {target: float(scores[places[0]]) for target, places in too_many.items() if places.size}
    next_up = dict(zip(matched, next_scores_above(engine, list(matched.values())), strict=True))
    return {target: simplest_between(matched[target], up) for target, up in next_up.items() if up is not None}


def simplest_between(low: float, high: float) -> float:
    """The number above `low` and not above `high` that is a multiple of the largest power of two.

    Examples
    --------
    >>> simplest_between(0.61248, 0.61249), simplest_between(1.0, 3.0), simplest_between(0.1, 0.125)
    (0.61248779296875, 2.0, 0.125)
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return high
    exponent = math.frexp(max(high - low, math.ulp(high)))[1]
    while True:
        step = math.ldexp(1.0, exponent)
        candidate = (math.floor(low / step) + 1) * step
        if low < candidate <= high:
            return candidate
        if step <= math.ulp(max(abs(low), abs(high))):
            return high
        exponent -= 1


def next_scores_above(engine: Engine, scores: Sequence[float]) -> list[float | None]:
    """For each score the lowest one of any comparison kept that is strictly above it."""
    if not scores:
        return []
    above = ", ".join(f"min(score) FILTER (WHERE score > {literal(s)}) AS above_{i}" for i, s in enumerate(scores))
    found = engine.columns(f"SELECT {above} FROM kept_rows WHERE NOT failed", logged=False)
    return [None if np.ma.is_masked(value) else float(value[0]) for value in found.values()]


def crossing_bin(nonmated: Ints, mated: Ints) -> int | None:
    """Index of the bin in which FMR, falling, meets FNMR, rising; None where a side is empty."""
    if not nonmated.sum() or not mated.sum():
        return None
    # Rates at the lower edge of each bin.
    fmr = np.cumsum(nonmated[::-1])[::-1] / nonmated.sum()
    fnmr = (np.cumsum(mated) - mated) / mated.sum()
    return int(np.flatnonzero(fmr >= fnmr)[-1])


def crossing_pins(engine: Engine, low: float, high: float, above: int, below: int, total: int, mated: int) -> Floats:
    """Thresholds in [low, high) that tell apart the scores at which FMR and FNMR come closest, on either side.

    `above`: non-mated comparisons at or above `high`; `below`: mated ones under `low`; `total`, `mated`: all
    of each kind.
    """
    rows = engine.columns(f"""
        SELECT score, CAST(sum(n) AS BIGINT) AS n, CAST(sum(m) AS BIGINT) AS m FROM (
          SELECT score, 1 AS n, 0 AS m FROM tail_rows WHERE score >= {literal(low)} AND score < {literal(high)}
          UNION ALL SELECT score, 0, 1 FROM mated_rows
          WHERE NOT failed AND score >= {literal(low)} AND score < {literal(high)}) AS t
        GROUP BY score ORDER BY score""")
    scores = rows["score"].astype(np.float64)
    if not scores.size:
        return np.empty(0)
    fmr = (above + np.cumsum(rows["n"][::-1])[::-1]) / total
    fnmr = (below + np.cumsum(rows["m"]) - rows["m"]) / mated
    last = np.flatnonzero(fmr >= fnmr)
    first = int(last[-1]) if last.size else 0
    below_each = np.concatenate([[np.nextafter(low, -np.inf)], scores[:-1]])
    pairs = zip(below_each[first : first + 2].tolist(), scores[first : first + 2].tolist(), strict=True)
    return np.array([simplest_between(*pair) for pair in pairs], dtype=np.float64)
