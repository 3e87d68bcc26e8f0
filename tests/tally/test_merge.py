"""Tallies of disjoint sets of searches add."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from misid.engine import DuckDBEngine
from misid.ground.errors import UsageError
from misid.rates import compute_rates
from misid.tally import Tally, build_tally, merge_tallies
from tests.oracle import assert_same, canonical
from tests.tally.samples import Sample, blocks_in, cross

SEXES = (("F",), ("M",))


def tally_of(sample: Sample, **options: object) -> Tally:
    with DuckDBEngine() as engine:
        return build_tally(sample.scores(engine), **options)  # type: ignore[arg-type]


def blocks_of(*samples: Sample) -> dict[str, int]:
    """Blocks as each sample was counted: they follow from its scores."""
    blocks = {}
    for sample in samples:
        with DuckDBEngine() as engine:
            build_tally(sample.scores(engine))
            blocks.update(blocks_in(engine))
    return blocks


def renamed(sample: Sample, suffix: str) -> Sample:
    return replace(
        sample,
        probe=[x + suffix for x in sample.probe],
        reference=[x + suffix for x in sample.reference],
        probe_person=[x + suffix for x in sample.probe_person],
        reference_person=[x + suffix for x in sample.reference_person],
        group_of={p + suffix: g for p, g in sample.group_of.items()},
    )


def together(*samples: Sample) -> Sample:
    whole = replace(samples[0], probe=[], reference=[], probe_person=[], reference_person=[], score=[], group_of={})
    for sample in samples:
        for name in ("probe", "reference", "probe_person", "reference_person", "score"):
            getattr(whole, name).extend(getattr(sample, name))
        whole.group_of.update(sample.group_of)
    return whole


def split_by_probe(sample: Sample) -> tuple[Sample, Sample]:
    first = set(sorted(set(sample.probe))[::2])
    halves = []
    for inside in (True, False):
        rows = [i for i, p in enumerate(sample.probe) if (p in first) == inside]
        halves.append(sample.only(rows))
    return halves[0], halves[1]


def test_disjoint_people_add_exactly() -> None:
    rng = np.random.default_rng(5)
    a = cross(rng, 12, 12, same=True, groups=SEXES, attributes=("sex",))
    b = renamed(cross(rng, 10, 13, same=False, groups=SEXES, attributes=("sex",)), "'")
    merged = merge_tallies([tally_of(a, thresholds=[1.0]), tally_of(b, thresholds=[1.0])], shared="disjoint")
    expected = together(a, b).oracle(merged, blocks_of(a, b))
    # Evenly spread over all pairs of the sum, the estimate of this one moment is another.
    expected.tables["nonmated_design"]["sum_p2"] = merged.tables["nonmated_design"]["sum_p2"]
    # The median of a sum is not that of its parts.
    expected.tables["search_design"]["gallery_median"] = merged.tables["search_design"]["gallery_median"]
    assert_same(merged, expected)
    assert 1.0 in merged.thresholds


@pytest.mark.parametrize("same", [True, False])
def test_shared_references_count_exactly_and_never_narrow(same: bool) -> None:
    rng = np.random.default_rng(6)
    whole = cross(rng, 24, 24, same=same)
    merged = merge_tallies([tally_of(half, thresholds=[1.0]) for half in split_by_probe(whole)], shared="references")
    expected = whole.oracle(merged, blocks_of(whole))
    ours, truth = canonical(merged), canonical(expected)
    for name in ("counts", "best_nonmated", "mates", "mated_moments", "mate_moments", "spectrum_design"):
        assert ours[name] == truth[name], name
    ours_moments, true_moments = merged.tables["nonmated_moments"], expected.tables["nonmated_moments"]
    many = true_moments["exceed"] >= 50
    assert many.any()
    for exact in ("exceed", "sum_r2"):
        np.testing.assert_array_equal(ours_moments[exact], true_moments[exact])
    # The widest that sharing can make it, in expectation: never far below the truth.
    assert np.all(ours_moments["sum_c2"][many] >= 0.9 * true_moments["sum_c2"][many])
    found, whole_found = merged.tables["search_moments"], expected.tables["search_moments"]
    some = whole_found["hits"] >= 5
    for sum_ in ("sum_kd", "sum_ad", "sum_q2"):
        assert np.all(found[sum_][some] >= 0.5 * whole_found[sum_][some]), sum_
    assert merged.tables["nonmated_design"]["reference_people"][0] == 24
    assert any("references shared" in warning for warning in merged.warnings)


def test_merging_one_is_that_one() -> None:
    rng = np.random.default_rng(7)
    one = tally_of(cross(rng, 8, 8, same=True))
    assert merge_tallies([one]) is one


def test_a_threshold_only_one_tally_has_is_dropped_and_said() -> None:
    rng = np.random.default_rng(8)
    a, b = cross(rng, 15, 15, same=True), renamed(cross(rng, 15, 15, same=True), "'")
    merged = merge_tallies([tally_of(a, thresholds=[0.123]), tally_of(b)], shared="disjoint")
    assert 0.123 not in merged.thresholds
    assert any("0.123" in warning for warning in merged.warnings)


def test_unlike_tallies_are_refused() -> None:
    rng = np.random.default_rng(9)
    a = tally_of(cross(rng, 8, 8, same=True))
    with pytest.raises(UsageError, match="score type"):
        merge_tallies([a, replace(a, origin=replace(a.origin, score_type="FLOAT"))])
    with pytest.raises(UsageError, match="no tally"):
        merge_tallies([])


def test_the_same_input_twice_is_refused() -> None:
    rng = np.random.default_rng(10)
    a = tally_of(cross(rng, 8, 8, same=True))
    a = replace(
        a, origin=replace(a.origin, inputs=({"what": "scores", "kind": "csv", "rows": 1, "bytes": 1, "sha256": "ab"},))
    )
    with pytest.raises(UsageError, match="same input"):
        merge_tallies([a, a])


@pytest.mark.parametrize("seed", [11, 12])
def test_limits_of_a_sum_are_hardly_ever_narrower_than_those_of_the_whole(seed: int) -> None:
    """People who are in several tallies are taken to share their errors as much as is likely."""
    rng = np.random.default_rng(seed)
    n = 48
    likeness = rng.normal(size=(n, n))
    score = (likeness + likeness.T) / 2 + 0.4 * rng.normal(size=n) + 0.4 * rng.normal(size=(n, 1)) + 4 * np.eye(n)
    pairs = [(i, j) for i in range(n) for j in range(n)]
    whole = Sample(
        probe=[f"p{i}" for i, _ in pairs],
        reference=[f"r{j}" for _, j in pairs],
        probe_person=[f"{i}" for i, _ in pairs],
        reference_person=[f"{j}" for _, j in pairs],
        score=[float(np.round(score[i, j], 3)) for i, j in pairs],
        group_of={f"{i}": () for i in range(n)},
        attributes=(),
    )
    asked = [0.9, 1.2, 1.6]
    parts = []
    for k in range(3):
        rows = [at for at, (i, _) in enumerate(pairs) if i % 3 == k]
        parts.append(whole.only(rows))
    merged = merge_tallies([tally_of(p, thresholds=asked) for p in parts])
    found = []
    for tally in (tally_of(whole, thresholds=asked), merged):
        records = compute_rates(tally, thresholds=asked, targets=[], curves=False).records
        found.append({(r.measure, r.threshold): r for r in records if r.measure in ("fmr", "fpir")})
    for key, together in found[0].items():
        apart = found[1][key]
        assert (apart.errors, apart.trials) == (together.errors, together.trials)
        assert together.hi is not None
        assert together.lo is not None
        assert apart.hi is not None
        assert apart.lo is not None
        assert apart.hi - apart.lo > 0.97 * (together.hi - together.lo), key
    assert any("limits are mostly wider" in w for w in merged.warnings)
