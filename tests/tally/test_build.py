"""The tally that SQL counts is the tally that brute force counts, table by table, to the last comparison."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from misid.engine import DuckDBEngine
from misid.tally import Tally
from misid.tally.build import build_tally
from tests.oracle import assert_same
from tests.tally.samples import Sample, blocks_in, cross

SEXES = (("F",), ("M",), ("(missing)",))
SEX_AND_AGE = (("F", "old"), ("F", "young"), ("M", "old"))


def both(sample: Sample, exact_pairs: bool = True, **options: object) -> None:
    with DuckDBEngine() as engine:
        ours = build_tally(sample.scores(engine), **options)  # type: ignore[arg-type]
        expected = sample.oracle(ours, blocks_in(engine))
    if not exact_pairs:
        # Estimated where the cross is not full (see the format): the order of one comparison in all.
        column = ours.tables["nonmated_design"]["sum_p2"]
        exact = _aligned(ours, expected)
        assert np.all(np.abs(column - exact) <= 0.5 * exact)
        expected.tables["nonmated_design"]["sum_p2"] = _aligned(expected, ours)
    assert_same(ours, expected)


def _aligned(rows_of: Tally, values_of: Tally) -> np.ndarray[Any, Any]:
    """Column sum_p2 of `values_of` in the order of the rows of `rows_of`; 0 where there is no such row."""
    values = values_of.tables["nonmated_design"]
    value_of = dict(
        zip(zip(values["probe_label"], values["reference_label"], strict=True), values["sum_p2"], strict=True)
    )
    rows = rows_of.tables["nonmated_design"]
    return np.array([value_of.get(pair, 0) for pair in zip(rows["probe_label"], rows["reference_label"], strict=True)])


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("images", [1, 2])
def test_equals_brute_force(same: bool, images: int) -> None:
    rng = np.random.default_rng(1)
    both(cross(rng, 14, 17, same=same, images=images), thresholds=[0.5, 1.5], targets=[0.1, 0.02])


@pytest.mark.parametrize(("groups", "attributes"), [(SEXES, ("sex",)), (SEX_AND_AGE, ("sex", "age"))])
def test_groups_equal_brute_force(groups: tuple[tuple[str, ...], ...], attributes: tuple[str, ...]) -> None:
    rng = np.random.default_rng(2)
    sample = cross(rng, 15, 15, same=True, groups=groups, attributes=attributes)
    both(sample, thresholds=[1.0], intersections=len(attributes) > 1)


def test_ragged_with_failures_equals_brute_force() -> None:
    rng = np.random.default_rng(3)
    sample = cross(rng, 15, 12, same=False, images=2, groups=SEXES, attributes=("sex",), keep=0.7, fail=0.1)
    # One probe that failed throughout, as when a sample could not be acquired.
    gone = sample.probe[0]
    sample.score = [float("nan") if p == gone else s for p, s in zip(sample.probe, sample.score, strict=True)]
    both(sample, exact_pairs=False, thresholds=[0.0, 2.0])


def test_scores_of_few_values_equal_brute_force() -> None:
    rng = np.random.default_rng(4)
    both(cross(rng, 15, 15, same=True, decimals=0), thresholds=[2.0])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**20),
    n=st.integers(1, 8),
    m=st.integers(1, 8),
    same=st.booleans(),
    decimals=st.sampled_from([None, 0, 1]),
    thresholds=st.lists(st.floats(-3, 6, allow_nan=False), max_size=3),
)
def test_any_small_test_equals_brute_force(
    seed: int, n: int, m: int, same: bool, decimals: int | None, thresholds: list[float]
) -> None:
    rng = np.random.default_rng(seed)
    sample = cross(rng, n, m, same=same, decimals=decimals, fail=0.05)
    assume(not np.all(np.isnan(sample.score)))
    both(sample, exact_pairs=False, thresholds=thresholds)
