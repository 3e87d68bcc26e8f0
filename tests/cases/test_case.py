"""Whole cases: closed forms, ranges, tallies, deployments, what would change it, and what is said of mistakes."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import misid
from misid.cases import CaseResult, ready_names
from misid.cases.model import Range
from misid.cases.number import Stated
from misid.cases.terms import seen_at
from misid.encounter.shapes import Fixed
from misid.ground.errors import BadInputError, NotEstimableError
from tests.cases.test_file import REVIEW, WHY, smallest

RESULTS = {name: misid.case(f"ready:{name}") for name in ready_names()}


def known(value: float) -> dict[str, Any]:
    return {"value": value, **WHY}


def span(lo: float, hi: float) -> dict[str, Any]:
    return {"shape": "uniform", "lo": lo, "hi": hi, **WHY}


def exact(**more: Any) -> dict[str, Any]:
    """A case without a range but the prior's."""
    given = smallest()
    given["search"]["outranked"] = known(0.0)
    return {**given, "no_kin": "supposed", **more}


@pytest.mark.parametrize("prior", [0.2, 0.5, 0.8])
def test_known_numbers_give_bayes_in_closed_form(prior: float) -> None:
    result = misid.case(exact())
    t, w, f = 0.95, 0.05 * 0.01, 0.01
    [at] = [p for p in result.priors if p.prior == pytest.approx(prior)]
    expected = prior * t / (prior * (t + w) + (1 - prior) * f)
    assert at.right.lo == pytest.approx(expected, abs=1e-12)
    assert at.right.hi == pytest.approx(expected, abs=1e-12)
    assert at.right.estimate == pytest.approx(expected, abs=1e-12)
    assert result.search.lr.lo == pytest.approx(t / f, rel=1e-12)


def test_range_is_what_the_ranges_allow_together() -> None:
    """No point drawn within the ranges lies outside the answer, and points near its ends exist."""
    given = smallest()
    given["search"].update(fpir=span(0.001, 0.2), fnir=span(0.01, 0.5))
    given["scans"] = [{"answer": "different"}, {"answer": "no match"}]
    result = misid.case(given)
    from misid.cases import case_of
    from misid.cases.known import Known
    from misid.cases.terms import inputs_of

    case = case_of(given)
    inputs = inputs_of(case, Known())
    rng = np.random.default_rng(1)
    at = {i.path: i.span.lo + (i.span.hi - i.span.lo) * rng.random((20_000, 1)) for i in inputs}
    drawn = seen_at(case, Known(), at).whole.posterior(0.2)
    first = result.priors[0].right
    assert first.lo <= drawn.min() * (1 + 1e-9)
    assert drawn.max() <= first.hi * (1 + 1e-9)


@pytest.mark.parametrize("name", ready_names())
def test_ready_results_hold_together(name: str) -> None:
    result = RESULTS[name]
    assert 0 <= result.probability.lo < result.probability.hi <= 1
    assert 0 <= result.search.lr.lo <= result.search.lr.hi < np.inf
    rights = [p.right if result.kind != "no match" else p.enrolled for p in result.priors]
    assert [r.lo for r in rights] == sorted(r.lo for r in rights)
    assert result.probability == Range(lo=rights[0].lo, hi=rights[-1].hi)
    for p in result.priors:
        assert p.right.hi + p.neither.lo <= 1 + 1e-9 or p.other.hi > 0
        assert p.right.lo <= p.enrolled.hi
    assert {c.kind for c in result.changes} == {"range", "if"}
    assert all(g.basis == "model" or g.source or g.document or g.assumption for g in result.inputs)
    assert len({f.id for f in result.fallacies}) == len(result.fallacies) >= 2
    assert result.case["caveats"]
    assert misid.case(result.case).to_dict() == result.to_dict()
    assert "CaseResult" in repr(result)
    assert "<" in result._repr_html_()


def test_ready_cases_say_what_they_are_for() -> None:
    assert RESULTS["single-match"].probability.hi - RESULTS["single-match"].probability.lo > 0.5
    assert RESULTS["twin"].search.lr.hi < 10
    two = RESULTS["two-answers"]
    assert two.answers == ("named", "another person")
    assert all(p.right.hi <= 0.5 + 1e-9 for p in two.priors)
    assert two.priors[0].neither.hi > 0.9
    none = RESULTS["no-match"]
    assert none.suspicion is not None
    assert none.suspicion.lr.lo < 1 < none.suspicion.lr.hi
    assert none.priors[0].right.hi == 0
    chosen = RESULTS["list-of-20"]
    assert chosen.bound is None
    assert chosen.whole is not None
    assert chosen.whole.lr.hi < 10


@pytest.mark.parametrize(
    ("name", "fallacies"),
    [
        ("single-match", {"definitive", "transposed", "base-rate", "defence", "record", "most-similar", "twin"}),
        ("two-answers", {"definitive", "two-answers", "scans", "transposed"}),
        ("twin", {"twin", "record"}), ("no-match", {"no-match", "base-rate"}), ("list-of-20", {"review", "rank"}),
    ],
)  # fmt: skip
def test_mistakes_are_named_where_the_case_invites_them(name: str, fallacies: set[str]) -> None:
    assert fallacies <= {f.id for f in RESULTS[name].fallacies}


def test_accuracy_is_not_a_probability() -> None:
    result = misid.case(exact(claims={"accuracy": 0.999, "by": "the maker"}))
    [found] = [f for f in result.fallacies if f.id == "accuracy"]
    assert "99.9 %" in found.claim
    assert "the maker" in found.claim


def test_record_is_kept_apart_from_the_person() -> None:
    result = misid.case(exact(record={"says": "X", "wrong": known(0.25)}))
    for p in result.priors:
        assert p.record is not None
        assert p.record.lo == pytest.approx(0.75 * p.right.lo, abs=1e-12)
        assert p.record.hi == pytest.approx(0.75 * p.right.hi, abs=1e-12)


def test_blind_review_multiplies_and_a_follower_adds_nothing() -> None:
    blind = misid.case(exact(review={**REVIEW, "independent": True}))
    told = misid.case(exact(review={**REVIEW, "independent": False, "follows": known(1.0)}))
    half = misid.case(exact(review={**REVIEW, "independent": False, "follows": known(0.5)}))
    assert blind.whole is not None
    assert told.whole is not None
    assert half.whole is not None
    assert blind.whole.lr.lo == pytest.approx(9 * blind.search.lr.lo, rel=1e-9)
    assert told.whole.lr.lo == pytest.approx(told.search.lr.lo, rel=1e-9)
    assert half.whole.lr.lo == pytest.approx(half.search.lr.lo * 0.95 / 0.55, rel=1e-9)
    assert told.probability.lo == pytest.approx(misid.case(exact()).probability.lo, abs=1e-12)


def test_other_evidence_multiplies() -> None:
    result = misid.case(exact(other={"mark": {"title": "a mark", "lr": known(4.0)}}))
    assert result.whole is not None
    assert result.whole.lr.lo == pytest.approx(4 * result.search.lr.lo, rel=1e-12)


def test_no_match_for_a_status_in_closed_form() -> None:
    given = exact(
        returned={"answer": "no match"},
        no_match={"title": "T", "enrolled_if": known(0.9), "enrolled_if_not": known(0.5)},
    )
    result = misid.case(given)
    assert result.suspicion is not None
    quiet = 1 - 0.01
    expected = (0.9 * 0.05 * quiet + 0.1 * quiet) / (0.5 * 0.05 * quiet + 0.5 * quiet)
    assert result.suspicion.lr.lo == pytest.approx(expected, rel=1e-12)
    assert result.suspicion.lr.lo < 1
    [found] = [f for f in result.fallacies if f.id == "no-match"]
    assert "speaks against it" in found.why


def test_no_ratio_beyond_the_size_of_the_test() -> None:
    given = exact(
        scans=[{"answer": "same"}] * 3, repeats={"alike": known(0.0), "found_alike": known(0.0), "agree": known(0.0)}
    )
    given["search"].update(tested_nonmated=known(200), tested_mated=known(100))
    result = misid.case(given)
    assert result.bound is not None
    assert result.bound.reached
    assert result.search.lr.hi == pytest.approx(201 * 100 / 101, rel=1e-9)
    without = exact(scans=given["scans"], repeats=given["repeats"])
    assert misid.case(without).search.lr.hi == pytest.approx(101, rel=1e-9)


def test_a_twin_who_is_there_takes_most_of_it_away() -> None:
    kin = {
        "twin": {
            "title": "a twin",
            "share": known(1.0),
            "enrolled": known(1.0),
            "match": known(0.9),
            "first": known(0.5),
        }
    }
    given = exact(kin=kin)
    del given["no_kin"]
    result = misid.case(given)
    t, x = 0.95, 0.9
    assert result.search.lr.lo == pytest.approx(t * (1 - x / 2) / ((1 - x) * 0.01 + x), rel=1e-9)


def test_each_end_of_a_range_is_within_the_whole() -> None:
    result = RESULTS["single-match"]
    for change in result.changes:
        if change.kind == "range":
            assert result.probability.lo <= change.probability.lo + 1e-9
            assert change.probability.hi <= result.probability.hi + 1e-9
            assert change.path
    titles = [c.title for c in result.changes if c.kind == "if"]
    assert any("second scan named somebody else" in t for t in titles)
    assert any("identical twin" in t for t in titles)
    assert any("not told of the match" in t for t in titles)


TALLY = {"model": "tally", "tally": "example:bssr1-face-c", "gallery": known(1000), "threshold": 0.64}


def of_tally(**returned: Any) -> dict[str, Any]:
    given = smallest()
    given["search"] = {**TALLY, **({"threshold": returned.pop("threshold")} if "threshold" in returned else {})}
    given["returned"] = {"answer": "match", **returned}
    return given


@pytest.fixture(scope="module")
def by_match() -> CaseResult:
    return misid.case(of_tally())


def test_tally_gives_rates_with_limits(by_match: CaseResult) -> None:
    assert by_match.search.lr.level == 0.95
    assert by_match.bound is not None
    assert by_match.bound.highest == pytest.approx(518 * 517 / 518, rel=1e-9)
    assert set(by_match.files) == {"search.tally"}
    assert by_match.attached["search.tally"][:2] == b"PK"
    assert {g.path for g in by_match.inputs if g.basis == "model"} >= {"fpir", "fnir"}
    assert any("relatives" in w for w in by_match.warnings)


def test_score_says_more_than_match(by_match: CaseResult) -> None:
    high, low = misid.case(of_tally(score=0.68)), misid.case(of_tally(score=0.645))
    assert low.search.lr.hi < high.search.lr.hi
    assert low.search.lr.lo < by_match.search.lr.hi
    assert high.search.lr.hi <= high.bound.highest * (1 + 1e-9)  # type: ignore[union-attr]
    assert high.search.method.startswith("the score of the first candidate")


def test_list_of_scores_shares_out_what_there_is() -> None:
    result = misid.case(of_tally(scores=[0.68, 0.66, 0.645], list_length=5))
    second = misid.case(of_tally(scores=[0.68, 0.66, 0.645], list_length=5, rank=2))
    assert result.priors[0].right.lo > 0
    assert second.priors[0].right.hi < 1
    assert result.priors[0].other.hi > 0
    assert {"rank", "score"} <= {f.id for f in result.fallacies}
    # A lone good candidate is worth more than one of two that are as good.
    alone, twins = (misid.case(of_tally(scores=s, list_length=5)) for s in ([0.68], [0.68, 0.679]))
    assert twins.priors[4].right.hi < alone.priors[4].right.hi + 1e-9


def test_what_a_tally_cannot_carry_is_refused() -> None:
    with pytest.raises(NotEstimableError, match="score cannot be used"):
        misid.case({**of_tally(score=1.6), "search": {**TALLY, "gallery": known(2e8)}})
    with pytest.raises(BadInputError, match="no-such"):
        misid.case({**of_tally(), "search": {**TALLY, "tally": "no-such.tally"}})


def test_deployments_give_the_rate_and_the_case_the_misses(tmp_path: Path) -> None:
    with (tmp_path / "sites.csv").open("w", newline="", encoding="utf-8") as file:
        rows = [("n_searches", "gallery_n", "false_positives"), (4000, 10_000, 4), (9000, 10_000, 7), (2000, 10_000, 1)]
        csv.writer(file).writerows(rows)
    given = smallest()
    given["search"] = {"model": "deployments", "deployments": "sites.csv", "gallery": known(10_000), "fnir": known(0.1)}
    result = misid.case(given, folder=tmp_path)
    assert result.fpir.lo < 12 / 15_000 < result.fpir.hi
    assert result.bound is not None
    assert result.bound.highest == pytest.approx(15_001, rel=1e-9)
    assert result.case["search"]["deployments"] == "deployments.csv"
    assert str(tmp_path) not in str(result.to_dict())


def test_numbers_that_exclude_what_was_seen_are_an_error() -> None:
    given = exact(
        scans=[{"answer": "different"}], repeats={"found_alike": known(1.0), "alike": known(1.0), "agree": known(1.0)}
    )
    given["search"]["fpir"] = known(0.0001)
    with pytest.raises(NotEstimableError, match="cannot have been"):
        misid.case(given)


def test_seed_and_order_do_not_matter_where_there_are_no_draws() -> None:
    given = exact()
    again = dict(reversed(list(given.items())))
    assert misid.case(given).priors == misid.case(again, seed=7).priors


def test_origin_of_a_number_in_a_word() -> None:
    shape = Fixed(value=1.0)
    assert Stated(shape=shape, document="exhibit 3").basis == "document"
    assert Stated(shape=shape, source=("mz-rate",), assumption="x").basis == "source"
    assert Stated(shape=shape, assumption="x").basis == "assumption"
