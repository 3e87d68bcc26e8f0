"""What the study found, held to what is wanted; and the study itself, resumable."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from scipy.special import bdtr

from tests.rates.coverage_study import Normal
from tests.search import projection_study as study
from tests.search.projection_tables import page, usual

ENOUGH = 30
"""Tests from which a median says something."""

ROWS = study.summary(study.done(study.RESULTS))


def test_page_is_the_study() -> None:
    assert study.PAGE.read_text(encoding="utf-8") == page(ROWS)


def test_limits_and_bounds_hold_as_wanted() -> None:
    """Up to what chance alone makes of so many tests, once in a thousand cells."""
    for row in ROWS:
        if usual(row):
            held = round(row["held"] * row["given"] / 100)
            assert bdtr(held, row["given"], 0.92) > 1e-3, row
            assert 0.5 <= row["ratio"] <= 2 or row["tests"] < ENOUGH, row
        if row["bounds_held"] is not None:
            assert bdtr(round(row["bounds_held"] * row["tests"] / 100), row["tests"], 0.95) > 1e-3, row


def test_limits_narrow_as_tests_grow() -> None:
    rows = [r for r in ROWS if r["tests"] >= ENOUGH and r["group"] != "kin"]
    width = {(r["generator"], r["N"], r["rate"], r["group"], r["n"]): r["projected_decades"] for r in rows}
    for (*cell, n), decades in width.items():
        larger = width.get((*cell, 10 * n))
        assert larger is None or larger < decades, (cell, n)


def test_a_group_is_given_where_its_people_carry_it_and_not_beyond() -> None:
    """Of 500 people hardly one group of 50 to 150 at 200 million; of 5,000 all; none simply for being a group."""
    groups = [r for r in ROWS if r["group"] not in ("", "kin")]
    far = [r for r in groups if r["n"] == 500 and r["N"] == 200_000_000]
    near = [r for r in groups if r["n"] == 500 and r["N"] == 1_000_000]
    assert sum(r["given"] for r in far) < 0.4 * sum(r["tests"] for r in far)
    assert all(usual(r) for r in near)
    assert all(r["given"] == r["tests"] for r in groups if r["n"] >= 5000)


@pytest.mark.slow
def test_study_goes_on_where_it_stopped(tmp_path: Path) -> None:
    generator = Normal("normal", 0.0)
    results = tmp_path / "results.jsonl"
    study.study([generator], {150: 1}, results, 5, StringIO())
    first = results.read_text(encoding="utf-8")
    study.study([generator], {150: 2}, results, 5, StringIO())
    assert results.read_text(encoding="utf-8").startswith(first)
    assert [line["replicate"] for line in study.done(results)] == [0, 1]
