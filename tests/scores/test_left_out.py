"""Columns that look like groups and are none: a note says which, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from misid.scores import open_scores
from tests.scores.conftest import write
from tests.scores.test_read_problems import text


def scores_with(folder: Path, *columns: str) -> Path:
    header = ",".join(["probe", "reference", "mated", "score", *columns])
    return text(folder, f"{header}\na,x,1,0.9{',1' * len(columns)}\nb,y,0,0.25{',2' * len(columns)}\n")


def note_of(source: Any, **more: Any) -> str:
    with open_scores(source, **more) as scores:
        found = [note for note in scores.notes if note.startswith("W029 groups-left-out")]
    assert len(found) < 2
    return found[0] if found else ""


SEX, AGE, SITE = (("probe_sex", "reference_sex"), ("probe_age", "reference_age"), ("probe_site", "reference_site"))


def test_not_asked_for(tmp_path: Path) -> None:
    source = scores_with(tmp_path, *SEX, *AGE, *SITE)
    assert "age, site: not asked for (--group age)" in note_of(source)
    assert "sex, age: not asked for (--group sex)" in note_of(source, groups=("site",))
    assert note_of(source, groups=("sex", "age", "site")) == ""
    # None were wanted.
    assert note_of(source, groups=()) == ""


def test_on_one_side(tmp_path: Path) -> None:
    found = note_of(scores_with(tmp_path, *AGE, "reference_sex", "probe_race"))
    assert "age: not asked for" in found
    assert "race, sex: on one side of the comparisons only" in found


@pytest.mark.parametrize(
    "columns", [(), SEX, ("probe_image", "reference_image"), ("probe_quality", "model_version", "search_time", "sex")]
)
def test_nothing_left_out(tmp_path: Path, columns: tuple[str, ...]) -> None:
    assert note_of(scores_with(tmp_path, *columns)) == ""


def test_beside_a_table_of_subjects(tmp_path: Path) -> None:
    people = write(tmp_path / "people.csv", ("person", "race"), [("a", "X"), ("x", "Y")])
    persons = ("probe_person", "reference_person")
    found = note_of(scores_with(tmp_path, *persons, *SEX), subjects=people)
    assert "sex beside the scores: the table of subjects was read instead" in found


def test_candidate_lists(tmp_path: Path) -> None:
    candidates = write(tmp_path / "c.csv", ("probe", "reference", "score"), [("s", "r", 0.5), ("t", "r", 0.25)])
    searches = write(
        tmp_path / "s.csv",
        ("probe", "person", "sex", "camera", "age"),
        [("s", "1", "F", "k", "3"), ("t", "2", "M", "k", "4")],
    )
    references = write(tmp_path / "r.csv", ("reference", "person", "race", "age"), [("r", "1", "X", "3")])
    lists: dict[str, Any] = {"searches": searches, "list_length": 1}
    assert "age: not asked for (--group age); race: on one side" in note_of(candidates, references=references, **lists)
    asked = note_of(candidates, references=references, groups=("sex", "age"), **lists)
    assert "not asked for" not in asked
    assert "race: on one side" in asked
