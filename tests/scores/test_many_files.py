"""Files by the thousand: asked at once, counted a few together, and the same as one by one."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from misid.engine import DuckDBEngine
from misid.ground.errors import BadInputError
from misid.scores import open_scores, parquet, tables
from misid.scores.parts import MOST_PARTS, PART_ROWS, files_of_parts
from misid.tally import build_tally, discard_parts, write_tally

SIDE = 24
N_FILES = 2 * MOST_PARTS + 6

SCORES = f"""SELECT 'p' || i // {SIDE} AS probe, 'r' || i % {SIDE} AS reference, 's' || i // {SIDE} AS probe_person,
    's' || i % {SIDE} AS reference_person, ['F', 'M'][1 + i // {SIDE} % 2] AS probe_sex,
    ['F', 'M'][1 + i % {SIDE} % 2] AS reference_sex,
    CAST((i * 7919 % 1009) / 1009 + 2.0 * CAST(i // {SIDE} = i % {SIDE} AS INTEGER) AS FLOAT) AS score
    FROM range({SIDE * SIDE}) AS t(i)"""


def write(folder: Path, columns: dict[int, str] | None = None, *, n_files: int = N_FILES, places: str = "") -> Path:
    """`SCORES` in files of some rows each, one without any; `columns` says otherwise of single ones."""
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        connection.execute(f"CREATE TABLE t AS {SCORES}")
        for k in range(n_files):
            path = folder / places.format(k % 2) / f"{k:03}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = f"probe[2:]::INTEGER * {SIDE} + reference[2:]::INTEGER"
            share = "FALSE" if k == 5 else f"({rows}) % {n_files - 1} = {k if k < 5 else k - 1}"
            shown = (columns or {}).get(k, "*")
            connection.execute(f"COPY (SELECT {shown} FROM t WHERE {share}) TO '{path}' (FORMAT parquet)")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("many"))


def counted(source: object, out: Path, work: Path | None = None) -> bytes:
    with open_scores(source, threads=1) as scores:
        write_tally(build_tally(scores, thresholds=[0.5], work=work), out)
    return out.read_bytes()


def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The road of every file by itself: described, counted, and a part."""
    monkeypatch.setattr(tables, "first_alike", lambda engine, paths: tuple(paths))
    monkeypatch.setattr(tables, "rows_of", lambda engine, paths: None)
    monkeypatch.setattr(tables, "files_of_parts", lambda rows: (1,) * len(rows))


def test_together_they_are_what_they_are_one_by_one(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_scores(folder, threads=1) as scores:
        together = scores.inputs
        assert len(scores.parts) <= MOST_PARTS
        assert sum(scores.part_files) == scores.score_inputs == N_FILES
        assert together[5].rows == 0
        assert sum(file.rows for file in together) == SIDE * SIDE
    tallies = [counted(folder, tmp_path / "a.tally"), counted(folder, tmp_path / "b.tally", tmp_path / "work")]
    one_by_one(monkeypatch)
    with open_scores(folder, threads=1) as scores:
        assert scores.inputs == together
        assert len(scores.parts) == N_FILES
    tallies += [counted(folder, tmp_path / "c.tally"), counted(folder, tmp_path / "d.tally", tmp_path / "work2")]
    assert len(set(tallies)) == 1


def test_statements_do_not_grow_with_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[str] = []
    execute = DuckDBEngine.execute

    def noted(self: DuckDBEngine, statement: str) -> duckdb.DuckDBPyConnection:
        statements.append(statement)
        return execute(self, statement)

    monkeypatch.setattr(DuckDBEngine, "execute", noted)
    needed = []
    for n_files in (40, 160):
        statements.clear()
        counted(write(tmp_path / str(n_files), n_files=n_files), tmp_path / f"{n_files}.tally")
        needed.append(len(statements))
    assert needed[1] <= needed[0] + 2 * MOST_PARTS


def test_a_part_knows_its_files(folder: Path, tmp_path: Path) -> None:
    """Another content of one file is another part, and the same parts otherwise."""
    work, copies = tmp_path / "work", tmp_path / "copies"
    copies.mkdir()
    for path in folder.iterdir():
        (copies / path.name).write_bytes(path.read_bytes())
    before = counted(copies, tmp_path / "a.tally", work)
    made = {path: path.stat().st_mtime_ns for path in work.glob("*/*.parquet")}
    write(copies, {40: "* REPLACE (score + 0.001::FLOAT AS score)"})
    after = counted(copies, tmp_path / "b.tally", work)
    assert after != before
    assert {path: path.stat().st_mtime_ns for path in made} == made
    new = {path.name.partition("-")[0] for path in set(work.glob("*/*.parquet")) - set(made)}
    assert len(list(work.glob("*/*.parquet"))) == len(made) + len(new)
    discard_parts(work)
    assert counted(copies, tmp_path / "c.tally") == after


def test_columns_in_another_order_are_read_by_name(folder: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "o", {3: "score, * EXCLUDE (score)", 44: "reference, probe, * EXCLUDE (probe, reference)"})
    with open_scores(folder, threads=1) as scores:
        expected = sorted(scores.engine.rows("SELECT * FROM comparisons"))
    with open_scores(other, threads=1) as scores:
        assert sorted(scores.engine.rows("SELECT * FROM comparisons")) == expected
        parts = [row for part in scores.parts for row in scores.engine.rows(f"SELECT * FROM {part}")]
        assert sorted(parts) == expected


@pytest.mark.parametrize(
    ("columns", "said"),
    [("* REPLACE (score::DOUBLE AS score)", "score DOUBLE"), ("* EXCLUDE (probe_sex)", "probe_sex VARCHAR")],
)
def test_the_file_that_differs_is_named(tmp_path: Path, columns: str, said: str) -> None:
    with pytest.raises(BadInputError) as caught:
        open_scores(write(tmp_path, {37: columns, 52: columns}), threads=1)
    (problem,) = caught.value.problems
    assert (problem.code, problem.count) == ("E018", 2)
    assert problem.where == f"{tmp_path / '037.parquet'} and {tmp_path / '000.parquet'}"
    assert said in problem.seen


def test_the_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    broken = write(tmp_path) / "041.parquet"
    whole = broken.read_bytes()
    for data, code in (
        (whole[:-8] + (2**31).to_bytes(4, "little") + whole[-4:], "E028"),
        (whole[:-1], "E004"),
        (whole[: -8 - int.from_bytes(whole[-8:-4], "little")] + b"\xff" * 400 + whole[-8:], "E028"),
    ):
        broken.write_bytes(data)
        with pytest.raises(BadInputError) as caught:
            open_scores(tmp_path, threads=1)
        assert [(problem.code, problem.where) for problem in caught.value.problems] == [(code, str(broken))]


def test_a_file_that_changes_is_named(folder: Path, tmp_path: Path) -> None:
    write(tmp_path)
    with open_scores(tmp_path, threads=1) as scores:
        (tmp_path / "050.parquet").write_bytes((folder / "051.parquet").read_bytes())
        with pytest.raises(BadInputError) as caught:
            build_tally(scores)
    assert [(p.code, p.where) for p in caught.value.problems] == [("E053", str(tmp_path / "050.parquet"))]


def test_folders_that_are_columns(tmp_path: Path) -> None:
    half = "* EXCLUDE (probe_sex)"
    write(tmp_path / "h", dict.fromkeys(range(N_FILES), half), places="probe_sex={}")
    with open_scores(tmp_path / "h", threads=1) as scores:
        assert scores.attributes == ("sex",)
        assert {row[0] for row in scores.engine.rows("SELECT DISTINCT probe_group FROM comparisons")} == {"0", "1"}
        assert sum(file.rows for file in scores.inputs) == SIDE * SIDE
    moved = tmp_path / "h" / "probe_sex=1" / "061.parquet"
    (tmp_path / "h" / "site=1").mkdir()
    moved.rename(tmp_path / "h" / "site=1" / moved.name)
    with pytest.raises(BadInputError) as caught:
        open_scores(tmp_path / "h", threads=1)
    assert [problem.code for problem in caught.value.problems] == ["E018"]


def test_a_file_named_twice_is_read_twice(folder: Path) -> None:
    files = sorted(folder.iterdir())
    with open_scores([*files, files[0]], threads=1, hash_inputs=False) as scores:
        assert [file.rows for file in scores.inputs][-1] == scores.inputs[0].rows > 0
        assert scores.engine.rows("SELECT count(*) FROM comparisons") == [(SIDE * SIDE + scores.inputs[0].rows,)]


def test_names_of_any_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "[a]*")
    (tmp_path / "[a]*" / "000.parquet").rename(tmp_path / "[a]*" / "it's ?{0}%20.parquet")
    monkeypatch.chdir(tmp_path)
    Path("link").symlink_to(tmp_path / "[a]*")
    for source in ("[a]*", "./link/"):
        with open_scores(source, threads=1, hash_inputs=False) as scores:
            assert sum(file.rows for file in scores.inputs) == SIDE * SIDE
            paths = [Path(file.label) for file in scores.inputs]
            (empty,) = (path for path in paths if path.name == "005.parquet")
            # Nothing fell back to one by one.
            assert parquet.rows_of(scores.engine, paths) == [file.rows for file in scores.inputs]
            # The one without rows has columns that may be NULL.
            assert set(parquet.first_alike(scores.engine, paths)) == {paths[0], empty}
    # The engine calls these by other names: they are asked for one by one.
    with open_scores(tmp_path / "link" / ".." / "[a]*", threads=1, hash_inputs=False) as scores:
        assert sum(file.rows for file in scores.inputs) == SIDE * SIDE


def test_text_with_columns_in_another_order_is_refused(tmp_path: Path) -> None:
    """Text is read by place: the second file would have its probes for references."""
    (tmp_path / "a.csv").write_text("probe,reference,mated,score\na,x,0,0.2\nb,y,1,0.9\n")
    (tmp_path / "b.csv").write_text("reference,probe,mated,score\nx,c,0,0.2\ny,d,1,0.9\n")
    with pytest.raises(BadInputError) as caught:
        open_scores(tmp_path, threads=1)
    (problem,) = caught.value.problems
    assert (problem.code, problem.seen) == ("E018", "have their columns in another order")


@given(st.lists(st.integers(0, 3 * PART_ROWS), min_size=1, max_size=300))
def test_parts_hold_every_file_once(rows: list[int]) -> None:
    sizes = files_of_parts(rows)
    assert sum(sizes) == len(rows)
    assert min(sizes) >= 1
    if len(rows) <= MOST_PARTS:
        assert set(sizes) == {1}
    if sum(rows) <= MOST_PARTS * PART_ROWS:
        assert len(sizes) <= max(MOST_PARTS, 1)
    # What a killed run loses of a pass: a part's files without the last have fewer rows than are enough.
    start = 0
    for size in sizes:
        assert sum(rows[start : start + size - 1]) < PART_ROWS
        start += size
