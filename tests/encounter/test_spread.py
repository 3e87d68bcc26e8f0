"""What is not known and what is chance, against exact laws."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats as stats

from misid.encounter.shapes import Beta
from misid.encounter.spread import counts_by_chance, spread
from misid.ground.errors import UsageError

U = (np.arange(2**14) + 0.5) / 2**14


def _ends(limits: tuple[float, float] | None) -> tuple[float, float]:
    assert limits is not None
    return limits


def test_a_known_probability_leaves_chance_alone() -> None:
    found = spread(np.full(2**14, 3e-4), 100_000, seed=1)
    law = stats.binom(100_000, 3e-4)
    assert found.not_known == (pytest.approx(30), pytest.approx(30))
    assert found.chance == (law.ppf(0.025), law.ppf(0.975))
    assert found.both == (pytest.approx(law.ppf(0.025), abs=1), pytest.approx(law.ppf(0.975), abs=1))
    assert found.share_not_known == 0.0


def test_both_together_are_the_mixture() -> None:
    # A beta probability and binomial chance are a beta-binomial count.
    found = spread(Beta(alpha=3, beta=3000).quantile(U), 20_000, seed=2)
    law = stats.betabinom(20_000, 3, 3000)
    assert _ends(found.both)[0] == pytest.approx(law.ppf(0.025), abs=1)
    assert _ends(found.both)[1] == pytest.approx(law.ppf(0.975), rel=0.03)
    assert found.not_known == pytest.approx(tuple(20_000 * stats.beta(3, 3000).ppf([0.025, 0.975])), rel=1e-3)
    chance = (20_000 * Beta(alpha=3, beta=3000).quantile(U) * (1 - Beta(alpha=3, beta=3000).quantile(U))).mean()
    assert found.share_not_known == pytest.approx(1 - chance / law.var(), abs=1e-3)


def test_not_known_stays_while_chance_goes_with_more_scans() -> None:
    p = Beta(alpha=3, beta=3000).quantile(U)
    few, many = spread(p, 1_000, seed=3), spread(p, 10_000_000, seed=3)
    assert _ends(many.not_known)[1] / _ends(few.not_known)[1] == pytest.approx(10_000)
    assert (few.share_not_known or 1) < 0.3
    assert (many.share_not_known or 0) > 0.999


def test_errors_that_fall_on_the_same_people_spread_more() -> None:
    p = np.full(2**14, 0.01)
    once, ten = spread(p, 100_000, seed=4), spread(p, 100_000, seed=4, scans_of_one=10)
    assert ten.value == once.value
    wider = np.diff(_ends(ten.both))[0] / np.diff(_ends(once.both))[0]
    assert wider == pytest.approx(np.sqrt(10), rel=0.1)


def test_what_cannot_happen_is_counted_as_never() -> None:
    found = spread(np.zeros(16), 1000, seed=1)
    assert (found.value, found.both, found.share_not_known) == (0.0, (0, 0), None)


def test_a_draw_without_a_probability_has_no_count() -> None:
    found = spread(np.array([0.1, np.nan]), 1000, seed=1)
    assert (found.status, found.value, found.both) == ("undefined", None, None)


def test_scans_are_one_or_more() -> None:
    with pytest.raises(UsageError, match="0 scans"):
        spread(np.array([0.1]), 0, seed=1)


def test_counts_drawn_together_add_up() -> None:
    shares = np.tile([0.7, 0.2, 0.1], (4096, 1))
    counts = counts_by_chance(shares, 1000, np.random.default_rng(1))
    assert np.all(counts.sum(axis=1) == 1000)
    assert counts.mean(axis=0) == pytest.approx([700, 200, 100], rel=0.01)
    assert np.cov(counts.T)[0, 1] == pytest.approx(-1000 * 0.7 * 0.2, rel=0.1)
