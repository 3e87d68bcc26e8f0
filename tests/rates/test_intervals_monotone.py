"""Limits go the way of their rate: over levels, between them, and whatever else was asked."""

from __future__ import annotations

from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import misid
from misid.rates.counts import Counts
from misid.rates.intervals import TrialDesign, TrialMoments, fnmr_interval, trial_limits
from misid.rates.intervals.alone import Alone, Thresholds
from misid.rates.intervals.model import Floats, Ints
from misid.rates.intervals.monotone import Monotone
from misid.rates.limits import Limits


class Wild(Alone):
    """Limits alone that are anywhere beside their rate."""

    method = "m"

    def __init__(self, seed: int, *, rising: bool) -> None:
        super().__init__(trials=1000, people=100, n_levels=8, few=False)
        self.rising = rising
        self.seed = seed

    def thresholds(self, at: Ints, errors: Ints) -> Thresholds:
        keys = zip(at.tolist(), errors.tolist(), strict=True)
        beside = np.array([np.random.default_rng([self.seed, *key]).uniform(size=2) for key in keys]).reshape(-1, 2)
        return Thresholds(errors=errors, trials=beside[:, 0], shared=beside[:, 1])

    def lower(self, of: Thresholds, tail: Floats) -> Floats:
        return of.errors / 1000 * of.trials

    def upper(self, of: Thresholds, tail: Floats) -> Floats:
        return of.errors / 1000 + (1 - of.errors / 1000) * of.shared

    def log_variance(self, of: Thresholds) -> Floats:
        return np.full(len(of.errors), np.nan)

    def effective_people(self, of: Thresholds, tail: Floats, hi: Floats) -> Floats:
        return np.full(len(of.errors), np.nan)


@given(
    st.lists(st.integers(0, 70), min_size=1, max_size=8),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_limits_fall_or_rise_with_the_rate_however_wild_those_alone_are(
    counts: list[int], rising: bool, seed: int
) -> None:
    errors = np.array(sorted(counts, reverse=not rising))

    alone = Wild(seed, rising=rising)
    path = []
    for k in range(len(errors)):
        after = errors[k + 1] if k + 1 < len(errors) else (70 if rising else 0)
        path += [(k, int(c)) for c in range(errors[k], after, 1 if rising else -1)] or [(k, int(errors[k]))]
    limits = Monotone(alone, path, 0.95)
    shown = [limits.interval(k, c, "two" if c else "upper") for k, c in path]
    if not rising:
        shown.reverse()
    for a, b in pairwise(shown):
        assert a.hi is not None
        assert b.hi is not None
        assert a.lo is not None
        assert b.lo is not None
        assert a.hi <= b.hi
        assert a.lo <= b.lo
    for (k, c), one in zip(path if rising else path[::-1], shown, strict=True):
        own, tail = alone.thresholds(np.array([k]), np.array([c])), np.array([0.025])
        assert one.estimate is not None
        assert one.lo is not None
        assert one.hi is not None
        assert one.lo <= one.estimate <= one.hi <= alone.upper(own, tail)[0]
        assert one.lo >= alone.lower(own, tail)[0]


def test_limits_of_the_real_test_fall_at_every_edge_and_with_any_question() -> None:
    tally = misid.read_tally(Path(str(files("misid") / "examples" / "bssr1-face-c.tally")))
    counts = Counts(tally)
    limits = Limits(counts, 0.95)
    edges = np.arange(1, counts.n_bins)
    below = counts.mated[0, 0] - counts.mated[0]
    missed = int(counts.mated[0, 0]) - counts.mates_found(None)[0]
    for falls, shown in (
        (True, limits.fmr(0, 0, edges, counts.nonmated[0][edges])),
        (True, limits.fpir(0, edges, counts.best[0][edges])),
        (False, limits.fnmr(0, edges, below[edges])),
        (False, limits.fnir(0, None, edges, missed[edges])),
    ):
        path = shown if falls else shown[::-1]
        for a, b in pairwise(path):
            assert a is not None
            assert b is not None
            assert (a.hi or 0) >= (b.hi or 0)
            assert (a.lo or 0) >= (b.lo or 0) - 1e-12
    # One threshold asked for alone has the same limits as among thousands.
    few = Limits(counts, 0.95).fmr(0, 0, edges[-40:-39], counts.nonmated[0][edges[-40:-39]])
    assert few == limits.fmr(0, 0, edges, counts.nonmated[0][edges])[-40:-39]


def test_a_bound_on_people_gives_way_to_errors_seen_further_up() -> None:
    """Five comparisons of each of 100 people: none below one threshold, one below the next."""
    design = TrialDesign(trials=500, people=100, sum_k2=2500)
    none = TrialMoments(errors=np.array([0]), sum_e2=np.array([0]), sum_ek=np.array([0]))
    assert fnmr_interval(design, none, 0, side="upper").hi == pytest.approx(1 - 0.05 ** (1 / 100))
    more = TrialMoments(
        errors=np.array([0, 1, 60, 80]), sum_e2=np.array([0, 1, 64, 86]), sum_ek=5 * np.array([0, 1, 60, 80])
    )
    shown = [trial_limits(design, more).interval(k, int(more.errors[k]), "two" if k else "upper") for k in range(4)]
    assert shown[0].errors == 0
    assert shown[0].hi == shown[1].hi
    assert shown[0].hi < 1 - 0.05 ** (1 / 100)
