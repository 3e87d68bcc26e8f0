"""Failures: whose they are, where that can be told, and nothing said where it cannot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from misid.engine import DuckDBEngine
from misid.scores import open_scores
from misid.tally import Tally, build_tally, merge_tallies
from tests.tally.samples import Sample, cross


def tally_of(sample: Sample, **options: object) -> Tally:
    with DuckDBEngine() as engine:
        return build_tally(sample.scores(engine), **options)  # type: ignore[arg-type]


def failing(sample: Sample, *, probes: int = 0, references: int = 0) -> Sample:
    gone_p, gone_r = sorted(set(sample.probe))[:probes], sorted(set(sample.reference))[:references]
    return replace(
        sample,
        score=[
            float("nan") if p in gone_p or r in gone_r else s
            for p, r, s in zip(sample.probe, sample.reference, sample.score, strict=True)
        ],
    )


def test_failed_probes_and_references_are_told_apart() -> None:
    sample = failing(cross(np.random.default_rng(60), 12, 12, same=True), probes=2, references=1)
    tally = tally_of(sample)
    assert tally.acquisition == (2, 12)
    assert tally.enrolment == (1, 12)


def test_one_comparison_a_sample_tells_not_which_side_failed() -> None:
    sample = cross(np.random.default_rng(61), 20, 20, same=True)
    own = [i for i, (p, r) in enumerate(zip(sample.probe_person, sample.reference_person, strict=True)) if p == r]
    pairs = sample.only(own)
    pairs.score[:4] = [float("nan")] * 4
    tally = tally_of(pairs)
    assert tally.acquisition is None
    assert tally.enrolment is None
    assert any("4 comparisons failed" in warning for warning in tally.warnings)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_merging_different_enrolment_says_that_it_is_not_known(order: tuple[int, int]) -> None:
    rng = np.random.default_rng(62)
    tallies = [tally_of(failing(cross(rng, 20, 20, same=True), references=n)) for n in (1, 4)]
    merged = merge_tallies([tallies[i] for i in order])
    assert merged.enrolment is None
    assert any("FTE" in warning for warning in merged.warnings)
    assert merge_tallies([tallies[i] for i in order], shared="disjoint").enrolment == (5, 40)


def test_halves_with_one_table_of_people_merge(tmp_path: Path) -> None:
    rng = np.random.default_rng(63)
    people = tmp_path / "people.csv"
    people.write_text("person,sex\n" + "".join(f"s{i},{'FM'[i % 2]}\n" for i in range(24)))
    tallies = []
    for half in range(2):
        rows = [
            f"p{i},r{j},s{i},s{j},{rng.standard_normal() + 4 * (i == j):.4f}\n"
            for i in range(half, 24, 2)
            for j in range(24)
        ]
        path = tmp_path / f"half-{half}.csv"
        path.write_text("probe,reference,probe_person,reference_person,score\n" + "".join(rows))
        with open_scores(path, subjects=people) as scores:
            tallies.append(build_tally(scores))
    merged = merge_tallies(tallies)
    assert int(merged.tables["counts"]["count"].sum()) == 24 * 24


@pytest.mark.parametrize("target", [0.3, 0.1, 0.01])
def test_every_target_is_pinned(target: float) -> None:
    sample = cross(np.random.default_rng(64), 30, 30, same=True)
    tally = tally_of(sample, targets=[target])
    off = np.array(
        [s for s, p, r in zip(sample.score, sample.probe_person, sample.reference_person, strict=True) if p != r]
    )
    allowed = int(target * len(off))
    reached = [int((off >= edge).sum()) for edge in tally.edges if (off >= edge).sum() <= allowed]
    assert max(reached) == allowed
