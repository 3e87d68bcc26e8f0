"""Several images of a person: bounds by enumeration, a simulated truth, and what a test shows of their correlation."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_ndtr, ndtr

from misid.ground.errors import UsageError
from misid.search.from_tally import Images, TallyModel, TestCounts, images_of, model_of, together
from misid.search.from_tally.images import images_for, least, middle, most
from misid.search.span import Span
from misid.tally.model import N_BLOCKS

BETWEEN, PROBE, NOISE = 0.3, 0.3, 0.9


def several(n: int, images: int, shared: float, rng: np.random.Generator) -> TestCounts:
    """n people, each searched against all images of all others; `shared` of a pair's noise is in all its images."""
    probe, reference = PROBE * rng.standard_normal(n), BETWEEN * rng.standard_normal(n)
    own = np.sqrt(NOISE**2 - shared**2)
    scores = probe[:, None, None] + reference[None, :, None] + shared * rng.standard_normal((n, n, 1))
    scores = scores + own * rng.standard_normal((n, n, images))
    scores[np.arange(n), np.arange(n)] = -np.inf
    flat = scores.reshape(n, n * images)
    seen = flat[np.isfinite(flat)]
    levels = np.unique(np.quantile(seen, 1 - np.geomspace(0.06, 20 / len(seen), 20)))
    level = np.searchsorted(levels, flat, side="right") - 1
    block = rng.integers(0, N_BLOCKS, n)
    search, image = np.nonzero(level >= 0)
    nobody = np.zeros(len(search), dtype=np.int64)
    return TestCounts(
        levels=levels, lowest=float(seen.min()), highest=float(seen.max()), group=np.zeros(n, dtype=np.int64),
        references=np.array([[(n - 1.0) * images]]), search=search, reference_group=nobody,
        block=block[image // images], level=level[search, image], count=np.ones(len(search), dtype=np.int64),
        block_share=(np.bincount(block, minlength=N_BLOCKS) / n)[:, None], people=n, images_per_person=float(images),
    )  # fmt: skip


_Z = np.linspace(-8, 8, 401)
_W = np.exp(-_Z * _Z / 2) / np.exp(-_Z * _Z / 2).sum()


def exceed(threshold: float, images: int, shared: float) -> Any:
    """(k,) probability that at least one image of a stranger reaches a threshold, by probe effect at `_Z`."""
    common, own = np.hypot(BETWEEN, shared), np.sqrt(NOISE**2 - shared**2)
    below = log_ndtr((threshold - PROBE * _Z[:, None] - common * _Z[None, :]) / own)
    return -np.expm1(images * below) @ _W


def true_fpir(people: float, threshold: float, images: int, shared: float) -> float:
    return float(_W @ -np.expm1(people * np.log1p(-exceed(threshold, images, shared))))


def true_correlation(threshold: float, shared: float) -> float:
    """Of two images, beyond chance: (P(both) - p^2) / p, mean over probes as exceedances weigh them."""
    one, two = exceed(threshold, 1, shared), exceed(threshold, 2, shared)
    return float(_W @ (2 * one - two - one**2) / (_W @ one))


@given(st.integers(1, 40), st.floats(0, 1))
def test_bounds_are_in_order_and_meet_at_the_extremes(m: int, c: float) -> None:
    assert 1 - 1e-9 <= least(m, c) <= middle(m, c) + 1e-9
    assert middle(m, c) <= most(m, c) + 1e-9 <= m + 2e-9
    for bound in (least, middle, most):
        assert bound(m, 0.0) == pytest.approx(m)
        assert bound(m, 1.0) == pytest.approx(1)
        assert bound(2, c) == pytest.approx(2 - c)


@given(st.lists(st.floats(0.01, 1), min_size=4, max_size=4))
def test_bounds_hold_whatever_three_images_share(weights: list[float]) -> None:
    """Any exchangeable law of three indicators: probabilities go by how many are set."""
    law = {bits: weights[sum(bits)] for bits in product((0, 1), repeat=3)}
    total = sum(law.values())
    law = {bits: w / total for bits, w in law.items()}
    one = sum(w for bits, w in law.items() if bits[0])
    both = sum(w for bits, w in law.items() if bits[0] and bits[1])
    union = 1 - law[0, 0, 0]
    c = both / one
    assert one * least(3, c) - 1e-9 <= union <= one * most(3, c) + 1e-9


def test_by_hand() -> None:
    some = Images(shares=((1, 0.5), (3, 0.5)), correlation=Span.exactly(0.5))
    # Three images: at most 1 + 2 * 0.5 = 2, at least 2 * 3 / 3 - 3 * 2 * 0.5 / 6 = 1.5; a person has 2 on average.
    each = some.per_image()
    assert (each.lo, each.hi) == pytest.approx(((1 + 1.5) / 2 / 2, (1 + 2) / 2 / 2))
    assert each.best == pytest.approx((1 + 3 ** np.log2(1.5)) / 4)
    strangers = some.strangers(1000)
    assert (strangers.lo, strangers.hi) == pytest.approx((625, 750))


def test_means_and_shares() -> None:
    assert images_of(3).shares == ((3, 1.0),)
    assert images_of(2.25).mean == pytest.approx(2.25)
    assert images_of({2: 0.5, 1: 0.5}).shares == ((1, 0.5), (2, 0.5))
    assert images_of(3).correlation == Span(lo=0.0, hi=1.0)


@pytest.mark.parametrize("wrong", [0.5, 2000, {}, {0: 1.0}, {1: 0.5, 2: 0.4}, {1: -0.5, 2: 1.5}])
def test_impossible_images(wrong: Any) -> None:
    with pytest.raises(UsageError):
        images_of(wrong)


def test_impossible_correlations() -> None:
    with pytest.raises(UsageError, match=r"within 0\.\.1"):
        images_of(2, Span(lo=0.0, hi=1.5))
    with pytest.raises(UsageError, match="give both"):
        images_for(several(60, 1, 0.0, np.random.default_rng(1)), None, Span.exactly(0.5))


@pytest.mark.parametrize("shared", [0.0, 0.5, 0.8])
def test_a_test_with_several_references_shows_their_correlation(shared: float) -> None:
    held = []
    for seed in range(6):
        seen = together(several(300, 2, shared, np.random.default_rng(seed)))
        assert seen is not None
        held.append(seen.lo <= true_correlation(seen.threshold, shared) <= seen.hi)
        assert seen.hi < 0.85
        # At stricter thresholds it is less, which is what is taken to hold.
        assert true_correlation(seen.threshold + 1, shared) <= true_correlation(seen.threshold, shared)
    assert sum(held) >= 5


def test_a_test_with_one_reference_a_person_shows_none() -> None:
    test = several(120, 1, 0.0, np.random.default_rng(3))
    assert together(test) is None
    made = images_for(test, 3, None)
    assert made is not None
    assert made.correlation == Span(lo=0.0, hi=1.0)
    assert "assumption" in made.source


def test_what_is_measured_holds_no_further_down() -> None:
    made = images_for(several(300, 2, 0.5, np.random.default_rng(4)), 2, None)
    assert made is not None
    assert made.measured_at is not None
    assert made.at(made.measured_at) is made
    assert made.correlation.hi < 1
    assert made.at(made.measured_at - 0.1).correlation == Span(lo=0.0, hi=1.0)


@pytest.fixture(scope="module")
def one() -> TallyModel:
    rng = np.random.default_rng(8)
    return model_of(several(300, 1, 0.5, rng), rng, draws=80)


@pytest.mark.parametrize("images", [2, 4])
def test_the_range_holds_the_truth_of_a_gallery_of_several_images(one: TallyModel, images: int) -> None:
    people = 100_000
    for threshold in (4.0, 4.4):
        answer = replace(one, images=images_of(images)).fpir(people * images, threshold)
        truth = true_fpir(people, threshold, images, 0.5)
        assert answer.lo is not None
        assert answer.hi is not None
        assert answer.lo <= truth <= answer.hi
        assert (answer.estimate, answer.limits, answer.level) == (None, "assumptions", None)
        assert answer.reason
        assert any("assumption" in text and "image amounts to" in text for text in answer.assumptions)
        assert answer.gallery == people * images
        assert f"{people * images:,} references" in answer.asked


def test_a_preferred_correlation_gives_an_estimate_near_the_truth(one: TallyModel) -> None:
    """Beside the same with images taken as strangers, so that what the projection itself is off by cancels."""
    people, images, threshold = 100_000, 4, 4.2
    c = true_correlation(threshold, 0.5)
    made = replace(one, images=images_of(images, Span(lo=c / 2, best=c, hi=min(1.0, 2 * c))))
    found, apart = made.fpir(people * images, threshold), one.fpir(people * images, threshold)
    assert found.estimate is not None
    assert apart.estimate is not None
    wanted = np.log1p(-true_fpir(people, threshold, images, 0.5)) / np.log1p(-_apart(people * images, threshold))
    assert np.log1p(-found.estimate) / np.log1p(-apart.estimate) == pytest.approx(wanted, rel=0.05)


def _apart(images: float, threshold: float) -> float:
    return float(_W @ -np.expm1(images * np.log1p(-exceed(threshold, 1, 0.5))))


def test_extremes_are_people_and_images(one: TallyModel) -> None:
    threshold, n = 4.2, 200_000
    alike = replace(one, images=images_of(4, Span.exactly(1.0))).fpir(n, threshold)
    apart = replace(one, images=images_of(4, Span.exactly(0.0))).fpir(n, threshold)
    assert (alike.lo, alike.estimate, alike.hi) == _three(one.fpir(n // 4, threshold))
    assert (apart.lo, apart.estimate, apart.hi) == _three(one.fpir(n, threshold))
    assert alike.limits == "confidence"


def _three(answer: Any) -> tuple[float | None, ...]:
    return answer.lo, answer.estimate, answer.hi


def test_all_questions_are_answered_of_images(one: TallyModel) -> None:
    model = replace(one, images=images_of(3, Span.of("0.1..0.2..0.4")))
    for found, plain in (
        (model.wrong_candidates(9000, 3.9), one.wrong_candidates(9000, 3.9)),
        (model.repeated(3, 9000, 3.9), one.repeated(3, 9000, 3.9)),
    ):
        assert found.estimate is not None
        assert plain.estimate is not None
        assert found.estimate < plain.estimate
        assert found.gallery == 9000
        assert "9,000" in found.asked
    assert model.unequal(0.01, 9000, 3.9).estimate is not None
    far = model.fpir(10**6, model.thresholds[1] + 3)
    assert far.status == "bound"
    assert far.bound is not None
    assert model.unequal(0.01, 10**6, model.thresholds[1] + 3).status == "refused"


def test_simulation_is_what_its_truth_says() -> None:
    test = several(400, 2, 0.5, np.random.default_rng(11))
    at = len(test.levels) // 3
    assert test.exceed_at[at] / test.comparisons.sum() == pytest.approx(
        float(_W @ exceed(float(test.levels[at]), 1, 0.5)), rel=0.25
    )
    assert float(_W @ exceed(1.0, 1, 0.0)) == pytest.approx(
        float(ndtr(-1.0 / np.sqrt(PROBE**2 + BETWEEN**2 + NOISE**2))), rel=1e-3
    )
