"""The tests that the study draws are those that a tally would hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from misid.engine import DuckDBEngine
from misid.search.from_tally import TestCounts, counts_of
from misid.tally.build import build_tally
from tests.search import simulated
from tests.tally.samples import Sample, blocks_in


class Sums:
    """Scores that are sums, three groups."""

    name, G, sig = "sums", 3, 0.9
    mu = np.array([[0.3, -1.0, -0.8], [-1.0, 0.0, -0.9], [-0.8, -0.9, 0.6]])

    def draw_subjects(self, rng: np.random.Generator, n: int) -> dict[str, Any]:
        return {
            "g": rng.choice(3, n, p=[0.5, 0.3, 0.2]),
            "a": 0.3 * rng.standard_normal(n),
            "b": 0.3 * rng.standard_normal(n),
        }

    def block(self, rng: np.random.Generator, P: dict[str, Any], R: dict[str, Any]) -> Any:
        e = self.sig * rng.standard_normal((len(P["a"]), len(R["b"])))
        return (e + P["a"][:, None] + R["b"] + self.mu[P["g"]][:, R["g"]]).astype(np.float32)


def _rows(test: TestCounts) -> list[tuple[Any, ...]]:
    """What every search exceeded, searches in no order."""
    of: dict[int, list[tuple[int, ...]]] = {}
    columns = (test.search, test.reference_group, test.block, test.level, test.count)
    for search, *row in zip(*(c.tolist() for c in columns), strict=True):
        of.setdefault(search, []).append(tuple(row))
    return sorted((int(test.group[s]), tuple(sorted(rows))) for s, rows in of.items())


def test_counts_are_those_of_a_tally() -> None:
    rng = np.random.default_rng(4)
    n, generator = 90, Sums()
    people = generator.draw_subjects(rng, n)
    scores = generator.block(rng, people, people)
    names = [f"p{k:03}" for k in range(n)]
    i, j = np.nonzero(~np.eye(n, dtype=bool))
    sample = Sample(
        probe=[f"{names[k]}/a" for k in i],
        reference=[f"{names[k]}/b" for k in j],
        probe_person=[names[k] for k in i],
        reference_person=[names[k] for k in j],
        score=[float(s) for s in scores[i, j]],
        group_of={name: (f"g{g}",) for name, g in zip(names, people["g"], strict=True)},
        attributes=("group",),
        score_type="FLOAT",
    )
    with DuckDBEngine() as engine:
        expected = counts_of(build_tally(sample.scores(engine), targets=()))
        block_of = blocks_in(engine)
    np.fill_diagonal(scores, np.nan)
    block = np.array([block_of[name] for name in names])
    ours = simulated.counts(simulated.tail_of(scores, people["g"]), rng, block=block)
    assert np.array_equal(ours.levels, expected.levels)
    assert np.array_equal(ours.references, expected.references)
    assert np.allclose(ours.block_share, expected.block_share)
    assert np.array_equal(np.bincount(ours.group), np.bincount(expected.group))
    assert _rows(ours) == _rows(expected)
    assert ours.people == expected.people


@pytest.mark.parametrize("effects", [1.0, 0.0])
def test_drawing_only_the_tail_is_drawing_all(effects: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "DENSE", 300)
    rng = np.random.default_rng(8)
    generator = Sums()
    people = {k: v * effects if k in "ab" else v for k, v in generator.draw_subjects(rng, 1200).items()}
    generator.draw_subjects = lambda rng, n: people  # type: ignore[method-assign]
    found, expected = [], []
    for _ in range(4):
        tail = simulated.draw_tail(generator, 1200, rng)
        at = np.quantile(tail.score, [0.3, 0.9])
        scores = generator.block(rng, people, people)
        np.fill_diagonal(scores, np.nan)
        pair = people["g"][tail.probe] * 3 + people["g"][tail.reference]
        for t in at:
            found.append(np.bincount(pair[tail.score >= t], minlength=9))
            i, j = np.nonzero(scores >= t)
            expected.append(np.bincount(people["g"][i] * 3 + people["g"][j], minlength=9))
    for of in (slice(0, None, 2), slice(1, None, 2)):
        a, b = np.sum(found[of], axis=0), np.sum(expected[of], axis=0)
        # Given the people, comparisons are independent: both are Poisson, or nearly.
        assert (np.abs(a - b) <= 4.5 * np.sqrt(a + b) + 3).all()
