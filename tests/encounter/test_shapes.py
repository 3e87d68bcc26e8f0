"""Shapes against SciPy's distributions and closed forms; how they are read from a scenario."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.stats as stats
from hypothesis import given
from hypothesis import strategies as st

from misid.encounter.reading_shapes import POSITIVE, PROPORTION, Allowed, read_shape, shown
from misid.encounter.shapes import SHAPES, Beta, Counts, Fixed, Lognormal, LogUniform, Pert, Shape, Uniform
from misid.ground.errors import Findings

U = np.array([1e-9, 1e-6, 0.001, 0.025, 0.31, 0.5, 0.77, 0.975, 0.9999, 1 - 1e-9])
SIGMA = math.log(10) / stats.norm.ppf(0.975)

KNOWN = [
    (Uniform(lo=0.2, hi=0.7), stats.uniform(0.2, 0.5)),
    (LogUniform(lo=1e-3, hi=0.5), stats.loguniform(1e-3, 0.5)),
    (Beta(alpha=2.5, beta=11), stats.beta(2.5, 11)),
    (Pert(lo=1, mode=2, hi=7), stats.beta(1 + 4 / 6, 1 + 20 / 6, 1, 6)),
    (Counts(k=3, n=1000), stats.beta(3.5, 997.5)),
    (Counts(k=0, n=50, prior="uniform"), stats.beta(1, 51)),
    (Lognormal(median=0.01, factor=10), stats.lognorm(SIGMA, scale=0.01)),
]
IDS = [shape.kind for shape, _ in KNOWN]


@pytest.mark.parametrize(("shape", "law"), KNOWN, ids=IDS)
def test_quantiles_are_those_of_the_distribution(shape: Shape, law: Any) -> None:
    np.testing.assert_allclose(shape.quantile(U), law.ppf(U), rtol=1e-8)
    np.testing.assert_allclose(shape.cdf(law.ppf(U)), U, rtol=1e-6, atol=1e-12)
    assert shape.mean == pytest.approx(law.mean(), rel=1e-12)


@pytest.mark.parametrize(
    "shape",
    [*(shape for shape, _ in KNOWN), Fixed(value=3.0), Counts(k=0, n=10**7), Counts(k=7, n=7),
     Beta(alpha=3e5, beta=2e6), Beta(alpha=0.02, beta=0.5), Lognormal(median=0.1, factor=8, lo=0.01, hi=1.0)],
    ids=repr,
)  # fmt: skip
def test_draws_are_quantiles(shape: Shape) -> None:
    u = (np.arange(4001) + 0.5) / 4001
    np.testing.assert_allclose(shape.draw(u), shape.quantile(u), rtol=1e-9)


def test_a_cut_lognormal_is_the_uncut_one_given_its_ends() -> None:
    whole, cut = Lognormal(median=0.1, factor=20), Lognormal(median=0.1, factor=20, lo=0.02, hi=1.0)
    u = (np.arange(200_001) + 0.5) / 200_001
    values = whole.quantile(u)
    kept = values[(values >= 0.02) & (values <= 1.0)]
    assert cut.mean == pytest.approx(kept.mean(), rel=1e-4)
    assert float(cut.quantile(np.array(0.3))) == pytest.approx(np.quantile(kept, 0.3), rel=1e-3)
    assert cut.quantile(np.array([0.0, 1.0])).tolist() == pytest.approx([0.02, 1.0])


def test_nothing_seen_leaves_jeffreys_upper_limit() -> None:
    # Brown, Cai and DasGupta 2001: Jeffreys' interval at 0 in 10 ends at .2172.
    assert float(Counts(k=0, n=10).quantile(np.array(0.975))) == pytest.approx(0.2172, abs=5e-5)


shares = st.floats(1e-6, 1.0)
ranges = st.tuples(shares, shares, st.floats(0, 1)).filter(lambda r: abs(r[0] - r[1]) > 1e-9)


@given(ranges, st.sampled_from(["uniform", "log-uniform", "pert", "counts"]), st.lists(st.floats(0, 1), min_size=2))
def test_quantiles_rise_and_stay_between_the_ends(r: tuple[float, float, float], kind: str, u: list[float]) -> None:
    lo, hi = sorted(r[:2])
    shape: Shape
    if kind == "counts":
        shape = Counts(k=int(r[2] * 100), n=100)
    else:
        mode = {"mode": lo + r[2] * (hi - lo)} if kind == "pert" else {}
        made: Any = SHAPES[kind]
        shape = made(lo=lo, hi=hi, **mode)
    values = shape.quantile(np.sort(u))
    assert np.all(np.diff(values) >= 0)
    assert shape.ends[0] <= values.min() <= values.max() <= shape.ends[1]
    assert shape.ends[0] <= shape.mean <= shape.ends[1]


@pytest.mark.parametrize(("shape", "_"), KNOWN, ids=IDS)
def test_reading_gives_back_what_was_written(shape: Shape, _: object) -> None:
    found = Findings()
    assert read_shape(shape.to_dict(), "x", POSITIVE, found) == shape
    assert found.problems == []


@pytest.mark.parametrize(
    "written", [0.25, {"value": 0.25}, {"shape": "fixed", "value": 0.25}, {"value": 0.25, "source": "a"}]
)
def test_a_fixed_value_can_be_written_in_these_ways(written: object) -> None:
    found = Findings()
    assert read_shape(written, "x", PROPORTION, found, beside=("source",)) == Fixed(value=0.25)
    assert found.problems == []


PEOPLE = Allowed(lo=1, hi=1e10, words="a whole number of people", whole=True, example=100)

BAD: list[tuple[object, Allowed, str, str, str]] = [
    (3, PROPORTION, "x: 3;", "a proportion", "0.03, if 3 % is meant"),
    (-0.1, PROPORTION, "x: -0.1;", "0 to 1", "a number in this range"),
    (math.nan, PROPORTION, "x: nan;", "a finite number", "correct"),
    (math.inf, POSITIVE, "x: inf;", "a finite number", "correct"),
    (10**400, POSITIVE, "x: inf;", "a finite number", "correct"),
    (True, PROPORTION, "x: true;", "a number", "uniform"),
    ("0.03", PROPORTION, "x: '0.03';", "a number", "uniform"),
    ([0.1, 0.2], PROPORTION, "x: [0.1, 0.2];", "a number", "uniform"),
    ({}, PROPORTION, "x: no value and no shape (neither given);", "value, or shape", "uniform"),
    ({"lo": 0.1, "hi": 0.2}, PROPORTION, "x: no value and no shape", "value, or shape", "uniform"),
    ({"shape": "normal", "lo": 0.1, "hi": 0.2}, PROPORTION, "x.shape: 'normal';", "log-uniform", "lognormal"),
    ({"shape": "uniforn", "lo": 0.1, "hi": 0.2}, PROPORTION, "x.shape: 'uniforn';", "log-uniform", "shape = 'uniform'"),
    ({"shape": 5}, PROPORTION, "x.shape: 5;", "log-uniform", "uniform"),
    ({"shape": "uniform", "lo": 0.1}, PROPORTION, "x: no hi;", "uniform with lo, hi", "give hi"),
    ({"shape": "uniform", "lo": 0.3, "hi": 0.2}, PROPORTION, "x.lo: 0.3;", "at most hi = 0.2", "correct"),
    ({"shape": "uniform", "lo": 0.2, "hi": 0.2}, PROPORTION, "x.lo: 0.2;", "below hi", "correct"),
    ({"shape": "uniform", "lo": 0.2, "high": 0.3, "hi": 0.4}, PROPORTION, "x.high: a key", "lo, hi", "hi, if that"),
    ({"shape": "uniform", "lo": 0.2, "hi": "0.4"}, PROPORTION, "x.hi: '0.4';", "a number", "without quotes"),
    ({"shape": "uniform", "lo": 0.2, "hi": 30}, PROPORTION, "x.hi: 30;", "0 to 1", "0.3, if 30 % is meant"),
    ({"shape": "log-uniform", "lo": 0, "hi": 0.4}, PROPORTION, "x.lo: 0;", "above 0", "correct"),
    ({"shape": "pert", "lo": 0, "mode": 0.5, "hi": 0.4}, PROPORTION, "x.mode: 0.5;", "from lo = 0 to", "correct"),
    ({"shape": "beta", "alpha": 0, "beta": 2}, PROPORTION, "x.alpha: 0;", "above 0", "correct"),
    ({"shape": "counts", "k": 5, "n": 4}, PROPORTION, "x.k: 5;", "from 0 to n = 4", "correct"),
    ({"shape": "counts", "k": 0, "n": 0}, PROPORTION, "x.n: 0;", "1 or more", "correct"),
    ({"shape": "counts", "k": 1.5, "n": 4}, PROPORTION, "x.k: 1.5;", "a whole number", "without quotes"),
    ({"shape": "counts", "k": 1, "n": 10**60}, PROPORTION, "x.n: a number of 61 digits;", "below 10^15", "people"),
    ({"shape": "counts", "k": 1, "n": 4, "prior": "flat"}, PROPORTION, "x.prior: 'flat';", "or uniform", "jeff"),
    ({"shape": "lognormal", "median": 0.1, "factor": 1}, PROPORTION, "x.factor: 1;", "above 1", "correct"),
    ({"shape": "lognormal", "median": -0.1, "factor": 2}, PROPORTION, "x.median: -0.1;", "above 0", "correct"),
    ({"shape": "lognormal", "median": 0.1, "factor": 3}, PROPORTION, "x.hi: no upper end;", "0 to 1", "hi = 1"),
    ({"shape": "lognormal", "median": 0.1, "factor": 3, "lo": 0.2, "hi": 1}, PROPORTION, "x.median: 0.1;", "lo", ""),
    ({"shape": "uniform", "lo": 0, "hi": 4}, POSITIVE, "x.lo: 0;", "above 0", "a number"),
    (12.5, PEOPLE, "x: 12.5;", "whole number of people", "12"),
    (0, PEOPLE, "x: 0;", "whole number of people", "such as 100"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "allowed", "seen", "may", "remedy"), BAD, ids=[str(b[0])[:60] for b in BAD])
def test_what_is_wrong_names_path_value_and_remedy(
    written: object, allowed: Allowed, seen: str, may: str, remedy: str
) -> None:
    found = Findings()
    assert read_shape(written, "x", allowed, found) is None
    [problem] = found.problems
    said, _, tried = str(problem).partition("\n  try: ")
    assert seen in said
    assert may in said
    assert remedy in tried
    assert tried


def test_all_that_is_wrong_with_a_shape_is_said_at_once() -> None:
    found = Findings()
    read_shape({"shape": "pert", "lo": "a", "hi": True, "best": 3}, "x", PROPORTION, found)
    assert sorted(problem.where for problem in found.problems) == ["x", "x.best", "x.hi", "x.lo"]


def test_long_values_are_shown_short() -> None:
    assert len(shown("x" * 10_000)) < 100
    assert shown(-(10**50)) == "a number of 51 digits"


@pytest.mark.parametrize(("shape", "_"), KNOWN, ids=IDS)
def test_a_shape_says_itself_in_words(shape: Shape, _: object) -> None:
    assert "e-" not in shape.said()
    assert len(shape.said()) < 80
