"""A search model from what deployments did: false alerts in so many searches at a gallery and a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf, isfinite

import numpy as np

from misid.ground.errors import UsageError
from misid.ground.numbers import threshold_text
from misid.search.asked import asked_text
from misid.search.growth import FLAT_TO_LINEAR, checked_gallery, checked_growth, grown_fpir
from misid.search.model import Answer, Limits
from misid.search.sites import Pooled, poisson_limits, pool_sites
from misid.search.span import Span
from misid.tally.model import Floats, Ints

ONE_SITE = "exact Poisson limits of one deployment"
NEXT_SITE = "Poisson counts, log-normal between deployments, predictive for the next one"
TYPICAL_SITE = "Poisson counts, log-normal between deployments, the median deployment"
_GROWTH_STEPS = 3


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One deployment's outcome.

    Attributes
    ----------
    searches : float
        Above 0; estimates need not be whole.
    false_alerts : int
        Searches that returned a wrong person, by the operator's judgement.
    gallery : int
        N: references on the watch list.
    threshold, group
        None: not stated; everybody.
    name, source : str
        For messages and assumptions.
    date : str
        ISO 8601; "": not known. Back-tests go by it.
    """

    searches: float
    false_alerts: int
    gallery: int
    threshold: float | None = None
    group: str | None = None
    name: str = ""
    source: str = ""
    date: str = ""

    def __post_init__(self) -> None:
        checked_gallery(self.gallery)
        if not (self.searches > 0 and isfinite(self.searches)):
            raise UsageError(f"{self.name or 'a deployment'}: {self.searches:g} searches", remedy="a number above 0")
        if not 0 <= self.false_alerts <= self.searches or self.false_alerts != int(self.false_alerts):
            raise UsageError(
                f"{self.name or 'a deployment'}: {self.false_alerts:g} false alerts in {self.searches:g} searches",
                remedy="a whole number, at most one a search",
            )


@dataclass(frozen=True, kw_only=True)
class DeploymentsModel:
    """FPIR from deployments of one engine.

    One deployment gives exact limits of its own rate, and says nothing of other places. Several give an interval for
    the *next* one, which is wider than what is known of their median (`typical`), since deployments differ. Rates
    are carried from each deployment's gallery to the one asked for with exponent b anywhere in `growth`; limits are
    the widest over it.

    Attributes
    ----------
    deployments : sequence of Deployment
    growth : Span
        b, within [0, 1].
    level : float
    """

    deployments: Sequence[Deployment]
    growth: Span = FLAT_TO_LINEAR
    level: float = 0.95
    _pools: dict[tuple[float | None, str | None, float], Pooled] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    """By threshold, group and b: they do not depend on the gallery asked for."""

    def __post_init__(self) -> None:
        checked_growth(self.growth)
        if not 0.5 <= self.level < 1:
            raise UsageError(f"level {self.level:g} is not from 0.5 to below 1", remedy="0.95")
        if not self.deployments:
            raise UsageError("no deployment is given", remedy="searches, false alerts and gallery of at least one")

    @property
    def stated_thresholds(self) -> tuple[float | None, ...]:
        """Thresholds at which deployments ran, ascending; None last, where one does not state its own."""
        stated = {deployment.threshold for deployment in self.deployments}
        return tuple(sorted(stated, key=lambda t: inf if t is None else t))

    def fpir(self, gallery: int, threshold: float | None = None, *, group: str | None = None) -> Answer:
        """FPIR(N, t) at the next deployment, or at this one where there is one only.

        Parameters
        ----------
        gallery : int
            N, references.
        threshold : float, optional
            One that deployments ran at. None: the one they all ran at; refused if they ran at several.
        group : str, optional

        Returns
        -------
        Answer
            ``bound`` where no false alert was seen. ``refused`` where no deployment ran so.

        Examples
        --------
        >>> model = DeploymentsModel(deployments=[Deployment(searches=3000, false_alerts=0, gallery=10_000)])
        >>> answer = model.fpir(10_000)
        >>> answer.status, round(answer.bound, 6)
        ('bound', 0.000999)
        """
        return self._asked(gallery, threshold, group, typical=False)

    def typical(self, gallery: int, threshold: float | None = None, *, group: str | None = None) -> Answer:
        """FPIR(N, t) of the median deployment: what these deployments know best, and no prediction of any one."""
        return self._asked(gallery, threshold, group, typical=True)

    def fnir(
        self, gallery: int, rank: int | None = None, threshold: float | None = None, *, group: str | None = None
    ) -> Answer:
        """Always refused: alerts say nothing of who was missed."""
        return Answer(
            asked=asked_text("FNIR", checked_gallery(gallery), threshold, group, rank), measure="fnir", gallery=gallery,
            threshold=threshold, rank=rank, group=group, level=None, status="refused", method=NEXT_SITE,
            reason="alerts say nothing of the people on the list who passed unseen",
            needed="searches of people known to be on the list, and how many of them were found",
        )  # fmt: skip

    def _asked(self, gallery: int, threshold: float | None, group: str | None, *, typical: bool) -> Answer:
        gallery = checked_gallery(gallery)
        stated = self.stated_thresholds
        asked = asked_text("FPIR", gallery, threshold, group)
        refusal = {"asked": asked, "measure": "fpir", "gallery": gallery, "threshold": threshold, "group": group}
        if threshold is None and len(stated) > 1:
            names = ", ".join("not stated" if t is None else threshold_text(t) for t in stated)
            return self._refused(refusal, f"deployments ran at several thresholds ({names})", "one of them")
        used = [d for d in self.deployments if d.group == group and (threshold is None or d.threshold == threshold)]
        if not used:
            at = "" if threshold is None else f" at threshold {threshold_text(threshold)}"
            who = "everybody together" if group is None else group
            return self._refused(refusal, f"no deployment ran{at} with figures for {who}", "the figures of one")
        return self._pooled(asked, used, gallery, typical=typical)

    def _refused(self, about: dict[str, object], reason: str, needed: str) -> Answer:
        return Answer(**about, level=None, status="refused", method=NEXT_SITE, reason=reason, needed=needed)  # type: ignore[arg-type]

    def _pooled(self, asked: str, used: Sequence[Deployment], gallery: int, *, typical: bool) -> Answer:
        count = np.array([d.false_alerts for d in used], dtype=np.int64)
        searches = np.array([d.searches for d in used], dtype=np.float64)
        galleries = np.array([d.gallery for d in used], dtype=np.float64)
        middle = float(np.median(galleries))
        one_gallery = bool((galleries == middle).all())
        same_gallery = bool((galleries == gallery).all())
        steps = 1 if self.growth.is_known or same_gallery else _GROWTH_STEPS
        tail = (1 - self.level) / 2
        several = len(used) > 1
        found, bounds, spreads = [], [], []
        for b in np.linspace(self.growth.lo, self.growth.hi, steps).tolist():
            # Searches of other galleries, as so many searches of the middle one.
            exposure: Floats = searches * (galleries / middle) ** b
            if several:
                key = (used[0].threshold, used[0].group, 0.0 if one_gallery else b)
                if key not in self._pools:
                    self._pools[key] = pool_sites(count, exposure, tail)
                pooled = self._pools[key]
                here = pooled.typical if typical else pooled.following
                bound = pooled.typical_bound if typical else pooled.following_bound
                spreads.append(pooled.spread)
            else:
                lo, hi = poisson_limits(float(count[0]), float(exposure[0]), tail)
                here = (lo, float(count[0] / exposure[0]), hi)
                bound = poisson_limits(float(count[0]), float(exposure[0]), 2 * tail)[1]
            found.append([grown_fpir(min(rate, 1.0), gallery / middle, b) for rate in here])
            bounds.append(grown_fpir(min(bound, 1.0), gallery / middle, b))
        lo, hi = min(rates[0] for rates in found), max(rates[2] for rates in found)
        nothing = not count.any()
        # Where the growth law leaves a range, nothing prefers one value in it.
        estimate = None if nothing or steps > 1 else found[0][1]
        limits: Limits = "prediction" if several and not typical else "confidence"
        seen = f"no false alert was seen in {searches.sum():,.0f} searches"
        return Answer(
            asked=asked, measure="fpir", gallery=gallery, threshold=used[0].threshold, group=used[0].group,
            estimate=estimate, lo=lo, hi=hi, bound=max(bounds), level=self.level, limits=limits,
            method=(TYPICAL_SITE if typical else NEXT_SITE) if several else ONE_SITE,
            status="bound" if nothing else "ok",
            reason=seen if nothing else "" if estimate is not None else "the growth law leaves a range",
            needed="more searches" if nothing else "",
            assumptions=self._assumptions(used, count, searches, same_gallery, spreads),
            warnings=self._warnings(used, gallery, nothing=nothing),
        )  # fmt: skip

    def _assumptions(
        self, used: Sequence[Deployment], count: Ints, searches: Floats, same: bool, spreads: list[float]
    ) -> tuple[str, ...]:
        alerts = f"{int(count.sum()):,} false alerts in {searches.sum():,.0f} searches"
        said = [f"{alerts} of {len(used):,} deployment{'s' if len(used) > 1 else ''}, as their operators judged them"]
        sources = sorted({d.source for d in used if d.source})
        said.append(f"sources: {', '.join(sources)}" if sources else "no source was named")
        if spreads and count.any():
            said.append(
                f"rates differ between deployments by a factor of about {np.exp(max(spreads)):.2g} either way "
                "(standard deviation of logs)"
            )
        if not same:
            said.append(f"FPIR grows with the gallery with exponent b in {self.growth} (0: not at all, 1: linearly)")
        if len(used) > 1:
            said.append("the next deployment is like these")
        return (*said, "a search returns at most one false alert", "every false alert was seen to be one")

    def _warnings(self, used: Sequence[Deployment], gallery: int, *, nothing: bool) -> tuple[str, ...]:
        said = []
        if len(used) == 1:
            said.append("one deployment does not predict the next: these are limits of its own rate")
        elif nothing:
            said.append("without a false alert nothing shows how deployments differ: the bound leans on its prior")
        largest = max(d.gallery for d in used)
        if gallery > largest:
            said.append(f"no deployment had more than {largest:,} references")
        if used[0].threshold is None:
            said.append("the threshold is not stated")
        return tuple(said)
