"""Relatives in the gallery: a floor under FPIR that no threshold removes, and that a test without kin cannot see.

A gallery drawn from a population holds a relative of the person searched with probability c = min(1, N / population).
With k relatives of a kind, each of whom reaches the threshold with probability q, none does with probability
``exp(-k c q)`` (any number of them) or ``1 - k c q`` (one at most, k the share of people who have one). With FPIR of
strangers F, ``FPIR = 1 - (1 - F) * product over kinds``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, prod

from misid.evidence import Fact, load
from misid.ground.errors import UsageError
from misid.search.span import Span


@dataclass(frozen=True, kw_only=True)
class Relatives:
    """One kind of relatives.

    Attributes
    ----------
    name : str
        ``identical twins``.
    number : Span
        How many of them a person has in the population, on average.
    match : Span
        Probability that one who is in the gallery reaches the threshold asked about.
    at_most_one : bool
        Nobody has two of them: `number` is then the share of people who have one.
    source : str
        Evidence ids, or ``assumption``.
    at_fmr : float or None
        FMR of the threshold at which `match` was measured; None: it is of the threshold asked about. At stricter
        thresholds relatives reach it as often at most, at laxer ones as often at least.
    """

    name: str
    number: Span
    match: Span
    at_most_one: bool = False
    source: str
    at_fmr: float | None = None

    def __post_init__(self) -> None:
        if self.number.lo < 0 or (self.at_most_one and self.number.hi > 1):
            raise UsageError(f"{self.name}: {self.number} of them a person", remedy="a mean number; a share for twins")
        if not 0 <= self.match.lo <= self.match.hi <= 1:
            raise UsageError(f"{self.name}: match probability {self.match}", remedy="a range within 0..1")

    def at(self, fmr: Span) -> Relatives:
        """What is known at a threshold whose FMR lies in a range."""
        if self.at_fmr is None or fmr.lo == fmr.hi == self.at_fmr:
            return self
        stricter, laxer = fmr.hi < self.at_fmr, fmr.lo > self.at_fmr
        known = Span(lo=self.match.lo if laxer else 0.0, hi=self.match.hi if stricter else 1.0)
        return replace(self, match=known, at_fmr=None)

    def none_matches(self, number: float, match: float, enrolled: float) -> float:
        """P(no relative of this kind reaches the threshold)."""
        expected = number * match * enrolled
        return 1 - expected if self.at_most_one else exp(-expected)


@dataclass(frozen=True, kw_only=True)
class Kin:
    """Relatives of the people searched, in a gallery drawn from a population.

    Examples
    --------
    >>> twins = Relatives(name="identical twins", number=Span.of("0.004..0.008"), match=Span.of("0.3..0.99"),
    ...                   at_most_one=True, source="mz-rate; assumption")
    >>> lo, middle, hi = Kin(population=330_000_000, relatives=(twins,)).match(200_000_000)
    >>> round(lo, 5), middle, round(hi, 5)
    (0.00073, None, 0.0048)
    """

    population: float
    relatives: tuple[Relatives, ...]

    def __post_init__(self) -> None:
        if not self.population >= 1:
            raise UsageError(f"a population of {self.population:g}", remedy="people from whom the gallery is drawn")

    def at(self, fmr: Span) -> Kin:
        """What is known at a threshold at which strangers match with a probability in this range."""
        return replace(self, relatives=tuple(r.at(fmr) for r in self.relatives))

    def match(self, people: float) -> tuple[float, float | None, float]:
        """P(at least one relative in a gallery of so many people reaches the threshold): least, best, most.

        The middle is None unless every range has a preferred value.
        """
        c = min(1.0, people / self.population)
        lo = 1 - prod(r.none_matches(r.number.lo, r.match.lo, c) for r in self.relatives)
        hi = 1 - prod(r.none_matches(r.number.hi, r.match.hi, c) for r in self.relatives)
        known = [(r, _best(r.number), _best(r.match)) for r in self.relatives]
        middle = 1.0
        for relatives, number, match in known:
            if number is None or match is None:
                return lo, None, hi
            middle *= relatives.none_matches(number, match, c)
        return lo, 1 - middle, hi

    @property
    def is_known(self) -> bool:
        """Whether every range has a preferred value, and is of the threshold asked about."""
        return all(
            r.at_fmr is None and _best(r.number) is not None and _best(r.match) is not None for r in self.relatives
        )

    @property
    def assumptions(self) -> tuple[str, ...]:
        """One sentence a kind, and one about who is enrolled."""
        said = [
            f"{r.name}: {r.number} a person, who reach the threshold with probability {r.match} ({r.source})"
            for r in self.relatives
        ]
        return (
            *said,
            "relatives of other kinds are not counted",
            f"a gallery of N people holds a relative with probability N / {self.population:,.0f}, at most 1",
        )


def _best(span: Span) -> float | None:
    return span.lo if span.is_known else span.best


SIBLINGS = Span(lo=0.0, hi=1.0)
"""Full siblings of the same sex a person has, on average; an assumption."""


def kin_from_evidence(population: float, *, siblings: Span = SIBLINGS) -> Kin:
    """Identical twins and same-sex siblings, with the ranges that published figures allow.

    Match probabilities were measured at a one-to-one threshold (FMR 0.0001 on unrelated people). A threshold of that
    FMR has those; a stricter one from 0, since nothing published gives a lower end, to the measured upper end; a
    laxer one from the measured lower end to 1.

    Parameters
    ----------
    population : float
        People from whom the gallery is drawn.
    siblings : Span, optional
        Full siblings of the same sex a person has, on average.
    """
    facts = load()
    mz, twins, fraternal = facts["mz-rate"], facts["twins-identical"], facts["twins-fraternal-same"]
    rate = mz.number / 1000
    return Kin(
        population=population,
        relatives=(
            Relatives(
                name="identical twins", number=Span(lo=rate, hi=2 * rate), match=_measured(twins), at_most_one=True,
                source="mz-rate, as pregnancies or as babies; twins-identical", at_fmr=_fmr(twins),
            ),
            Relatives(
                name="siblings of the same sex", number=siblings, match=_measured(fraternal),
                source="number: assumption; twins-fraternal-same", at_fmr=_fmr(fraternal),
            ),
        ),
    )  # fmt: skip


def _measured(fact: Fact) -> Span:
    return Span(lo=fact.lo or 0.0, hi=fact.hi or 1.0)


def _fmr(fact: Fact) -> float | None:
    """FMR of strangers at the threshold that a fact is of."""
    given = fact.given.get("fmr")
    return None if given is None else float(given)
