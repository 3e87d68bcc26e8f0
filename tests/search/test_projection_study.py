"""What the study found, held to what is wanted; and the study itself, resumable."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest

from tests.rates.coverage_study import Normal
from tests.search import projection_study as study
from tests.search.projection_tables import page

ROWS = study.summary(study.done(study.RESULTS))


def test_page_is_the_study() -> None:
    assert study.PAGE.read_text(encoding="utf-8") == page(ROWS)


def test_limits_and_bounds_hold_as_wanted() -> None:
    for row in ROWS:
        assert row["projected_held"] >= 92, row
        if row["group"] is None:
            assert row["bounds_held"] >= 95, row
            # Where few are given, which ones depends on the estimate: the page says how often those miss.
            assert row["given"] < row["tests"] / 2 or row["held"] >= 92, row


@pytest.mark.slow
def test_study_goes_on_where_it_stopped(tmp_path: Path) -> None:
    generator = Normal("normal", 0.0)
    results = tmp_path / "results.jsonl"
    study.study([generator], [150], 1, results, 5, StringIO())
    first = results.read_text(encoding="utf-8")
    study.study([generator], [150], 2, results, 5, StringIO())
    assert results.read_text(encoding="utf-8").startswith(first)
    assert [line["replicate"] for line in study.done(results)] == [0, 1]
