"""How wrong candidates fall on people: closed forms, and the simulated test's own truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from misid.search.from_tally import TallyModel, model_of
from misid.search.from_tally.unequal import _top_share
from tests.rates.coverage_study import Normal
from tests.search.simulated import counts, draw_tail


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=30), st.floats(0.01, 0.99))
def test_the_top_has_at_least_its_share(rates: list[float], share: float) -> None:
    rate, weight = np.array(rates), np.full(len(rates), 1 / len(rates))
    found = _top_share(rate, weight, share)
    assert share - 1e-9 <= found <= 1 + 1e-9
    assert _top_share(np.ones(5), np.full(5, 0.2), share) == pytest.approx(share)


@pytest.fixture(scope="module")
def model() -> TallyModel:
    rng = np.random.default_rng(3)
    return model_of(counts(draw_tail(Normal("normal", 0.0), 300, rng), rng), rng, draws=60)


def test_wrong_candidates_are_as_many_as_were_counted(model: TallyModel) -> None:
    at = next(k for k, n in enumerate(model.test.exceed_at) if n < 300)
    counted = float(model.test.exceed_at[at]) / model.test.searches
    answer = model.wrong_candidates(model.gallery, float(model.test.levels[at]))
    assert answer.lo is not None
    assert answer.hi is not None
    assert answer.lo <= counted <= answer.hi
    assert answer.measure == "wrong_candidates"


def test_errors_are_less_unequal_the_more_searches_end_in_one(model: TallyModel) -> None:
    threshold = float(model.test.levels[-1])
    answers = [model.unequal(0.01, n, threshold) for n in (300, 100_000, 10_000_000)]
    shares = [answer.estimate for answer in answers]
    assert all(share is not None for share in shares)
    assert 1 > shares[0] > shares[1] > shares[2] >= 0.01  # type: ignore[operator]
    assert "the person's own" in answers[0].assumptions[-1]


def test_where_fpir_is_refused_so_is_who_bears_it(model: TallyModel) -> None:
    far = model.thresholds[1] * 3
    assert model.fpir(10**6, far).status == "bound"
    for answer in (model.unequal(0.01, 10**6, far), model.wrong_candidates(10**6, far)):
        assert answer.status == "refused"
        assert answer.reason
        assert answer.needed
