"""A small part of the coverage study on every run, the acceptance of all of it, and the study itself when asked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from tests.rates import coverage_study as study
from tests.rates import coverage_tables as tables
from tests.rates import mixed_groups

GENERATORS = study.own_generators()


def run(name: str, generator: str, layout: str, people: int, replicates: int, each: int = 1) -> list[tables.Line]:
    what = study.Run(study=name, generator=generator, layout=layout, people=people, replicates=replicates, each=each)
    return study.RUNNERS[name](what, GENERATORS[generator])


def too_low(share: float, wanted: float, replicates: int) -> bool:
    """Below what a coverage of `wanted` gives once in 10,000 studies."""
    return round(share * replicates) < binom.ppf(1e-4, replicates, wanted)


@pytest.mark.parametrize("generator", ["normal", "mixture"])
@pytest.mark.parametrize("layout", ["same", "bip", "two probes", "ragged"])
def test_limits_of_fmr_and_fpir_hold(generator: str, layout: str) -> None:
    for line in run("rates", generator, layout, 100, 120):
        assert not too_low(line["covered"], 0.94, 120), line


def test_the_naive_limits_do_not() -> None:
    common = next(x for x in run("rates", "mixture", "same", 100, 60) if (x["measure"], x["at"]) == ("FMR", 1e-2))
    assert common["naive_covered"] < 0.8 < common["covered"]


@pytest.mark.parametrize("each", [1, 4])
def test_limits_of_fnmr_hold(each: int) -> None:
    for line in run("fnmr", "mixture", "mated", 100, 200, each):
        assert not too_low(line["covered"], 0.94, 200), line


def test_limits_at_a_chosen_threshold_hold() -> None:
    for line in run("chosen", "mixture", "same", 100, 40, 2):
        assert not too_low(line["covered"], 0.94, 40), line


@pytest.mark.parametrize("layout", ["same", "bip"])
def test_bounds_after_no_error_hold(layout: str) -> None:
    for line in run("zero", "mixture", layout, 100, 150):
        assert line["zero_failed"] <= binom.ppf(1 - 1e-4, 150, 0.05) / 150, line


def test_truth_of_the_own_generators() -> None:
    """FMR, FPIR, FNMR by quadrature against plain simulation."""
    rng = np.random.default_rng(3)
    for generator in GENERATORS.values():
        t = study.fmr_threshold(generator, 0.01)
        hits, found = 0.0, []
        for _ in range(60):
            probes, references = generator.draw_subjects(rng, 200), generator.draw_subjects(rng, 200)
            above = generator.block(rng, probes, references) >= t
            hits += above.mean() / 60
            found.append(above[:, :50].any(1).mean())
        assert hits == pytest.approx(0.01, rel=0.08)
        assert np.mean(found) == pytest.approx(generator.fpir(50, t), rel=0.06)
        people = generator.draw_subjects(rng, 50_000)
        assert (generator.mated_scores(rng, people, 1) < 3.5).mean() == pytest.approx(generator.fnmr(3.5), rel=0.05)


# What was measured is in the repository; it must say what the page says and meet what is promised.


def measured() -> list[tables.Line]:
    return tables.read(study.RESULTS)


def test_page_shows_what_was_measured() -> None:
    page = study.PAGE.read_text(encoding="utf-8")
    assert page == tables.filled(page, measured()), "run: python -m tests.rates.coverage_study --table"


def test_measured_coverage_is_nowhere_below_92_percent() -> None:
    lines = [x for x in measured() if x["covered"] is not None and x["study"] not in ("few", "stress")]
    assert {(x["people"], x["layout"]) for x in lines} >= {(n, s) for n in (100, 500, 2000) for s in ("same", "bip")}
    for x in lines:
        assert x["covered"] >= 0.92, x


def test_measured_bounds_after_no_error_fail_at_most_6_percent() -> None:
    lines = [x for x in measured() if x["study"] == "zero"]
    assert {x["measure"] for x in lines} == {"FMR", "FPIR"}
    for x in lines:
        assert x["zero_failed"] <= 0.06, x


@pytest.mark.slow
def test_the_study_runs_and_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All runs that need nothing but this repository, at their full size."""
    results = tmp_path / "coverage.jsonl"
    monkeypatch.setattr("sys.argv", ["coverage_study", "--resume", "--results", str(results)])
    study.main()
    first = results.read_text(encoding="utf-8")
    study.main()
    assert results.read_text(encoding="utf-8") == first
    for line in map(json.loads, first.splitlines()):
        if line["covered"] is not None and line["study"] not in ("few", "stress"):
            assert not too_low(line["covered"], 0.92, line["replicates"]), line


@pytest.mark.parametrize("setting", [1, 4])
def test_limits_of_differentials_hold_with_unequal_groups_of_few_people(setting: int) -> None:
    sizes, rates = mixed_groups.SETTINGS[setting]
    for name, (below, above) in mixed_groups.run("mixture", sizes, rates, 25).items():
        n = 25 * (3 if name.startswith("ratio") else 1)
        allowed = binom.ppf(1 - 1e-4, n, 0.03) / n
        assert below <= allowed, name
        assert above <= allowed, name
