"""Several images of a person: how many strangers they amount to.

Of a stranger's m images each reaches the threshold with probability p, given the probe. If that is rare, at least one
does with probability e p, where e is the effective number of images: m if they reach it independently of each other, 1
if they only do so together. Let c be the probability that another image of the person reaches it, given that one does.
For m = 2, e = 2 - c exactly. For more, c does not settle it, but it bounds it whatever else the images share:

- at most 1 + (m - 1)(1 - c) (Hunter and Worsley);
- at least 2 m / (k + 1) - m (m - 1) c / (k (k + 1)), k = 1 + floor((m - 1) c) (Dawson and Sankoff).

Both are m at c = 0 and 1 at c = 1. Between them lies m^a, a = log2(2 - c): what images share if all pairs share
alike and maxima of them do so as well (logistic dependence). A gallery of N images of people with m each is then one of
N e / m strangers with one image each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil, floor, log2

import numpy as np
from scipy.special import stdtrit

from misid.ground.errors import UsageError
from misid.ground.numbers import percent
from misid.search.from_tally.counts import Floats, Ints, TestCounts
from misid.search.from_tally.jackknife import left_out_variance
from misid.search.model import Answer
from misid.search.span import Span
from misid.tally.model import N_BLOCKS

MOST_IMAGES = 1000
"""Of one person."""

ANY = Span(lo=0.0, hi=1.0)
"""Correlation of a person's images where nobody measured it."""

WANTED = 1000
"""Other images of those who reached a level that a measurement wants: the higher the level, the more it says of the
thresholds asked about, and the less surely. It does not look at how many of them reached it too."""


@dataclass(frozen=True, kw_only=True)
class Images:
    """Images that enrolled people have, and how far they share their fate.

    Attributes
    ----------
    shares : tuple of (images, share)
        Of people by the number of images they have; shares sum to 1.
    correlation : Span
        Probability that another image of a stranger reaches the threshold, given that one does, less what chance alone
        makes of it: 0 independent, 1 always together.
    source : str
        Where the correlation is from: ``assumption``, or the test.
    measured_at : float or None
        The threshold that it was measured at. Below it the correlation may be anything.

    Examples
    --------
    >>> two = Images(shares=((2, 1.0),), correlation=Span.exactly(0.25), source="an example")
    >>> two.per_image().lo, two.per_image().hi
    (0.875, 0.875)
    """

    shares: tuple[tuple[int, float], ...]
    correlation: Span = ANY
    source: str = "assumption"
    measured_at: float | None = None

    def __post_init__(self) -> None:
        numbers = [m for m, _ in self.shares]
        total = sum(share for _, share in self.shares)
        wrong = [m for m in numbers if not 1 <= m <= MOST_IMAGES or m != int(m)]
        if wrong or not numbers or len(set(numbers)) < len(numbers):
            raise UsageError(
                f"images per person {self.shares}", remedy=f"whole numbers from 1 to {MOST_IMAGES:,}, once each"
            )
        if min(share for _, share in self.shares) < 0 or abs(total - 1) > 1e-6:
            raise UsageError(f"shares of people by number of images sum to {total:g}", remedy="shares that sum to 1")
        if self.correlation.lo < 0 or self.correlation.hi > 1:
            raise UsageError(f"correlation {self.correlation} of a person's images", remedy="a range within 0..1")

    @property
    def mean(self) -> float:
        """Images per person."""
        return sum(m * share for m, share in self.shares)

    def per_image(self) -> Span:
        """Strangers that one image amounts to: the least and the most that the correlation allows, and between."""
        c = self.correlation
        lo = sum(share * least(m, c.hi) for m, share in self.shares) / self.mean
        hi = sum(share * most(m, c.lo) for m, share in self.shares) / self.mean
        known = c.lo if c.is_known else c.best
        best = None
        if known is not None:
            best = min(max(sum(share * middle(m, known) for m, share in self.shares) / self.mean, lo), hi)
        return Span(lo=lo, best=best, hi=hi)

    def at(self, threshold: float) -> Images:
        """For one threshold."""
        if self.measured_at is None or threshold >= self.measured_at:
            return self
        source = f"assumption: it was measured at {self.measured_at:.6g} only"
        return replace(self, correlation=ANY, source=source, measured_at=None)

    def strangers(self, gallery: int) -> Span:
        """Strangers with one image each that a gallery of so many images amounts to."""
        each = self.per_image()
        best = None if each.best is None else max(1.0, gallery * each.best)
        return Span(lo=max(1.0, gallery * each.lo), best=best, hi=max(1.0, gallery * each.hi))

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What is said wherever an answer is shown."""
        each = self.per_image()
        much = f"{each.lo:.3g}" if each.is_known else f"{each.lo:.3g} to {each.hi:.3g}"
        has = ", ".join(f"{m} ({100 * share:g} %)" for m, share in self.shares if share)
        if len(self.shares) == 1:
            has = f"{self.shares[0][0]}"
        return (
            f"N counts images; a person has {has} of them, another reaches the threshold where one does with "
            f"probability {self.correlation} ({self.source}), so that an image amounts to {much} strangers",
        )


def images_of(images: float | Mapping[int, float] | Images, correlation: Span | None = None) -> Images:
    """Images from a mean or from shares of people by their number.

    A mean that is not whole is of people with the two numbers next to it, which is where most strangers come of it.

    Examples
    --------
    >>> images_of(2.5).shares
    ((2, 0.5), (3, 0.5))
    >>> images_of({1: 0.5, 3: 0.5}).mean
    2.0
    """
    if isinstance(images, Images):
        return images
    if isinstance(images, Mapping):
        shares = tuple(sorted((m, float(share)) for m, share in images.items()))
    else:
        if not 1 <= images <= MOST_IMAGES:
            raise UsageError(f"{images:g} images per person", remedy=f"a mean from 1 to {MOST_IMAGES:,}")
        low = floor(images)
        shares = ((low, 1.0),) if images == low else ((low, low + 1 - images), (low + 1, images - low))
    return Images(shares=shares, correlation=ANY if correlation is None else correlation)


def images_for(
    test: TestCounts, images: float | Mapping[int, float] | Images | None, correlation: Span | None
) -> Images | None:
    """Images of a gallery; their correlation as given, else as the test shows it, else anything.

    Raises
    ------
    UsageError
        Impossible images, or a correlation of no images.
    """
    if images is None:
        if correlation is not None:
            raise UsageError("a correlation of a person's images, and not how many there are", remedy="give both")
        return None
    made = images_of(images, correlation)
    if correlation is not None or isinstance(images, Images):
        return made
    seen = together(test)
    if seen is None:
        return made
    source = (
        f"this test shows {seen.lo:.2g} to {seen.hi:.2g} at {seen.threshold:.6g}; assumption: no more at stricter "
        "thresholds"
    )
    return replace(made, correlation=seen.beyond(), source=source, measured_at=seen.threshold)


def at_ends(images: Images, gallery: int, asked: str, of: Callable[[int], Answer]) -> Answer:
    """An answer for a gallery of images, from the answers for as few and as many strangers as they amount to.

    Where the correlation is a range, so is the answer: its ends are the limits at the ends. It has an estimate where
    the correlation has a preferred value.
    """
    strangers = images.strangers(gallery)
    few, many = (
        replace(found, asked=asked, gallery=gallery, assumptions=(*found.assumptions, *images.assumptions))
        for found in (of(max(1, floor(strangers.lo))), of(ceil(strangers.hi)))
    )
    if few.status != "ok" or many.status != "ok":
        none = few if few.status == "refused" else many if many.status != "ok" else few
        bound = many.hi if many.bound is None else many.bound
        return replace(none, estimate=None, lo=None, hi=None, bound=None if none.status == "refused" else bound)
    if strangers.lo == strangers.hi:
        return many
    ends = [end for answer in (few, many) for end in (answer.lo, answer.hi) if end is not None]
    middle = None if strangers.best is None else of(round(strangers.best)).estimate
    said = () if many.level is None else (_BOTH_ENDS.format(percent(many.level)),)
    return replace(
        many, lo=min(ends), hi=max(ends), estimate=None if middle is None else min(max(middle, min(ends)), max(ends)),
        reason="" if middle is not None else many.reason or _RANGE, level=None, limits="assumptions",
        assumptions=(*many.assumptions, *said),
    )  # fmt: skip


_RANGE = "how far a person's images share their fate is known as a range only"
_BOTH_ENDS = "ends are the {} limits at both ends of what the images may amount to"


def most(m: int, c: float) -> float:
    """Most strangers that m images amount to (Hunter and Worsley)."""
    return 1 + (m - 1) * (1 - c)


def least(m: int, c: float) -> float:
    """Fewest strangers that m images amount to (Dawson and Sankoff).

    Examples
    --------
    >>> least(2, 0.3), least(5, 0.0), round(least(5, 1.0), 9)
    (1.7, 5.0, 1.0)
    """
    k = min(1 + floor((m - 1) * c), max(m - 1, 1))
    return 2 * m / (k + 1) - m * (m - 1) * c / (k * (k + 1))


def middle(m: int, c: float) -> float:
    """Strangers that m images amount to if maxima share as pairs do (logistic dependence)."""
    return float(m ** log2(2 - c))


@dataclass(frozen=True, kw_only=True)
class Together:
    """Correlation of a person's images as a test shows it, at one of its levels."""

    threshold: float
    estimate: float
    lo: float
    hi: float

    def beyond(self) -> Span:
        """For thresholds at or beyond the level: images share less the stricter it is, or as much."""
        return Span(lo=0.0, hi=self.hi)


def together(test: TestCounts, level: float = 0.95) -> Together | None:
    """Correlation of a person's images, from how exceedances of a search crowd in blocks of people.

    Given the probe, different people reach a level independently, wherever they are; images of one person are in one
    block. So exceedances that meet in a block are more than those that meet across blocks by the pairs of one person.
    People are taken to have equally many images: if they do not, pairs are more and the correlation is overstated.

    Returns
    -------
    Together or None
        At the highest level with `WANTED`, or the lowest; None where people have one image.
    """
    pairs = test.images_per_person - 1
    if pairs < 0.05:
        return None
    enough = np.flatnonzero(test.exceed_at * pairs >= WANTED)
    return _together_at(test, int(enough[-1]) if len(enough) else 0, pairs, level)


def _together_at(test: TestCounts, at: int, pairs: float, level: float) -> Together:
    """Jackknife over blocks of references and folds of searches, and no less than the pairs seen are uncertain."""
    rows = test.level >= at
    key, place = np.unique(test.search[rows] * test.n_groups + test.reference_group[rows], return_inverse=True)
    block, count = test.block[rows], test.count[rows].astype(np.float64)
    cell, inverse = np.unique(place * N_BLOCKS + block, return_inverse=True)
    number = np.bincount(inverse, weights=count).astype(np.float64)
    of_key, of_block = cell // N_BLOCKS, cell % N_BLOCKS
    group, fold = key % test.n_groups, (key // test.n_groups) % N_BLOCKS

    people = np.maximum(test.references.max(axis=0) / test.images_per_person, 2.0)

    def found(left_block: int | None = None, left_fold: int | None = None) -> float:
        kept = np.ones(len(cell), dtype=bool)
        share, there = test.block_share.copy(), people
        if left_block is not None:
            kept &= of_block != left_block
            there = np.maximum(people * (1 - share[left_block]), 2.0)
            share[left_block] = 0.0
            share /= np.maximum(share.sum(axis=0), 1e-300)
        if left_fold is not None:
            kept &= fold[of_key] != left_fold
        return _crowding(number[kept], np.asarray(of_key[kept], dtype=np.int64), group, share, there) / pairs

    estimate = found()
    by_block = np.array([found(left_block=b) for b in range(N_BLOCKS)])
    by_fold = np.array([found(left_fold=b) for b in range(N_BLOCKS)])
    made = max(float(number.sum()) * pairs, 1.0)
    variance = max(float(left_out_variance(np.stack([by_block, by_fold]))), max(estimate * made, 1.0) / made**2)
    half = float(stdtrit(N_BLOCKS - 1, 0.5 + level / 2)) * float(np.sqrt(variance))
    lo, middle_, hi = (float(np.clip(v, 0.0, 1.0)) for v in (estimate - half, estimate, estimate + half))
    return Together(threshold=float(test.levels[at]), estimate=middle_, lo=lo, hi=hi)


def _crowding(number: Floats, key: Ints, group: Ints, share: Floats, people: Floats) -> float:
    """Other images of the same person at or above the level, for each that is."""
    sums = np.bincount(key, weights=number, minlength=len(group))
    squares = np.bincount(key, weights=number**2, minlength=len(group))
    # Of pairs of different people this share meets in a block.
    meet = np.maximum(((share**2).sum(axis=0) - 1 / people) / (1 - 1 / people), 0.0)[group]
    across = sums**2 - squares
    excess = (squares - sums) - across * meet / np.maximum(1 - meet, 1e-12)
    return float(excess.sum() / max(sums.sum(), 1e-300))
