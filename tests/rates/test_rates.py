"""Rates against the raw scores they came from, and what is said where there is no rate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from misid.ground.errors import MisidError, UsageError
from misid.ground.rate import ALL, ComparisonRate, Rate, SampleRate, SearchRate
from misid.ground.text import rate_text
from misid.rates import compute_rates
from misid.rates.selectivity import UNBLOCKED
from misid.tally.model import Tally
from tests.oracle import oracle_tally
from tests.rates.samples import Matrix, bssr1, matrix


def rate(tally: Tally, measure: str, /, *, find: dict[str, Any] | None = None, **options: Any) -> Rate:
    found = compute_rates(tally, curves=False, **{"targets": [], **options}).records
    wanted = {"measure": measure, "probe_group": ALL, "reference_group": ALL, **(find or {})}
    matching = [r for r in found if all(getattr(r, k) == v for k, v in wanted.items())]
    assert len(matching) == 1, (wanted, [(r.measure, r.threshold, r.target, r.rank) for r in matching])
    return matching[0]


# Against the raw scores.


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), t=st.integers(-20, 50), failed=st.sampled_from([(), (3,), (0, 7)]))
def test_rates_are_those_of_the_raw_scores(seed: int, t: int, failed: tuple[int, ...]) -> None:
    test = matrix(16, seed=seed, digits=1, failed=failed)
    threshold = t / 10
    tally = test.tally(edges=np.arange(-80, 101) / 10)
    mated = np.diag(test.scores)
    off = test.scores[~test.mated].reshape(16, 15)
    with np.errstate(invalid="ignore"):
        fmr = rate(tally, "fmr", thresholds=[threshold])
        assert (fmr.errors, fmr.trials) == ((off >= threshold).sum(), (~np.isnan(off)).sum())
        fnmr = rate(tally, "fnmr", thresholds=[threshold])
        assert (fnmr.errors, fnmr.trials) == ((mated < threshold).sum(), (~np.isnan(mated)).sum())
        fpir = rate(tally, "fpir", thresholds=[threshold])
        assert (fpir.errors, fpir.trials, fpir.gallery) == ((off >= threshold).any(axis=1).sum(), 16, 15)
        selectivity = rate(tally, "selectivity", thresholds=[threshold])
        assert selectivity.estimate == pytest.approx((off >= threshold).sum() / 16)
        ranks = 1 + (off >= mated[:, None]).sum(axis=1)
        for rank in (1, 3, None):
            fnir = rate(tally, "fnir", thresholds=[threshold], ranks=[3, 1], find={"rank": rank})
            found = (mated >= threshold) & (ranks <= (rank or 99))
            assert (fnir.errors, fnir.trials, fnir.gallery) == (16 - found.sum(), 16, 16)
        cmc = rate(tally, "cmc", ranks=[3])
        assert cmc.estimate == pytest.approx(((ranks <= 3) & ~np.isnan(mated)).mean())


def test_real_scores_to_the_last_comparison() -> None:
    """BSSR1 face matcher C; one reference failed and holds -1 everywhere, declared as such."""
    scores = bssr1()
    failed = (scores == -1).all(axis=0)
    assert failed.sum() == 1
    assert (scores[:, ~failed] != -1).all()
    mated = np.eye(len(scores), dtype=bool)
    off, on = scores[:, ~failed][~mated[:, ~failed]], np.diag(scores)[~failed]
    thresholds = [float(t) for t in np.quantile(off, [0.9, 0.999])]
    targets = [1e-2, 1e-3, 1e-4]
    exact = {t: next(s for s in np.unique(off)[::-1] if (off >= s).mean() > t) for t in targets}
    exact = {t: float(np.unique(scores)[np.searchsorted(np.unique(scores), s) + 1]) for t, s in exact.items()}
    edges = sorted({*thresholds, *exact.values(), *np.quantile(scores, np.linspace(0, 1, 60)).tolist()})
    test = Matrix(np.where(failed, np.nan, scores))
    tally = test.tally(edges=edges, levels=sorted({*thresholds, *exact.values()}))
    rates = compute_rates(tally, thresholds=thresholds, targets=[*targets, 1e-6])
    found = {(r.measure, r.threshold, r.target): r for r in rates.records if r.rank is None}
    for t in thresholds:
        assert (found["fmr", t, None].errors, found["fmr", t, None].trials) == ((off >= t).sum(), 516 * 516)
        assert (found["fnmr", t, None].errors, found["fnmr", t, None].trials) == ((on < t).sum(), 516)
    for target, threshold in exact.items():
        achieved = found["fmr", threshold, target]
        assert achieved.errors == (off >= threshold).sum()
        assert achieved.estimate is not None
        assert achieved.estimate <= target
        assert found["fnmr", threshold, target].errors == (on < threshold).sum()
    refused = found["fnmr", None, 1e-6]
    assert refused.status == "refused"
    assert "at least 1,000,000 would be needed" in refused.warnings[0]
    for r in rates.records:
        if r.status == "ok":
            assert None not in (r.estimate, r.lo, r.hi), r
            assert r.lo <= r.estimate <= r.hi, r  # type: ignore[operator]


def test_scikit_learn_counts_the_same() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    test = matrix(40, seed=5, digits=1)
    tally = test.tally()
    false, true, thresholds = metrics.roc_curve(test.mated.ravel(), test.scores.ravel(), drop_intermediate=False)
    misses = metrics.det_curve(test.mated.ravel(), test.scores.ravel())
    asked = [float(t) for t in thresholds[1:]]
    found = {
        (r.measure, r.threshold): r.estimate
        for r in compute_rates(tally, thresholds=asked, targets=[], curves=False).records
        if r.measure in ("fmr", "fnmr")
    }
    for t, f, h in zip(asked, false[1:], true[1:], strict=True):
        assert found["fmr", t] == f
        assert found["fnmr", t] == pytest.approx(1 - h, abs=1e-15)
    for f, m, t in zip(*misses, strict=True):
        if np.isfinite(t):
            assert found["fmr", float(t)] == f
            assert found["fnmr", float(t)] == pytest.approx(m, abs=1e-15)


# Thresholds.


def test_a_score_at_the_threshold_matches() -> None:
    tally = matrix(10, digits=1).tally(edges=[0.5, 1.0])
    at = rate(tally, "fmr", thresholds=[0.5]).errors
    test = matrix(10, digits=1)
    assert at == (test.scores[~test.mated] >= 0.5).sum()


def test_thresholds_of_distances_are_turned_and_turned_back() -> None:
    test = matrix(12, digits=1)
    distances = Matrix(test.scores, options={"polarity": "distance"})
    tally = distances.tally(thresholds=[0.5], edges=np.arange(-60, 81) / 10)
    found = rate(tally, "fmr")
    assert found.threshold == -0.5
    assert found.errors == (test.scores[~test.mated] >= 0.5).sum()
    asked = rate(tally, "fmr", thresholds=[-1.0], find={"threshold": -1.0})
    assert asked.errors == (test.scores[~test.mated] >= 1.0).sum()
    curve = compute_rates(tally, targets=[]).curves
    fmr = {p.threshold: p.fmr for p in curve}
    assert fmr[-0.5] == found.estimate


def test_a_threshold_is_rounded_to_the_type_of_the_scores() -> None:
    test = Matrix(matrix(12, digits=1).scores.astype(np.float32).astype(np.float64), options={"score_type": "FLOAT"})
    edges = np.unique((np.arange(-60, 81) / 10).astype(np.float32)).astype(np.float64)
    tally = test.tally(edges=edges, thresholds=[float(np.float32(0.3))])
    found = rate(tally, "fmr", thresholds=[0.3])
    assert found.threshold == 0.3
    assert found.errors == (test.scores[~test.mated] >= np.float32(0.3)).sum()


def test_a_threshold_inside_a_bin_is_refused_unless_the_bin_is_empty() -> None:
    test = matrix(12, digits=1)
    tally = test.tally(edges=[0.0, 3.0, 9.0, 20.0])
    for measure in ("fmr", "fnmr", "fpir", "fnir"):
        refused = rate(tally, measure, thresholds=[0.55])
        assert refused.status == "refused"
        assert refused.estimate is None
        assert "0.0 and 3.0" in refused.warnings[0]
        assert "misid tally --threshold 0.55" in refused.warnings[0]
    beyond = rate(tally, "fmr", thresholds=[12.5])
    assert (beyond.errors, beyond.status, beyond.threshold) == (0, "bound", 12.5)
    above_all = rate(tally, "fmr", thresholds=[1e9])
    assert (above_all.errors, above_all.status) == (0, "bound")


@pytest.mark.parametrize("target", [0.2, 0.1, 0.03, 0.01])
def test_a_target_is_never_overshot(target: float) -> None:
    test = matrix(20, digits=1)
    off = test.scores[~test.mated]
    tally = test.tally()
    achieved = rate(tally, "fmr", find={"target": target}, targets=[target])
    assert achieved.estimate is not None
    assert achieved.estimate <= target
    below = max(s for s in np.unique(test.scores) if s < (achieved.threshold or 0))
    assert (off >= below).mean() > target, "a lower threshold would have done"
    assert rate(tally, "fnmr", find={"target": target}, targets=[target]).threshold == achieved.threshold
    fpir = [r for r in compute_rates(tally, targets=[target]).records if r.measure == "fpir" and r.target]
    assert all(r.status == "refused" or (r.estimate or 0) <= target for r in fpir)


def test_a_target_below_one_error_is_refused_with_what_it_would_need() -> None:
    tally = matrix(10).tally()
    refused = rate(tally, "fmr", targets=[0.01])
    assert (refused.status, refused.threshold, refused.estimate) == ("refused", None, None)
    assert "90 non-mated comparisons" in refused.warnings[0]
    assert "at least 100" in refused.warnings[0]


def test_eer_is_at_the_edge_where_the_larger_error_is_smallest() -> None:
    test = matrix(40, digits=1, seed=8)
    off, on = test.scores[~test.mated], np.diag(test.scores)
    tally = test.tally()
    worst = {float(t): max((off >= t).mean(), (on < t).mean()) for t in tally.edges[1:]}
    eer = rate(tally, "eer")
    assert worst[eer.threshold or 0.0] == min(worst.values())
    t = eer.threshold
    assert t is not None
    assert eer.estimate == pytest.approx(((off >= t).mean() + (on < t).mean()) / 2)
    assert eer.lo is not None
    assert eer.hi is not None
    assert eer.lo <= eer.estimate <= eer.hi  # type: ignore[operator]


@pytest.mark.parametrize(
    ("options", "value", "allowed"),
    [
        ({"thresholds": [float("nan")]}, "nan", "finite"),
        ({"thresholds": [float("inf")]}, "inf", "finite"),
        ({"targets": [0.0]}, "0.0", "between 0 and 1"),
        ({"targets": [1.5]}, "1.5", "between 0 and 1"),
        ({"targets": [float("nan")]}, "nan", "between 0 and 1"),
        ({"ranks": [0]}, "0", "1 to 100"),
        ({"ranks": [101]}, "101", "1 to 100"),
        ({"level": 1.0}, "1.0", "below 1"),
        ({"level": float("nan")}, "nan", "below 1"),
        ({"reference": "X"}, "'X'", "F, M"),
    ],
)
def test_what_is_not_allowed_is_named(options: dict[str, Any], value: str, allowed: str) -> None:
    with pytest.raises(UsageError) as error:
        compute_rates(matrix(6, groups=True).tally(), **options)
    assert value in error.value.message
    assert allowed in error.value.message
    assert error.value.remedy


# What is not there is said, and is never 0.


def test_no_errors_is_a_bound() -> None:
    tally = matrix(30).tally()
    top = rate(tally, "fmr", thresholds=[float(tally.edges[-1])])
    assert (top.errors, top.estimate, top.lo, top.status) == (0, 0.0, 0.0, "bound")
    assert top.hi is not None
    assert top.hi > 3 / 870, "a bound that counts people is wider than the rule of three on comparisons"
    assert top.people == 30


def test_an_empty_side_is_undefined_and_not_zero() -> None:
    test = matrix(12)
    on = np.where(test.mated, test.scores, np.nan)
    keep = test.mated.ravel()
    probe, reference = np.divmod(np.arange(144)[keep], 12)
    edges = np.concatenate([[-np.inf], np.unique(on[test.mated]), [99.0]])
    tally = oracle_tally(probe, reference, probe, reference, on[test.mated], edges=edges, levels=edges[1::3])  # type: ignore[arg-type]
    for measure in ("fmr", "fpir", "eer", "selectivity"):
        found = rate(tally, measure, thresholds=[float(edges[5])])
        assert (found.status, found.estimate, found.lo, found.hi, found.trials) == ("undefined", None, None, None, 0)
        assert "not defined" in found.warnings[0]
    assert rate(tally, "fnmr", thresholds=[float(edges[5])]).status == "ok"
    assert compute_rates(tally).calibration is not None
    assert compute_rates(tally).calibration.status == "undefined"  # type: ignore[union-attr]


def test_failures_count_where_they_belong() -> None:
    test = matrix(20, failed=(4,), digits=1)
    tally = test.tally(acquisition=(1, 20), enrolment=(2, 22))
    found = {
        r.measure: r for r in compute_rates(tally, thresholds=[1.5], targets=[], ranks=[1]).records if r.rank in (None,)
    }
    assert found["fmr"].trials == 19 * 19
    assert found["fnmr"].trials == 19
    assert found["fpir"].trials == 20
    assert found["fnir"].trials == 20
    assert found["fta"].estimate == 0.05
    assert found["fte"].estimate == 2 / 22
    fmr, fnmr = found["fmr"].estimate, found["fnmr"].estimate
    assert found["far"].estimate == pytest.approx(fmr * 0.95)  # type: ignore[operator]
    assert found["frr"].estimate == pytest.approx(0.05 + fnmr * 0.95)  # type: ignore[operator]
    assert found["gfar"].estimate == pytest.approx(fmr * 0.95 * 20 / 22)  # type: ignore[operator]
    assert found["gfrr"].estimate == pytest.approx(2 / 22 + 20 / 22 * (0.05 + fnmr * 0.95))  # type: ignore[operator]
    unknown = rate(matrix(10).tally(), "fta")
    assert (unknown.status, unknown.estimate) == ("undefined", None)
    assert not [
        r for r in compute_rates(matrix(10).tally(), thresholds=[1.0], targets=[]).records if r.measure == "far"
    ]


# Groups.


def test_groups_add_up_and_the_missing_group_has_its_row() -> None:
    test = matrix(24, digits=1)
    groups = np.arange(24) % 3
    tally = Matrix(test.scores, groups, ("(missing)", "F", "M")).tally()
    records = compute_rates(tally, thresholds=[1.0], targets=[]).records
    fmr = {(r.probe_group, r.reference_group): r for r in records if r.measure == "fmr"}
    names = ("(missing)", "F", "M")
    for column in ("errors", "trials"):
        assert sum(getattr(fmr[a, b], column) for a in names for b in names) == getattr(fmr[ALL, ALL], column)
        for a in names:
            assert sum(getattr(fmr[a, b], column) for b in names) == getattr(fmr[a, ALL], column)
            assert sum(getattr(fmr[b, a], column) for b in names) == getattr(fmr[ALL, a], column)
        for measure in ("fnmr", "fpir", "fnir"):
            rows = {r.probe_group: r for r in records if r.measure == measure and r.rank is None}
            assert sum(getattr(rows[a], column) for a in names) == getattr(rows[ALL], column)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("nonmated_design", "comparisons"),
        ("nonmated_moments", "exceed"),
        ("mated_moments", "errors"),
        ("search_moments", "hits"),
        ("search_design", "searches"),
        ("mate_moments", "errors"),
        ("counts", "count"),
    ],
)
def test_tables_that_contradict_each_other_are_a_defect(table: str, column: str) -> None:
    tally = matrix(12, groups=True).tally()
    broken = {name: dict(rows) for name, rows in tally.tables.items()}
    broken[table][column] = broken[table][column].copy()
    broken[table][column][-1] += 1
    with pytest.raises(MisidError, match="do not add up") as error:
        compute_rates(replace(tally, tables=broken))
    assert error.value.exit_code == 1


def test_a_rate_per_comparison_is_not_a_rate_per_search() -> None:
    records = compute_rates(matrix(12).tally(acquisition=(0, 12)), thresholds=[1.0], targets=[]).records
    kinds = {"fmr": ComparisonRate, "fnmr": ComparisonRate, "eer": ComparisonRate, "far": ComparisonRate,
             "fpir": SearchRate, "fnir": SearchRate, "cmc": SearchRate, "selectivity": SearchRate,
             "fta": SampleRate, "fte": SampleRate}  # fmt: skip
    for r in records:
        assert type(r) is kinds.get(r.measure, ComparisonRate)


# Candidate lists.


def lists(n_searches: int = 12, length: int = 3, cut: float = 1.0, seed: int = 3) -> tuple[Tally, dict[str, Any]]:
    """Half of the searches are mated; lists of at most `length` at or above `cut` from a gallery of 20."""
    rng = np.random.default_rng(seed)
    scores = np.round(rng.normal(size=(n_searches, 20)), 1)
    mated = np.arange(n_searches) % 2 == 0
    scores[mated, np.arange(n_searches)[mated]] += 2
    rows = []
    for i in range(n_searches):
        best = np.argsort(-scores[i], kind="stable")[:length]
        rows += [(i, j, i, j, scores[i, j], mated[i] and i == j) for j in best if scores[i, j] >= cut]
    columns = list(zip(*rows, strict=True))
    tally = oracle_tally(
        *columns[:5],
        mated=columns[5],
        edges=np.concatenate([[-np.inf], np.arange(-30, 61) / 10]),
        levels=np.arange(10, 30, 2) / 10,
        searches={
            "probe": range(n_searches), "probe_person": range(n_searches), "probe_group": [0] * n_searches,
            "mated": mated, "failed": [False] * n_searches,
        },
        list_length=length, return_threshold=cut, gallery=(20, 20),
    )  # fmt: skip
    return tally, {"scores": scores, "mated": mated}


def test_candidate_lists_give_rates_per_search() -> None:
    tally, raw = lists()
    scores, mated = raw["scores"], raw["mated"]
    fpir = rate(tally, "fpir", thresholds=[1.4])
    assert (fpir.errors, fpir.trials, fpir.gallery) == ((scores[~mated] >= 1.4).any(axis=1).sum(), 6, 20)
    own = scores[mated, np.arange(12)[mated]]
    ahead = (scores[mated] >= own[:, None]).sum(axis=1)
    for rank in (1, 2):
        fnir = rate(tally, "fnir", thresholds=[1.4], ranks=[1, 2], find={"rank": rank})
        assert fnir.errors == 6 - ((own >= 1.4) & (ahead <= rank)).sum()


def test_ranks_past_the_end_of_the_lists_are_left_out_and_said_to_be_where_they_were_asked_for() -> None:
    tally, _ = lists()
    assert tally.list_length is not None
    end = tally.list_length
    asked = compute_rates(tally, thresholds=[1.4], targets=[], ranks=[1, end, end + 1, 50], curves=False)
    assert {r.rank for r in asked.records if r.measure == "fnir"} == {1, end, None}
    assert {r.rank for r in asked.records if r.measure == "cmc"} == {1, end}
    assert asked.warnings[-1].startswith(f"no rates at ranks {end + 1}, 50: lists hold at most {end},")
    by_default = compute_rates(tally, thresholds=[1.4], targets=[], curves=False)
    assert max(r.rank for r in by_default.records if r.rank is not None) <= end
    assert not any("no rates at rank" in text for text in by_default.warnings)


def test_ranks_past_the_end_of_a_gallery_are_left_out() -> None:
    tally = matrix(8).tally()
    found = compute_rates(tally, ranks=[1, 5, 8, 10], curves=False)
    assert {r.rank for r in found.records if r.measure == "cmc"} == {1, 5, 8}
    assert "no rates at rank 10: the gallery holds at most 8," in found.warnings[-1]


def test_what_candidate_lists_hide_is_censored() -> None:
    tally, raw = lists()
    scores, mated = raw["scores"], raw["mated"]
    for measure in ("fmr", "fnmr", "eer"):
        hidden = rate(tally, measure, thresholds=[1.4])
        assert (hidden.status, hidden.estimate) == ("censored", None)
        assert "every comparison" in hidden.warnings[0] or "not known" in hidden.warnings[0]
    tally, raw = lists(cut=2.0)
    scores, mated = raw["scores"], raw["mated"]
    below = rate(tally, "fpir", thresholds=[1.5])
    assert (below.status, below.estimate) == ("censored", None)
    truth = (scores[~mated] >= 1.5).any(axis=1).mean()
    assert below.lo is not None
    assert below.hi is not None
    assert below.lo <= truth <= below.hi
    assert rate(tally, "fnir", thresholds=[2.2], ranks=[1], find={"rank": 1}).status != "censored"
    calibration = compute_rates(tally).calibration
    assert calibration is not None
    assert calibration.status == "censored"


def test_selectivity_of_lists_has_limits_from_searches_and_references() -> None:
    tally, raw = lists(n_searches=20, length=20, cut=1.0)
    scores, mated = raw["scores"], raw["mated"]
    found = rate(tally, "selectivity", thresholds=[1.4])
    own = (scores[~mated] >= 1.4).sum(axis=1)
    assert (found.errors, found.trials) == (own.sum(), 10)
    assert found.estimate == pytest.approx(own.mean())
    assert found.lo is not None
    assert found.hi is not None
    assert found.lo < found.estimate < found.hi  # type: ignore[operator]
    alone = np.exp(1.96 * own.std(ddof=1) / np.sqrt(10) / own.mean())
    assert found.hi / found.estimate > alone, "references vary too"  # type: ignore[operator]
    between_levels = rate(tally, "selectivity", thresholds=[1.5])
    assert (between_levels.status, between_levels.estimate, between_levels.errors) == ("bound", None, None)
    actual = (scores[~mated] >= 1.5).sum(axis=1).mean()
    assert between_levels.lo is not None
    assert between_levels.hi == found.hi
    assert between_levels.lo <= actual <= between_levels.hi
    assert any("between two levels" in w for w in between_levels.warnings)
    assert "none seen" not in rate_text(between_levels)


def test_selectivity_of_lists_in_one_block_has_no_limits() -> None:
    """One block cannot be left out; counts stay."""
    tally, _ = lists(n_searches=20, length=20, cut=1.0)
    one = {
        name: table | ({"block": table["block"] * 0} if "block" in table else {})
        for name, table in tally.tables.items()
    }
    found, before = (rate(t, "selectivity", thresholds=[1.4]) for t in (replace(tally, tables=one), tally))
    assert (found.estimate, found.errors) == (before.estimate, before.errors)
    assert (found.lo, found.hi) == (None, None)
    assert UNBLOCKED in found.warnings
    assert UNBLOCKED not in before.warnings


@pytest.mark.parametrize("length", [2, 4])
def test_selectivity_that_lists_hide_is_known_from_below(length: int) -> None:
    tally, raw = lists(n_searches=20, length=length, cut=-3.0)
    found = rate(tally, "selectivity", thresholds=[1.0])
    actual = (raw["scores"][~raw["mated"]] >= 1.0).sum(axis=1).mean()
    shown = np.minimum((raw["scores"][~raw["mated"]] >= 1.0).sum(axis=1), length).mean()
    assert (found.status, found.estimate, found.hi, found.errors) == ("censored", None, None, None)
    assert found.lo is not None
    assert 0 < found.lo < shown < actual, "a limit, and not the count itself"
    assert "above" in rate_text(found)


def test_a_list_with_the_whole_gallery_hides_nothing() -> None:
    tally, raw = lists(n_searches=20, length=20, cut=-9.0)
    found = rate(tally, "selectivity", thresholds=[1.0])
    assert found.estimate == pytest.approx((raw["scores"][~raw["mated"]] >= 1.0).sum(axis=1).mean())
    assert set(tally.tables["censoring"]["bin"].tolist()) == {-1}


def test_fnmr_stays_known_where_the_choice_of_the_threshold_has_no_upper_end() -> None:
    tally = matrix(40, digits=1, seed=3).tally()
    target = 1.0 / (40 * 39) + 1e-9
    fnmr = rate(tally, "fnmr", targets=[target])
    assert fnmr.status == "ok"
    assert any("this very threshold" in w for w in fnmr.warnings)
    assert fnmr.hi is not None
    assert fnmr.hi < 1


def test_a_list_that_returned_nothing_stays_in_the_denominator() -> None:
    tally, _ = lists(cut=2.5)
    assert rate(tally, "fpir", thresholds=[2.5]).trials == 6


# Shapes.


def test_curves_and_distributions_hold_every_comparison() -> None:
    tally = matrix(30, groups=True, digits=1).tally()
    rates = compute_rates(tally, thresholds=[1.0], targets=[0.1])
    for group in (ALL, "F", "M"):
        curve = [p for p in rates.curves if p.probe_group == group]
        assert [p.threshold for p in curve] == sorted(p.threshold for p in curve)
        fmr = [p.fmr for p in curve if p.fmr is not None]
        assert fmr == sorted(fmr, reverse=True)
        assert 1.0 in [p.threshold for p in curve]
        for mated, wanted in ((False, "fmr"), (True, "fnmr")):
            bins = [b for b in rates.distributions if b.probe_group == group and b.mated == mated]
            trials = next(
                r.trials for r in rates.records
                if r.measure == wanted and r.probe_group == group and r.reference_group == ALL
            )  # fmt: skip
            assert sum(b.count for b in bins) == trials
            assert sum(b.density * (b.upper - b.lower) for b in bins) == pytest.approx(1.0)
    assert [r.rank for r in rates.cmc if r.probe_group == ALL][:3] == [1, 2, 3]


def test_everything_turns_into_plain_data() -> None:
    import json

    text = json.dumps(compute_rates(matrix(24, groups=True).tally(), thresholds=[1.0]).to_dict(), allow_nan=False)
    assert '"measure": "fmr"' in text


def test_what_is_left_out_for_very_many_groups_is_said() -> None:
    test = matrix(40, digits=1)
    names = tuple(f"g{i:02d}" for i in range(20))
    tally = Matrix(test.scores, np.arange(40) % 20, names).tally(edges=np.arange(-60, 81) / 10, levels=[0.5, 1.0, 2.0])
    rates = compute_rates(tally, thresholds=(np.arange(0, 24) / 8 // 0.1 / 10).tolist(), targets=[0.1])
    assert any("curves are drawn" in w for w in rates.warnings)
    assert len({p.probe_group for p in rates.curves}) == 13
    assert any("very many pairs" in w for w in rates.warnings)
    pairs = [r for r in rates.records if r.measure == "fmr" and r.probe_group == "g00" and r.reference_group == "g01"]
    assert pairs
    assert all(r.target is None for r in pairs)
