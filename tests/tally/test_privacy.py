"""A tally for publication: no group of few people, and nothing of few people by subtraction of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from misid.cli.main import run
from misid.engine import DuckDBEngine
from misid.tally import Tally, build_tally, merge_tallies, read_tally, write_tally
from misid.tally.across import Sharing
from misid.tally.labels import OTHER
from misid.tally.privacy import people_of, publication_problems
from tests.tally.samples import Sample, cross

SMALL = 5


def sample(sizes: Sequence[int], seed: int = 1) -> Sample:
    """Everybody against everybody, so many people in each region and, alternating, of each sex."""
    rng = np.random.default_rng(seed)
    groups = [(f"R{r}", "FM"[k % 2]) for r, n in enumerate(sizes) for k in range(n)]
    made = cross(rng, len(groups), len(groups), same=True, groups=(("R0", "F"),), attributes=("region", "sex"))
    people = list(dict.fromkeys([*made.probe_person, *made.reference_person]))
    return replace(made, group_of=dict(zip(people, groups, strict=True)))


def tally_of(one: Sample, min_people: int | None = SMALL, keep: Sequence[str] | None = None) -> Tally:
    if keep is not None:
        rows = [i for i in range(len(one.probe)) if {one.probe_person[i], one.reference_person[i]} <= set(keep)]
        one = one.only(rows)
    with DuckDBEngine(threads=1) as engine:
        return build_tally(one.scores(engine), thresholds=[1.0], min_people=min_people)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 14), min_size=1, max_size=4), st.integers(1, 8))
def test_no_cell_of_a_folded_tally_has_few_people(sizes: list[int], min_people: int) -> None:
    tally = tally_of(sample(sizes), min_people)
    if sum(sizes) >= min_people:
        assert [n for n in people_of(tally).values() if n < min_people] == []
        assert publication_problems([tally], min_people=min_people) == ()
    # What groups of one attribute have together is everybody: nothing is left out, so nothing follows as the rest.
    for attribute in tally.attributes:
        mine = [label.name for label in tally.labels if label.attribute == attribute]
        assert sum(people_of(tally).get((name, "probes"), 0) for name in mine) == people_of(tally).get(
            ("all", "probes"), 0
        )


def two_attributes() -> Sample:
    """60 people, 30 F, 19 X, one of both; everybody against everybody."""
    rng = np.random.default_rng(4)
    made = cross(rng, 60, 60, same=True, groups=(("F", "X"),), attributes=("sex", "race"))
    people = list(dict.fromkeys(made.probe_person))
    groups: dict[str, tuple[str, ...]] = {
        p: ("F" if i < 30 else "M", "X" if i == 0 or i >= 42 else "Y") for i, p in enumerate(people)
    }
    return replace(made, group_of=groups)


def test_one_person_of_two_large_groups_is_found_and_folded() -> None:
    """Tables are kept by combination of groups, whatever groups are reported."""
    one = two_attributes()
    tally = tally_of(one, None)
    alone = tally.joint.index(("F", "X"))
    mates = tally.tables["mates"]
    # The bin of that one person's mate score stands in the tally.
    assert int(mates["count"][mates["probe_group"] == alone].sum()) == 1
    (found,) = publication_problems([tally])
    assert (found.code, found.where) == ("E051", "tally 1, group sex=F & race=X")
    assert "1 in searches with a mate" in found.seen
    assert "--min-people 10" in str(found)
    # A tally that does not say how many people there are says how many searches, which are no fewer.
    (older,) = publication_problems([replace(tally, joint_people=None)])
    assert older.where == found.where
    assert "at most 1 in searches with a mate" in older.seen
    assert publication_problems([tally_of(one, 10)]) == ()


def test_a_difference_in_a_combination_is_found() -> None:
    """Every reported group differs by many, one combination by one."""
    one = two_attributes()
    everybody = list(dict.fromkeys(one.probe_person))
    without = [p for i, p in enumerate(everybody) if i not in (0, 1, 6, 30, 31)]
    a, b = (tally_of(replace(one, group_of={p: (s, "X" if i < 6 or i >= 42 else "Y") for i, (p, (s, _)) in
                                            enumerate(one.group_of.items())}), None, keep=k)
            for k in (None, without))  # fmt: skip
    for older in (False, True):
        pair = [replace(t, joint_people=None) if older else t for t in (a, b)]
        found = [p for p in publication_problems(pair, min_people=2) if p.code == "E052"]
        assert {p.where for p in found} == {"tally 1 and tally 2, group sex=F & race=Y"}
        assert "the counts of 1 follow by subtraction" in found[0].seen


def two_sites(seed: int, n: int) -> tuple[Sample, list[str]]:
    """Everybody against everybody, one half of the people of each site; and the people in order."""
    one = cross(np.random.default_rng(seed), n, n, same=True, groups=(("A",),), attributes=("site",))
    people = list(dict.fromkeys(one.probe_person))
    return replace(one, group_of={p: ("A" if i < n // 2 else "B",) for i, p in enumerate(people)}), people


def test_a_pair_of_groups_of_few_people_is_found_and_folded() -> None:
    """Two sites, each with its own references; two people of one were searched at the other."""
    one, people = two_sites(8, 40)
    rows = [
        i for i, (p, r) in enumerate(zip(one.probe_person, one.reference_person, strict=True))
        if one.group_of[p] == one.group_of[r] or p in people[:2]
    ]  # fmt: skip
    one = one.only(rows)
    (found,) = publication_problems([tally_of(one, None)], min_people=SMALL)
    assert found.where == "tally 1, group A searched in B"
    assert found.seen == "people: 2 in probes"
    folded = tally_of(one, SMALL)
    assert {label.name for label in folded.labels} == {"all", OTHER}
    assert publication_problems([folded], min_people=SMALL) == ()


def test_few_mates_are_few_people() -> None:
    """Many were searched with and few are enrolled: mated counts are of the few."""
    one, people = two_sites(9, 30)
    rows = [
        i for i, (p, r) in enumerate(zip(one.probe_person, one.reference_person, strict=True))
        if p != r or p not in people[18:]
    ]  # fmt: skip
    one = one.only(rows)
    (found,) = publication_problems([tally_of(one, None)], min_people=SMALL)
    assert found.where == "tally 1, group B"
    assert found.seen == "people: 3 in mated, 3 in searches with a mate"
    assert publication_problems([tally_of(one, SMALL)], min_people=SMALL) == ()


@pytest.mark.parametrize("shared", ["disjoint", "references", "people"])
def test_people_of_combinations_are_kept_in_files_and_sums(shared: Sharing, tmp_path: Path) -> None:
    tally = tally_of(two_attributes(), None)
    write_tally(tally, tmp_path / "a.tally")
    again = read_tally(tmp_path / "a.tally")
    assert again.joint_people == tally.joint_people
    assert again.joint_people is not None
    # By hand: sex M has 12 people of race Y and 18 of X.
    assert dict(zip(again.joint, again.joint_people["mated"], strict=True)) == {
        ("F", "X"): 1, ("F", "Y"): 29, ("M", "X"): 18, ("M", "Y"): 12
    }  # fmt: skip
    whole = merge_tallies([tally, tally], shared=shared).joint_people
    assert whole is not None
    for side, people in tally.joint_people.items():  # type: ignore[union-attr]
        same = shared == "people" or (shared, side) == ("references", "references")
        assert whole[side] == tuple(n * (1 if same else 2) for n in people)
    assert merge_tallies([tally, replace(tally, joint_people=None)], shared=shared).joint_people is None


def test_one_small_group_takes_the_next_with_it() -> None:
    """Alone in (other), it would be everybody less all the others."""
    one = sample([20, 12, 3])
    tally = tally_of(one)
    names = {label.name for label in tally.labels}
    assert "region=R2" not in names
    assert f"region={OTHER}" in names
    people = people_of(tally)
    assert min(people.values()) >= SMALL
    assert any("folded into (other)" in w and "still" not in w for w in tally.warnings)


def test_an_unfolded_tally_shows_small_cells_and_says_which() -> None:
    found = publication_problems([tally_of(sample([20, 12, 3]), None)], min_people=SMALL)
    assert {p.code for p in found} == {"E051"}
    assert [p.where for p in found] == ["tally 1, group region=R2"]
    assert "3 in probes" in found[0].seen


def test_subtraction_gives_a_person_and_is_found() -> None:
    """The attack: with and without one person, every count of that person is the difference."""
    one = sample([10, 10])
    everybody = sorted(set(one.probe_person))
    left_out = everybody[3]
    a, b = tally_of(one), tally_of(one, keep=[p for p in everybody if p != left_out])
    mated = [int(t.tables["counts"]["count"][t.tables["counts"]["mated"] == 1].sum()) for t in (a, b)]
    own = sum(p == left_out == r for p, r in zip(one.probe_person, one.reference_person, strict=True))
    assert mated[0] - mated[1] == own > 0
    found = publication_problems([a, b], min_people=SMALL)
    assert {p.code for p in found} == {"E052"}
    assert "the counts of 1 follow by subtraction" in found[0].seen
    # Many people apart: what follows is a group that might have been published.
    assert publication_problems([a, tally_of(one, keep=everybody[:12])], min_people=SMALL) == ()
    assert publication_problems([a, a], min_people=SMALL) == ()


def test_two_ways_of_folding_the_same_scores_are_found() -> None:
    one = sample([20, 12, 6])
    inputs = ({"what": "scores", "kind": "csv", "rows": 1, "bytes": 1, "sha256": "ab"},)
    a, b = (replace(t, origin=replace(t.origin, inputs=inputs)) for t in (tally_of(one, 3), tally_of(one, 7)))
    assert {label.name for label in a.labels} != {label.name for label in b.labels}
    assert {p.code for p in publication_problems([a, b], min_people=3)} == {"E052"}


def test_the_command_says_whether_a_tally_may_be_published(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = sample([20, 12, 3])
    write_tally(tally_of(one), tmp_path / "public.tally")
    write_tally(tally_of(one, None), tmp_path / "whole.tally")
    assert run(["check", str(tmp_path / "public.tally"), "--min-people", str(SMALL)]) == 0
    assert "has fewer than 5 people" in capsys.readouterr().out
    assert run(["check", str(tmp_path / "whole.tally"), "--min-people", str(SMALL)]) == 3
    assert "E051 small-cell" in capsys.readouterr().out
    both = [str(tmp_path / "public.tally"), str(tmp_path / "whole.tally")]
    assert run(["check", *both, "--min-people", str(SMALL), "--format", "json"]) == 3
    assert '"ok": false' in capsys.readouterr().out
