"""The search model made from a tally: exact inside the test, projected or refused beyond it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from misid.ground.errors import UsageError
from misid.ground.numbers import percent
from misid.search.asked import asked_text, given_threshold
from misid.search.from_tally.bound import TailMean, hazard_assumed, naive_binomial, tail_mean, upper_bound
from misid.search.from_tally.checks import Misfit, Tenth, astray, misfit, tenth_to_whole
from misid.search.from_tally.counts import Floats, TestCounts, counts_of
from misid.search.from_tally.images import Images, at_ends, images_for
from misid.search.from_tally.inside import rarefied_with_limits
from misid.search.from_tally.kin import Kin
from misid.search.from_tally.mates import MateCounts, fnir_answer, mates_of
from misid.search.from_tally.project import Projection, project
from misid.search.from_tally.reach import Reach, reach_of
from misid.search.from_tally.refusal import FEWEST_PEOPLE, WIDEST, too_far, too_small, widened
from misid.search.from_tally.unequal import expected_candidates, repeated_scans, share_of_errors
from misid.search.growth import checked_gallery, grown_fpir
from misid.search.model import DRAWS, Answer
from misid.search.span import Span
from misid.tally.model import Tally

KIN_UNSEEN = (
    "relatives and twins of the people searched were not in this test: with them in the gallery FPIR is higher, "
    "and no threshold removes that"
)

INSIDE = "exact rarefaction of the test's spectrum"
BOUND = "mean excess, for any tail whose hazard does not fall"
METHOD = "person-to-person model fitted to counts per search, three tail families pooled"


@dataclass(frozen=True, kw_only=True)
class TallyModel:
    """FPIR at any gallery from one test; a `SearchModel` maker's product (`model_from_tally`).

    Attributes
    ----------
    test : TestCounts
        With its groups.
    projection : Projection or None
        None where the test is too small to be projected.
    labels : mapping
        Reported group to the test's groups in it.
    kin_in_test : bool
    """

    test: TestCounts
    projection: Projection | None
    tail: TailMean
    reach: Reach
    labels: Mapping[str, tuple[int, ...]]
    kin_in_test: bool
    kin: Kin | None = None
    """Relatives that the gallery is taken to hold and the test did not; then part of every FPIR."""
    images: Images | None = None
    """Images that people in the gallery have; None: as many as in the test, each taken as a stranger."""
    mates: MateCounts | None = None
    misfit: Misfit | None = None
    """Where the fitted curves leave the counts; limits are then widened."""
    tenth: Tenth | None = None
    """FPIR at the test's own gallery from a tenth of its references; None where a tenth is too few to fit."""
    no_tenth: str = ""
    """Why there is none."""
    astray: Misfit | None = None
    """Where that misses the count; limits are then widened."""
    level: float = 0.95

    @property
    def thresholds(self) -> tuple[float, float]:
        """Lowest level of the spectrum, and the farthest threshold at which FPIR is estimated."""
        return float(self.test.levels[0]), self.reach.end(self.test.people)

    @property
    def gallery(self) -> int:
        """References that a search of the test met, at least."""
        met = self.test.references.sum(axis=1)[self.test.searches_in > 0]
        return int(np.floor(met.min() + 1e-9))

    def fpir(self, gallery: int, threshold: float | None = None, *, group: str | None = None) -> Answer:
        """FPIR(N, t) of searches by people (of a group) who are not in the gallery.

        Parameters
        ----------
        gallery : int
            N: references, from 1 to `LARGEST_GALLERY`; of people with as many each as in the test, or with `images`.
        threshold : float
            A candidate's score is at or above it; a similarity.
        group : str, optional
            A reported group of the tally; None: everybody.

        Returns
        -------
        Answer
            ``ok`` with limits; ``bound`` where this test can only say how high FPIR is at most.

        Raises
        ------
        UsageError
            No threshold, an unknown group, or an empty gallery.

        Notes
        -----
        Up to the test's own gallery, at its levels: exact rarefaction of the spectrum, limits by a jackknife over
        blocks of references and folds of searches on the complementary log-log scale. Beyond: the projection.
        """
        threshold = given_threshold(threshold)
        gallery = checked_gallery(gallery)
        self.members(group)
        asked = asked_text("FPIR", gallery, threshold, group)
        if self.images is None:
            return self._with_kin(replace(self._of_strangers(gallery, threshold, group), asked=asked), gallery)
        answer = at_ends(self.images.at(threshold), gallery, asked, lambda n: self._of_strangers(n, threshold, group))
        return self._with_kin(answer, gallery)

    def _of_strangers(self, gallery: int, threshold: float, group: str | None) -> Answer:
        """FPIR of a gallery of strangers with one image each, or as many as in the test."""
        members = self.members(group)
        asked = "FPIR of strangers"
        warnings = self.warnings()
        inside = self._inside(gallery, threshold, members)
        common = Answer(
            asked=asked, measure="fpir", gallery=gallery, threshold=threshold, group=group, level=self.level, lo=0.0,
            status="bound", reason="not yet answered", warnings=warnings,
        )  # fmt: skip
        if inside is not None:
            estimate, lo, hi = inside
            answer = replace(common, estimate=estimate, lo=lo, hi=hi, status="ok", reason="", method=INSIDE)
            return answer
        bound = upper_bound(self.tail, gallery, threshold, self.level)
        reason, needed = too_small(self, group)
        if not reason and self.projection is not None:
            reason, needed = too_far(self, threshold, None if group is None else members)
            if not reason:
                lo, estimate, hi = self.limits(gallery, threshold, group=group)
                counted = self._inside(self.gallery, threshold, members)
                if counted is not None and gallery > self.gallery:
                    # FPIR does not fall as the gallery grows: what was counted stays under what is projected.
                    lo, estimate = max(lo, counted[1]), max(estimate, counted[0])
                    hi = max(hi, estimate)
                common = replace(common, warnings=(*warnings, *_wide(lo, hi)))
                answer = replace(common, estimate=estimate, lo=lo, hi=hi, status="ok", reason="", method=METHOD)
                return answer
        if group is not None:
            # The bound holds on average over probes; a group's own may be higher.
            share = float(self.test.searches_in[list(members)].sum() / self.test.searches)
            bound = min(1.0, bound / max(share, 1e-12))
        # A bound of 1 says nothing, and so assumes nothing.
        assumed = () if bound >= 1 else (f"for bounds: {hazard_assumed(self.tail)}",)
        return replace(
            common, lo=None, bound=bound, reason=reason, needed=needed, method=BOUND, assumptions=assumed
        )  # fmt: skip

    def fmr(self, threshold: float) -> Span:
        """FMR of the test at a threshold: between those of the levels below and above it."""
        above = int(np.searchsorted(self.test.levels, threshold, side="left"))
        rates = np.append(self.test.exceed_at, 0.0) / self.test.comparisons.sum()
        at = int(np.searchsorted(self.test.levels, threshold, side="right")) - 1
        return Span(lo=float(rates[above]), hi=1.0 if at < 0 else float(rates[at]))

    def without_kin(self) -> TallyModel | None:
        """The same of strangers alone, where relatives are known as ranges only and make the answer one; else None."""
        if self.kin is None or self.kin.is_known:
            return None
        return replace(self, kin=None)

    def _with_kin(self, answer: Answer, gallery: float) -> Answer:
        """The answer with relatives in the gallery: at each end, as few or as many as the ranges allow."""
        if self.kin is None or answer.status == "refused":
            return answer
        images = self.test.images_per_person if self.images is None else self.images.mean
        kin = self.kin.at(self.fmr(answer.threshold or 0.0))
        least, middle, most = kin.match(gallery / images)
        answer = replace(
            answer, assumptions=(*answer.assumptions, *kin.assumptions), method=f"{answer.method}; relatives"
        )
        if answer.bound is not None:
            return replace(answer, bound=1 - (1 - answer.bound) * (1 - most))
        assert answer.lo is not None
        assert answer.hi is not None
        lo, hi = 1 - (1 - answer.lo) * (1 - least), 1 - (1 - answer.hi) * (1 - most)
        if middle is None or answer.estimate is None:
            ends = f"the fewest and the most relatives, at the {percent(self.level)} limits of FPIR of strangers"
            return replace(
                answer, lo=lo, hi=hi, estimate=None, level=None, limits="assumptions",
                reason=answer.reason or "how often relatives reach this threshold is known as a range only",
                assumptions=(*answer.assumptions, f"the ends are with {ends}"),
            )  # fmt: skip
        return replace(answer, lo=lo, estimate=1 - (1 - answer.estimate) * (1 - middle), hi=hi)

    def limits(self, gallery: float, threshold: float, *, group: str | None = None) -> tuple[float, float, float]:
        """Lower limit, median and upper limit of the projection itself, whatever the rules of refusal say.

        Raises
        ------
        UsageError
            The test was too small to be projected.
        """
        if self.projection is None:
            raise UsageError("this test was not projected", remedy=f"use a test of at least {FEWEST_PEOPLE} people")
        drawn = self._over(self.members(group), self.projection.fpir(gallery, threshold))
        a = (1 - self.level) / 2
        lo, middle, hi = (float(q) for q in np.quantile(drawn, [a, 0.5, 1 - a]))
        factor = widened(self, threshold)
        lo, hi = _hazard_times(lo, 1 / factor), _hazard_times(hi, factor)
        # Near 1 the widened limits round past the middle.
        return min(lo, middle), middle, max(hi, middle)

    def fnir(
        self, gallery: int, rank: int | None = None, threshold: float | None = None, *, group: str | None = None
    ) -> Answer:
        """FNIR(N, R, t) of searches by people (of a group) in the gallery.

        Parameters
        ----------
        rank : int, optional
            R >= 1; None: any rank, which at a fixed threshold hardly depends on N.
        threshold : float
            The mate must reach it.

        Raises
        ------
        UsageError
            No threshold, rank below 1, an unknown group.

        Notes
        -----
        Mates below the threshold are counted. With a rank, each counted mate above it is also lost if R or more
        non-mated candidates of the gallery reach its score, in the projection; that takes the mate's score
        as independent of how many the probe resembles.
        """
        return fnir_answer(self, gallery, rank, threshold, group)

    def wrong_candidates(self, gallery: int, threshold: float | None = None, *, group: str | None = None) -> Answer:
        """Expected non-mated candidates at or above the threshold per search (selectivity), projected; strangers only.

        Raises
        ------
        UsageError
            As `fpir`.
        """

        def of(model: TallyModel, gallery: int) -> Answer:
            fpir = model.fpir(gallery, threshold, group=group)
            return expected_candidates(model, gallery, threshold or 0.0, model.members(group), fpir)

        return self._of_images(gallery, threshold, of)

    def _of_images(self, gallery: int, threshold: float | None, of: Callable[[TallyModel, int], Answer]) -> Answer:
        """What is asked of strangers alone, at the strangers that the images of a gallery amount to."""
        alone = replace(self, kin=None, images=None)
        if self.images is None:
            return of(alone, gallery)
        # Asked in words of the images, not of the strangers that they amount to.
        asked = of(alone, gallery).asked
        return at_ends(self.images.at(threshold or 0.0), gallery, asked, lambda strangers: of(alone, strangers))

    def unequal(
        self, share: float, gallery: int, threshold: float | None = None, *, group: str | None = None
    ) -> Answer:
        """The share of all false positives that falls on the unluckiest `share` of people, projected; strangers only.

        It takes what makes a photograph resemble many others as the person's own, and says so.

        Raises
        ------
        UsageError
            As `fpir`, or a share that is not between 0 and 1.
        """
        if not 0 < share < 1:
            raise UsageError(f"a share of {share:g}", remedy="between 0 and 1, such as 0.01")

        def of(model: TallyModel, gallery: int) -> Answer:
            fpir = model.fpir(gallery, threshold, group=group)
            return share_of_errors(model, share, gallery, threshold or 0.0, model.members(group), fpir)

        return self._of_images(gallery, threshold, of)

    def repeated(self, scans: int, gallery: int, threshold: float | None = None, *, group: str | None = None) -> Answer:
        """P(at least one false match in so many scans of one person who is not in the gallery); strangers only.

        Raises
        ------
        UsageError
            As `fpir`, or fewer scans than one.
        """
        if scans < 1 or scans != int(scans):
            raise UsageError(f"{scans} scans", remedy="whole numbers from 1 up")

        def of(model: TallyModel, gallery: int) -> Answer:
            fpir = model.fpir(gallery, threshold, group=group)
            return repeated_scans(model, scans, gallery, threshold or 0.0, model.members(group), fpir)

        return self._of_images(gallery, threshold, of)

    def naive(self, gallery: int, threshold: float) -> tuple[float, float, float]:
        """Estimate and limits of 1 - (1 - FMR)^N with independent comparisons: to be shown beside, not used."""
        return naive_binomial(self.test, self.tail, gallery, threshold, self.level)

    def members(self, group: str | None) -> tuple[int, ...]:
        """Groups of the test that a reported group is of; all for None."""
        if group is None:
            return tuple(range(self.test.n_groups))
        if group not in self.labels:
            raise UsageError(f"no group {group!r}", remedy=f"groups of this test: {', '.join(self.labels)}")
        return self.labels[group]

    def _over(self, members: tuple[int, ...], drawn: Floats) -> Floats:
        """(draws,) mean over the searches of the groups."""
        if drawn.shape[1] == 1:
            return np.asarray(drawn[:, 0])
        weight = self.test.searches_in[list(members)]
        return np.asarray(drawn[:, list(members)] @ weight / weight.sum())

    def warnings(self) -> tuple[str, ...]:
        """What is said with every answer."""
        out = [] if self.kin_in_test or self.kin is not None else [KIN_UNSEEN]
        if self.test.images_per_person > 1.001 and self.images is None:
            out.append(
                f"the test had {self.test.images_per_person:.2g} images per enrolled person, each counted as a "
                "reference: N counts images in galleries with as many per person"
            )
        if self.misfit is not None:
            out.append(
                f"the fitted curves leave the counts of this test at {self.misfit.threshold:.6g}: limits "
                "beyond the test are widened by as much for each mean excess, and end where that is a thousandfold"
            )
        if self.astray is not None:
            out.append(
                "FPIR at the test's own gallery, predicted from a tenth of its references, misses the count at "
                f"{self.astray.threshold:.6g}: limits beyond the test are widened by as much for each mean excess"
            )
        return tuple(out)

    def _inside(self, gallery: int, threshold: float, members: tuple[int, ...]) -> tuple[float, float, float] | None:
        at = np.flatnonzero(self.test.levels == threshold)
        if not len(at) or gallery > self.gallery:
            return None
        return rarefied_with_limits(self.test, int(at[0]), gallery, members, self.level)


def _wide(lo: float, hi: float) -> tuple[str, ...]:
    if lo > 0 and np.log10(hi / lo) <= WIDEST:
        return ()
    return (f"the limits lie more than {10**WIDEST:,.0f}-fold apart: this test says hardly anything here",)


def _hazard_times(rate: float, factor: float) -> float:
    # A rate of 1 has a hazard too, as far as its digits go: a lower limit of 1 can be widened.
    return grown_fpir(min(rate, 1 - 1e-15), factor, 1.0)


def model_of(
    test: TestCounts,
    rng: np.random.Generator,
    *,
    labels: Mapping[str, tuple[int, ...]] | None = None,
    shares: Floats | None = None,
    draws: int = DRAWS,
    kin_in_test: bool = False,
    kin: Kin | None = None,
    images: Images | None = None,
    mates: MateCounts | None = None,
) -> TallyModel:
    """The search model of a test given as arrays; see `model_from_tally`."""
    # Its own stream: which tenth is drawn, and that one is, changes no draw of the projection.
    held_out = rng.spawn(1)[0]
    fitted = project(test, rng, shares=shares, draws=draws) if test.people >= FEWEST_PEOPLE else None
    tenth, no_tenth = None, f"this test had {test.people:,} people, too few to be projected"
    if fitted is not None:
        try:
            tenth, no_tenth = tenth_to_whole(test, held_out), ""
        except UsageError as error:
            no_tenth = error.message
    if kin is not None and kin_in_test:
        raise UsageError("relatives were in the test and are to be added", remedy="give one of kin and kin_in_test")
    return TallyModel(
        test=test, projection=fitted, tail=tail_mean(test), reach=reach_of(test), labels=labels or {},
        kin_in_test=kin_in_test, kin=kin, images=images, mates=mates, misfit=None if fitted is None else misfit(fitted),
        tenth=tenth, no_tenth=no_tenth, astray=None if tenth is None else astray(tenth),
    )  # fmt: skip


def model_from_tally(
    tally: Tally,
    *,
    composition: Mapping[str, float] | None = None,
    draws: int = DRAWS,
    kin_in_test: bool = False,
    kin: Kin | None = None,
    images: float | Mapping[int, float] | Images | None = None,
    image_correlation: Span | None = None,
    seed: int = 0,
) -> TallyModel:
    """What a test says about galleries beyond it.

    Parameters
    ----------
    tally : Tally
        Of all comparisons of a test.
    composition : mapping of joint group ("F, W") to share, optional
        Of the gallery; shares are brought to sum 1. None: composed as in the test.
    draws : int
        Draws of the fitted parameters, over all curves.
    kin_in_test : bool
        Relatives of the searchers were in the test as they are in the gallery asked about.
    kin : Kin, optional
        Relatives in the gallery whom the test did not have (`kin_from_evidence`). Neither of both: every answer says
        that relatives were not in the test.
    images : float, mapping of number to share of people, or Images, optional
        Images that people in the gallery have. None: N is of people with as many each as in the test.
    image_correlation : Span, optional
        Probability that another image of a stranger reaches the threshold, given that one does. None: from 0 to what
        the test shows, if its people have several references; else from 0 to 1, and every answer says so.
    seed : int
        Of the draws.

    Raises
    ------
    NotEstimableError
        Candidate lists, or no search that counts towards FPIR.
    UsageError
        A composition that names other groups than the test's, impossible images, or a correlation without them.

    Notes
    -----
    p(t | probe) = exp(-H(t - probe effect)), effects normal or a mixture of two normals, H probit-power, logit-power or
    generalised Weibull, fitted by penalised maximum likelihood and weighed by it, on every possible scale.

    Examples
    --------
    >>> from importlib.resources import files
    >>> from misid import read_tally
    >>> test = read_tally(files("misid") / "examples" / "bssr1-face-c.tally")
    >>> model = model_from_tally(test, draws=40)
    >>> answer = model.fpir(400, 0.65)
    >>> answer.status
    'ok'
    """
    test = counts_of(tally)
    names = [", ".join(values) for values in tally.joint]
    shares = None
    if composition is not None:
        unknown = sorted(set(composition) - set(names))
        total = sum(composition.values())
        if unknown or total <= 0 or min(composition.values()) < 0:
            raise UsageError(
                f"composition {dict(composition)} does not fit the test", remedy=f"give shares of {'; '.join(names)}"
            )
        shares = np.array([composition.get(name, 0.0) for name in names]) / total
    labels = {label.name: label.members for label in tally.labels[1:]}
    return model_of(
        test, np.random.default_rng(seed), labels=labels, shares=shares, draws=draws, kin_in_test=kin_in_test,
        kin=kin, images=images_for(test, images, image_correlation), mates=mates_of(tally),
    )  # fmt: skip
