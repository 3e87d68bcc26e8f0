"""The likelihoods of one search: Bayes in closed form, and what they must add up to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from misid.cases.likelihoods import Likelihoods, listed, match, no_match, scored
from misid.ground.errors import UsageError

share = st.floats(0.0, 1.0)
inner = st.floats(1e-6, 1 - 1e-6)


def of(value: float) -> np.ndarray:
    return np.array(value)


@given(share, inner, share, inner)
def test_match_is_bayes_in_closed_form(missed: float, fpir: float, first: float, prior: float) -> None:
    outranked = first * fpir
    t = (1 - missed) * (1 - outranked)
    w = missed * fpir + (1 - missed) * outranked
    found = match(missed=of(missed), fpir=of(fpir), outranked=of(outranked))
    expected = prior * t / (prior * (t + w) + (1 - prior) * fpir)
    assert float(found.posterior(prior)) == pytest.approx(expected, abs=1e-12)
    assert float(found.lr()) == pytest.approx(t / fpir, rel=1e-12)
    odds = float(found.posterior(prior)) / max(1 - float(found.posterior(prior)), 1e-300)
    assert odds == pytest.approx(prior * t / (prior * w + (1 - prior) * fpir), rel=1e-6)


@given(inner, inner, inner)
def test_without_misses_and_outranking_it_is_the_textbook_ppv(missed: float, fpir: float, prior: float) -> None:
    found = match(missed=of(missed), fpir=of(fpir), outranked=of(0.0))
    sensitivity, rest = prior * (1 - missed), prior * missed * fpir + (1 - prior) * fpir
    assert float(found.posterior(prior)) == pytest.approx(sensitivity / (sensitivity + rest), abs=1e-12)


@given(share, share, share)
def test_match_and_no_match_are_all_there_is(missed: float, fpir: float, first: float) -> None:
    some = match(missed=of(missed), fpir=of(fpir), outranked=of(first * fpir))
    none = no_match(missed=of(missed), fpir=of(fpir))
    assert float(some.right + some.wrong + none.wrong) == pytest.approx(1, abs=1e-12)
    assert float(some.unenrolled + none.unenrolled) == pytest.approx(1, abs=1e-12)


@given(inner, inner, inner)
def test_no_match_is_bayes_in_closed_form(missed: float, fpir: float, prior: float) -> None:
    found = no_match(missed=of(missed), fpir=of(fpir))
    expected = prior * missed / (prior * missed + 1 - prior)
    assert float(found.posterior_enrolled(prior)) == pytest.approx(expected, abs=1e-12)
    assert float(found.posterior(prior)) == 0


@given(st.floats(1e-6, 50), share, inner, st.floats(1e-6, 50), inner)
def test_score_is_bayes_in_closed_form(density: float, below: float, fpir: float, top: float, prior: float) -> None:
    found = scored(density=of(density), below=of(below), fpir=of(fpir), top_density=of(top))
    right = prior * density * (1 - fpir)
    expected = right / (right + (1 - prior + prior * below) * top)
    assert float(found.posterior(prior)) == pytest.approx(expected, abs=1e-12)
    assert float(found.lr()) == pytest.approx(density * (1 - fpir) / top, rel=1e-12)


def test_scores_integrate_to_match_or_no_match() -> None:
    from scipy.special import ndtr

    s = np.linspace(2.0, 14.0, 200_001)
    step = s[1] - s[0]
    gallery, threshold = 1000.0, 3.0
    rate = gallery * ndtr(-s)
    fpir = 1 - np.exp(-rate)
    top = np.gradient(-rate, step) * np.exp(-rate)
    density, below = np.exp(-((s - 5) ** 2) / 2) / np.sqrt(2 * np.pi), ndtr(s - 5)
    above = s >= threshold
    found = scored(density=density, below=below, fpir=fpir, top_density=top)
    totals = {
        name: float(np.trapezoid(getattr(found, name)[above], s[above])) for name in ("right", "wrong", "unenrolled")
    }
    f, m = float(1 - np.exp(-gallery * ndtr(-threshold))), float(ndtr(threshold - 5))
    assert totals["unenrolled"] == pytest.approx(f, abs=1e-4)
    outranked = 1 - totals["right"] / (1 - m)
    alone = match(missed=of(m), fpir=of(f), outranked=of(outranked))
    assert totals["right"] == pytest.approx(float(alone.right), abs=1e-9)
    assert totals["wrong"] == pytest.approx(float(alone.wrong), abs=1e-4)


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=6), st.floats(0.01, 5), share, inner)
def test_list_without_person_effect_is_a_product(
    intensities: list[float], expected: float, below: float, prior: float
) -> None:
    """With iid strangers candidate k is right in proportion to f1(s_k) / (N g(s_k))."""
    k = len(intensities)
    density = np.linspace(0.1, 2.0, k)
    log_with = -expected + np.log(intensities).sum()
    log_without = log_with - np.log(intensities)
    for named in range(k):
        found = listed(
            named=named, density=density, below=of(below), log_without=log_without, log_with=np.asarray(log_with)
        )
        ratio = density / np.array(intensities)
        total = prior * (ratio.sum() + below) + 1 - prior
        assert float(found.posterior(prior)) == pytest.approx(prior * ratio[named] / total, abs=1e-12)
        assert float(found.posterior_other(prior)) == pytest.approx(
            prior * (ratio.sum() - ratio[named]) / total, abs=1e-9
        )


@given(inner, inner, inner, st.floats(0.01, 100))
def test_other_evidence_multiplies_the_odds(missed: float, fpir: float, prior: float, lr: float) -> None:
    found = match(missed=of(missed), fpir=of(fpir), outranked=of(0.0))
    p, q = float(found.posterior(prior)), float(found.times(lr).posterior(prior))
    assert q / (1 - q) == pytest.approx(lr * p / (1 - p), rel=1e-6)


@given(st.floats(1e-6, 1), st.floats(0, 1), st.floats(0, 1), st.floats(1e-3, 1), st.floats(1, 1e4))
def test_bounded_lr_stays_within_its_bounds(
    right: float, wrong: float, unenrolled: float, lowest: float, highest: float
) -> None:
    found = Likelihoods(right=of(right), wrong=of(wrong), unenrolled=of(unenrolled), other=of(0.0))
    held = found.bounded(lowest, highest)
    assert lowest * (1 - 1e-9) <= float(held.lr()) <= highest * (1 + 1e-9)
    inside = unenrolled > 0 and lowest <= right / unenrolled <= highest
    assert not inside or float(held.unenrolled) == pytest.approx(unenrolled, rel=1e-12)


def test_impossible_ratios_are_not_numbers() -> None:
    nothing = Likelihoods(right=of(0.0), wrong=of(0.0), unenrolled=of(0.0), other=of(0.0))
    assert np.isnan(nothing.lr())
    certain = Likelihoods(right=of(0.5), wrong=of(0.0), unenrolled=of(0.0), other=of(0.0))
    assert np.isinf(certain.lr())
    with pytest.raises(UsageError, match="fpir is not within 0 and 1"):
        match(missed=of(0.1), fpir=of(3.0), outranked=of(0.0))
