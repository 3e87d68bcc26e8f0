"""A text file that was cut in its last line is refused where that can be seen, and doubted where it cannot."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from misid.ground.errors import BadInputError
from misid.scores import open_scores

HEADER = "probe,reference,probe_person,reference_person,score"
ROWS = [f"a{i},b{j},{i},{j},{0.25 + 0.6 * (i == j) + 0.001 * (7 * i + j):.3f}" for i in range(5) for j in range(5)]
WHOLE = "\n".join([HEADER, *ROWS]) + "\n"


def opened(folder: Path, text: str, name: str = "scores.csv", **options: Any) -> tuple[list[str], list[str]]:
    """Codes of the errors and of the notes."""
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    try:
        with open_scores(path, hash_inputs=False, **options) as scores:
            return [], [note[:4] for note in scores.notes]
    except BadInputError as error:
        return [p.code for p in error.problems], []


def test_a_whole_file_says_nothing(tmp_path: Path) -> None:
    assert opened(tmp_path, WHOLE) == ([], [])
    assert opened(tmp_path, WHOLE.replace("\n", "\r\n")) == ([], [])
    # All values have three decimals, the last one too: it is whole.
    assert opened(tmp_path, WHOLE[:-1]) == ([], [])


@settings(max_examples=60, deadline=None)
@given(st.integers(len(HEADER) + 60, len(WHOLE) - 2))
def test_cut_anywhere_in_a_line_it_is_refused(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    cut = WHOLE[:length]
    last = cut.rpartition("\n")[2]
    # Cut between two lines, or just before a line end, nothing is missing that could be seen.
    whole = last == "" or last in ROWS
    few = cut.count("\n") < 13
    errors, notes = opened(tmp_path_factory.mktemp("cut"), cut)
    if whole:
        assert errors == []
    elif errors != ["E004"]:
        # Too few lines for three decimals to be a format: then it is said.
        assert few
        assert notes == ["W024"]


@pytest.mark.parametrize(
    ("last", "code"),
    [("a9,b9,9,9", "E004"), ("a9,b9,9,9,", "E004"), ("a9,b9,9,9,0.", "E004"), ("a9,b9,9,9,-", "E004"),
     ('a9,"b', "E004"), ('a9,b9,9,9,"0.1', "E004"), ("a9,b9,9,9,0.1", "W024"), ("a9,b9,9,9,1e-3", "W024")],
)  # fmt: skip
def test_what_is_missing_is_told(tmp_path: Path, last: str, code: str) -> None:
    varied = "".join(f"{row}{'5' * (k % 3)}\n" for k, row in enumerate(ROWS))
    errors, notes = opened(tmp_path, f"{HEADER}\n{varied}{last}")
    assert (errors or notes) == [code]


def test_text_in_the_last_column(tmp_path: Path) -> None:
    rows = [f"{k},x{k},{0.1 * k:.2f},{'genuine' if k % 2 else 'impostor'}" for k in range(12)]
    start = "probe,reference,score,mated\n" + "\n".join(rows)
    assert "W024" not in opened(tmp_path, start)[1]
    assert opened(tmp_path, start[:-3])[0] != []


def test_matrices_and_score_files_too(tmp_path: Path) -> None:
    ids = [f"s{k}" for k in range(12)]
    matrix = "\n".join([",".join(["", *ids]), *(",".join([i, *("0.1250" for _ in ids)]) for i in ids)])
    assert opened(tmp_path, matrix + "\n")[0] == []
    assert opened(tmp_path, matrix[:-9])[0] == ["E004"]
    assert opened(tmp_path, matrix[:-2])[0] == ["E004"]
    bob = "\n".join(f"{i} {j} {j} 0.{i}{j}0" for i in range(1, 9) for j in range(1, 9))
    assert opened(tmp_path, bob, "scores.txt")[0] == []
    assert opened(tmp_path, bob[:-6], "scores.txt")[0] == ["E004"]


def test_compressed_text_knows_its_end(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv.gz"
    path.write_bytes(gzip.compress(WHOLE.encode())[:-20])
    with pytest.raises(BadInputError) as caught:
        open_scores(path)
    assert [p.code for p in caught.value.problems] == ["E004"]


def test_a_short_line_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(WHOLE + "a9,b9\n", encoding="utf-8")
    with pytest.raises(BadInputError) as caught:
        open_scores(path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.count, problem.examples) == ("E008", 1, ("line 27 '2 values'",))
