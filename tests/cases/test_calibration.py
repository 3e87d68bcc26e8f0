"""Cases judged by a simulated test hold; the whole study is slow, and its page and figure are made from its lines."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cases.calibration_study import SUMMARY, run_one, study, truth_worlds
from tests.cases.calibration_tables import columns, costs, slope, summary, write
from tests.cases.simulated import Normal, world
from tests.cases.test_brute_force import TRUTH

SEED = 20261127


@pytest.fixture(scope="module")
def one() -> dict[str, object]:
    return run_one(world(Normal(), np.random.default_rng(SEED), 1500), 0, cases=1200, people=300)


def test_formulas_are_calibrated_where_the_truth_is_known(one: dict[str, object]) -> None:
    c = columns(one["rows"])  # type: ignore[arg-type]
    returned = c["returned"] > 0
    y, p = (c["returned"][returned] == 2).astype(float), c["oracle"][returned]
    assert abs((y - p).sum()) < 4 * np.sqrt((p * (1 - p)).sum())
    found = slope(p, y)
    assert found is not None
    assert found[0] - 3 * found[1] < 1 < found[0] + 3 * found[1]


def test_no_ratio_is_beyond_the_test_and_most_intervals_hold(one: dict[str, object]) -> None:
    c = columns(one["rows"])  # type: ignore[arg-type]
    assert c["lr_hi"].max() <= 301 * (1 + 1e-3)
    assert c["lr_lo"].min() >= 1 / 301 * (1 - 1e-3)
    assert (c["p_lo"] <= c["p_hi"]).all()
    returned = c["returned"] > 0
    inside = (c["p_lo"] <= c["bounded_oracle"] + 1e-3) & (c["bounded_oracle"] <= c["p_hi"] + 1e-3)
    assert inside[returned].mean() > 0.6


def test_equal_seeds_give_equal_lines() -> None:
    w = world(Normal(), np.random.default_rng(SEED), 300)
    assert run_one(w, 1, cases=8, people=120) == run_one(w, 1, cases=8, people=120)


def test_costs_of_known_ratios() -> None:
    enrolled = np.array([1.0, 1.0, 0.0, 0.0])
    plain, least = costs(np.array([1.0, 1.0, 1.0, 1.0]), enrolled)
    assert plain == pytest.approx(1.0)
    assert least == pytest.approx(1.0)
    plain, least = costs(np.array([10.0, 10.0, 0.1, 0.1]), enrolled)
    assert plain == pytest.approx(np.log2(1.1))
    assert least == pytest.approx(0.0, abs=1e-9)
    # Ratios in the wrong order cost more than none.
    assert costs(np.array([0.1, 0.1, 10.0, 10.0]), enrolled)[0] > 1


def test_slope_of_calibrated_and_of_too_sure_probabilities() -> None:
    rng = np.random.default_rng(1)
    p = rng.uniform(0.05, 0.95, 20_000)
    y = (rng.random(20_000) < p).astype(float)
    found = slope(p, y)
    assert found is not None
    assert found[0] == pytest.approx(1.0, abs=4 * found[1])
    odds = (p / (1 - p)) ** 2
    sure = slope(odds / (1 + odds), y)
    assert sure is not None
    assert sure[0] == pytest.approx(0.5, abs=4 * sure[1])


def test_page_and_figure_are_made_of_lines(tmp_path: Path, one: dict[str, object]) -> None:
    (tmp_path / "img").mkdir()
    write([one], tmp_path / "data.json", tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text("utf-8")
    assert "person effect, normal" in text
    assert "<svg" in (tmp_path / "img" / "case-calibration.svg").read_text("utf-8")
    assert json.loads((tmp_path / "data.json").read_text("utf-8"))[0]["cases"] == 1200


def test_published_study_has_the_cases_it_must() -> None:
    records = json.loads(SUMMARY.read_text("utf-8"))
    assert len(records) >= 8
    for record in records:
        assert record["cases"] >= 10_000, record["generator"]
        found = record["oracle"]
        if found["slope"] is not None:
            assert found["slope"] + 2 * found["slope_se"] > 0.9, record["generator"]
            assert found["slope"] - 2 * found["slope_se"] < 1.1, record["generator"]


@pytest.mark.slow
@pytest.mark.skipif(not TRUTH.exists(), reason="shared/truth/truth.py is not here")
def test_every_generator_of_the_truth_file(tmp_path: Path) -> None:
    study(truth_worlds(TRUTH), 10, tmp_path / "raw.jsonl", minutes=90)
    from tests.cases.calibration_study import lines

    for record in summary(lines(tmp_path / "raw.jsonl")):
        assert record["cases"] >= 10_000
        found = record["oracle"]
        assert abs(found["mean"] - found["right"]) < 0.02, record["generator"]
