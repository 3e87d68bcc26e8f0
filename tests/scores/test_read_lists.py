"""Candidate lists: searches, candidates and references together."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from misid.ground.errors import BadInputError, UsageError
from misid.scores import SEARCHES, Gallery, Scores, open_scores
from tests.scores.conftest import contents, write

SEARCH_ROWS = [("s1", "a", "F"), ("s2", "a", "F"), ("s3", "b", "M"), ("s4", "z", "F"), ("s5", "y", "M")]
REFERENCE_ROWS = [("g1", "a", "F"), ("g2", "a", "F"), ("g3", "b", "M"), ("g4", "c", "X")]
CANDIDATE_ROWS = [
    ("s1", 1, "g1", 0.9), ("s1", 2, "g3", 0.5), ("s2", 1, "g4", 0.6), ("s2", 2, "g2", 0.55), ("s4", 1, "g3", 0.7),
]  # fmt: skip
COMPLETE = {"list_length": 2, "return_threshold": 0.5}


def searches_of(scores: Scores) -> list[tuple[Any, ...]]:
    return scores.engine.rows(
        f"SELECT probe, probe_person, probe_group, mated, n_candidates, failed FROM {SEARCHES} ORDER BY probe"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "searches.csv", ("search", "person", "sex"), SEARCH_ROWS)
    write(tmp_path / "references.csv", ("reference", "person", "sex"), REFERENCE_ROWS)
    write(tmp_path / "candidates.csv", ("search", "rank", "reference", "score"), CANDIDATE_ROWS)
    return tmp_path


def opened(folder: Path, **more: Any) -> Scores:
    given: dict[str, Any] = {"searches": folder / "searches.csv", "references": folder / "references.csv", **COMPLETE}
    return open_scores(folder / "candidates.csv", **(given | more))


def test_lists_with_a_table_of_references(folder: Path) -> None:
    with opened(folder) as scores:
        assert scores.kind == "candidates"
        assert (scores.list_length, scores.return_threshold) == (2, 0.5)
        assert scores.gallery == Gallery(n_references=4, n_people=3, by_group={"F": 2, "M": 1, "X": 1})
        assert scores.joint == (("F",), ("M",), ("X",))
        assert searches_of(scores) == [
            ("s1", "a", "F", True, 2, False),
            ("s2", "a", "F", True, 2, False),
            ("s3", "b", "M", True, 0, False),
            ("s4", "z", "F", False, 1, False),
            ("s5", "y", "M", False, 0, False),
        ]
        assert contents(scores) == [
            ("s1", "g1", "a", "a", "F", "F", True, 0.9, False),
            ("s1", "g3", "a", "b", "F", "M", False, 0.5, False),
            ("s2", "g2", "a", "a", "F", "F", True, 0.55, False),
            ("s2", "g4", "a", "c", "F", "X", False, 0.6, False),
            ("s4", "g3", "z", "b", "F", "M", False, 0.7, False),
        ]
        ranks = scores.engine.rows("SELECT probe, rank FROM comparisons ORDER BY ALL")
        assert ranks == [("s1", 1), ("s1", 2), ("s2", 1), ("s2", 2), ("s4", 1)]
        assert len(scores.part_fingerprints or ()) == 1
        assert scores.notes == ()


def test_lists_with_groups_of_people(folder: Path) -> None:
    people = write(folder / "people.csv", ("person", "race"), [("a", "A"), ("b", "B"), ("z", "A")])
    with opened(folder, subjects=people) as scores:
        assert scores.attributes == ("race",)
        assert scores.gallery is not None
        assert scores.gallery.by_group == {"A": 2, "B": 1, "(missing)": 1}
        assert {row[2] for row in searches_of(scores)} == {"A", "B", "(missing)"}
        assert scores.joint == (("(missing)",), ("A",), ("B",))


def test_lists_with_flags_and_a_number_for_the_gallery(folder: Path) -> None:
    flags = {"s1": 1, "s2": 1, "s3": 1, "s4": 0, "s5": 0}
    write(folder / "searches.csv", ("search", "person", "mated"), [(s, p, flags[s]) for s, p, _ in SEARCH_ROWS])
    people = {reference: person for reference, person, _ in REFERENCE_ROWS}
    rows = [(s, rank, r, score, people[r]) for s, rank, r, score in CANDIDATE_ROWS]
    write(folder / "candidates.csv", ("search", "rank", "reference", "score", "reference_person"), rows)
    with opened(folder, references=None, gallery=1000) as scores:
        assert scores.gallery == Gallery(n_references=1000, n_people=1000)
        assert [row[3:] for row in searches_of(scores)][2] == (True, 0, False)
        assert sum(row[6] for row in contents(scores)) == 2
        assert scores.notes[0].startswith("W005")


@pytest.mark.parametrize("with_people", [True, False])
def test_lists_in_which_only_mates_are_marked(folder: Path, with_people: bool) -> None:
    flags = {"s1": 1, "s2": 1, "s3": 1, "s4": 0, "s5": 0}
    if with_people:
        write(folder / "searches.csv", ("search", "person", "mated"), [(s, p, flags[s]) for s, p, _ in SEARCH_ROWS])
    else:
        write(folder / "searches.csv", ("search", "mated"), flags.items())
    mates = {("s1", "g1"), ("s2", "g2")}
    rows = [(s, r, score, int((s, r) in mates)) for s, _, r, score in CANDIDATE_ROWS]
    write(folder / "candidates.csv", ("search", "reference", "score", "mated"), rows)
    with opened(folder, references=None, gallery=4) as scores:
        found = contents(scores)
        assert {row[:2] for row in found if row[6]} == mates
        assert all((row[2] == row[3]) == row[6] for row in found)
        by_search = {row[0]: row[1] for row in searches_of(scores)}
        assert all(by_search[row[0]] == row[2] for row in found)
        assert (by_search["s1"] == by_search["s2"]) == with_people
        assert any(text.startswith("W002") for text in scores.notes)
        assert any(text.startswith("W004") for text in scores.notes) is not with_people


def test_nothing_returned_at_all(folder: Path) -> None:
    write(folder / "candidates.csv", ("search", "rank", "reference", "score"), [])
    with opened(folder) as scores:
        assert contents(scores) == []
        assert len(searches_of(scores)) == 5
        assert scores.joint == (("F",), ("M",), ("X",))


def test_failed_searches_and_distances(folder: Path) -> None:
    write(folder / "searches.csv", ("search", "person", "failed"), [(s, p, int(s == "s5")) for s, p, _ in SEARCH_ROWS])
    rows = [(s, r, -1 if s == "s4" else round(1 - score, 2)) for s, _, r, score in CANDIDATE_ROWS]
    write(folder / "candidates.csv", ("search", "reference", "distance"), rows)
    with opened(folder, return_threshold=0.5, failures=(-1.0,)) as scores:
        assert scores.polarity == "distance"
        assert scores.return_threshold == -0.5
        assert [row[0] for row in searches_of(scores) if row[5]] == ["s4", "s5"]
        assert {row[7] for row in contents(scores)} == {-0.1, -0.5, -0.4, -0.45, None}


def test_complete_lists_need_no_declaration(folder: Path) -> None:
    rows = [(s[0], r[0], 0.1 * i) for s in SEARCH_ROWS for i, r in enumerate(REFERENCE_ROWS)]
    write(folder / "candidates.csv", ("search", "reference", "score"), rows)
    with opened(folder, complete_lists=True, list_length=None, return_threshold=None) as scores:
        assert scores.list_length is None
        assert scores.return_threshold is None


def test_lists_called_complete_have_the_whole_gallery(folder: Path) -> None:
    with pytest.raises(BadInputError, match="did not return the whole gallery") as caught:
        opened(folder, complete_lists=True, list_length=None, return_threshold=None)
    assert [(p.code, p.count) for p in caught.value.problems] == [("E026", 5)]


def test_short_lists_end_at_the_lowest_score_returned_where_nothing_is_declared(folder: Path) -> None:
    with opened(folder, return_threshold=None) as scores:
        assert (scores.return_threshold, scores.threshold_from_lists) == (0.5, True)
        [said] = scores.notes
    assert said.startswith("W026 unexplained-short-lists: 3 of 5 lists are shorter than 2, 2 of them empty")
    assert "0.5, the least similar score in any list" in said
    rows = [(s, r, round(1 - score, 2)) for s, _, r, score in CANDIDATE_ROWS]
    write(folder / "candidates.csv", ("search", "reference", "distance"), rows)
    with opened(folder, return_threshold=None) as scores:
        assert scores.return_threshold == -0.5
        assert "0.5, the least" in scores.notes[0]


def test_lists_that_are_all_full_have_no_threshold(folder: Path) -> None:
    rows = [(s[0], r[0], 0.1 * i) for s in SEARCH_ROWS for i, r in enumerate(REFERENCE_ROWS[:2])]
    write(folder / "candidates.csv", ("search", "reference", "score"), rows)
    with opened(folder, return_threshold=None) as scores:
        assert scores.return_threshold is None
        assert scores.notes == ()
    # A list cannot be longer than the gallery.
    rows = [(s[0], r[0], 0.1 * i) for s in SEARCH_ROWS for i, r in enumerate(REFERENCE_ROWS)]
    write(folder / "candidates.csv", ("search", "reference", "score"), rows)
    with opened(folder, return_threshold=None, list_length=50) as scores:
        assert scores.return_threshold is None


def test_a_threshold_that_nothing_reached_has_to_be_declared(folder: Path) -> None:
    write(folder / "candidates.csv", ("search", "rank", "reference", "score"), [])
    assert codes_of(folder, return_threshold=None) == ["E024"]


def test_a_column_of_failures_declares_them_also_where_none_failed(folder: Path) -> None:
    with opened(folder) as scores:
        assert scores.acquisition_failures is None
    write(folder / "searches.csv", ("search", "person", "failed"), [(s, p, 0) for s, p, _ in SEARCH_ROWS])
    with opened(folder) as scores:
        assert scores.acquisition_failures == (0, 5)
    with opened(folder, acquisition=(2, 7)) as scores:
        assert scores.acquisition_failures == (2, 7)


def codes_of(folder: Path, **more: Any) -> list[str]:
    with pytest.raises(BadInputError) as caught:
        opened(folder, **more)
    return [p.code for p in caught.value.problems]


def test_what_has_to_be_declared(folder: Path) -> None:
    assert codes_of(folder, list_length=None, return_threshold=None) == ["E024"]
    assert codes_of(folder, references=None) == ["E024"]
    with pytest.raises(BadInputError, match="table of all searches") as caught:
        opened(folder, searches=None, references=None, list_length=None, return_threshold=None, format="candidates")
    assert [p.code for p in caught.value.problems] == ["E024"] * 3
    # A gallery that is a number, and no flag: neither which searches are mated nor who the mate is.
    with pytest.raises(BadInputError, match="which searches are mated") as caught:
        opened(folder, references=None, gallery=4)
    assert [p.code for p in caught.value.problems] == ["E024", "E024"]
    with pytest.raises(UsageError):
        opened(folder, samples=folder / "references.csv")
    with pytest.raises(UsageError):
        opened(folder, complete_lists=True)


@pytest.mark.parametrize(
    "table, header, rows, code",
    [
        (
            "candidates",
            ("search", "reference", "score"),
            [*[(c[0], *c[2:]) for c in CANDIDATE_ROWS], ("s9", "g1", 0.6)],
            "E025",
        ),
        ("candidates", ("search", "reference", "score"), [("s1", "g9", 0.6)], "E027"),
        ("candidates", ("search", "reference", "score"), [("s1", f"g{i}", 0.6) for i in (1, 2, 3)], "E026"),
        ("candidates", ("search", "reference", "score"), [("s1", "g1", 0.4999)], "E026"),
        ("candidates", ("search", "reference", "score"), [("s1", "g1", "high")], "E010"),
        ("candidates", ("search", "score"), [("s1", 0.6)], "E012"),
        ("searches", ("search", "person"), [*[s[:2] for s in SEARCH_ROWS], ("s1", "b")], "E022"),
        ("searches", ("search", "person"), [*[s[:2] for s in SEARCH_ROWS], ("s7", "")], "E020"),
        ("searches", ("search", "person", "mated"), [(s, p, "perhaps") for s, p, _ in SEARCH_ROWS], "E019"),
        ("searches", ("search", "person", "mated"), [(s, p, 1) for s, p, _ in SEARCH_ROWS], "E022"),
        ("searches", ("search",), [s[:1] for s in SEARCH_ROWS], "E024"),
        ("references", ("reference", "person"), [*[r[:2] for r in REFERENCE_ROWS], ("g1", "c")], "E022"),
        ("references", ("reference", "person"), [*[r[:2] for r in REFERENCE_ROWS], ("g5", "")], "E020"),
        ("references", ("reference", "sex"), [r[:2] for r in REFERENCE_ROWS], "E012"),
        ("references", ("reference", "person"), [], "E002"),
        ("searches", ("search", "person"), [], "E002"),
    ],
)
def test_tables_that_do_not_fit_together(
    folder: Path, table: str, header: tuple[str, ...], rows: list[Any], code: str
) -> None:
    write(folder / f"{table}.csv", header, rows)
    assert code in codes_of(folder)


def test_return_threshold_is_rounded_like_the_scores(folder: Path) -> None:
    write(folder / "candidates.csv", ("search", "reference", "score"), [("s1", "g1", 0.1)])
    with opened(folder, return_threshold=0.1, score_type="FLOAT") as scores:
        assert not math.isnan(contents(scores)[0][7])


def test_a_list_without_its_searches_is_not_read_as_all_comparisons(folder: Path) -> None:
    """The best of each search are no sample of the comparisons: rates from them are many times too high."""
    people = {reference: person for reference, person, _ in REFERENCE_ROWS}
    searchers = {search: person for search, person, _ in SEARCH_ROWS}
    rows = [(s, rank, r, score, searchers[s], people[r]) for s, rank, r, score in CANDIDATE_ROWS]
    names = ("search", "rank", "reference", "score", "probe_person", "reference_person")
    write(folder / "alone.csv", names, rows)
    with pytest.raises(BadInputError) as error:
        open_scores(folder / "alone.csv")
    (found,) = error.value.problems
    assert found.code == "E024"
    assert "column 'rank'" in found.where
    assert "--searches" in found.remedy
    with open_scores(folder / "alone.csv", format="long") as scores:
        assert scores.kind == "comparisons"
