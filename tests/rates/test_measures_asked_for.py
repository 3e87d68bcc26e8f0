"""Rates of some measures are those of all measures, and nothing else is computed."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import misid
from misid.ground.errors import UsageError
from misid.ground.measures import RATES
from misid.rates import Rates, compute_rates
from misid.rates.intervals import searches
from misid.tally.model import Tally
from tests.rates.samples import matrix

CURVES = ("fmr", "fnmr", "fpir", "fnir")


@cache
def tallies() -> tuple[Tally, ...]:
    grouped = matrix(50, seed=3, groups=True, digits=1, failed=(2,))
    edges = np.arange(-60, 81) / 10
    return (
        misid.read_tally(Path(str(files("misid") / "examples" / "bssr1-face-c.tally"))),
        grouped.tally(edges=edges, levels=[0.0, 1.0, 2.0], acquisition=(1, 50), enrolment=(2, 52)),
    )


@cache
def everything(which: int) -> Rates:
    return compute_rates(tallies()[which], thresholds=[0.5], targets=[1e-2, 1e-9])


def test_every_measure_is_one_of_the_names() -> None:
    found = {rate.measure for which in (0, 1) for rate in everything(which).records}
    assert found == {*RATES}


@settings(max_examples=12, deadline=None)
@given(which=st.sampled_from([0, 1]), measures=st.lists(st.sampled_from(RATES), min_size=1, max_size=4))
def test_some_measures_are_those_among_all(which: int, measures: list[str]) -> None:
    whole = everything(which)
    some = compute_rates(tallies()[which], thresholds=[0.5], targets=[1e-2, 1e-9], measures=measures)
    assert some.records == tuple(r for r in whole.records if r.measure in measures)
    assert some.cmc == (whole.cmc if "cmc" in measures else ())
    parts = [{part.removesuffix("_within") for part in d.measure.split("+")} for d in whole.differentials]
    assert some.differentials == tuple(d for d, of in zip(whole.differentials, parts, strict=True) if of <= {*measures})
    drawn = [name for name in CURVES if name in measures]
    assert len(some.curves) == (len(whole.curves) if drawn else 0)
    for one, other in zip(some.curves, whole.curves, strict=False):
        for name in CURVES:
            for limit in ("", "_lo", "_hi"):
                expected = getattr(other, name + limit) if name in measures else None
                assert getattr(one, name + limit) == expected
    assert (some.distributions, some.calibration) == ((), None)


def test_what_is_not_asked_for_is_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("limits of FPIR were made")

    monkeypatch.setattr(searches, "shared_binomial_upper", never)
    found = compute_rates(tallies()[0], targets=[1e-3], measures=["fmr", "fnmr", "eer"])
    assert {r.measure for r in found.records} == {"fmr", "fnmr", "eer"}
    with pytest.raises(AssertionError):
        compute_rates(tallies()[0], targets=[1e-3], measures=["fpir"])


@pytest.mark.parametrize("wrong", ["fmr", 3, [], ["FMR"], ["fmr", "fmr_within"], [None]])
def test_other_names_are_refused(wrong: Any) -> None:
    with pytest.raises(UsageError, match=r"allowed: (a sequence|fmr, fnmr, eer)"):
        compute_rates(tallies()[0], measures=wrong)
