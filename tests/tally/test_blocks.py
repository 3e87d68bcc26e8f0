"""Blocks of references: the same from the same scores, and nobody's to find who has ids, groups and the tally alone."""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from misid.engine import DuckDBEngine
from misid.ground.errors import NotEstimableError
from misid.rates import compute_rates
from misid.search.from_tally import model_from_tally
from misid.tally import Tally, build_tally, merge_tallies, read_tally, write_tally
from misid.tally.blocks import ONE_BLOCK, SECRET_BITS, SUM_BITS, secret_enough
from misid.tally.grid import FINE_BITS
from misid.tally.model import N_BLOCKS
from tests.tally.samples import Sample, blocks_in

CUT = re.compile(r"WHERE mated OR \(NOT failed AND score >= CAST\('([^']+)' AS DOUBLE\)\)")


def made(scores: np.ndarray, groups: int = 1, decimals: int | None = 5) -> Sample:
    """Each of some probes against each of some references, of other people; references dealt into groups."""
    n, m = scores.shape
    sample = Sample([], [], [], [], [], attributes=("group",) if groups > 1 else ())
    for i, j in itertools.product(range(n), range(m)):
        sample.probe.append(f"q{i}")
        sample.reference.append(f"b{j}")
        sample.probe_person.append(f"q{i}")
        sample.reference_person.append(f"u{j}")
        sample.score.append(float(scores[i, j]) if decimals is None else round(float(scores[i, j]), decimals))
    if groups > 1:
        sample.group_of = {f"q{i}": ("P",) for i in range(n)}
        sample.group_of |= {f"u{j}": (f"g{j % groups:02d}",) for j in range(m)}
    return sample


def counted(sample: Sample, n_parts: int = 1, **options: object) -> tuple[Tally, dict[str, int]]:
    with DuckDBEngine(threads=1) as engine:
        tally = build_tally(sample.scores(engine, n_parts=n_parts), **options)  # type: ignore[arg-type]
        return tally, blocks_in(engine)


def block(person: str, salt: str) -> int:
    return int(hashlib.md5((person + salt).encode()).hexdigest()[:4], 16) % N_BLOCKS


def hashed(texts: list[str]) -> str:
    """The salt as docs/tally-format.md says it."""
    buckets: dict[str, list[str]] = {}
    for h in (hashlib.md5(text.encode()).hexdigest() for text in texts):
        buckets.setdefault(h[:3], []).append(h)
    ones = [hashlib.md5("".join(sorted(b)).encode()).hexdigest() for b in buckets.values()]
    return hashlib.md5("".join(sorted(ones)).encode()).hexdigest()


def exponent_of(sample: Sample) -> int:
    """Scores times two to this are below 2**31 in size: from the range, a grid step more at either end."""
    finite = [abs(s) for s in sample.score if math.isfinite(s)]
    # No score of these tests is so near a power of two that the step would take it across.
    return SUM_BITS - math.frexp(max(finite))[1]


def salt_of(sample: Sample, tally: Tally) -> str:
    """From the scores that are kept, which are those from the cut on: nobody here is on both sides."""
    factor = 2.0 ** exponent_of(sample)
    (cut,) = {found[1] for query in tally.origin.queries if (found := CUT.search(query))}
    texts = []
    for side, ids in (("probe", sample.probe), ("reference", sample.reference)):
        n, s = Counter[str](), Counter[str]()
        for name, score in zip(ids, sample.score, strict=True):
            if math.isfinite(score) and score >= float(cut):
                n[name] += 1
                s[name] += math.floor(score * factor)
        texts += [f"{side} {n[name]} {s[name]} {name}" for name in n]
    return hashed(texts)


def test_blocks_follow_from_ids_and_all_scores() -> None:
    """Known answer: the rule of docs/tally-format.md, in Python."""
    sample = made(np.random.default_rng(1).normal(size=(20, 60)))
    # What failed, and what is infinite, has no part in it.
    sample.score[5], sample.score[77], sample.score[99] = float("nan"), math.inf, -math.inf
    tally, blocks = counted(sample)
    salt = salt_of(sample, tally)
    assert blocks == {person: block(person, salt) for person in blocks}
    assert len(set(blocks.values())) > 10


def test_equal_scores_give_equal_blocks_however_they_come() -> None:
    sample = made(np.random.default_rng(2).normal(size=(20, 60)))
    order = np.random.default_rng(3).permutation(len(sample.score))
    mixed = sample.only(order.tolist())
    found = [counted(sample)[1], counted(mixed, n_parts=3)[1]]
    assert found[0] == found[1]


def test_one_other_score_gives_other_blocks() -> None:
    """By so little that no table of the tally shows it."""
    scores = np.random.default_rng(4).normal(size=(20, 60))
    other = scores.copy()
    third = np.unravel_index(np.argsort(scores, axis=None)[-3], scores.shape)
    other[third] += 2e-5
    (tally, blocks), (changed, others) = counted(made(scores)), counted(made(other))
    for column, values in tally.tables["counts"].items():
        np.testing.assert_array_equal(values, changed.tables["counts"][column])
    same = sum(blocks[person] == others[person] for person in blocks)
    assert same < len(blocks) / 3


def test_ids_groups_and_tally_do_not_give_the_salt() -> None:
    """The attack that found it when the salt was of the best scores alone: every order of what the tally tells of them.

    Blocks of 30 people of each group are too many to be met by chance: whoever found the salt would know it.
    """
    n, m, groups = 6, 300, 10
    scores = np.random.default_rng(9).normal(size=(n, m))
    sample = made(scores, groups)
    tally, _ = counted(sample, min_people=n)
    table = tally.tables["blocks"]
    want = {
        (int(b), tally.joint[g][0]): int(people)
        for b, g, people in zip(table["block"], table["reference_group"], table["people"], strict=True)
    }
    assert len({b for b, _ in want}) == N_BLOCKS

    def fits(salt: str) -> bool:
        return Counter((block(f"u{j}", salt), f"g{j % groups:02d}") for j in range(m)) == want

    # Who has the scores finds it: the check works.
    assert fits(salt_of(sample, tally))
    best = [
        float(tally.edges[b])
        for b, count in zip(tally.tables["best_nonmated"]["bin"], tally.tables["best_nonmated"]["count"], strict=True)
        for _ in range(int(count))
    ]
    assert len(best) == n
    fine = 2.0 ** round(-math.log2(np.diff(tally.edges[1:]).min()))
    assert fine >= 2**FINE_BITS
    sums = 2.0 ** exponent_of(sample)
    for order in itertools.permutations(best):
        by_id = {f"q{i}": edge for i, edge in enumerate(order)}
        # The salt as it was.
        former = " ".join(f"{name}:{math.floor(edge * fine)}" for name, edge in by_id.items())
        assert not fits(hashlib.md5(former.encode()).hexdigest())
        # As it is, of what is known of the searches.
        assert not fits(hashed([f"probe {m} {math.floor(m * edge * sums)} {name}" for name, edge in by_id.items()]))


@pytest.mark.parametrize("scores", ["all alike", "few values", "few people"])
def test_scores_that_keep_no_secret_give_one_block(scores: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    values = {
        "all alike": np.full((40, 60), 0.5),
        # A third of the references is matched, the same by everybody: two sums for references, one for probes.
        "few values": np.tile(np.arange(60) % 3 == 0, (40, 1)).astype(float),
        "few people": rng.normal(size=(4, 5)),
    }[scores]
    sample = made(values)
    tally, blocks = counted(sample, thresholds=[0.5])
    assert set(blocks.values()) == {0}
    assert tally.in_one_block
    assert ONE_BLOCK in tally.warnings
    write_tally(tally, tmp_path / "one.tally")
    again = read_tally(tmp_path / "one.tally")
    assert again.in_one_block
    with pytest.raises(NotEstimableError, match="in one block"):
        model_from_tally(again)
    # Rates need no blocks.
    (fmr,) = (r for r in compute_rates(again, thresholds=[0.5]).records if r.measure == "fmr" and r.target is None)
    assert fmr.estimate == (values >= 0.5).mean()


def test_numbers_of_comparisons_keep_no_secret() -> None:
    """A design is known: samples that differ in how many comparisons they had, and in nothing else, are told apart."""
    sample = made(np.full((60, 60), 0.5))
    kept = [k for k in range(3600) if k % 60 <= k // 60]
    tally, _ = counted(sample.only(kept))
    assert tally.in_one_block


@pytest.mark.parametrize("size", [1e-300, 1.0, 3e38, 1e300])
def test_scores_of_any_size_are_summed(size: float) -> None:
    sample = made(np.random.default_rng(6).normal(size=(20, 60)) * size, decimals=None)
    tally, blocks = counted(sample)
    assert not tally.in_one_block
    assert len(set(blocks.values())) > 10


def test_a_sum_with_a_tally_in_one_block_is_in_one_block() -> None:
    """Else the references of one whole tally would be left out, or none of them."""
    rng = np.random.default_rng(7)
    tallies = [counted(made(values), thresholds=[1.0])[0] for values in (rng.normal(size=(20, 60)), np.ones((4, 5)))]
    assert [t.in_one_block for t in tallies] == [False, True]
    whole = merge_tallies(tallies, shared="disjoint")
    assert whole.in_one_block
    assert ONE_BLOCK in whole.warnings
    assert int(whole.tables["blocks"]["people"].sum()) == 65
    shown = [int(t.tables["spectrum"]["count"][t.levels[t.tables["spectrum"]["level"]] >= 1.0].sum()) for t in tallies]
    of_whole = whole.tables["spectrum"]
    assert int(of_whole["count"][whole.levels[of_whole["level"]] >= 1.0].sum()) == sum(shown)
    assert not merge_tallies([tallies[0], tallies[0]], shared="disjoint").in_one_block


@pytest.mark.parametrize("values", [[1, 1, 2], [1, 2, 3, 4], [7, 7, 7], [1, 1, 2, 2, 3]])
def test_orders_are_never_counted_too_many(values: list[int]) -> None:
    """The product of d! against every order, one by one."""
    orders = len(set(itertools.permutations(values)))
    assert math.factorial(len(set(values))) <= orders
    # As many such cells as it takes, and not one fewer.
    distinct = len(set(values))
    if distinct > 1:
        need = math.ceil(SECRET_BITS / math.log2(math.factorial(distinct)))
        assert secret_enough({distinct: need})
        assert not secret_enough({distinct: need - 1})
