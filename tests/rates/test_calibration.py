"""Calibration from bins against direct computation from raw scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from misid.rates.calibration import cllr, expected_cost, logistic_fit, pool_adjacent_violators
from misid.rates.compute import compute_rates
from misid.rates.model import Calibration
from tests.rates.samples import Floats, Matrix, matrix


def calibration(test: Matrix, **options: object) -> Calibration:
    found = compute_rates(test.tally(**options), targets=[]).calibration
    assert found is not None
    return found


def direct_cllr(log_lr: Floats, mated: np.ndarray) -> float:
    """Mean of log2(1 + 1/LR) over mated and of log2(1 + LR) over non-mated, halved."""
    with np.errstate(over="ignore", divide="ignore"):
        lr = np.exp(log_lr)
        return float((np.log2(1 + 1 / lr[mated]).mean() + np.log2(1 + lr[~mated]).mean()) / 2)


def test_cllr_of_the_scores_themselves() -> None:
    test = matrix(20, digits=1)
    # A bin's scores count as its middle; here each bin holds one value, and its middle is 0.05 above.
    tally_scores = test.scores + 0.05
    found = calibration(test, edges=np.arange(-80, 101) / 10)
    assert found.cllr == pytest.approx(direct_cllr(tally_scores.ravel(), test.mated.ravel()), rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_pav_is_the_isotonic_regression(seed: int) -> None:
    isotonic = pytest.importorskip("sklearn.isotonic")
    rng = np.random.default_rng(seed)
    mated, nonmated = rng.integers(0, 6, 25), rng.integers(0, 6, 25)
    start, m, n = pool_adjacent_violators(mated, nonmated)
    used = mated + nonmated > 0
    share = mated[used] / (mated + nonmated)[used]
    expected = isotonic.isotonic_regression(share, sample_weight=(mated + nonmated)[used])
    block = np.searchsorted(start, np.flatnonzero(used), side="right") - 1
    np.testing.assert_allclose((m / (m + n))[block], expected, atol=1e-12)
    assert m.sum() == mated.sum()
    assert n.sum() == nonmated.sum()
    shares = m / (m + n)
    assert (np.diff(shares) > 0).all(), "blocks of equal share are one block"


def test_min_cllr_is_cllr_of_the_pav_ratios_and_infinity_costs_nothing_where_it_is_right() -> None:
    isotonic = pytest.importorskip("sklearn.isotonic")
    test = matrix(25, digits=1, seed=4)
    mated, scores = test.mated.ravel(), test.scores.ravel()
    share = isotonic.IsotonicRegression().fit_transform(scores, mated)
    with np.errstate(divide="ignore"):
        log_lr = np.log(share / (1 - share)) - np.log(mated.sum() / (~mated).sum())
    found = calibration(test)
    assert found.cllr_min == pytest.approx(direct_cllr(log_lr, mated), rel=1e-10)
    ends = {b.bound for b in found.bins if b.log10_lr_pav is None}
    assert ends <= {"0", "inf"}
    assert found.bins[0].bound == "0"
    assert found.bins[-1].bound == "inf"
    for b in found.bins:
        if b.log10_lr_pav is not None:
            total_m, total_n = mated.sum(), (~mated).sum()
            assert b.log10_lr_pav == pytest.approx(np.log10((b.mated / total_m) / (b.nonmated / total_n)))


def test_logistic_is_the_line_with_the_least_cllr() -> None:
    test = matrix(30, digits=1, seed=9)
    found = calibration(test, edges=np.arange(-80, 101) / 10)
    assert found.slope is not None
    assert found.intercept is not None
    log_lr = (found.slope * (test.scores + 0.05) + found.intercept) * np.log(10)
    at = direct_cllr(log_lr.ravel(), test.mated.ravel())
    assert found.cllr_logistic == pytest.approx(at, rel=1e-9)
    for ds, di in ((0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01)):
        moved = ((found.slope + ds) * (test.scores + 0.05) + found.intercept + di) * np.log(10)
        assert direct_cllr(moved.ravel(), test.mated.ravel()) > at
    assert found.cllr_min is not None
    assert found.cllr_min <= at


def test_logistic_agrees_with_scikit_learn() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.normal(2, 1, 60), rng.normal(0, 1, 400)])
    y = np.r_[np.ones(60), np.zeros(400)]
    weights = np.where(y == 1, 0.5 / 60, 0.5 / 400)
    theirs = linear.LogisticRegression(C=np.inf, tol=1e-10).fit(x[:, None], y, sample_weight=weights)
    ours = logistic_fit(x, y, 1 - y)
    assert ours is not None
    assert ours[0] == pytest.approx(theirs.coef_[0, 0], rel=1e-4)
    assert ours[1] == pytest.approx(theirs.intercept_[0], rel=1e-4)


def test_separated_scores_have_no_slope() -> None:
    test = matrix(10, digits=1)
    apart = Matrix(test.scores + 50 * np.eye(10))
    found = calibration(apart)
    assert (found.slope, found.intercept, found.cllr_logistic) == (None, None, None)
    assert found.cllr_min == 0.0
    assert any("do not overlap" in w for w in found.warnings)
    assert {b.bound for b in found.bins} == {"0", "inf"}
    assert all(b.log10_lr_logistic is None for b in found.bins)


def test_ece_at_even_odds_is_cllr_and_knowing_nothing_costs_a_bit() -> None:
    found = calibration(matrix(25, digits=1))
    at = {row[0]: row[1:] for row in found.ece}
    assert at[0.0][0] == pytest.approx(found.cllr_logistic)
    assert at[0.0][1] == pytest.approx(found.cllr_min)
    assert at[0.0][2] == pytest.approx(1.0)
    prior = 1 / 11
    entropy = -(prior * np.log2(prior) + (1 - prior) * np.log2(1 - prior))
    assert at[-1.0][2] == pytest.approx(entropy)
    assert all(row[2] <= row[1] + 1e-12 for row in found.ece), "PAV is best at every prior"


def test_ece_by_its_formula() -> None:
    log_lr, mated, nonmated = np.log([0.1, 1.0, 8.0]), np.array([1.0, 2, 5]), np.array([6.0, 3, 1])
    odds = 10**-0.7
    prior = odds / (1 + odds)
    lr = np.exp(log_lr)
    expected = prior * np.average(np.log2(1 + 1 / (lr * odds)), weights=mated)
    expected += (1 - prior) * np.average(np.log2(1 + lr * odds), weights=nonmated)
    assert expected_cost(log_lr, mated, nonmated, -0.7) == pytest.approx(expected)


def test_tippett_shares_fall_from_all_to_few() -> None:
    found = calibration(matrix(25, digits=1))
    lr, mated, nonmated = (np.array(column) for column in zip(*found.tippett, strict=True))
    assert (np.diff(lr) > 0).all()
    assert mated[0] == nonmated[0] == 1.0
    assert (np.diff(mated) <= 0).all()
    assert (np.diff(nonmated) <= 0).all()
    assert (mated >= nonmated).all()


def test_distances_fall_with_the_ratio() -> None:
    test = matrix(25, digits=1)
    similar = calibration(test)
    distant = calibration(Matrix(test.scores, options={"polarity": "distance"}))
    assert similar.slope is not None
    assert distant.slope == -similar.slope
    assert distant.cllr_min == similar.cllr_min
    assert {(-b.upper, -b.lower) for b in similar.bins} == {(b.lower, b.upper) for b in distant.bins}


def test_wrong_certainty_costs_infinitely() -> None:
    one = np.ones(1)
    assert cllr(np.array([-np.inf]), one, np.zeros(1), one) == np.inf
