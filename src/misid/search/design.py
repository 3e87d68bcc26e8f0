"""How large a test must be before a claim about a gallery can be made at all.

The claim: FPIR at N is below x, at confidence 1 - a. The least tests are those in which nobody is wrongly returned.

- **Direct**: people not in a gallery of N itself, each searched once, none returned. With n people FPIR is below
  ``1 - a^(1/n)``, so ``n >= log a / log(1 - x)`` (about 3 / x at 95 %). More searches by the same people do
  not count: they may share their fate.
- **By comparisons**: n people, each compared with all others, no false match. FPIR(N) < x needs
  FMR < p = 1 - (1 - x)^(1/N). With no false match in M = n (n - 1) comparisons, FMR is below
  ``(a^-c - 1) / (c M)``, c = (p^-s - 1) / n the squared coefficient of variation that people put into FMR
  (3 / M for c = 0). s is not known before the test: 0 means independent comparisons. This assumes
  FPIR = 1 - (1 - FMR)^N, which holds if people do not differ, and is on the safe side if they do.
- **To be answered at all**: misid estimates only where the threshold lies within so many mean excesses of what the test
  saw (`misid.search.from_tally.reach`). How far a threshold of FMR p lies depends on the tail: ``log(20 / (n p))`` if
  it is exponential, less if it is Gaussian. Below `LEAST_PEOPLE` people there is a bound and no estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import ceil, exp, expm1, inf, log, log1p, pi, sqrt

from scipy.special import ndtri_exp

from misid.ground.errors import UsageError
from misid.search.from_tally.reach import AT, farthest
from misid.search.growth import checked_gallery
from misid.search.model import Answer
from misid.search.span import Span

LEAST_PEOPLE = 100
"""People in the test, below which only a bound is given."""

SLOPE = Span(lo=0.0, hi=0.6)
"""s, from independent comparisons to what a mixture of good and bad photographs shows."""


def design(target: float, gallery: int, *, level: float = 0.95, slope: Span = SLOPE) -> tuple[Answer, ...]:
    """People and searches that a test needs before "FPIR at N is below `target`" can be claimed.

    Parameters
    ----------
    target : float
        x, between 0 and 1.
    gallery : int
        N, references.
    level : float
        Confidence of the claim, one-sided.
    slope : Span
        s, how fast people's differences grow as false matches become rare; at least 0.

    Returns
    -------
    tuple of Answer
        People and searches in a test of N itself; people in a test by comparisons; people below which nothing but
        a bound is given.

    Examples
    --------
    >>> [answer.lo for answer in design(0.003, 200_000_000)]
    [998.0, 998.0, 446561.0, 2581.0]
    """
    if not 0 < target < 1:
        raise UsageError(
            f"an FPIR of {target:g} is not between 0 and 1", remedy="a proportion such as 0.001, not 0.1 %"
        )
    if not 0.5 <= level < 1:
        raise UsageError(f"level {level:g} is not from 0.5 to below 1", remedy="0.95")
    if slope.lo < 0:
        raise UsageError(f"slope {slope} is below 0", remedy="0 is independent comparisons")
    gallery = checked_gallery(gallery)
    claim = f'to claim "FPIR at {gallery:,} references is below {target:g}"'
    about = {"gallery": gallery, "target": target, "level": level}
    direct = float(ceil(log(1 - level) / log1p(-target) - 1e-9))
    fmr = -expm1(log1p(-target) / gallery)
    ends = [float(_people(fmr, s, 1 - level)) for s in dict.fromkeys((slope.lo, slope.hi))]
    seen = "nobody in the test is wrongly returned: with one who is, more are needed"
    answered = [float(max(LEAST_PEOPLE, _smallest(partial(_within_reach, fmr=fmr, tail=t)))) for t in DISTANCES]
    return (
        _answer(f"people not in a gallery of that size, each searched in it, {claim}", "people", [direct], about,
                (seen, "one search counts for each person"), "no false positives among n people"),
        _answer(f"searches of a gallery of that size {claim}", "searches", [direct], about,
                (seen, "further searches by the same people do not count: they may share their fate"),
                "no false positives among n people"),
        _answer(f"people compared with one another {claim}", "people", ends, about,
                (seen, "people differ as s says, " f"s in {slope} (0: independent comparisons)",
                 f"FMR below {fmr:.2g} bounds FPIR"), "no false matches, negative binomial bound"),
        _answer(f"people compared with one another before misid estimates FPIR {target:g} at {gallery:,} references",
                "people", answered, about,
                (f"scores have tails between Gaussian and exponential, and {LEAST_PEOPLE} people are in the test",
                 "fewer give a bound; so many may still give a wide interval"),
                "refusal rule of the projection", "the tail of the scores is not known before the test"),
    )  # fmt: skip


def _answer(
    asked: str, measure: str, ends: list[float], about: dict[str, float], assumptions: tuple[str, ...], method: str,
    unknown: str = "how people will differ is not known before the test",
) -> Answer:  # fmt: skip
    known = len(set(ends)) == 1
    return Answer(
        asked=asked, measure=measure, estimate=ends[0] if known else None, lo=min(ends), hi=max(ends), method=method,
        limits="assumptions", assumptions=assumptions, gallery=int(about["gallery"]), target=about["target"],
        level=about["level"], reason="" if known else unknown,
    )  # fmt: skip


def _people(fmr: float, slope: float, tail: float) -> int:
    def enough(n: int) -> bool:
        c = min(expm1(min(-slope * log(fmr), 700.0)) / n, 1e300)
        factor = -log(tail) if c < 1e-12 else (inf if -c * log(tail) > 700 else expm1(-c * log(tail)) / c)
        return factor <= fmr * n * (n - 1)

    return _smallest(enough)


def _gaussian(rate: float, fmr: float) -> float:
    """Mean excesses from the score of one rate to that of another, normal scores."""
    start, end = -ndtri_exp(log(rate)), -ndtri_exp(log(fmr))
    return float((end - start) / (exp(-(start**2) / 2) / sqrt(2 * pi) / rate - start))


def _exponential(rate: float, fmr: float) -> float:
    return log(rate / fmr)


DISTANCES = (_gaussian, _exponential)


def _within_reach(n: int, fmr: float, tail: Callable[[float, float], float]) -> bool:
    rate = AT / n
    return rate < 1 and (fmr >= rate or tail(rate, fmr) <= farthest(n))


def _smallest(enough: Callable[[int], bool]) -> int:
    """The smallest number of people, 2 or more, that is enough, to one in a million."""
    high = 2
    while not enough(high):
        high *= 2
    low = high // 2
    while high - low > max(1, low // 10**6):
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
