"""Files that are not what they should be: each says so, with a code, a place, the value seen and what to do."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from misid.ground.codes import CODES
from misid.ground.errors import BadInputError, Problem, UsageError
from misid.scores import ReadOptions, open_scores
from tests.scores.conftest import Small, write

GOOD = "probe,reference,mated,score\na,x,1,0.9\nb,x,0,0.2\nb,y,1,0.8\n"


def problems_of(source: Any, **more: Any) -> tuple[Problem, ...]:
    with pytest.raises(BadInputError) as caught:
        open_scores(source, **more)
    found = caught.value.problems
    for one in found:
        assert one.slug == CODES[one.code][0]
        assert one.where
        assert one.seen
        assert one.allowed
        assert one.remedy
        assert not one.seen.startswith(("Invalid Input", "IO Error", "Parser Error", "Binder Error", "Conversion"))
    return found


def one_problem(source: Any, code: str, *words: str, **more: Any) -> Problem:
    found = problems_of(source, **more)
    assert [p.code for p in found] == [code]
    for word in words:
        assert word in str(found[0])
    return found[0]


def text(folder: Path, content: str | bytes, name: str = "scores.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("content", [b"", b"\n\n \n"])
def test_empty_files(tmp_path: Path, content: bytes) -> None:
    one_problem(text(tmp_path, content), "E002", "scores.csv")


def test_no_rows(small: Small, tmp_path: Path) -> None:
    one_problem(text(tmp_path, "probe,reference,mated,score\n"), "E002", "below the header")
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (probe VARCHAR, reference VARCHAR, mated BOOLEAN, score FLOAT)")
        connection.execute("COPY t TO $p (FORMAT parquet)", {"p": str(tmp_path / "none.parquet")})
    one_problem(tmp_path / "none.parquet", "E002", "no rows")


def test_not_there(tmp_path: Path) -> None:
    one_problem(tmp_path / "nothing.csv", "E001", "nothing.csv", "No such file")
    one_problem(str(tmp_path / "*.parquet"), "E001", "pattern")
    (tmp_path / "folder").mkdir()
    one_problem(tmp_path / "folder", "E002", "directory")


@pytest.mark.parametrize(
    "name, content",
    [
        ("scores.parquet", GOOD.encode()),
        ("scores.csv.gz", GOOD.encode()),
        ("scores.duckdb", GOOD.encode()),
    ],
)
def test_not_what_the_name_says(tmp_path: Path, name: str, content: bytes) -> None:
    one_problem(text(tmp_path, content, name), "E003", name)


def test_parquet_under_the_name_of_text(small: Small, tmp_path: Path) -> None:
    path = small.write_parquet(tmp_path / "x.parquet")
    one_problem(text(tmp_path, path.read_bytes(), "scores.csv"), "E003", "Parquet")
    one_problem(f"{text(tmp_path, GOOD)}::scores", "E003")


@pytest.mark.parametrize(
    "content, word, line",
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG", True),
        (b"\xff\xd8\xff\xe0" + bytes(100), "JPEG", True),
        (b"\x93NUMPY" + bytes(100), "NumPy", True),
        (b"%PDF-1.7", "PDF", False),
        (b"ARROW1\x00\x00" + bytes(100), "Arrow IPC", False),
        (b"probe\x00reference" + bytes(range(256)), "binary", True),
    ],
)
def test_what_is_never_read(tmp_path: Path, content: bytes, word: str, line: bool) -> None:
    message = str(one_problem(text(tmp_path, content), "E005", word))
    assert ("no image, video, template or embedding" in message) == line
    one_problem(text(tmp_path, gzip.compress(b"\x00\x01" + content), "x.csv.gz"), "E005")


def test_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "scores.xlsx", "w") as archive:
        archive.writestr("a", "b")
    one_problem(tmp_path / "scores.xlsx", "E005", "ZIP")


def test_truncated(small: Small, tmp_path: Path) -> None:
    path = small.write_parquet(tmp_path / "x.parquet")
    path.write_bytes(path.read_bytes()[:-50])
    one_problem(path, "E004", "footer")
    whole = gzip.compress((GOOD + "c,y,0,0.123\n" * 200_000).encode())
    one_problem(text(tmp_path, whole[: len(whole) // 2], "long.csv.gz"), "E004", "gzip")
    one_problem(text(tmp_path, gzip.compress(GOOD.encode())[:20], "short.csv.gz"), "E004", "gzip")


def test_a_parquet_file_broken_inside(small: Small, tmp_path: Path) -> None:
    path = small.write_parquet(tmp_path / "x.parquet")
    raw = bytearray(path.read_bytes())
    raw[-40:-8] = b"\xff" * 32
    path.write_bytes(raw)
    one_problem(path, "E028", "engine says")


@pytest.mark.parametrize("more", [b"", b"c,y,0,0.1\n" * 300_000])
def test_not_utf8(tmp_path: Path, more: bytes) -> None:
    late = GOOD.encode() + more + "é,x,1,0.5\n".encode("latin-1")
    found = one_problem(text(tmp_path, late), "E006", "iconv")
    assert f":{5 + more.count(b'c')}" in found.where
    one_problem(text(tmp_path, GOOD.encode("utf-16")), "E006", "UTF-16")
    blanks = late.replace(b",", b" ")
    assert "E006" in [p.code for p in problems_of(text(tmp_path, blanks, "scores.txt"))]


def test_wrong_delimiter(tmp_path: Path) -> None:
    one_problem(text(tmp_path, GOOD.replace(",", "#")), "E007", "--delimiter")
    one_problem(text(tmp_path, GOOD), "E007", delimiter=";")
    with open_scores(text(tmp_path, GOOD.replace(",", "^")), delimiter="^") as scores:
        assert scores.inputs[0].rows == 3
    with pytest.raises(UsageError):
        open_scores(text(tmp_path, GOOD), delimiter="::")


@pytest.mark.parametrize("header", ["mated,score", "score,label"])
def test_scores_without_ids_are_told_from_a_wrong_delimiter(tmp_path: Path, header: str) -> None:
    one_problem(text(tmp_path, f"{header}\n1,0.5\n0,0.25\n"), "E012", "--genuine")


def test_ragged_rows_and_words_for_scores_together(tmp_path: Path) -> None:
    bad = GOOD + "c,x,1\nc,x,1,high\nd,x,0,0.1,9\ne,x,0,low\n"
    found = {p.code: p for p in problems_of(text(tmp_path, bad))}
    assert set(found) == {"E008", "E010"}
    assert found["E008"].count == 2
    assert found["E010"].count == 2
    assert found["E010"].where.endswith(":6, column 'score'")
    assert found["E010"].examples == ("line 6 'high'", "line 8 'low'")
    spaced = text(tmp_path, bad.replace(",", " "), "scores.txt")
    again = {p.code: (p.count, p.examples) for p in problems_of(spaced)}
    assert again == {code: (p.count, p.examples) for code, p in found.items()}


def test_quotes(tmp_path: Path) -> None:
    assert "E009" in [p.code for p in problems_of(text(tmp_path, GOOD + '"c,x,1,0.5\n'))]


def test_decimal_commas(tmp_path: Path) -> None:
    commas = GOOD.replace(",", ";").replace(".", ",")
    assert one_problem(text(tmp_path, commas), "E011", "'0,9'").count == 3
    pair = [text(tmp_path, "0,5\n0,7\n", name) for name in ("genuine.txt", "impostor.txt")]
    assert {p.code for p in problems_of(tuple(pair), format="pair")} == {"E011"}


def test_scores_that_are_not_numbers_in_binary(small: Small, tmp_path: Path) -> None:
    one_problem(small.write_parquet(tmp_path / "x.parquet", score="VARCHAR"), "E010", "VARCHAR")


@pytest.mark.parametrize("word", ["", "NA", "null", "nan", "inf", "-Infinity"])
def test_scores_that_are_not_there_stay(tmp_path: Path, word: str) -> None:
    with open_scores(text(tmp_path, GOOD + f"NA,null,0,{word}\n")) as scores:
        row = scores.engine.rows("SELECT reference, score, failed FROM comparisons WHERE probe = 'NA'")[0]
        assert row is not None
        assert row[0] == "null"
        assert row[2] is False
        assert (row[1] is None) == (word in ("", "NA", "null"))


def test_columns_missing_twice_and_unclear(tmp_path: Path) -> None:
    one_problem(
        text(tmp_path, GOOD.replace("score", "points")), "E012", "no column has a name for scores; it has probe, "
        "reference, mated, points; allowed: a column called score, ", "--score COLUMN (in Python score='COLUMN')",
    )  # fmt: skip
    one_problem(text(tmp_path, GOOD), "E012", "no column 'points', which was named for scores", score="points")
    with open_scores(text(tmp_path, GOOD.replace("score", "points")), score="points") as scores:
        assert dict(scores.mapping)["score"] == "points"
    found = one_problem(text(tmp_path, GOOD.replace("mated", "distance")), "E013", "distance and score")
    assert found.remedy == "name it: --score distance (in Python score='distance')"
    one_problem(text(tmp_path, GOOD.replace("mated", "Score")), "E014", "'Score'")
    one_problem(text(tmp_path, "a,x,1,0.9\nb,x,0,0.2\n"), "E012", "no header")
    half = GOOD.replace("mated", "probe_person")
    one_problem(text(tmp_path, half), "E012", "reference_person")


def test_which_comparisons_are_mated(tmp_path: Path) -> None:
    found = one_problem(text(tmp_path, GOOD + "c,x,perhaps,0.1\nc,x,,0.1\n"), "E019", "perhaps", "an empty cell")
    assert found.count == 2
    one_problem(text(tmp_path, "probe,reference,score\na,x,0.5\nb,y,0.4\n"), "E021", "--mated")
    for yes, no in (("TRUE", "false"), ("Yes", "n"), ("genuine", "impostor"), ("Mated", "non-mated")):
        content = GOOD.replace(",1,", f",{yes},").replace(",0,", f",{no},")
        with open_scores(text(tmp_path, content)) as scores:
            counted = scores.engine.rows("SELECT count(*) FILTER (mated) FROM comparisons")[0]
            assert counted == (2,)


def test_ids_that_are_missing(tmp_path: Path) -> None:
    found = problems_of(text(tmp_path, GOOD + ",x,1,0.5\nz,,0,0.1\n,,0,0.1\n"))
    assert [(p.code, p.count) for p in found] == [("E020", 2), ("E020", 2)]
    people = "probe,reference,probe_person,reference_person,score\na,x,1,1,0.5\nb,x,,1,0.5\n"
    one_problem(text(tmp_path, people), "E020", "probe_person")


def test_matrices(tmp_path: Path) -> None:
    one_problem(write(tmp_path / "a.csv", ["", "1", "1", "2"], [["1", 1, 2, 3], ["2", 1, 2, 3]]), "E015", "upper")
    one_problem(write(tmp_path / "b.csv", ["", "1", "2"], [["1", 1, 2], ["1", 1, 2]]), "E015", "left")
    found = one_problem(write(tmp_path / "c.csv", ["", "1", "2"], [["1", 1, 2], ["2", 1]]), "E016")
    assert found.where.endswith("c.csv:3")
    found = one_problem(write(tmp_path / "d.csv", ["", "p", "q"], [["p", 1, 2], ["q", 1, "x"]]), "E010", "'q'", "'x'")
    assert found.where.endswith("d.csv:3, column 'q'")
    one_problem(write(tmp_path / "e.csv", ["", "1", ""], [["1", 1, 2], ["2", 1, 3]]), "E020", "upper edge")
    one_problem(write(tmp_path / "f.csv", ["", "1", "2"], [["1", 1, 2], ["", 1, 3]]), "E020", "probe")
    words = write(tmp_path / "w.csv", ["", "NA", "2"], [["NA", "NA", 2], ["2", 1, "null"]])
    with open_scores(words) as scores:
        rows = scores.engine.rows("SELECT reference, score FROM comparisons WHERE probe = 'NA' ORDER BY ALL")
        assert rows == [("2", 2.0), ("NA", None)]
    plain = write(tmp_path / "g.csv", None, [[1, 2, 3], [4, 5, 6]])
    one_problem(plain, "E016", format="matrix")
    one_problem(plain, "E012")
    samples = write(tmp_path / "samples.csv", ("sample", "person"), [("1", "a"), ("2", "b"), ("2", "c")])
    table = write(tmp_path / "h.csv", ["", "1", "2"], [["1", 1, 2], ["2", 1, 3]])
    one_problem(table, "E022", "'2'", samples=samples)
    samples = write(tmp_path / "samples.csv", ("sample", "person"), [("1", "a")])
    assert [p.code for p in problems_of(table, samples=samples)] == ["E023", "E023"]
    assert problems_of(table, samples=write(tmp_path / "s.csv", ("a", "b"), [(1, 2)]))[0].code == "E012"


def test_attributes(small: Small, tmp_path: Path) -> None:
    source = small.write(tmp_path / "scores.csv")
    one_problem(source, "E017", "no groups by age: it has ", "probe_age and reference_age", groups=("age",))
    bare = text(tmp_path, GOOD, "bare.csv")
    found = one_problem(bare, "E017", "no groups by sex: it has no attribute of people at all", groups=("sex",))
    assert found.remedy.endswith("or leave --group out")
    subjects = small.write_subjects(tmp_path / "subjects.csv")
    one_problem(source, "E017", "age", "sex", subjects=subjects, groups=("sex", "age"))
    many = write(tmp_path / "many.csv", ("person", "height"), [(f"p{i % 6}", i) for i in range(6)])
    with open_scores(source, subjects=many) as scores:
        assert len(scores.joint) == 6
    rows = [(f"p{i}", f"p{i}", i, i, int(i % 2), 0.5) for i in range(101)]
    columns = ("probe", "reference", "probe_group", "reference_group", "mated", "score")
    one_problem(write(tmp_path / "m.csv", columns, rows), "E017", "101 values")
    twice = write(tmp_path / "twice.csv", ("person", "sex"), [("p0", "F"), ("p0", "M"), ("p1", "F"), ("p1", "F")])
    assert one_problem(source, "E022", "'p0'", subjects=twice).count == 1
    control = write(tmp_path / "control.csv", ("person", "sex"), [("p0", "F\x1fM")])
    one_problem(source, "E017", "31", subjects=control)


def test_files_that_differ(small: Small, tmp_path: Path) -> None:
    small.write_parquet(tmp_path / "d" / "a.parquet")
    small.write_parquet(tmp_path / "d" / "b.parquet", score="DOUBLE")
    one_problem(tmp_path / "d", "E018", "score DOUBLE", "score FLOAT")
    one_problem(
        [text(tmp_path, GOOD, "a.csv"), text(tmp_path, GOOD.replace("mated", "label"), "b.csv")], "E018", "label"
    )
    one_problem([text(tmp_path, GOOD, "a.csv"), tmp_path / "d" / "a.parquet"], "E018", "kinds")


def test_databases(small: Small, tmp_path: Path) -> None:
    path = tmp_path / "lab.duckdb"
    with duckdb.connect(path) as connection:
        small.insert(connection)
    with open_scores(path) as scores:
        assert scores.inputs[0].rows == len(small.rows)
    one_problem(f"{path}::nothing", "E029", "the tables t")
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE other AS SELECT * FROM t")
    one_problem(path, "E029", "other, t")
    with open_scores(f"{path}::main.other") as scores:
        assert scores.inputs[0].label.endswith("::other")


def test_objects(small: Small) -> None:
    one_problem(pd.DataFrame(small.columns()).drop(columns="score"), "E012", "a pandas DataFrame")
    one_problem(pd.DataFrame(small.columns()).iloc[:0], "E002")
    given: tuple[Any, ...] = (None, 3, {}, [])
    for nothing in given:
        with pytest.raises(UsageError, match="not a table"):
            open_scores(nothing)

    class Broken:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise RuntimeError("no stream today")

    one_problem(Broken(), "E028", "no stream today")


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": "excel"},
        {"polarity": "up"},
        {"score_type": "HALF"},
        {"groups": "sex"},
        {"failures": (float("inf"),)},
        {"gallery": 0},
        {"list_length": 0},
        {"acquisition": (3, 2)},
        {"enrolment": (-1, 2)},
        {"nonsense": 1},
        {"return_threshold": float("nan")},
    ],
)
def test_calls_that_cannot_be_meant(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        open_scores(text(tmp_path, GOOD), **wrong)


def test_codes_have_one_slug_each() -> None:
    assert len({slug for slug, _ in CODES.values()}) == len(CODES)
    assert ReadOptions().hash_inputs


@pytest.mark.parametrize("name", ["rank", "Rank", "position"])
def test_ranks_by_any_name_that_is_known_are_those_of_candidate_lists(tmp_path: Path, name: str) -> None:
    ranked = GOOD.replace("score", f"score,{name}").replace("\n", ",1\n").replace(f"{name},1", name)
    one_problem(text(tmp_path, ranked), "E024", f"column {name!r}", "--format-in long")
    with open_scores(text(tmp_path, ranked), format="long") as scores:
        assert "rank" not in dict(scores.mapping)


@pytest.mark.parametrize(
    ("address", "what", "remedy"),
    [
        ("s3://bucket/scores.parquet", "s3:", "--engine spark"),
        (Path("s3a://bucket/scores"), "s3a:", "--engine spark"),
        ("hdfs:///scores/*.parquet", "hdfs:", "--engine spark"),
        ("S3://bucket/scores.duckdb::scores", "s3:", "--engine spark"),
        (["scores.csv", "https://lab.example/scores.csv"], "https:", "curl -O"),
        ("file:///data/scores.csv", "file:", "give the path: /data/scores.csv"),
    ],
)
def test_an_address_is_no_path(address: Any, what: str, remedy: str) -> None:
    one_problem(address, "E028", f"an address ({what})", "misid fetches nothing", remedy)


def test_a_file_whose_name_looks_like_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "s3:" / "bucket"
    folder.mkdir(parents=True)
    (folder / "scores.csv").write_text(GOOD)
    with open_scores("s3:/bucket/scores.csv") as scores:
        assert scores.inputs[0].rows == 3


def test_a_table_of_samples_that_is_not_read_is_said(tmp_path: Path) -> None:
    samples = text(tmp_path, "sample,person\na,1\n", "samples.csv")
    with_people = "probe,reference,probe_person,reference_person,score\na,x,1,1,0.9\nb,x,2,1,0.2\nb,y,2,2,0.8\n"
    with open_scores(text(tmp_path, with_people), samples=samples) as scores:
        assert [n for n in scores.notes if n.startswith("W028 samples-not-read")]
    with open_scores(text(tmp_path, with_people)) as scores:
        assert not [n for n in scores.notes if "W028" in n]
