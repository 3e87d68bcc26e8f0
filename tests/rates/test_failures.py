"""Failures: of single comparisons, of samples, and what a rate that includes them says of itself."""

from __future__ import annotations

import numpy as np
import pytest

from misid.ground.rate import ALL, Rate
from misid.rates import compute_rates
from misid.tally.model import Tally
from tests.oracle import oracle_tally
from tests.rates.samples import Matrix


def at(tally: Tally, measure: str, group: str = ALL) -> Rate:
    records = compute_rates(tally, thresholds=[1.0], targets=[], curves=False).records
    return next(
        r for r in records
        if r.measure == measure and r.probe_group == group and r.reference_group == ALL and r.rank is None
    )  # fmt: skip


def perfect(n: int = 100) -> np.ndarray:
    return np.where(np.eye(n, dtype=bool), 5.0, 0.0)


def test_a_mated_comparison_that_failed_alone_is_a_rejection() -> None:
    scores = perfect()
    scores[np.arange(20), np.arange(20)] = np.nan
    tally = Matrix(scores).tally(edges=[0.0, 1.0, 5.0], levels=[1.0], acquisition=(0, 100), enrolment=(0, 100))
    assert (at(tally, "fnmr").errors, at(tally, "fnmr").trials) == (0, 80)
    frr = at(tally, "frr")
    assert frr.estimate == pytest.approx(0.20)
    assert frr.status == "ok"
    assert frr.lo is not None
    assert frr.hi is not None
    assert 0.1 < frr.lo < 0.2 < frr.hi < 0.4
    assert at(tally, "gfrr").estimate == pytest.approx(0.20)


def test_failures_of_probes_and_references_are_counted_once() -> None:
    scores = perfect()
    scores[:10] = np.nan
    scores[:, 50:55] = np.nan
    scores[70, 70] = np.nan
    tally = Matrix(scores).tally(edges=[0.0, 1.0, 5.0], levels=[1.0], acquisition=(10, 100), enrolment=(5, 100))
    f = 0.1 + 0.9 * 1 / 85
    assert at(tally, "frr").estimate == pytest.approx(f)
    assert at(tally, "gfrr").estimate == pytest.approx(0.05 + 0.95 * f)


def test_rates_with_failures_seen_are_not_called_none_seen() -> None:
    scores = perfect()
    scores[:10] = np.nan
    tally = Matrix(scores).tally(edges=[0.0, 1.0, 5.0], levels=[1.0], acquisition=(10, 100))
    frr = at(tally, "frr")
    assert (frr.status, frr.estimate) == ("ok", pytest.approx(0.1))
    assert at(tally, "far").status == "bound", "no false match was seen"


def test_fta_of_groups_of_candidate_lists() -> None:
    """Searches are mated or not: both kinds add up."""
    n = 60
    mated = np.arange(n) < 40
    failed = np.arange(n) % 10 == 0
    kept = [i for i in range(n) if not failed[i]]
    tally = oracle_tally(
        kept, [0] * len(kept), kept, [0] * len(kept), [2.0] * len(kept), mated=[False] * len(kept),
        probe_group=[i % 2 for i in kept], reference_group=[0] * len(kept), attributes=("sex",),
        joint=(("F",), ("M",)), edges=[-np.inf, 0.0, 1.0, 2.0], levels=[1.0],
        searches={"probe": range(n), "probe_person": range(n), "probe_group": [i % 2 for i in range(n)],
                  "mated": mated.tolist(), "failed": failed.tolist()},
        list_length=1, gallery=(80, 80), acquisition=(6, 60),
    )  # fmt: skip
    for group, wanted in ((ALL, (6, 60)), ("F", (6, 30)), ("M", (0, 30))):
        fta = at(tally, "fta", group)
        assert (fta.errors, fta.trials) == wanted
        assert not any("not by group" in w for w in fta.warnings)
