"""Likelihood ratios of scores: pool-adjacent-violators, logistic regression, Cllr, Tippett and ECE data.

Everything is computed from the counts of comparisons per bin. A bin's scores are represented by its
middle (an open end bin by its finite edge); bins are about a thousandth of the range of the scores wide.
Both sides weigh equally whatever the number of comparisons (prior odds 1). Logarithms: base 10 for
likelihood ratios, base 2 (bits) for Cllr and ECE, natural in the logistic regression's slope.

Sources: Brümmer and du Preez (2006), Application-independent evaluation of speaker detection (Cllr, PAV);
Ramos et al. (2013), Reliable support: measuring calibration of likelihood ratios (ECE).
"""

from __future__ import annotations

import numpy as np

from misid.rates.counts import Counts
from misid.rates.model import Calibration, CalibrationBin
from misid.rates.points import as_input
from misid.tally.model import Floats, Ints

LOG10_ODDS = tuple(round(-3 + 0.1 * step, 1) for step in range(61))
"""Prior odds (log10) of the ECE curve."""

TIPPETT_POINTS = 200


def pool_adjacent_violators(mated: Floats | Ints, nonmated: Floats | Ints) -> tuple[Ints, Floats, Floats]:
    """Pool neighbouring bins until the share of mated comparisons rises with the score.

    Parameters
    ----------
    mated, nonmated : (k,)
        Comparisons (or weights) in bins of ascending score; bins without any of either kind are allowed.

    Returns
    -------
    start : (b,) int
        First bin of each pooled block, ascending.
    block_mated, block_nonmated : (b,)
        Their sums. Blocks of equal share are one block. The isotonic regression is unique, so is this.

    Examples
    --------
    >>> start, m, n = pool_adjacent_violators(np.array([0, 2, 1, 3]), np.array([4, 1, 3, 0]))
    >>> start.tolist(), m.tolist(), n.tolist()
    ([0, 1, 3], [0.0, 3.0, 3.0], [4.0, 4.0, 0.0])
    """
    starts: list[int] = []
    ms: list[float] = []
    ns: list[float] = []
    pairs = np.stack([mated, nonmated], axis=1).astype(np.float64).tolist()
    for index, (m, n) in enumerate(pairs):
        if m == 0 and n == 0:
            continue
        start = index
        # Shares are compared as cross products: exact for counts.
        while starts and ms[-1] * n >= m * ns[-1]:
            start = starts.pop()
            m += ms.pop()
            n += ns.pop()
        starts.append(start)
        ms.append(m)
        ns.append(n)
    return np.array(starts, dtype=np.int64), np.array(ms), np.array(ns)


def cllr(log_lr_mated: Floats, weight_mated: Floats, log_lr_nonmated: Floats, weight_nonmated: Floats) -> float:
    """Cost of log likelihood ratios in bits: 0 perfect, 1 no information; natural logarithms in, ±inf allowed.

    Parameters
    ----------
    log_lr_mated, log_lr_nonmated : (k,)
        Natural log likelihood ratios.
    weight_mated, weight_nonmated : (k,)
        Comparisons that have them; a weight of 0 is left out (so 0 * inf does not arise).

    Examples
    --------
    >>> one = np.ones(1)
    >>> cllr(np.zeros(1), one, np.zeros(1), one)
    1.0
    """
    on, off = weight_mated > 0, weight_nonmated > 0
    miss = np.average(np.logaddexp(0.0, -log_lr_mated[on]), weights=weight_mated[on])
    false = np.average(np.logaddexp(0.0, log_lr_nonmated[off]), weights=weight_nonmated[off])
    return float((miss + false) / (2 * np.log(2.0)))


def logistic_fit(score: Floats, mated: Floats, nonmated: Floats) -> tuple[float, float] | None:
    """Slope and intercept (natural log) of log LR = slope * score + intercept, both kinds weighing 1/2.

    The minimiser of Cllr over straight lines, by Newton's method with halved steps. None where the two kinds
    do not overlap by more than one score (the slope would be infinite) or a kind is empty.
    """
    used = (mated > 0) | (nonmated > 0)
    x, m, n = score[used], mated[used].astype(float), nonmated[used].astype(float)
    if m.sum() == 0 or n.sum() == 0:
        return None
    # Kinds that meet in one score only are separated too: any steeper line is better still.
    if x[m > 0].min() >= x[n > 0].max() or x[m > 0].max() <= x[n > 0].min():
        return None
    m, n = m / (2 * m.sum()), n / (2 * n.sum())
    centre, scale = np.average(x, weights=m + n), np.sqrt(np.average((x - x.mean()) ** 2, weights=m + n)) or 1.0
    z = np.stack([(x - centre) / scale, np.ones_like(x)])

    def loss(b: Floats) -> float:
        eta = b @ z
        return float(m @ np.logaddexp(0.0, -eta) + n @ np.logaddexp(0.0, eta))

    b = np.zeros(2)
    now = loss(b)
    for _ in range(100):
        eta = b @ z
        p = 0.5 * (1.0 + np.tanh(eta / 2))
        gradient = z @ ((m + n) * p - m)
        hessian = (z * ((m + n) * p * (1 - p))) @ z.T
        # A hair of ridge keeps the first steps finite where almost all scores are equal; it does not move the optimum.
        step = np.linalg.solve(hessian + 1e-15 * np.eye(2), gradient)
        size = 1.0
        while size > 1e-10 and loss(b - size * step) > now:
            size /= 2
        b = b - size * step
        new = loss(b)
        if np.abs(gradient).max() < 1e-13 or abs(now - new) < 1e-16:
            break
        now = new
    slope = float(b[0] / scale)
    return slope, float(b[1] - slope * centre)


def expected_cost(log_lr: Floats, mated: Floats, nonmated: Floats, log10_odds: float) -> float:
    """Empirical cross-entropy (bits) at prior odds; at odds 1 it is Cllr."""
    log_odds = log10_odds * np.log(10.0)
    prior = 1.0 / (1.0 + np.exp(-log_odds))
    on, off = mated > 0, nonmated > 0
    miss = np.average(np.logaddexp(0.0, -(log_lr[on] + log_odds)), weights=mated[on])
    false = np.average(np.logaddexp(0.0, log_lr[off] + log_odds), weights=nonmated[off])
    return float((prior * miss + (1 - prior) * false) / np.log(2.0))


def _middles(edges: Floats) -> Floats:
    """A score for every bin: its middle, or the finite edge of an open end bin."""
    upper = np.append(edges[1:], np.inf)
    open_below, open_above = np.isinf(edges), np.isinf(upper)
    with np.errstate(invalid="ignore"):
        middle = edges + (upper - edges) / 2
    return np.where(open_below, upper, np.where(open_above, edges, middle))


def calibrate(counts: Counts) -> Calibration:
    """Calibration of the margin's scores; `status` says where it is not possible.

    A block of the PAV map that holds comparisons of one kind only has a likelihood ratio of 0 or infinity
    on these data. It is reported as such (`CalibrationBin.bound`), never replaced by a finite number.
    """
    tally = counts.tally
    if tally.kind == "candidates":
        why = "candidate lists leave out the comparisons below their end: scores cannot be calibrated from them"
        return Calibration(
            status="censored", cllr=None, cllr_min=None, cllr_logistic=None, slope=None, intercept=None, warnings=(why,)
        )
    mated = (counts.mated[0, :-1] - counts.mated[0, 1:]).astype(np.float64)
    nonmated = (counts.nonmated[0, :-1] - counts.nonmated[0, 1:]).astype(np.float64)
    if mated.sum() == 0 or nonmated.sum() == 0:
        which = "mated" if mated.sum() == 0 else "non-mated"
        return Calibration(
            status="undefined", cllr=None, cllr_min=None, cllr_logistic=None, slope=None, intercept=None,
            warnings=(f"no {which} comparisons: there are no likelihood ratios",),
        )  # fmt: skip
    warnings = [
        "likelihood ratios are those of the people in this test; between other people and captures they are others"
    ]
    used = np.flatnonzero((mated > 0) | (nonmated > 0))
    edges, upper = tally.edges[used], np.append(tally.edges[1:], np.inf)[used]
    if np.isinf(edges[0]) or np.isinf(upper[-1]):
        warnings.append("an end bin is open: its scores count as its finite edge in the logistic regression")
    middle = _middles(tally.edges)[used]
    mated, nonmated = mated[used], nonmated[used]

    start, block_m, block_n = pool_adjacent_violators(mated, nonmated)
    with np.errstate(divide="ignore"):
        block_log_lr = np.log(block_m / mated.sum()) - np.log(block_n / nonmated.sum())
    block = np.searchsorted(start, np.arange(len(used)), side="right") - 1
    pav = block_log_lr[block]
    line = logistic_fit(middle, mated, nonmated)
    log10 = np.log(10.0)
    logistic = None if line is None else line[0] * middle + line[1]
    if logistic is None:
        warnings.append("mated and non-mated scores do not overlap: a logistic slope would be infinite, none is given")

    ends = np.append(start[1:], len(used)) - 1
    bins = []
    for b, (first, last) in enumerate(zip(start.tolist(), ends.tolist(), strict=True)):
        weight = mated[first : last + 1] + nonmated[first : last + 1]
        at = float(np.average(middle[first : last + 1], weights=weight))
        lower, higher = sorted((as_input(tally, float(edges[first])), as_input(tally, float(upper[last]))))
        bins.append(
            CalibrationBin(
                lower=lower,
                upper=higher,
                mated=int(block_m[b]),
                nonmated=int(block_n[b]),
                log10_lr_pav=float(block_log_lr[b] / log10) if np.isfinite(block_log_lr[b]) else None,
                log10_lr_logistic=None if line is None else float((line[0] * at + line[1]) / log10),
                bound="0" if block_m[b] == 0 else "inf" if block_n[b] == 0 else "",
            )
        )
    tippett: tuple[tuple[float, float, float], ...] = ()
    ece: tuple[tuple[float, float, float, float], ...] = ()
    if logistic is not None and line is not None:
        # A falling line would order the scores the other way round; shares are "at or above" in LR.
        order = np.argsort(logistic, kind="stable")
        share_m = np.cumsum(mated[order][::-1])[::-1] / mated.sum()
        share_n = np.cumsum(nonmated[order][::-1])[::-1] / nonmated.sum()
        pick = np.unique(np.linspace(0, len(order) - 1, TIPPETT_POINTS).round().astype(int))
        tippett = tuple(
            (float(logistic[order[i]] / log10), float(share_m[i]), float(share_n[i])) for i in pick.tolist()
        )
        none = np.zeros_like(logistic)
        ece = tuple(
            (
                odds,
                expected_cost(logistic, mated, nonmated, odds),
                expected_cost(pav, mated, nonmated, odds),
                expected_cost(none, mated, nonmated, odds),
            )
            for odds in LOG10_ODDS
        )
    sign = -1.0 if tally.origin.polarity == "distance" else 1.0
    return Calibration(
        status="ok",
        cllr=cllr(middle, mated, middle, nonmated),
        cllr_min=cllr(pav, mated, pav, nonmated),
        cllr_logistic=None if logistic is None else cllr(logistic, mated, logistic, nonmated),
        slope=None if line is None else float(sign * line[0] / log10),
        intercept=None if line is None else float(line[1] / log10),
        bins=tuple(bins),
        tippett=tippett,
        ece=ece,
        warnings=tuple(warnings),
    )
