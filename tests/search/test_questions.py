"""Questions on any search model, and the size of a test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from misid.ground.errors import UsageError
from misid.search.deployments import Deployment, DeploymentsModel
from misid.search.design import design
from misid.search.from_tally.reach import AT, farthest
from misid.search.growth import LARGEST_GALLERY
from misid.search.model import Answer
from misid.search.published import published_model
from misid.search.questions import largest_gallery, repeated, threshold_for, wrong_candidates
from misid.search.span import Span
from misid.search.tradeoff import OperatingPoint


@dataclass(frozen=True)
class Exponential:
    """FPIR(N, t) = 1 - exp(-N e^-t), known within a factor; FNIR(t) = 1 - e^(-t / 100)."""

    factor: float = 2.0
    thresholds: tuple[float, float] = (0.0, 40.0)

    def fpir(self, gallery: int, threshold: float | None = None, *, group: str | None = None) -> Answer:
        at = 20.0 if threshold is None else threshold

        def rate(factor: float) -> float:
            return -math.expm1(-gallery * factor * math.exp(-at))

        return Answer(
            asked="FPIR", measure="fpir", gallery=gallery, threshold=threshold, estimate=rate(1.0),
            lo=rate(1 / self.factor), hi=rate(self.factor),
        )  # fmt: skip

    def fnir(
        self, gallery: int, rank: int | None = None, threshold: float | None = None, *, group: str | None = None
    ) -> Answer:
        value = -math.expm1(-(20.0 if threshold is None else threshold) / 100)
        return Answer(asked="FNIR", measure="fnir", gallery=gallery, estimate=value, lo=value * 0.9, hi=value * 1.1)


class Knowing(Exponential):
    """Knows its candidates and repeats."""

    def wrong_candidates(self, gallery: int, threshold: float | None = None, *, group: str | None = None) -> Answer:
        return Answer(asked="own", measure="wrong_candidates", estimate=1.0, lo=1.0, hi=1.0)

    def repeated(self, scans: int, gallery: int, threshold: float | None = None, *, group: str | None = None) -> Answer:
        return Answer(asked="own", measure="repeated", estimate=0.5, lo=0.5, hi=0.5)


def test_threshold_and_its_fnir() -> None:
    threshold, fnir = threshold_for(Exponential(), 0.01, 1_000_000)
    exact = math.log(1_000_000 / -math.log1p(-0.01))
    assert threshold.estimate == pytest.approx(exact)
    assert threshold.hi == pytest.approx(exact + math.log(2))
    assert threshold.lo == pytest.approx(exact - math.log(2))
    assert fnir.estimate == pytest.approx(-math.expm1(-exact / 100))
    assert fnir.hi == pytest.approx(-math.expm1(-(exact + math.log(2)) / 100) * 1.1)


def test_threshold_out_of_reach_is_refused() -> None:
    threshold, fnir = threshold_for(Exponential(thresholds=(0.0, 10.0)), 0.01, 1_000_000)
    assert threshold.status == fnir.status == "refused"
    assert "from 0 to 10" in threshold.reason
    threshold, fnir = threshold_for(
        DeploymentsModel(deployments=[Deployment(searches=9, false_alerts=1, gallery=9)]), 0.01, 9
    )
    assert threshold.status == fnir.status == "refused"


def test_published_thresholds_are_found() -> None:
    points = [
        OperatingPoint(gallery=1_000_000, fpir=Span.exactly(p), fnir=Span.exactly(m), threshold=t)
        for p, m, t in ((0.01, 0.001, 5.0), (0.0001, 0.004, 6.0))
    ]
    threshold, fnir = threshold_for(published_model(points), 0.001, 1_000_000)
    assert threshold.estimate == pytest.approx(5.5)
    assert fnir.estimate == pytest.approx(0.002)
    larger, cost = threshold_for(published_model(points), 0.01, 10_000_000)
    assert larger.lo == pytest.approx(5.0)
    assert larger.hi == pytest.approx(5.5, abs=0.01)
    assert cost.lo < cost.hi  # type: ignore[operator]


def test_largest_gallery() -> None:
    answer = largest_gallery(Exponential(), 0.01, 20.0)
    exact = -math.log1p(-0.01) * math.exp(20)
    assert answer.estimate == pytest.approx(exact, rel=2e-6)
    assert (answer.lo, answer.hi) == pytest.approx((exact / 2, exact * 2), rel=2e-6)


def test_largest_gallery_without_end_or_none_at_all() -> None:
    model = published_model([OperatingPoint(gallery=1000, fpir=Span.exactly(0.05))])
    unending = largest_gallery(model, 0.06)
    assert unending.status == "bound"
    assert unending.lo == pytest.approx(1000 * math.log(0.94) / math.log(0.95), abs=1)
    held = published_model([OperatingPoint(gallery=1000, fpir=Span.exactly(0.05))], growth=Span.exactly(0.0))
    assert largest_gallery(held, 0.06).lo == LARGEST_GALLERY
    assert largest_gallery(held, 0.04).status == "refused"
    assert largest_gallery(model, 0.04, 3.0).status == "refused"


def test_repeated_scans_lie_between_the_extremes() -> None:
    answer = repeated(Exponential(), 3, 10**6, 20.0)
    fpir = Exponential().fpir(10**6, 20.0)
    assert (answer.lo, answer.hi) == pytest.approx((fpir.lo, 1 - (1 - fpir.hi) ** 3))  # type: ignore[operator]
    assert (answer.estimate, answer.level, answer.limits) == (None, None, "assumptions")
    assert repeated(Exponential(), 1, 10**6, 20.0).estimate == fpir.estimate
    assert repeated(Knowing(), 3, 10**6).asked == "own"
    with pytest.raises(UsageError):
        repeated(Exponential(), 0, 10)


def test_wrong_candidates_are_bounded_by_fpir() -> None:
    fpir = Exponential().fpir(10**6, 20.0)
    open_end = wrong_candidates(Exponential(), 10**6, 20.0)
    assert (open_end.status, open_end.lo, open_end.hi) == ("bound", fpir.lo, None)
    listed = wrong_candidates(Exponential(), 10**6, 20.0, list_length=50)
    assert (listed.lo, listed.hi) == (fpir.lo, fpir.hi * 50)  # type: ignore[operator]
    assert wrong_candidates(Knowing(), 10**6).asked == "own"
    none_seen = DeploymentsModel(deployments=[Deployment(searches=3000, false_alerts=0, gallery=9)])
    assert wrong_candidates(none_seen, 9).status == "refused"
    bound = wrong_candidates(none_seen, 9, list_length=10)
    assert (bound.status, bound.bound) == ("bound", pytest.approx(29.957 / 3000, rel=1e-4))


def bound_without_errors(comparisons: float, c: float) -> float:
    """What FMR is below at 95 % if so many comparisons gave no false match."""
    return (-math.log(0.05) if c == 0 else (0.05**-c - 1) / c) / comparisons


@pytest.mark.parametrize(("target", "gallery"), [(0.01, 200_000_000), (0.3, 1000), (0.001, 10)])
def test_design_is_just_enough(target: float, gallery: int) -> None:
    people, searches, compared, answered = design(target, gallery, slope=Span.of("0..0.6"))
    assert people.lo == searches.lo
    assert 0.05 ** (1 / people.lo) >= 1 - target > 0.05 ** (1 / (people.lo - 1))  # type: ignore[operator]
    fmr = -math.expm1(math.log1p(-target) / gallery)
    n = compared.lo or 0
    assert bound_without_errors(n * (n - 1), 0.0) <= fmr < bound_without_errors((n - 1) * (n - 2), 0.0)
    n = compared.hi or 0
    assert bound_without_errors(n * (n - 1), (fmr**-0.6 - 1) / n) <= fmr * (1 + 1e-9)
    n = answered.hi or 0
    assert n == 100 or math.log(AT / (n * fmr)) <= farthest(n)
    assert n == 100 or math.log(AT / ((n - 1) * fmr)) > farthest(n - 1)
    assert 100 <= (answered.lo or 0) <= n


@pytest.mark.parametrize("about", [{"target": 0.0}, {"level": 0.2}, {"slope": Span.of("-1..0")}, {"gallery": 0}])
def test_design_of_nothing(about: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="try:"):
        design(**{"target": 0.01, "gallery": 1000, **about})  # type: ignore[arg-type]
