"""How often limits of FMR and FPIR hold that come from merged tallies, beside those from the scores counted together.

`python -m tests.tally.test_merge_coverage mixture same 100 400` prints a line for each number of parts, rate and number
of errors: how often the limits held, and how wide they were compared with those of the whole. Half of the scores are
transposed, so that the references are the ones that differ.
"""

from __future__ import annotations

import sys
import zlib
from collections import defaultdict
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from misid.rates.intervals import (
    Interval,
    NonmatedDesign,
    NonmatedMoments,
    SearchDesign,
    SearchMoments,
    fmr_limits,
    fpir_limits,
)
from misid.tally.across import add_across
from misid.tally.merge import _added
from misid.tally.model import TABLES, Table
from tests.rates.coverage_study import LADDER, Normal, fmr_threshold, own_generators, steps

Ints = npt.NDArray[np.int64]
Found = dict[tuple[str, str, str], list[tuple[bool, float]]]


def _both_ways(counts: Ints) -> Ints:
    """Sum over unordered pairs of people of squared counts in either direction, per level; counts (L, n, n)."""
    return np.asarray((np.triu(counts + counts.transpose(0, 2, 1), 1) ** 2).sum(axis=(1, 2)))


def tables(
    scores: npt.NDArray[np.float64], rows: Ints, levels: npt.NDArray[np.float64], *, same: bool
) -> dict[str, Table]:
    """The tables of a tally of some rows of a score matrix that limits are made of; comparisons not made are -inf."""
    n, m = scores.shape
    part = scores[rows]
    exceed = np.stack([part >= t for t in levels]).astype(np.int64)
    r, c = exceed.sum(axis=2), exceed.sum(axis=1)
    placed = np.zeros((len(levels), n, m), dtype=np.int64)
    placed[:, rows] = exceed
    sole = placed * (placed.sum(axis=2) == 1)[:, :, None]
    d, hit = sole.sum(axis=1), (r > 0).astype(np.int64)
    made = np.zeros((1, n, m), dtype=np.int64)
    made[:, rows] = np.isfinite(part)
    as_probe, as_reference = made[0, rows].sum(axis=1), made[0].sum(axis=0)
    one, each = np.zeros(1, dtype=np.int64), np.arange(len(levels))
    zero = np.zeros_like(each)

    def cell(value: Any) -> Ints:
        return np.array([value], dtype=np.int64)

    return {
        "nonmated_design": {
            "probe_label": one, "reference_label": one, "comparisons": cell(as_probe.sum()),
            "probe_people": cell(len(rows)), "reference_people": cell(m), "people": cell(n if same else len(rows) + m),
            "sum_r2": cell(as_probe @ as_probe), "sum_c2": cell(as_reference @ as_reference),
            "sum_rc": cell(as_probe @ as_reference[rows] if same else 0),
            "sum_p2": _both_ways(made) if same else cell(as_probe.sum()),
        },
        "nonmated_moments": {
            "probe_label": zero, "reference_label": zero, "level": each, "exceed": r.sum(axis=1),
            "sum_r2": (r * r).sum(axis=1), "sum_c2": (c * c).sum(axis=1),
            "sum_rc": (r * c[:, rows]).sum(axis=1) if same else zero,
            "sum_p2": _both_ways(placed) if same else r.sum(axis=1),
            "sum_rm": (r * as_probe).sum(axis=1), "sum_cm": (c * as_reference).sum(axis=1),
        },
        "search_design": {
            "label": one, "mated": one, "searches": cell(len(rows)), "failed": one, "people": cell(len(rows)),
            "sum_k2": cell(len(rows)), "gallery_min": cell(m), "gallery_median": cell(m), "gallery_max": cell(m),
        },
        "search_moments": {
            "label": zero, "level": each, "hits": hit.sum(axis=1), "exceed": r.sum(axis=1),
            "sum_a2": hit.sum(axis=1), "sum_ak": hit.sum(axis=1), "sum_d2": (d * d).sum(axis=1),
            "sum_d": d.sum(axis=1), "sum_q2": _both_ways(sole) if same else d.sum(axis=1),
            "sum_ad": (hit * d[:, rows]).sum(axis=1) if same else zero,
            "sum_kd": d[:, rows].sum(axis=1) if same else zero, "references": zero + m,
        },
        "blocks": {column: np.empty(0, dtype=np.int64) for column in TABLES["blocks"]},
    }  # fmt: skip


def merged(parts: list[dict[str, Table]]) -> dict[str, Table]:
    """The sum of parts that share their references, as tallies are merged."""
    total = {name: _added(name, [part[name] for part in parts]) for name in parts[0]}
    add_across(total, parts, "references")
    return total


def limits(of: dict[str, Table]) -> dict[str, list[Interval]]:
    """Two-sided limits of FMR and FPIR at every level."""

    def given(kind: type[Any], table: Table, *, design: bool = False) -> Any:
        values = {f.name: table[f.name] for f in fields(kind) if f.name in table}
        return kind(**{k: int(v[0]) if design else v.astype(np.float64) for k, v in values.items()})

    pairs = given(NonmatedDesign, of["nonmated_design"], design=True)
    moments = given(NonmatedMoments, of["nonmated_moments"])
    references = {"references": of["search_moments"]["references"]}
    searches = given(SearchDesign, of["search_design"] | references, design=True)
    spread = given(SearchMoments, of["search_moments"])
    fmr = fmr_limits(pairs, moments, steps=steps(moments.exceed))
    fpir = fpir_limits(searches, spread, (pairs, moments), steps=steps(spread.hits))
    return {
        "fmr": [fmr.interval(i, int(x), "two") for i, x in enumerate(moments.exceed)],
        "fpir": [fpir.interval(i, int(x), "two") for i, x in enumerate(spread.hits)],
    }


def study(generator: Normal, n: int, replicates: int, *, same: bool) -> Found:
    """(whether the limits held, width over that of the whole) by number of parts, measure and errors."""
    at = [rate for rate in LADDER if rate * n * n > 0.3]
    levels = np.array([fmr_threshold(generator, rate) for rate in at])
    found: Found = defaultdict(list)
    seed = zlib.crc32(f"{generator.name}/{n}/{same}".encode())
    for replicate in range(replicates):
        rng = np.random.default_rng([seed, replicate])
        probes = generator.draw_subjects(rng, n)
        references = probes if same else generator.draw_subjects(rng, n)
        scores = np.asarray(generator.block(rng, probes, references), dtype=np.float64)
        turned = replicate % 2 == 1
        scores = scores.T.copy() if turned else scores
        if same:
            np.fill_diagonal(scores, -np.inf)
        people = np.arange(n)
        whole = limits(tables(scores, people, levels, same=same))
        for parts in (1, 2, 5):
            if parts == 1:
                ours = whole
            else:
                split = [tables(scores, people[k::parts], levels, same=same) for k in range(parts)]
                ours = limits(merged(split))
            for measure, intervals in ours.items():
                if measure == "fpir" and turned:  # The true FPIR is known for probes that differ only.
                    continue
                for level, interval, one in zip(levels, intervals, whole[measure], strict=True):
                    truth = generator.fmr(level) if measure == "fmr" else generator.fpir(n - same, level)
                    errors = interval.errors or 0
                    size = "0" if not errors else "1-9" if errors < 10 else "10-49" if errors < 50 else "50+"
                    assert interval.lo is not None
                    assert interval.hi is not None
                    width = (interval.hi - interval.lo) / ((one.hi or 0.0) - (one.lo or 0.0))
                    found[str(parts), measure, size].append((interval.lo <= truth <= interval.hi, width))
    return found


def _pooled(found: Found, parts: str, measure: str) -> tuple[float, npt.NDArray[np.float64]]:
    rows = np.array([row for key, rows in found.items() if key[:2] == (parts, measure) for row in rows])
    return float(rows[:, 0].mean()), rows[:, 1]


@pytest.mark.parametrize("same", [True, False])
def test_limits_of_merged_tallies_hold_as_often_as_those_of_the_whole(same: bool) -> None:
    found = study(own_generators()["mixture"], 60, 24, same=same)
    for measure in ("fmr", "fpir"):
        together, _ = _pooled(found, "1", measure)
        for parts in ("2", "5"):
            held, width = _pooled(found, parts, measure)
            assert held >= together - 0.005, (measure, parts)
            assert held >= 0.92
            assert np.median(width) >= 1.0
            assert np.quantile(width, 0.05) >= 0.95, "narrower now and then, and mostly not"


def main(arguments: list[str]) -> None:
    name, layout, n, replicates = arguments[0], arguments[1], int(arguments[2]), int(arguments[3])
    for key, rows in sorted(study(own_generators()[name], n, replicates, same=layout == "same").items()):
        held, width = np.array(rows).T
        quantiles = " ".join(f"{q:.2f}" for q in np.quantile(width, [0, 0.05, 0.5, 0.95]))
        print(name, layout, n, *key, f"n={len(rows)} held {held.mean():.3f} width {quantiles}")


if __name__ == "__main__":
    main(sys.argv[1:])
