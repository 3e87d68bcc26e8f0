"""Engines whose scores move with the gallery: from candidate lists at two galleries to a range, by both ways in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from misid import open_scores, project, read_tally
from misid.ground.errors import NotEstimableError, UsageError
from misid.search.from_tally import NormalisedModel
from misid.search.model import SearchModel
from misid.tally.build import build_tally
from tests.conftest import write_table

Misid = Callable[..., tuple[int, str, str]]
LENGTH, SEARCHES, THRESHOLD = 5, 400, 3.5


def best(gallery: int, rng: np.random.Generator, searches: int = SEARCHES) -> npt.NDArray[np.float64]:
    """Best `LENGTH` scores of a search, in units of the spread of ranks 5 to 40 of its own list."""
    raw = 0.4 * rng.standard_normal((searches, 1)) + rng.standard_normal((searches, gallery))
    top = -np.sort(-raw, axis=1)[:, :40]
    rest = top[:, 4:]
    return np.asarray(
        np.round(((top - rest.mean(axis=1, keepdims=True)) / rest.std(axis=1, keepdims=True))[:, :LENGTH], 3)
    )


def lists(folder: Path, gallery: int, rng: np.random.Generator, misid: Misid, *, sign: int = 1) -> Path:
    """A tally of candidate lists; with `sign` -1 the scores are distances."""
    folder.mkdir()
    scores = sign * best(gallery, rng)
    rows = [
        [f"q{s}", rank + 1, f"g{(s * 7 + rank) % gallery}", scores[s, rank]]
        for s in range(SEARCHES)
        for rank in range(LENGTH)
    ]
    write_table(folder / "candidates.csv", ["search", "rank", "reference", "score"], rows)
    write_table(folder / "searches.csv", ["search", "person"], [[f"q{s}", f"p{s}"] for s in range(SEARCHES)])
    write_table(folder / "references.csv", ["reference", "person"], [[f"g{g}", f"r{g}"] for g in range(gallery)])
    polarity = ("--lower-is-more-similar",) if sign < 0 else ()
    status, _, err = misid(
        "tally", folder / "candidates.csv", "--searches", folder / "searches.csv", "--references",
        folder / "references.csv", "--list-length", LENGTH, "--threshold", sign * THRESHOLD, *polarity, "-o",
        folder / "lists.tally",
    )  # fmt: skip
    assert status == 0, err
    return folder / "lists.tally"


@pytest.fixture
def two(tmp_path: Path, misid: Misid) -> tuple[Path, Path]:
    rng = np.random.default_rng(4)
    return lists(tmp_path / "small", 200, rng, misid), lists(tmp_path / "large", 2000, rng, misid)


def test_the_command_gives_the_range_that_two_galleries_allow(two: tuple[Path, Path], misid: Misid) -> None:
    small, large = two
    call = ("project", large, "--normalised", "--gallery", "20000,2e8", "--format", "json")
    seen, both = (
        [r for r in json.loads(misid(*call, *more)[1]) if r["measure"] == "fpir"] for more in (("--smaller", small), ())
    )
    truth = float((best(20_000, np.random.default_rng(9), 300)[:, 0] >= THRESHOLD).mean())
    for record in (seen[0], both[0]):
        assert record["lo"] <= truth <= record["hi"]
    for one, other in zip(seen, both, strict=True):
        assert (one["estimate"], one["limits"], one["status"]) == (None, "assumptions", "ok")
        assert one["hi"] < other["hi"]
        assert one["reason"]
        assert one["assumptions"]


def test_python_gives_the_same(two: tuple[Path, Path], misid: Misid) -> None:
    small, large = (read_tally(path) for path in two)
    made = project(large, [10**6], thresholds=THRESHOLD, normalised=True, smaller=small)
    assert isinstance(made.model, NormalisedModel)
    model: SearchModel = made.model
    fpir, fnir = made.answers
    assert (fpir.lo, fpir.hi) == (model.fpir(10**6, THRESHOLD).lo, model.fpir(10**6, THRESHOLD).hi)
    assert fnir.status == "refused"
    assert "mated searches" in fnir.needed
    out = misid("project", two[1], "--normalised", "--smaller", two[0], "--gallery", "1e6", "--format", "json")[1]
    assert json.loads(out)[0]["hi"] == fpir.hi


def test_distances_are_turned(tmp_path: Path, misid: Misid) -> None:
    apart = [
        lists(tmp_path / name, 300, np.random.default_rng(6), misid, sign=sign)
        for name, sign in (("score", 1), ("distance", -1))
    ]
    found = []
    for path in apart:
        out = misid("project", path, "--normalised", "--gallery", "1e5", "--format", "json")[1]
        record = json.loads(out)[0]
        found.append((abs(record["threshold"]), record["lo"], record["hi"]))
    assert found[0] == pytest.approx(found[1])


def test_wrong_calls_are_said(two: tuple[Path, Path], misid: Misid) -> None:
    small, large = two
    for arguments, said in (
        ([large, "--smaller", small], "add --normalised"),
        ([large, "--normalised", "--images", "2"], "leave them out with --normalised"),
        ([small, "--normalised", "--smaller", large], "give the smaller first"),
    ):
        status, _, err = misid("project", *arguments, "--gallery", "1e6")
        assert (status, said in err) == (2, True), err
    status, _, err = misid("project", large, "--gallery", "1e6")
    assert status == 4
    assert "candidate lists end" in err
    tally = read_tally(large)
    with pytest.raises(UsageError, match="normalised=True"):
        project(tally, 10, thresholds=THRESHOLD, smaller=tally)
    with pytest.raises(UsageError, match="do not move"):
        project(tally, 10, thresholds=THRESHOLD, normalised=True, images=2)
    with pytest.raises(NotEstimableError):
        NormalisedModel(large=tally).fpir(10, THRESHOLD, group="nobody")


def test_comparisons_do_as_well(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    rows = [[f"a{i}", f"b{j}", f"p{i}", f"p{j}", rng.normal()] for i in range(30) for j in range(30) if i != j]
    write_table(tmp_path / "s.csv", ["probe", "reference", "probe_person", "reference_person", "score"], rows)
    tally = build_tally(open_scores(tmp_path / "s.csv"), thresholds=[2.0])
    [fpir, _] = project(tally, 1000, thresholds=2.0, normalised=True).answers
    assert fpir.limits == "assumptions"
