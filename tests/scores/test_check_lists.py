"""What is wrong with candidate lists: searches, ranks, scores and what was declared of them."""

from __future__ import annotations

from typing import Any

import pytest

from misid.scores.check import CheckReport, check
from tests.scores.made import Row, cross, grouped, made

LENGTH = 5


def lists(n_people: int = 120, *, group: tuple[str, ...] = ("",)) -> tuple[list[Row], list[Row]]:
    """Candidates and searches: the first half of the people are enrolled, everybody searches."""
    enrolled = f"s{n_people // 2:04}"
    by_probe: dict[str, list[Row]] = {}
    for row in cross(n_people, group=group):
        if row["reference_person"] < enrolled:
            by_probe.setdefault(row["probe"], []).append(row)
    candidates, searches = [], []
    for probe, rows in by_probe.items():
        best = sorted(rows, key=lambda row: -row["score"])[:LENGTH]
        candidates += [dict(row, rank=rank) for rank, row in enumerate(best, 1)]
        searches.append({
            "probe": probe, "probe_person": rows[0]["probe_person"], "probe_group": rows[0]["probe_group"],
            "mated": rows[0]["probe_person"] < enrolled, "n_candidates": len(best), "failed": False,
        })  # fmt: skip
    return candidates, searches


def checked(candidates: list[Row], searches: list[Row], **declared: Any) -> CheckReport:
    with made(candidates, searches=searches, list_length=LENGTH, **declared) as scores:
        return check(scores)


def codes(report: CheckReport) -> list[str]:
    return [problem.code for problem in report.problems]


def only(report: CheckReport, code: str) -> Any:
    (found,) = [p for p in report.problems if p.code == code]
    return found


def test_nothing_wrong_with_sound_lists() -> None:
    report = checked(*lists())
    assert report.problems == ()
    assert (report.counts.searches, report.counts.mated_searches, report.counts.nonmated_searches) == (120, 60, 60)
    assert "120 searches: 60 mated, 60 non-mated" in str(report)


def test_no_non_mated_searches_is_said_and_not_made_a_rate_of_zero() -> None:
    candidates, searches = lists()
    report = checked([c for c in candidates if c["probe_person"] < "s0060"], [s for s in searches if s["mated"]])
    assert "FPIR cannot be computed" in only(report, "W018").seen
    report = checked([c for c in candidates if c["probe_person"] >= "s0060"], [s for s in searches if not s["mated"]])
    assert "FNIR cannot be computed" in only(report, "W017").seen


def test_searches_that_returned_nobody() -> None:
    candidates, searches = lists()
    candidates = [c for c in candidates if c["score"] >= 0.4]
    for search in searches:
        search["n_candidates"] = sum(c["probe"] == search["probe"] for c in candidates)
    report = checked(candidates, searches, return_threshold=0.4)
    assert report.ok
    assert "W022" not in codes(report)
    assert any("returned nobody" in note for note in report.notes)
    assert (report.counts.searches_without_candidates or 0) > 10
    undeclared = checked(candidates, searches)
    assert only(undeclared, "W022").count == report.counts.searches_without_candidates


def test_no_candidates_at_all_is_a_test_without_false_alarms() -> None:
    _, searches = lists()
    for search in searches:
        search["n_candidates"] = 0
    report = checked([], searches, return_threshold=0.99)
    assert report.ok
    assert "no search returned a candidate" in report.notes


@pytest.mark.parametrize("ranks", [(1, 2, 3, 5, 6), (1, 2, 2, 4, 5), (2, 3, 4, 5, 6), (1, 2, None, 4, 5)])
def test_gapped_and_repeated_ranks(ranks: tuple[int | None, ...]) -> None:
    candidates, searches = lists()
    for candidate, rank in zip(candidates[:LENGTH], ranks, strict=True):
        candidate["rank"] = rank
    assert only(checked(candidates, searches), "E040").count == 1


def test_ranks_from_zero_say_so() -> None:
    candidates, searches = lists()
    for candidate in candidates:
        candidate["rank"] -= 1
    assert "add 1" in only(checked(candidates, searches), "E040").remedy


def test_ranks_against_scores() -> None:
    candidates, searches = lists()
    candidates[1]["rank"], candidates[2]["rank"] = 3, 2
    found = only(checked(candidates, searches), "E041")
    assert found.count == 1
    assert "leave the column out" in found.remedy


def test_rows_in_another_order_are_no_problem() -> None:
    candidates, searches = lists()
    assert checked(candidates[::-1], searches[::-1]).problems == ()


def test_distances_taken_for_similarities_show_in_the_ranks() -> None:
    candidates, searches = lists()
    for candidate in candidates:
        candidate["score"] = 1 - candidate["score"]
    found = only(checked(candidates, searches), "E041")
    assert "--lower-is-more-similar" in found.remedy


def test_lists_longer_than_declared() -> None:
    candidates, searches = lists()
    candidates.append(dict(candidates[LENGTH - 1], reference="r0099", rank=LENGTH + 1, score=-0.2))
    searches[0]["n_candidates"] += 1
    found = only(checked(candidates, searches), "E026")
    assert found.count == 1
    assert "--list-length 6" in found.remedy


@pytest.mark.parametrize("score_type", ["FLOAT", "DOUBLE"])
def test_candidates_below_the_return_threshold(score_type: str) -> None:
    candidates, searches = lists()
    lowest = min(c["score"] for c in candidates)
    report = checked(candidates, searches, return_threshold=lowest, score_type=score_type)
    assert "E026" not in codes(report)
    report = checked(candidates, searches, return_threshold=lowest + 1e-4, score_type=score_type)
    assert only(report, "E026").count >= 1


def test_candidates_of_unknown_searches() -> None:
    candidates, searches = lists()
    found = only(checked(candidates, searches[1:]), "E025")
    assert found.count == LENGTH
    assert found.examples == ("p… (5 characters)",)


def test_a_search_twice() -> None:
    candidates, searches = lists()
    report = checked(candidates, [*searches, dict(searches[4])])
    assert codes(report) == ["E039"]


def test_a_candidate_twice_in_a_list() -> None:
    candidates, searches = lists()
    candidates[4] = dict(candidates[3], rank=5)
    assert only(checked(candidates, searches), "E038").count == 1


def test_searches_against_their_candidates() -> None:
    candidates, searches = lists()
    searches[0]["mated"] = False
    searches[1]["failed"] = True
    searches[2]["n_candidates"] = 4
    found = [p for p in checked(candidates, searches).problems if p.code == "E042"]
    assert [p.count for p in found] == [1, 1, 1]


def test_failed_searches_are_no_empty_lists() -> None:
    candidates, searches = lists()
    searches[0].update(failed=True, n_candidates=0)
    report = checked(candidates[LENGTH:], searches)
    assert report.problems == ()
    assert (report.counts.failed_searches, report.counts.searches_without_candidates) == (1, 0)


def test_groups_without_non_mated_searches() -> None:
    candidates, searches = lists(group=("F", "M", "M"))
    gone = {s["probe"] for s in searches if s["probe_group"] == "F" and not s["mated"]}
    candidates = [c for c in candidates if c["probe"] not in gone]
    fields = grouped(candidates, "sex")
    found = only(checked(candidates, [s for s in searches if s["probe"] not in gone], **fields), "W019")
    assert found.examples == ("sex F",)
    assert "FPIR" in found.seen


def test_people_who_returned_nobody_are_counted_with_their_group() -> None:
    candidates, searches = lists(group=("F", "M"))
    empty = {f"p{k:04}" for k in range(60, 120)}
    candidates = [c for c in candidates if c["probe"] not in empty]
    for search in searches:
        search["n_candidates"] = 0 if search["probe"] in empty else LENGTH
    report = checked(candidates, searches, return_threshold=-1.0, **grouped(candidates, "sex"))
    assert report.counts.people == 120
    assert {g.name: g.probe_people for g in report.counts.groups} == {"F": 60, "M": 60}
