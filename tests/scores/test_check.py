"""Everything that can be wrong with comparisons is found, at once, and what is right is left alone."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlglot

from misid.engine import DuckDBEngine
from misid.ground.codes import CODES
from misid.ground.errors import BadInputError, UsageError
from misid.ground.rate import MISSING
from misid.scores.check import CheckReport, check
from misid.scores.checks import pairs
from misid.scores.checks.pairs import pair_problems
from misid.scores.checks.samples import Facts, facts
from misid.scores.model import COMPARISONS
from misid.scores.open import open_scores
from tests.scores.made import Row, cross, grouped, made

NAN, INF = float("nan"), float("inf")


def checked(rows: list[Row], **options: Any) -> CheckReport:
    asked = {name: options.pop(name) for name in ("thorough", "min_people", "not_failures") if name in options}
    with made(rows, **options) as scores:
        return check(scores, **asked)


def codes(report: CheckReport) -> list[str]:
    return [problem.code for problem in report.problems]


def only(report: CheckReport, code: str) -> Any:
    (found,) = [p for p in report.problems if p.code == code]
    return found


def test_nothing_wrong_with_a_sound_test() -> None:
    report = checked(cross())
    assert report.ok
    assert report.problems == ()
    assert (report.counts.rows, report.counts.mated, report.counts.nonmated) == (14_400, 120, 14_280)
    assert (report.counts.people, report.counts.probes, report.counts.references) == (120, 120, 120)
    assert "nothing wrong found" in str(report)
    report.raise_if_any()


# Scores that are no numbers, and failure codes


def test_nan_and_empty_scores_are_counted_and_refused() -> None:
    rows = cross()
    for i in (3, 40, 500):
        rows[i]["score"] = NAN
    rows[700]["score"] = None
    report = checked(rows)
    assert codes(report) == ["E034", "E035"]
    assert only(report, "E034").count == 3
    assert "--failure nan" in only(report, "E034").remedy
    with pytest.raises(BadInputError, match="E035"):
        report.raise_if_any()


def test_declared_failures_are_no_problem() -> None:
    rows = cross()
    for row in rows[120:240]:
        row.update(score=None, failed=True)
    report = checked(rows, failures=(-1.0,))
    assert report.problems == ()
    assert report.counts.failures == 120


def test_infinite_scores_are_a_warning_in_the_words_of_the_input() -> None:
    rows = cross()
    rows[1]["score"], rows[2]["score"] = INF, -INF
    report = checked(rows)
    assert codes(report) == ["W010", "W010"]
    assert [p.seen.split(",")[0] for p in report.problems] == ["+infinity", "-infinity"]
    turned = checked([dict(row) for row in rows[:3]] + rows[3:], polarity="distance")
    assert [p.seen.split(",")[0] for p in turned.problems if p.code == "W010"] == ["-infinity", "+infinity"]


@pytest.mark.parametrize("code", [-1.0, 0.0, -999.0, 1e9, 999.0, -1e300])
def test_a_failed_probe_is_found_by_its_code(code: float) -> None:
    rows = cross()
    for row in rows:
        if row["score"] is not None and row["probe"] == "p0007":
            row["score"] = code
    if code == 0.0:  # Apart from scores that begin at 5.
        for row in rows:
            row["score"] += 5 if row["probe"] != "p0007" else 0
    report = checked(rows)
    assert codes(report) == ["E036"]
    text = {-1.0: "-1", 0.0: "0", -999.0: "-999", 1e9: "1000000000", 999.0: "999", -1e300: "-1e+300"}[code]
    found = only(report, "E036")
    assert found.count == 120
    assert f"--failure {text} " in found.remedy
    assert f"--not-failure {text} " in found.remedy


def test_a_code_of_mated_comparisons_alone_is_found() -> None:
    # PyEER moved an equal error rate from .051 to .127 for 20 genuine scores of -1, and said nothing.
    rows = cross()
    for row in [r for r in rows if r["mated"]][:20]:
        row["score"] = -1.0
    assert only(checked(rows), "E036").count == 20


def test_a_code_on_the_scale_of_a_distance_is_written_as_the_input_has_it() -> None:
    rows = cross()
    for row in rows:
        row["score"] = -9999.0 if row["probe"] == "p0007" else row["score"] - 1.0
    assert "--failure 9999 " in only(checked(rows, polarity="distance"), "E036").remedy


def test_single_precision_codes_keep_their_digits() -> None:
    rows = cross()
    for row in rows[:120]:
        row["score"] = -7.1
    assert "--failure -7.1 " in only(checked(rows, score_type="FLOAT"), "E036").remedy


def test_two_codes_and_a_stray_low_score() -> None:
    rows = cross()
    for row in rows[:30]:
        row["score"] = -1.0
    for row in rows[300:310]:
        row["score"] = -2.0
    rows[900]["score"] = -50.0
    report = checked(rows)
    assert [p.remedy.split()[1] for p in report.problems if p.code == "E036"] == ["-2", "-1"]


def test_a_code_is_found_under_a_long_scale() -> None:
    rows = cross()
    for row in rows:
        row["score"] = 1.0 + 20_000 * abs(row["score"])
    for row in rows[:40]:
        row["score"] = -1.0
    assert only(checked(rows), "E036").count == 40


Sampler = Callable[[np.random.Generator, int], Any]
SCALES: dict[str, tuple[Sampler, Sampler]] = {
    "normal": (lambda g, k: g.normal(0, 1, k), lambda g, k: g.normal(3, 1, k)),
    "lognormal": (lambda g, k: np.exp(g.normal(0, 1.5, k)), lambda g, k: np.exp(g.normal(3, 1.5, k))),
    "Cauchy": (lambda g, k: g.standard_cauchy(k), lambda g, k: 30 + g.standard_cauchy(k)),
    "probability": (lambda g, k: g.beta(0.05, 20, k), lambda g, k: 1 - g.beta(0.05, 20, k)),
    "count": (lambda g, k: g.poisson(0.05, k), lambda g, k: g.poisson(20, k)),
    "percent": (lambda g, k: np.clip(np.round(g.normal(2, 8, k)), 0, 100), lambda g, k: np.full(k, 100)),
    "votes": (lambda g, k: g.integers(-2, 2, k), lambda g, k: g.integers(-1, 3, k)),
    "mostly zero": (
        lambda g, k: np.where(g.random(k) < 0.97, 0, 20 + g.gamma(2, 5, k)),
        lambda g, k: g.normal(80, 9, k),
    ),
    "Hamming": (lambda g, k: -g.binomial(2048, 0.5, k), lambda g, k: -g.binomial(2048, 0.2, k)),
}


def scaled(scale: str) -> list[Row]:
    rows, generator = cross(), np.random.default_rng(23)
    nonmated, mated = (sample(generator, len(rows)).astype(float).tolist() for sample in SCALES[scale])
    for row, low, high in zip(rows, nonmated, mated, strict=True):
        row["score"] = high if row["mated"] else low
    return rows


@pytest.mark.parametrize("scale", SCALES)
def test_no_scale_of_scores_has_codes_of_its_own(scale: str) -> None:
    assert checked(scaled(scale)).problems == ()


@pytest.mark.parametrize("scale", ["probability", "count", "percent", "mostly zero", "lognormal"])
def test_minus_one_is_found_on_every_scale_from_zero(scale: str) -> None:
    rows = scaled(scale)
    for row in rows:
        if row["reference"] in ("r0020", "r0021"):
            row["score"] = -1.0
    assert only(checked(rows), "E036").count == 240
    top = max(row["score"] for row in rows)
    for row in rows:  # The same scale as a distance from the top, turned by its sign as a reader does.
        row["score"] = row["score"] - top if row["score"] != -1.0 else 1.0
    assert "--failure -1 " in only(checked(rows, polarity="distance"), "E036").remedy


def test_a_probe_that_has_one_value_inside_the_scale_is_found() -> None:
    rows = cross()
    for row in rows:
        if row["probe"] == "p0011":
            row["score"] = 0.25
    found = only(checked(rows), "E036")
    assert found.count == 120
    assert "the only score of 1 probe" in found.seen


def test_what_is_said_to_be_no_failure_is_a_score() -> None:
    rows = cross()
    for row in rows[:120]:
        row["score"] = -1.0
    assert checked(rows, not_failures=(-1.0,)).problems == ()


@pytest.mark.parametrize("step", [0.1, 0.25, 1.0])
def test_discrete_scores_are_no_codes(step: float) -> None:
    rows = cross()
    for row in rows:
        row["score"] = float(np.floor(10 * row["score"] / step) * step)
    report = checked(rows)
    assert report.problems == ()


def test_few_values_are_noted() -> None:
    rows = cross()
    for row in rows:
        row["score"] = round(5 * row["score"])
    (note,) = checked(rows).notes
    assert "different values" in note


def test_a_saturating_maximum_is_no_code() -> None:
    rows = cross()
    for row in rows:
        if row["mated"]:
            row["score"] = 1.0
    assert checked(rows).problems == ()
    for row in rows:
        if row["mated"] and row["probe"] > "p0080":
            row["score"] = 0.9
    assert checked(rows).problems == ()


def test_a_floor_of_non_mated_comparisons_is_asked_about_and_not_refused() -> None:
    rows = cross()
    for k, row in enumerate(rows):
        if not row["mated"]:
            row["score"] = 0.0 if k % 3 == 0 else 20 + 10 * row["score"]
        else:
            row["score"] = 40 + 10 * row["score"]
    report = checked(rows)
    assert report.ok
    assert codes(report) == ["W011"]


def test_many_probes_without_any_likeness_are_no_failures() -> None:
    # A matcher that says 0 to nearly everybody: whole probes of zeros are what chance makes of it.
    rows = cross()
    generator = np.random.default_rng(7)
    for row in rows:
        if not row["mated"]:
            row["score"] = 0.0 if generator.random() < 0.99 else row["score"]
    assert "E036" not in codes(checked(rows))


def test_equal_scores_everywhere() -> None:
    rows = cross()
    for row in rows:
        row["score"] = 0.5
    assert codes(checked(rows)) == ["E045"]


def test_no_scores_at_all() -> None:
    report = checked([])
    assert codes(report) == ["E046"]
    rows = cross(3)
    for row in rows:
        row.update(score=None, failed=True)
    assert "E046" in codes(checked(rows))


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1.0, 1e12, 1e305])
def test_any_scale_will_do(scale: float) -> None:
    rows = cross()
    for row in rows:
        row["score"] *= scale
    assert checked(rows).problems == ()


# Polarity


def test_swapped_polarity_names_the_flag() -> None:
    rows = cross()
    for row in rows:
        row["score"] = -row["score"]
    found = only(checked(rows), "E037")
    assert "--lower-is-more-similar" in found.remedy
    assert "--higher-is-more-similar" in only(checked(rows, polarity="distance"), "E037").remedy


def test_scores_that_say_nothing_have_no_clear_polarity() -> None:
    rows = cross()
    generator = np.random.default_rng(11)
    for row in rows:
        row["score"] = float(generator.random())
    assert codes(checked(rows)) == ["W012"]


def test_failure_codes_do_not_turn_the_polarity() -> None:
    rows = cross()
    for row in rows:
        if row["mated"] and row["probe"] < "p0059":
            row["score"] = -1.0
    assert codes(checked(rows)) == ["E036"]


# Which comparisons there are


def test_an_empty_side_says_which_rate_is_undefined() -> None:
    mated = checked([row for row in cross() if row["mated"]])
    assert codes(mated) == ["W018"]
    assert "FMR" in mated.problems[0].seen
    nonmated = checked([row for row in cross() if not row["mated"]])
    assert codes(nonmated) == ["W017"]
    assert nonmated.ok


def test_repeated_rows_are_refused() -> None:
    rows = cross()
    rows += [dict(row) for row in rows[50:53]]
    rows.append(dict(rows[60], score=0.99))
    found = only(checked(rows), "E038")
    assert found.count == 4
    assert "4 pairs" in found.seen
    assert "1 of them with different scores" in found.seen
    assert "leave out the rows that are only repeated" in found.remedy


def test_repeated_rows_say_whether_their_scores_differ() -> None:
    copied = cross()
    same = only(checked([*copied, dict(copied[50])]), "E038")
    assert "1 pair of probe and reference stands in several rows, always with the same score" in same.seen
    assert same.remedy == "leave the repeated rows out of the input"
    other = only(checked([*copied, dict(copied[50], score=0.77)]), "E038")
    assert other.seen.endswith("with different scores")
    assert other.remedy.startswith("give every sample an id of its own")


@pytest.mark.parametrize("absurd", [1e30, -1e30, 3.4e38, 1e300, -1.7e308])
@pytest.mark.parametrize("n", [1, 3])
def test_an_absurd_finite_score_is_refused(absurd: float, n: int) -> None:
    rows = cross()
    for k in range(n):
        rows[50 + k]["score"] = absurd * (1 - k / 10)
    found = only(checked(rows), "E050")
    assert found.count >= 1
    assert "times the range of all others away" in found.seen
    assert "--failure" in found.remedy
    with made(rows) as scores:
        assert not [p for p in check(scores, not_failures=[absurd]).problems if p.code == "E050"] or n > 1


def test_a_score_that_is_only_far_is_a_warning_and_long_tails_are_none() -> None:
    rows = cross()
    low, high = (f(row["score"] for row in rows) for f in (min, max))
    rows[50]["score"] = high + 90 * (high - low)
    assert only(checked(rows), "W025").count == 1
    rng = np.random.default_rng(4)
    heavy = cross()
    for row, score in zip(heavy, rng.standard_t(3, len(heavy)), strict=True):
        row["score"] = float(score) + 8 * row["mated"]
    assert not {"W025", "E050"} & set(codes(checked(heavy)))


def same_ids(rows: list[Row]) -> list[Row]:
    """One sample a person, on both sides, and none compared with itself."""
    for row in rows:
        row["probe"], row["reference"] = row["probe"].replace("p", "i"), row["reference"].replace("r", "i")
    return [row for row in rows if not row["mated"]]


def test_both_directions_with_one_score_are_one_comparison() -> None:
    # cimat counts 7,830 comparisons for 3,915 here: a bound that fails most often of all that were tried.
    rows = same_ids(cross(30))
    score = {(r["probe"], r["reference"]): r["score"] for r in rows}
    for row in rows:
        row["score"] = score[min(row["probe"], row["reference"]), max(row["probe"], row["reference"])]
    report = checked(rows)
    found = only(report, "W014")
    assert "870 pairs in order are 435 distinct comparisons" in found.seen
    assert report.counts.distinct_comparisons == 435


def test_a_full_cross_in_both_directions_is_explained() -> None:
    report = checked(same_ids(cross(30)))
    assert "every pair in both directions" in only(report, "W013").seen
    assert report.counts.distinct_comparisons == 870
    assert report.ok


def test_equal_ids_of_different_people_are_different_samples() -> None:
    rows = cross(30)
    for row in rows:  # Numbered by row and by column, and the columns in another order.
        row["probe"], row["reference"] = row["probe"][1:], f"{29 - int(row['reference'][1:]):04}"
    assert not {"W013", "W014", "E033", "E038"} & set(codes(checked(rows)))


def test_big_inputs_are_looked_at_in_a_slice() -> None:
    rows = cross(40)
    rows += [dict(row) for row in rows]
    with made(rows) as scores:
        facts(scores)
        some = pair_problems(scores, len(rows), thorough=False, exact_rows=300).problems[0]
        every = pair_problems(scores, len(rows), thorough=True, exact_rows=300).problems[0]
        again = pair_problems(scores, len(rows), thorough=False, exact_rows=300).problems[0]
    assert every.count == 1600
    assert 0 < some.count < 1600
    assert some == again
    assert "of 80 samples, chosen by the hash" in some.seen
    assert "--thorough" in some.seen


def test_a_slice_without_repeated_pairs_says_that_it_was_one() -> None:
    rows = cross(40)
    with made(rows) as scores:
        facts(scores)
        (some,) = pair_problems(scores, len(rows), thorough=False, exact_rows=300).notes
        assert not pair_problems(scores, len(rows), thorough=True, exact_rows=300).notes
        assert not pair_problems(scores, len(rows), thorough=False).notes
    assert re.fullmatch(r"repeated pairs were looked for, and not found, among the rows of \d of 80 samples, .*", some)
    assert "--thorough" in some


@pytest.mark.parametrize("ids", ["sides apart", "same ids"])
def test_pairs_are_the_same_in_parts_as_at_once(ids: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = cross(40)
    if ids == "same ids":
        rows = [row for row in same_ids(rows) if row["probe"] < row["reference"] or row["probe"] > "i0020"]
    rows += [dict(row) for row in rows[7:20]]
    rows += [dict(row, score=row["score"] + 0.1) for row in rows[12:30]]
    found = []
    for part_rows in (10**6, 900, 37):
        monkeypatch.setattr(pairs, "PART_ROWS", part_rows)
        with made(rows) as scores:
            facts(scores)
            found.append([
                pair_problems(scores, len(rows), thorough=thorough, exact_rows=exact_rows)
                for thorough, exact_rows in ((False, 10**6), (False, 800), (True, 800))
            ])  # fmt: skip
    assert found[0] == found[1] == found[2]
    (whole, some, thorough) = found[0]
    assert whole == thorough
    assert whole != some
    # 18 rows with another score, five of them beside one of the 13 copies: 23 pairs.
    assert whole.problems[0].count == 31
    assert "23 pairs" in whole.problems[0].seen
    seen = {(r["probe"], r["reference"]) for r in rows}
    both = {pair for pair in seen if pair[0] < pair[1] and pair[::-1] in seen}
    if ids == "same ids":
        assert whole.problems[1].count == len(both) > 0
        assert whole.distinct == len(seen)
    else:
        assert whole.distinct is None


@pytest.mark.parametrize("probes", [2**15, 2**15 + 1])
def test_numbers_of_samples_at_the_end_of_their_type(probes: int) -> None:
    with made([]) as scores:
        scores.engine.keep(
            COMPARISONS,
            f"""
            SELECT CAST(i AS INTEGER) AS probe, CAST(-1 - i AS INTEGER) AS reference, i AS probe_person,
                i + 1 AS reference_person, '' AS probe_group, '' AS reference_group, FALSE AS mated, i % 7 AS score,
                FALSE AS failed
            FROM (SELECT unnest(range({probes})) AS i UNION ALL SELECT unnest(range(0, {probes}, 10)) AS i) AS t""",
        )
        facts(scores)
        (found,) = pair_problems(scores, 2 * probes, thorough=False).problems
    assert found.count == -(-probes // 10)
    assert "always with the same score" in found.seen


@pytest.mark.parametrize(
    "kinds", [("INTEGER", "INTEGER"), ("BIGINT", "INTEGER"), ("INTEGER", "VARCHAR"), ("DOUBLE",) * 2]
)
def test_repeated_pairs_whatever_the_type_of_the_ids(kinds: tuple[str, str]) -> None:
    rows = cross(20)
    rows += [dict(row) for row in rows[::7]]
    for row in rows:
        row["probe"], row["reference"] = row["probe"][1:], str(100 + int(row["reference"][1:]))
    with made(rows) as scores:
        scores.engine.keep(
            COMPARISONS,
            f"SELECT * REPLACE (CAST(probe AS {kinds[0]}) AS probe, CAST(reference AS {kinds[1]}) AS reference) "
            f"FROM {COMPARISONS}",
        )
        assert only(check(scores), "E038").count == 58
        facts(scores)
        (some,) = pair_problems(scores, len(rows), thorough=False, exact_rows=100).problems
    assert 0 < some.count < 58


def test_what_rows_add_up_to() -> None:
    rows = same_ids(cross(30))
    rows += [dict(rows[0], reference=rows[0]["probe"], reference_person=rows[0]["probe_person"], mated=True, score=s)
             for s in (0.5, 0.75)]  # fmt: skip
    for row, value in zip(rows, [NAN, INF, INF, -INF, None, None], strict=False):
        row["score"] = value
    for row in rows[6:9]:
        row |= {"score": None, "failed": True}
    for row, column in zip(rows[10:14], ("probe", "reference", "probe_person", "reference_person"), strict=True):
        row[column] = None
    rows[10]["reference_person"] = None
    rows[20]["mated"] = True
    with made(rows) as scores:
        found = facts(scores)
    finite = [row["score"] for row in rows if row["score"] is not None and math.isfinite(row["score"])]
    assert found == Facts(
        rows=len(rows), mated=3, failed=3, null=2, nan=1, plus_inf=2, minus_inf=1, finite=len(rows) - 9,
        lowest=min(finite), highest=max(finite), same=2, same_by_person=0, same_lowest=0.5, same_highest=0.75,
        contradicting=1, no_id=4,
    )  # fmt: skip


def test_samples_against_themselves() -> None:
    rows = same_ids(cross(30))
    people = {row["probe"]: row["probe_person"] for row in rows}
    selves = [
        dict(rows[0], probe=i, reference=i, probe_person=s, reference_person=s, mated=True, score=1.0)
        for i, s in people.items()
    ]
    found = only(checked(rows + selves), "E033")
    assert found.count == 30
    left_out = checked(rows, refused=(("self-comparison", 30),))
    assert only(left_out, "W023").count == 30
    assert "left out: 30 rows, self-comparison" in str(left_out)


def test_ids_of_people_on_both_sides_are_not_samples_against_themselves() -> None:
    rows = cross()
    for row in rows:
        row["probe"], row["reference"] = row["probe_person"], row["reference_person"]
    assert "E033" not in codes(checked(rows))


# People and groups


def test_mated_against_the_people() -> None:
    rows = cross()
    rows[0]["mated"] = False
    rows[1]["mated"] = rows[2]["mated"] = True
    assert only(checked(rows), "E030").count == 3


def test_a_sample_of_two_people_is_shown_by_two_characters() -> None:
    rows = cross()
    rows[5]["probe_person"] = "s0099"
    rows[5]["mated"] = rows[5]["probe_person"] == rows[5]["reference_person"]
    found = only(checked(rows), "E031")
    assert found.examples == ("p… (5 characters)",)


def test_a_person_in_two_groups() -> None:
    rows = cross(group=("F", "M"))
    for row in rows:
        if row["reference_person"] == "s0004":
            row["reference_group"] = "M"
    report = checked(rows, **grouped(rows, "sex"))
    assert only(report, "E032").count == 1


def test_missing_groups_are_a_row_and_a_warning() -> None:
    rows = cross(group=("F", "M", "M", MISSING))
    report = checked(rows, **grouped(rows, "sex"))
    assert codes(report) == ["W015"]
    assert only(report, "W015").count == 30
    assert {g.name: g.people for g in report.counts.groups} == {"F": 30, "M": 60, MISSING: 30}
    assert sum(g.nonmated for g in report.counts.groups) == report.counts.nonmated


def test_small_groups_and_their_minimum() -> None:
    rows = cross(group=("F",) * 20 + ("X",))
    fields = grouped(rows, "sex")
    found = only(checked(rows, **fields), "W016")
    assert found.examples == ("sex X: 5 with probes, 5 with references",)
    assert "W016" not in codes(checked(rows, min_people=5, **fields))
    with pytest.raises(UsageError):
        checked(rows, min_people=0)


def test_a_group_without_non_mated_comparisons_is_undefined() -> None:
    # fairlearn makes a false positive rate of 0.0 of it, and then the smallest of all.
    rows = [r for r in cross(group=("F", "M")) if r["mated"] or {r["probe_group"], r["reference_group"]} == {"M"}]
    report = checked(rows, **grouped(rows, "sex"))
    found = only(report, "W019")
    assert found.examples == ("sex F",)
    assert "FMR is not defined" in found.seen


def test_values_of_each_attribute_and_their_combinations() -> None:
    rows = cross(group=(("F", "old"), ("F", "young"), ("M", "old"), ("M", "young")))  # type: ignore[arg-type]
    report = checked(rows, **grouped(rows, "sex", "age"))
    assert [(g.attribute, g.name, g.people) for g in report.counts.groups[:4]] == [
        ("sex", "F", 60), ("sex", "M", 60), ("age", "old", 60), ("age", "young", 60),
    ]  # fmt: skip
    assert report.counts.groups[-1].name == "M & young"
    assert report.problems == ()


def test_so_many_groups_are_ids_and_are_not_shown() -> None:
    rows = cross(group=[f"subject-{k:04}" for k in range(300)])
    rows = [dict(r, probe_group=f"subject-{k % 300:04}", reference_group="subject-0001") for k, r in enumerate(rows)]
    report = checked(rows, **grouped(rows, "site"))
    assert only(report, "E044").seen == "300 different values"
    assert report.counts.groups == ()
    assert "subject-0" not in json.dumps(report.to_dict())


def test_few_people_give_bounds() -> None:
    assert codes(checked(cross(40))) == ["W020"]


def test_an_empty_id() -> None:
    rows = cross()
    rows[3]["probe"] = None
    rows[7]["reference_person"] = None
    assert only(checked(rows), "E020").count == 2


def test_ids_of_two_types_are_compared_as_text() -> None:
    with made(cross()) as scores:
        scores.engine.keep("typed", "SELECT * REPLACE (CAST(substr(probe, 2) AS INTEGER) AS probe) FROM comparisons")
        scores.engine.keep("comparisons", "SELECT * FROM typed")
        assert check(scores).problems == ()


# What it gives


def test_everything_is_found_at_once() -> None:
    rows = cross(group=("F", "M", MISSING))
    rows += [dict(rows[9])]
    rows[0]["score"] = NAN
    rows[1]["score"] = INF
    rows[2]["mated"] = True
    for row in rows[240:260]:
        row["score"] = -1.0
    report = checked(rows, **grouped(rows, "sex"))
    assert codes(report) == ["E030", "E034", "E036", "E038", "W010", "W015"]


def test_the_report_is_text_html_and_data() -> None:
    rows = cross(group=("<b>F</b>", "M"))
    rows[0]["score"] = NAN
    report = checked(rows, **grouped(rows, "sex"))
    text, page, data = str(report), report._repr_html_(), json.loads(json.dumps(report.to_dict()))
    assert text.startswith("1 error, 0 warnings\n14,400 comparisons: 120 mated")
    assert "<b>F</b>" in text
    assert "E034 nan-score" in page
    assert data["ok"] is False
    assert data["problems"][0]["code"] == "E034"
    assert data["counts"]["groups"][0]["people"] == 60


def test_no_id_is_in_a_report() -> None:
    rows = cross(30)
    for row in rows:
        for column in ("probe", "reference", "probe_person", "reference_person"):
            row[column] = f"Secret{row[column]}Person"
    rows += [dict(row) for row in rows[:40]]
    rows[3]["probe_person"] = rows[700]["probe_person"]
    text = json.dumps(checked(rows).to_dict())
    assert "Secret" not in text


def test_nothing_kept_for_the_check_stays() -> None:
    with made(cross()) as scores:
        check(scores)
        assert isinstance(scores.engine, DuckDBEngine)
        left = [name for (name,) in scores.engine.rows("SELECT table_name FROM duckdb_tables() WHERE temporary")]
    assert not [name for name in left if name.startswith("_check")]


def test_facts_are_sums_over_the_rows() -> None:
    rows = cross(20)
    rows[0]["score"], rows[1]["score"] = NAN, INF
    rows[2].update(score=None, failed=True)
    with made(rows) as scores:
        found = facts(scores)
    scored = [r["score"] for r in rows[3:]]
    assert (found.rows, found.nan, found.plus_inf, found.failed, found.finite) == (400, 1, 1, 1, 397)
    assert (found.lowest, found.highest) == (min(scored), max(scored))


def test_codes_are_registered_by_severity() -> None:
    assert {code[0] for code in CODES} == {"E", "W"}
    assert len({slug for slug, _ in CODES.values()}) == len(CODES)


def test_every_query_is_sql_for_spark_too() -> None:
    rows = cross(30)
    rows[0]["score"] = NAN
    rows += [dict(row) for row in rows[:3]]
    with made(rows) as scores:
        scores.engine.log.clear()
        check(scores)
        statements = list(scores.engine.log)
    assert len(statements) > 20
    for statement in statements:
        assert sqlglot.transpile(statement, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)


# As files and frames come


@pytest.fixture
def frame() -> dict[str, list[Any]]:
    rows = cross(group=("F", "M"))
    names = {"probe_group": "probe_sex", "reference_group": "reference_sex"}
    kept = [c for c in rows[0] if c not in ("failed", "mated")]
    return {names.get(c, c): [row[c] for row in rows] for c in kept}


def test_categories_and_text_of_frames(frame: dict[str, list[Any]]) -> None:
    # aequitas takes columns of type "object" only: no categories, and no text at all under pandas 3.
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    reports = []
    ids = [c for c in frame if c != "score"]
    for table in (
        pandas.DataFrame(frame),
        pandas.DataFrame(frame).astype(dict.fromkeys(ids, "category")),
        polars.DataFrame(frame),
        polars.DataFrame(frame).with_columns(polars.col(*ids).cast(polars.Categorical)),
    ):
        with open_scores(table) as scores:
            reports.append(check(scores))
    assert all(report.problems == () for report in reports)
    assert all(report.counts == reports[0].counts for report in reports)


def test_missing_group_cells_of_a_file(frame: dict[str, list[Any]], tmp_path: Path) -> None:
    # fairlearn leaves such rows out of the groups, keeps them in the total, and does not say so.
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(frame)
    table.loc[table["probe_person"] == "s0005", "probe_sex"] = None
    table.loc[table["reference_person"] == "s0005", "reference_sex"] = None
    path = tmp_path / "odd name; with 'quotes' & spaces.csv"
    table.to_csv(path, index=False)
    with open_scores(path) as scores:
        report = check(scores)
    assert only(report, "W015").count == 1
    assert sum(g.people for g in report.counts.groups) == report.counts.people == 120


def test_the_failed_row_of_bssr1(repo_root: Path) -> None:
    matrix = repo_root.parent / "shared" / "data" / "bssr1" / "face-c.csv"
    if not matrix.exists():
        pytest.skip("the scores of NIST BSSR1 are not on this machine")
    with open_scores(matrix) as scores:
        report = check(scores)
    assert codes(report) == ["E036", "W013"]
    assert only(report, "E036").count == 517
    assert "--failure -1 " in only(report, "E036").remedy
    with open_scores(matrix, failures=(-1.0,)) as scores:
        report = check(scores)
    assert report.ok
    assert (report.counts.mated, report.counts.nonmated, report.counts.failures) == (517, 266_772, 517)


@pytest.fixture
def repo_root() -> Path:
    return Path(__file__).parents[2]


def best_of(rows: list[Row], k: int) -> list[Row]:
    """Of every probe its `k` highest scores alone, as a search returns them."""
    by_probe: dict[Any, list[Row]] = {}
    for one in rows:
        by_probe.setdefault(one["probe"], []).append(one)
    return [one for found in by_probe.values() for one in sorted(found, key=lambda r: -r["score"])[:k]]


def test_the_best_of_every_search_without_ranks_are_asked_about() -> None:
    everything = cross(40)
    assert "W027" not in codes(checked(everything))
    found = only(checked(best_of(everything, 5)), "W027")
    assert found.severity == "warning"
    assert found.seen.startswith("40 of 40 probes have 5 comparisons each, of ")
    # Few references, or probes with different numbers of comparisons, are tests as they are made.
    assert "W027" not in codes(checked(best_of(everything, 12)))
    unequal = [row for i, row in enumerate(best_of(everything, 5)) if i % 7]
    assert "W027" not in codes(checked(unequal))
