"""Published operating points: the growth law, its ends, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from misid.ground.errors import UsageError
from misid.search.growth import FNIR_EXPONENT, grown_fnir, grown_fpir
from misid.search.model import Answer, KnowsThresholds, SearchModel
from misid.search.published import PublishedModel, published_model
from misid.search.span import Span
from misid.search.tradeoff import OperatingPoint

POSED = OperatingPoint(gallery=12_000_000, fpir=Span.exactly(0.003), fnir=Span.exactly(0.0007))
rates = st.floats(1e-9, 1.0)
exponents = st.floats(0.0, 1.0)
galleries = st.integers(1, 10**11)


def point(fpir: str, fnir: str | None = None, threshold: float | None = None, **about: object) -> OperatingPoint:
    return OperatingPoint(
        gallery=1_000_000, fpir=Span.of(fpir), fnir=None if fnir is None else Span.of(fnir), threshold=threshold,
        **about,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("gallery", "percents"),
    [(200_000_000, (0.3, 1.2, 4.9)), (300_000_000, (0.3, 1.5, 7.2)), (1_200_000_000, (0.3, 3.0, 26))],
)
def test_growth_law_gives_the_table_of_the_evidence(gallery: int, percents: tuple[float, ...]) -> None:
    found = [100 * grown_fpir(0.003, gallery / 12_000_000, b) for b in (0, 0.5, 1)]
    assert [float(f"{value:.2g}") for value in found] == list(percents)
    answer = published_model([POSED]).fpir(gallery)
    assert (answer.lo, answer.hi) == pytest.approx((found[0] / 100, found[2] / 100))
    assert answer.estimate is None
    assert answer.limits == "assumptions"
    assert answer.level is None


@given(rates, exponents, galleries, galleries)
def test_fpir_never_falls_with_the_gallery(fpir: float, b: float, one: int, other: int) -> None:
    small, large = sorted((one, other))
    assert grown_fpir(fpir, small / 1e6, b) <= grown_fpir(fpir, large / 1e6, b) * (1 + 1e-12)


@given(rates, exponents, exponents, st.integers(10**6, 10**11))
def test_fpir_never_falls_with_the_exponent_beyond_the_test(
    fpir: float, one: float, other: float, gallery: int
) -> None:
    low, high = sorted((one, other))
    assert grown_fpir(fpir, gallery / 1e6, low) <= grown_fpir(fpir, gallery / 1e6, high) * (1 + 1e-12)


@given(rates, exponents, galleries)
def test_fpir_is_a_share(fpir: float, b: float, gallery: int) -> None:
    assert 0 <= grown_fpir(fpir, gallery / 1e6, b) <= 1


@given(rates, exponents, galleries)
def test_flat_growth_and_the_same_gallery_give_what_was_published(fpir: float, b: float, gallery: int) -> None:
    assert grown_fpir(fpir, gallery / 1e6, 0.0) == fpir
    assert grown_fpir(fpir, 1.0, b) == fpir


@given(rates, rates, rates, rates, exponents, exponents, galleries, st.sampled_from(["threshold", "fpir"]))
def test_limits_are_ordered_and_hold_every_assumption(
    p: float, q: float, m: float, n: float, b: float, c: float, gallery: int, hold: str
) -> None:
    published = OperatingPoint(
        gallery=1_000_000, fpir=Span(lo=min(p, q), hi=max(p, q)), fnir=Span(lo=min(m, n), hi=max(m, n))
    )
    growth = Span(lo=min(b, c), hi=max(b, c))
    model = published_model([published], growth=growth, hold=hold)  # type: ignore[arg-type]
    fpir, fnir = model.fpir(gallery), model.fnir(gallery)
    for answer in (fpir, fnir):
        assert answer.lo is not None
        assert answer.hi is not None
        assert 0 <= answer.lo <= answer.hi <= 1
    if hold == "threshold":
        for middle in (b, (b + c) / 2):
            assert fpir.lo <= grown_fpir(p, gallery / 1e6, middle) * (1 + 1e-9)  # type: ignore[operator]
            assert grown_fpir(q, gallery / 1e6, middle) <= fpir.hi * (1 + 1e-9)  # type: ignore[operator]
    else:
        assert (fpir.lo, fpir.hi) == (published.fpir.lo, published.fpir.hi)


def test_draws_stay_between_the_ends() -> None:
    model = published_model([point("0.001..0.01")], growth=Span(lo=0.0, best=0.5, hi=1.0, shape="triangular"))
    draws = model.fpir_draws(200_000_000, np.random.default_rng(1), 1000)
    answer = model.fpir(200_000_000)
    assert answer.lo <= draws.min() <= draws.max() <= answer.hi
    assert draws.max() > 10 * draws.min()


def test_a_preferred_value_gives_an_estimate() -> None:
    model = published_model([POSED], growth=Span.of("0..0.5..1"))
    assert model.fpir(200_000_000).estimate == pytest.approx(0.01219, rel=1e-3)


def test_fnir_at_held_fpir_grows_as_nist_saw() -> None:
    model = published_model([replace(POSED, gallery=1_600_000)], hold="fpir")
    answer = model.fnir(12_000_000)
    found = np.array([answer.lo, answer.estimate, answer.hi]) / 0.0007
    assert found == pytest.approx([1.75, 2.18, 2.63])
    assert model.fpir(12_000_000).estimate == 0.003
    assert "measured up to" in model.fnir(200_000_000).warnings[1]


def test_fnir_at_a_fixed_threshold_lies_between_staying_and_growing() -> None:
    answer = published_model([POSED]).fnir(200_000_000)
    assert answer.lo == 0.0007
    assert answer.hi == pytest.approx(grown_fnir(0.0007, 200 / 12, FNIR_EXPONENT.hi))
    linear = published_model([POSED], growth=Span.exactly(1.0)).fnir(200_000_000)
    assert (linear.lo, linear.estimate, linear.hi) == (0.0007, 0.0007, 0.0007)


def test_trade_off_is_straight_in_logs() -> None:
    model = published_model([point("0.01", "0.001"), point("0.0001", "0.004")])
    assert model.fnir_for(0.001, 1_000_000).estimate == pytest.approx(0.002)
    assert model.fnir_for(0.01, 1_000_000).estimate == pytest.approx(0.001)
    below = model.fnir_for(0.00001, 1_000_000)
    assert (below.status, below.lo, below.hi) == ("bound", 0.004, None)
    above = model.fnir_for(0.1, 1_000_000)
    assert (above.lo, above.hi) == (0.0, 0.001)


def test_trade_off_at_a_larger_gallery_covers_every_growth() -> None:
    points = [point("0.1", "0.0005"), point("0.01", "0.001"), point("0.0001", "0.004")]
    whole = published_model(points).fnir_for(0.01, 10_000_000)
    for b in np.linspace(0, 1, 7):
        part = published_model(points, growth=Span.exactly(float(b))).fnir_for(0.01, 10_000_000)
        assert whole.lo <= part.lo <= part.hi <= whole.hi  # type: ignore[operator]


def test_thresholds_between_published_ones() -> None:
    model = published_model([point("0.01", "0.001", 5.0), point("0.0001", "0.004", 6.0)])
    assert isinstance(model, KnowsThresholds)
    assert model.thresholds == (5.0, 6.0)
    assert model.fpir(1_000_000, 5.5).estimate == pytest.approx(0.001)
    assert model.fnir(1_000_000, None, 5.5).estimate == pytest.approx(0.002)
    assert model.fpir(1_000_000, 5.0).estimate == 0.01
    refused = model.fpir(1_000_000, 7.0)
    assert refused.status == "refused"
    assert "5 to 6" in refused.reason
    assert "threshold 7" in refused.needed
    assert not isinstance(published_model([POSED]), KnowsThresholds)


def test_groups_and_ranks_that_were_not_published() -> None:
    model = published_model([point("0.01", "0.001", rank=20), point("0.03", "0.001", group="F", rank=20)])
    assert model.fpir(1_000_000, group="F").estimate == 0.03
    refused = model.fpir(1_000_000, group="M")
    assert refused.status == "refused"
    assert "everybody, F" in refused.reason
    assert model.fnir(1_000_000, 20).estimate == 0.001
    first, later = model.fnir(1_000_000, 1), model.fnir(1_000_000, 50)
    assert (first.status, first.lo, first.hi) == ("bound", 0.001, None)
    assert (later.status, later.bound, later.lo) == ("bound", 0.001, None)
    assert published_model([point("0.01")]).fnir(10**6).status == "refused"


def test_assumptions_are_said() -> None:
    said = " ".join(
        published_model([replace(POSED, capture="posed mugshots", source="fnir-x")]).fpir(10**9).assumptions
    )
    for words in ("fnir-x", "posed mugshots", "exponent b in 0..1", "relatives", "12,000,000"):
        assert words in said


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: published_model([]),
        lambda: published_model([POSED], growth=Span.of("0..2")),
        lambda: point("0"),
        lambda: point("3"),
        lambda: published_model([POSED, replace(POSED, gallery=5, fpir=Span.exactly(0.01))]),
        lambda: published_model([point("0.01", "0.001"), point("0.02", "0.002")]),
        lambda: published_model([point("0.01", "0.002", 1), point("0.02", "0.001", 1)]),
        lambda: published_model([POSED]).fpir(0),
        lambda: Span.of("0.1..0.01"),
        lambda: Span.of("many"),
        lambda: Span(lo=0, hi=1, shape="loguniform"),
        lambda: Span(lo=0, hi=1, shape="triangular"),
    ],
)
def test_wrong_figures_are_refused_with_a_way_out(wrong: object) -> None:
    with pytest.raises(UsageError, match="try:"):
        wrong()  # type: ignore[operator]


@pytest.mark.parametrize(
    "about",
    [
        {"asked": ""},
        {"reason": ""},
        {"hi": None, "reason": "x"},
        {"status": "bound", "lo": None, "hi": None, "reason": "x"},
        {"status": "refused", "estimate": None, "reason": "x"},
        {"estimate": 0.9, "reason": "x"},
    ],
)
def test_an_answer_never_goes_without_limits_or_a_reason(about: dict[str, object]) -> None:
    whole: dict[str, object] = {"asked": "FPIR", "measure": "fpir", "lo": 0.1, "hi": 0.2}
    with pytest.raises(ValueError, match=r"FPIR|asked"):
        Answer(**{**whole, **about})  # type: ignore[arg-type]


def test_published_model_is_a_search_model() -> None:
    model: SearchModel = PublishedModel(points=[POSED])
    assert model.fpir(10).to_dict()["assumptions"][0].startswith("published: FPIR 0.003")
