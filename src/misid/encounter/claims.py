"""Claims in words, held against outcomes: supported, contradicted, or not decidable with what is known.

A claim is a sentence with a test. Whether the test holds is asked of every draw of the parameters. The claim
is supported where it holds in so many draws that the limits (95 of 100, two-sided) lie on its side, contradicted where
they lie on the other, and else not decidable; then the inputs that would decide it, were they measured, are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from misid.encounter.ends import Ends
from misid.tally.model import Floats

Verdict = Literal["supported", "contradicted", "not decidable"]

_MOVES = 0.1
"""Change in the share of draws in which a claim holds from which on an input is said to bear on it."""

_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class Test:
    """What a claim says of an outcome: that it is above, or below, a value."""

    __test__ = False  # no test of pytest's

    measure: str
    side: Literal["above", "below"]
    value: float

    def holds(self, values: Floats) -> Floats:
        """Whether it holds in each draw, 1.0 or 0.0; NaN where the outcome has no value."""
        values = np.asarray(values, dtype=np.float64)
        held = values > self.value if self.side == "above" else values < self.value
        return np.where(np.isfinite(values), held.astype(np.float64), np.nan)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What is known of a claim.

    Attributes
    ----------
    verdict : str
    share_true : float or None
        Share of the draws in which it holds; None where the outcome has no value in any.
    value, lo, hi : float or None
        The outcome's median and limits over the draws in which it has a value.
    draws, without_value : int
    reason : str
        Said where the verdict needs it.
    """

    verdict: Verdict
    share_true: float | None
    value: float | None
    lo: float | None
    hi: float | None
    level: float
    draws: int
    without_value: int
    reason: str = ""


def judge(test: Test, values: Floats, level: float = 0.95) -> Judgement:
    """Hold a claim against the draws of an outcome.

    Parameters
    ----------
    test : Test
    values : (n,) float
        NaN in draws in which the outcome is not defined (nobody is matched, so no share of matches is right).
    level : float
        Two-sided, of the limits that decide.

    Examples
    --------
    >>> test = Test(measure="right_record_given_match", side="above", value=0.999)
    >>> judge(test, np.linspace(0.90, 0.99, 1000)).verdict
    'contradicted'
    >>> judge(test, np.linspace(0.998, 1.0, 1000)).verdict
    'not decidable'
    """
    values = np.atleast_1d(np.asarray(values, dtype=np.float64))
    known = values[np.isfinite(values)]
    missing = len(values) - len(known)
    if not len(known):
        return Judgement(
            verdict="not decidable", share_true=None, value=None, lo=None, hi=None, level=level, draws=len(values),
            without_value=missing, reason="the outcome has no value in any draw: what it is a share of never happens",
        )  # fmt: skip
    share = float(test.holds(known).mean())
    lo, hi = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Judgement(
        verdict=verdict(share, level),
        share_true=share,
        value=float(np.median(known)),
        lo=float(lo),
        hi=float(hi),
        level=level,
        draws=len(values),
        without_value=missing,
        reason=f"in {missing:,} of {len(values):,} draws the outcome has no value; they are left out"
        if missing
        else "",
    )


def verdict(share_true: float, level: float = 0.95) -> Verdict:
    """From the share of draws in which a claim holds: as the limits of the outcome lie on one side of its value.

    >>> verdict(0.99), verdict(0.01), verdict(0.9)
    ('supported', 'contradicted', 'not decidable')
    """
    if share_true >= (1 + level) / 2 - _ROUNDING:
        return "supported"
    return "contradicted" if share_true <= (1 - level) / 2 + _ROUNDING else "not decidable"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict on a claim about each of several groups: contradicted by one, supported only by all.

    >>> worst(["supported", "not decidable"]), worst(["supported", "contradicted"])
    ('not decidable', 'contradicted')
    """
    seen = set(verdicts)
    if "contradicted" in seen:
        return "contradicted"
    return "supported" if seen == {"supported"} else "not decidable"


@dataclass(frozen=True, kw_only=True)
class Decider:
    """An input that bears on a claim.

    Attributes
    ----------
    path : str
    lo, hi : float
        Two values of it: the limits of its range.
    share_at_lo, share_at_hi : float
        Share of the draws of the others in which the claim holds, at these values.
    decides : tuple of str
        Verdicts at the two ends that are not ``not decidable``.
    """

    path: str
    lo: float
    hi: float
    share_at_lo: float
    share_at_hi: float
    decides: tuple[Verdict, ...]


def deciders(test: Test, ends: Iterable[Ends], level: float = 0.95) -> tuple[Decider, ...]:
    """Inputs that would decide a claim if they were known, and then those that bear on it, the strongest first.

    Parameters
    ----------
    test : Test
    ends : iterable of Ends
        The model with each input at the ends of its range (`ends.at_ends`).

    Returns
    -------
    tuple of Decider
        Those that decide it at an end of their range; if none does, those that move the share of draws in which
        it holds by a tenth or more.
    """
    found = []
    for end in ends:
        low, high = _share(test, end.at_lo), _share(test, end.at_hi)
        if low is None or high is None:
            continue
        decides = tuple(v for v in (verdict(low, level), verdict(high, level)) if v != "not decidable")
        found.append(
            Decider(path=end.path, lo=end.lo, hi=end.hi, share_at_lo=low, share_at_hi=high, decides=decides)
        )  # fmt: skip
    found.sort(key=lambda each: (-abs(each.share_at_hi - each.share_at_lo), each.path))
    deciding = [each for each in found if each.decides]
    return tuple(deciding or [each for each in found if abs(each.share_at_hi - each.share_at_lo) >= _MOVES])


def _share(test: Test, measures: Mapping[str, Floats]) -> float | None:
    held = test.holds(measures[test.measure])
    known = held[np.isfinite(held)]
    return float(known.mean()) if len(known) else None
