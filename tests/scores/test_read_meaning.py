"""What the rows of an input are taken to mean: people, mated, failed, turned, compared with itself, named how."""

from __future__ import annotations

import csv
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from misid.ground.errors import Findings
from misid.scores import Scores, open_scores
from misid.scores.mapping import find_columns, folded, side_columns
from misid.scores.people import components
from tests.scores.conftest import Small, close_to, contents, write

BASE = ("probe", "reference", "mated", "score")


def rows_of(scores: Scores) -> list[tuple[Any, ...]]:
    return scores.engine.rows("SELECT probe, reference, mated, score FROM comparisons ORDER BY ALL")


def opened(folder: Path, rows: Any, header: tuple[str, ...] = BASE, **more: Any) -> Scores:
    return open_scores(write(folder / "scores.csv", header, rows), **more)


def test_a_sample_compared_with_itself_is_left_out_and_counted(tmp_path: Path) -> None:
    rows = [("a", "a", 1, 1.0), ("b", "b", 1, 1.0), ("a", "b", 1, 0.9), ("a", "c", 0, 0.1)]
    with opened(tmp_path, rows) as scores:
        assert scores.refused == (("self-comparison", 2),)
        assert [row[:2] for row in rows_of(scores)] == [("a", "b"), ("a", "c")]
    with opened(tmp_path, rows, same_samples=False) as scores:
        assert scores.refused == ()
        assert len(rows_of(scores)) == 4
        # Samples of two namespaces: b the probe is not b the reference, but both are of one person.
        assert len({row[2] for row in contents(scores)}) == 1
    with opened(tmp_path, rows[2:], same_samples=True) as scores:
        assert scores.refused == ()


def test_ids_that_are_people_are_not_compared_with_themselves(tmp_path: Path) -> None:
    rows = [("a", "a", 1, 0.9), ("b", "b", 1, 0.8), ("a", "b", 0, 0.1)]
    with opened(tmp_path, rows) as scores:
        assert scores.refused == ()
        assert len(rows_of(scores)) == 3
    with opened(tmp_path, [(p, r, s) for p, r, _, s in rows], ("probe", "reference", "score")) as scores:
        assert [row[2] for row in rows_of(scores)] == [True, False, True]
        assert scores.notes[0].startswith("W003")


def test_sides_that_number_their_samples_apart(tmp_path: Path) -> None:
    # 1 the probe is of another person than 1 the reference.
    rows = [(1, 1, 0, 0.1), (1, 2, 1, 0.9), (2, 1, 1, 0.8), (2, 2, 0, 0.2)]
    with opened(tmp_path, rows) as scores:
        assert scores.refused == ()
        found = contents(scores)
        assert all((row[2] == row[3]) == row[6] for row in found)
        assert len({row[2] for row in found}) == 2


def test_declared_mated_wins_over_people(tmp_path: Path) -> None:
    header = ("probe", "reference", "probe_person", "reference_person", "mated", "score")
    rows = [("a", "x", 1, 1, 0, 0.5), ("b", "x", 2, 1, 1, 0.5)]
    with opened(tmp_path, rows, header) as scores:
        assert [row[2] for row in rows_of(scores)] == [False, True]
    with opened(tmp_path, [(*row[:4], row[5]) for row in rows], (*header[:4], "score")) as scores:
        assert [row[2] for row in rows_of(scores)] == [True, False]


def test_ids_of_different_types_are_compared_as_text(small: Small, tmp_path: Path) -> None:
    import pyarrow as pa

    table = pa.table({"probe": [1, 2], "reference": ["1", "3"], "probe_person": [7, 8], "reference_person": ["7", "9"],
                      "score": pa.array([1, 2], pa.int16())})  # fmt: skip
    with open_scores(table, same_samples=False) as scores:
        assert rows_of(scores) == [("1", "1", True, 1.0), ("2", "3", False, 2.0)]


@pytest.mark.parametrize(
    "failures, expected",
    [
        ((), {"low": (-1.0, False), "gone": (None, False), "odd": (math.nan, False), "top": (math.inf, False)}),
        ((-1.0,), {"low": (None, True), "gone": (None, False), "odd": (math.nan, False), "top": (math.inf, False)}),
        ((math.nan,), {"low": (-1.0, False), "gone": (None, True), "odd": (None, True), "top": (math.inf, False)}),
        ((-1.0, math.nan), {"low": (None, True), "gone": (None, True), "odd": (None, True), "top": (math.inf, False)}),
    ],
)
@pytest.mark.parametrize("polarity", ["similarity", "distance"])
def test_failure_codes(tmp_path: Path, failures: Any, expected: Any, polarity: Any) -> None:
    rows = [
        ("low", "x", 1, -1),
        ("gone", "x", 1, ""),
        ("odd", "x", 1, "nan"),
        ("top", "x", 0, "inf"),
        ("ok", "x", 0, 2),
    ]
    sign = -1 if polarity == "distance" else 1
    with opened(tmp_path, rows, failures=failures, polarity=polarity) as scores:
        assert scores.failures == failures
        for name, score, failed in scores.engine.rows("SELECT probe, score, failed FROM comparisons"):
            wanted, was_failure = expected.get(name, (2.0, False))
            assert failed is was_failure
            if wanted is None or math.isnan(wanted):
                assert score is wanted or math.isnan(score)
            else:
                assert score == sign * wanted


def test_a_failure_code_that_float32_cannot_hold(small: Small, tmp_path: Path) -> None:
    import pyarrow as pa

    scores32 = pa.array(np.array([-0.1, 0.5], np.float32))
    table = pa.table({"probe": ["a", "b"], "reference": ["x", "x"], "mated": [1, 0], "score": scores32})
    with open_scores(table, failures=(-0.1,)) as scores:
        assert [row[3] for row in rows_of(scores)] == [None, 0.5]


def test_distances_are_turned(small: Small, tmp_path: Path) -> None:
    rows = [("a", "x", 1, 0.1), ("b", "x", 0, 0.9)]
    for header, more in ((("probe", "reference", "mated", "Distance"), {}), (BASE, {"polarity": "distance"})):
        with opened(tmp_path, rows, header, **more) as scores:
            assert scores.polarity == "distance"
            assert [row[3] for row in rows_of(scores)] == [-0.1, -0.9]
    with opened(tmp_path, rows, ("probe", "reference", "mated", "dist"), polarity="similarity") as scores:
        assert scores.polarity == "similarity"


def test_names_that_other_tools_give_columns(small: Small, tmp_path: Path) -> None:
    renamed = ("Query ID", "galleryId", "query_subject", "gallery_subject", "similarity", "Same Person")
    rows = [[*row[:4], row[9], bool(row[8])] for row in small.rows]
    with opened(tmp_path, rows, renamed, failures=(-1.0,)) as scores:
        assert close_to(contents(scores), small.expected(attributes=0))
        assert scores.mapping == tuple(
            zip(("probe", "reference", "probe_person", "reference_person", "score", "mated"),
                (*renamed[:4], "similarity", "Same Person"), strict=True)
        )  # fmt: skip
    with opened(tmp_path, rows, ("a", "b", "c", "d", "e", "f"), probe="a", reference="b", probe_person="c",
                reference_person="d", score="e", mated="f", failures=(-1.0,)) as scores:  # fmt: skip
        assert close_to(contents(scores), small.expected(attributes=0))


def test_guesses() -> None:
    assert folded("Probe ID ") == folded("probe_id") == "probeid"
    findings = Findings()
    columns = ("probe", "probe_image", "ref", "score")
    found = find_columns(columns, {"probe": None, "reference": None, "score": None}, ("probe",), "x", findings)
    assert found == {"probe": "probe", "reference": "ref", "score": "score"}
    assert not findings.problems
    assert side_columns(["probe_sex", "Reference_Sex", "age_probe", "age_reference", "probe_only", "query_x"]) == {
        "sex": ("probe_sex", "Reference_Sex"), "age": ("age_probe", "age_reference"),
    }  # fmt: skip


NASTY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(st.lists(NASTY, min_size=3, max_size=6, unique=True), st.sampled_from([",", "\t", ";"]))
def test_any_text_is_an_id(ids: list[str], delimiter: str) -> None:
    rows = [(p, r, int(p == r), i / 8) for p in ids for i, r in enumerate(ids)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scores.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
            writer.writerows([BASE, *rows])
        with open_scores(path, hash_inputs=False) as scores:
            assert sorted(rows_of(scores)) == sorted((p, r, bool(m), s) for p, r, m, s in rows)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20))
def test_components_are_those_of_a_walk(n: int, edges: list[tuple[int, int]]) -> None:
    kept = [(a, b) for a, b in edges if a < n and b < n]
    ends = np.array(kept, dtype=np.int64).reshape(-1, 2)
    found = components(ends[:, 0], ends[:, 1], n)
    for start in range(n):
        reached, frontier = {start}, [start]
        while frontier:
            node = frontier.pop()
            near = {b for a, b in kept if a == node} | {a for a, b in kept if b == node}
            frontier += near - reached
            reached |= near
        assert found[start] == min(reached)


def test_long_chains_of_images_are_one_person() -> None:
    n = 20_000
    order = np.random.default_rng(0).permutation(n)
    assert not components(order[:-1], order[1:], n).any()


def test_what_is_declared_travels(small: Small, tmp_path: Path) -> None:
    source = small.write(tmp_path / "scores.csv")
    with open_scores(source, acquisition=(3, 500), enrolment=(0, 400), failures=(-1.0,), threads=1) as scores:
        assert scores.acquisition_failures == (3, 500)
        assert scores.enrolment_failures == (0, 400)
        assert scores.engine.rows("SELECT current_setting('threads')")[0] == (1,)


def test_a_failed_reading_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with pytest.raises(ValueError, match="E001"):
        open_scores(tmp_path / "nothing.csv")
    assert list(scratch.iterdir()) == []
