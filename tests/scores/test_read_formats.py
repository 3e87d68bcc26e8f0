"""Every format reads to the same comparisons."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from misid.ground.errors import BadInputError, UsageError
from misid.ground.rate import MISSING
from misid.scores import ReadOptions, fingerprint, open_scores
from misid.scores.model import COMPARISONS
from tests.scores.conftest import HEADER, SHARED, Small, close_to, contents, write

NO_GROUPS = tuple(c for c in HEADER if "sex" not in c and "race" not in c)


def csv_in(small: Small, folder: Path) -> Any:
    return small.write(folder / "scores.csv")


def tsv_gz(small: Small, folder: Path) -> Any:
    return str(small.write(folder / "scores.tsv.gz", delimiter="\t"))


def semicolons(small: Small, folder: Path) -> Any:
    return small.write(folder / "scores.txt", delimiter=";")


def bars(small: Small, folder: Path) -> Any:
    return small.write(folder / "scores.csv", delimiter="|")


def blanks(small: Small, folder: Path) -> Any:
    lines = ["# made by a matcher", "   ".join(HEADER)] + ["  ".join(map(str, row)) for row in small.rows]
    path = folder / "scores.txt"
    path.write_text("\n".join(lines) + "\n\n")
    return path


def windows(small: Small, folder: Path) -> Any:
    path = small.write(folder / "plain.csv")
    marked = folder / "excel.csv"
    marked.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    return marked


def parquet(small: Small, folder: Path) -> Any:
    return small.write_parquet(folder / "scores.parquet")


def parquets(small: Small, folder: Path) -> Any:
    small.write_parquet(folder / "many" / "a.parquet", small.rows[:30])
    small.write_parquet(folder / "many" / "b.parquet", small.rows[30:])
    return folder / "many"


def pattern(small: Small, folder: Path) -> Any:
    return str(parquets(small, folder) / "*.parquet")


def listed(small: Small, folder: Path) -> Any:
    many = parquets(small, folder)
    return [many / "a.parquet", many / "b.parquet"]


def hive(small: Small, folder: Path) -> Any:
    small.write_parquet(folder / "h" / "site=1" / "a.parquet", small.rows[:30])
    small.write_parquet(folder / "h" / "site=x" / "b.parquet", small.rows[30:])
    return folder / "h"


def texts(small: Small, folder: Path) -> Any:
    write(folder / "a.csv", HEADER, small.rows[:30])
    write(folder / "b.csv", HEADER, small.rows[30:])
    return [folder / "a.csv", folder / "b.csv"]


def database(small: Small, folder: Path) -> Any:
    with duckdb.connect(folder / "lab.duckdb") as connection:
        small.insert(connection)
        connection.execute("CREATE TABLE other (a INTEGER)")
    return f"{folder / 'lab.duckdb'}::t"


def arrow(small: Small, _: Path) -> Any:
    return pa.table(small.columns())


def reader(small: Small, _: Path) -> Any:
    return pa.table(small.columns()).to_reader()


def categories(small: Small, _: Path) -> Any:
    frame = pd.DataFrame(small.columns())
    return frame.astype({"probe_sex": "category", "probe": "category", "probe_person": "category"})


def polars(small: Small, _: Path) -> Any:
    return pl.DataFrame(small.columns())


def dictionary(small: Small, _: Path) -> Any:
    table = pa.table(small.columns())
    return table.set_column(0, "probe", table["probe"].dictionary_encode())


@pytest.mark.parametrize(
    "make",
    [
        csv_in, tsv_gz, semicolons, bars, blanks, windows, parquet, parquets, pattern, listed, hive, texts, database,
        arrow, reader, categories, polars, dictionary,
    ],
)  # fmt: skip
def test_a_long_table_reads_the_same_from_everything(
    small: Small, tmp_path: Path, make: Callable[[Small, Path], Any]
) -> None:
    with open_scores(make(small, tmp_path), failures=(-1.0,)) as scores:
        assert close_to(contents(scores), small.expected())
        assert scores.attributes == ("sex", "race")
        assert scores.joint == tuple(sorted({(sex, race) for _, sex, race in small.people}))
        assert scores.kind == "comparisons"
        assert dict(scores.mapping)["score"] == "score"
        assert scores.score_type == ("DOUBLE" if scores.inputs[0].kind == "text" else "FLOAT")
        assert sum(file.rows for file in scores.inputs) == len(small.rows)
        if scores.inputs[0].kind != "arrow":
            assert all(len(file.sha256) == 64 and file.n_bytes > 0 for file in scores.inputs)
            assert len(scores.part_fingerprints or ()) == len(scores.parts)
        else:
            assert scores.part_fingerprints is None
        parts = [row for part in scores.parts for row in contents(scores, part)]
        assert sorted(parts, key=str) == contents(scores)
        assert len(scores.parts) == (2 if make in (parquets, pattern, listed, hive, texts) else 1)
        assert not scores.notes


def test_parts_stand_in_the_order_of_their_files(small: Small, tmp_path: Path) -> None:
    with open_scores(listed(small, tmp_path), hash_inputs=False) as scores:
        assert [Path(file.label).name for file in scores.inputs] == ["a.parquet", "b.parquet"]
        assert scores.inputs[0].sha256 == ""
        assert len(contents(scores, scores.parts[0])) == 30
    assert len(fingerprint(tmp_path / "many" / "a.parquet")) == 64


def test_the_log_has_no_path(small: Small, tmp_path: Path) -> None:
    for source in (parquets(small, tmp_path), csv_in(small, tmp_path), database(small, tmp_path)):
        with open_scores(source, subjects=small.write_subjects(tmp_path / "s.csv")) as scores:
            assert scores.engine.log
            assert not [query for query in scores.engine.log if str(tmp_path) in query]


WITHOUT_PYARROW = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "pyarrow":
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Hidden())
import {package} as frames
from misid.scores import open_scores

frame = frames.DataFrame({{"probe": ["a", "b"], "reference": ["x", "x"], "mated": [True, False], "score": [0.5, -1.0]}})
with open_scores(frame, failures=(-1.0,)) as scores:
    print(scores.engine.rows("SELECT probe, score, failed FROM comparisons ORDER BY probe"))
"""


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_objects_need_no_pyarrow(package: str) -> None:
    script = WITHOUT_PYARROW.format(package=package)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[('a', 0.5, False), ('b', None, True)]", done.stderr


def test_text_as_float_counts_like_parquet(small: Small, tmp_path: Path) -> None:
    with (
        open_scores(csv_in(small, tmp_path), score_type="FLOAT", failures=(-1.0,)) as text,
        open_scores(parquet(small, tmp_path), failures=(-1.0,)) as binary,
    ):
        assert text.score_type == binary.score_type == "FLOAT"
        assert contents(text) == contents(binary)


@pytest.mark.parametrize("sql_type", ["DOUBLE", "DECIMAL(9,5)"])
def test_other_numbers_become_double(small: Small, tmp_path: Path, sql_type: str) -> None:
    with open_scores(small.write_parquet(tmp_path / "x.parquet", score=sql_type), failures=(-1.0,)) as scores:
        assert scores.score_type == "DOUBLE"
        assert close_to(contents(scores), small.expected())


def test_groups_from_a_table_of_subjects(small: Small, tmp_path: Path) -> None:
    source = small.write(tmp_path / "scores.csv", columns=NO_GROUPS)
    subjects = small.write_subjects(tmp_path / "subjects.csv")
    with open_scores(source, subjects=subjects, failures=(-1.0,)) as scores:
        assert scores.attributes == ("sex", "race")
        assert close_to(contents(scores), small.expected())
        assert [file.kind for file in scores.inputs] == ["text", "text"]
        assert len(scores.part_fingerprints or ()) == 1
    with open_scores(source, subjects=subjects, groups=("sex",), failures=(-1.0,)) as scores:
        assert scores.joint == (("F",), ("M",))
        assert close_to(contents(scores), small.expected(attributes=1))
    with open_scores(source, failures=(-1.0,)) as scores:
        assert scores.joint == ((),)
        assert close_to(contents(scores), small.expected(attributes=0))
    with open_scores(csv_in(small, tmp_path), groups=()) as scores:
        assert scores.attributes == ()


def test_people_without_a_group_are_a_group(small: Small, tmp_path: Path) -> None:
    source = small.write(tmp_path / "scores.csv", columns=NO_GROUPS)
    subjects = write(
        tmp_path / "subjects.csv", ("person", "sex", "race"), [("p0", "F", ""), ("p1", " ", "B"), ("p9", "X", "Y")]
    )
    with open_scores(source, subjects=subjects) as scores:
        assert scores.joint == ((MISSING, MISSING), (MISSING, "B"), ("F", MISSING))
        groups = scores.engine.rows(f"SELECT DISTINCT probe_person, probe_group FROM {COMPARISONS} ORDER BY 1")
        assert groups[:3] == [("p0", f"F\x1f{MISSING}"), ("p1", f"{MISSING}\x1fB"), ("p2", f"{MISSING}\x1f{MISSING}")]
    rows = [
        [*row[:4], "" if row[2] == "p0" else row[4], " F" if row[3] == "p0" else "", *row[8:]] for row in small.rows
    ]
    inline = write(tmp_path / "inline.csv", (*HEADER[:4], "probe_sex", "sex_reference", "mated", "score"), rows)
    with open_scores(inline) as scores:
        assert scores.joint == ((MISSING,), ("F",), ("M",))


def test_matrix_with_people_of_samples(small: Small, tmp_path: Path) -> None:
    probes = list(dict.fromkeys(row[0] for row in small.rows))
    references = list(dict.fromkeys(row[1] for row in small.rows))
    score = {(row[0], row[1]): row[9] for row in small.rows}
    people = {row[0]: row[2] for row in small.rows} | {row[1]: row[3] for row in small.rows}
    table = write(tmp_path / "m.csv", ["", *references], [[p, *(score[p, r] for r in references)] for p in probes])
    samples = write(tmp_path / "samples.csv", ("image", "subject"), people.items())
    options = ReadOptions(samples=samples, subjects=small.write_subjects(tmp_path / "subjects.csv"), failures=(-1.0,))
    with open_scores(table, options=options) as scores:
        assert close_to(contents(scores), small.expected())
        assert scores.inputs[0].kind == "matrix"
        assert scores.inputs[0].rows == len(small.rows)
    named = write(tmp_path / "n.csv", ["probe", *references], [[p, *(score[p, r] for r in references)] for p in probes])
    with open_scores(named, options=options) as scores:
        assert close_to(contents(scores), small.expected())
    from_r = tmp_path / "r.tsv"
    lines = ["\t".join(references)] + ["\t".join(map(str, [p, *(score[p, r] for r in references)])) for p in probes]
    from_r.write_text("\n".join(lines))
    with open_scores(from_r, options=options, format="matrix") as scores:
        assert close_to(contents(scores), small.expected())


def test_matrix_of_people_is_not_compared_with_itself(tmp_path: Path) -> None:
    table = write(tmp_path / "m.csv", ["", "1", "2", "3"], [["1", 9, 1, 2], ["2", 1, 9, 3], ["3", 2, 3, ""]])
    with open_scores(table) as scores:
        assert scores.refused == ()
        rows = contents(scores)
        assert [row[:2] for row in rows if row[6]] == [("1", "1"), ("2", "2"), ("3", "3")]
        assert rows[-1][7] is None
        assert not rows[-1][8]
        assert any(text.startswith("W003") for text in scores.notes)
    with pytest.raises(BadInputError, match="E021"):
        open_scores(table, same_samples=True)


def test_a_wide_matrix_is_turned_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("misid.scores.matrix.BLOCK", 3)
    cells = np.random.default_rng(1).normal(size=(8, 8))
    ids = [f"i'{k}\"," for k in range(8)]
    table = write(tmp_path / "m.csv", ["", *ids], [[ids[i], *cells[i]] for i in range(8)])
    with open_scores(table) as scores:
        found = {row[:2]: row[7] for row in contents(scores)}
    assert found == {(ids[i], ids[j]): cells[i, j] for i in range(8) for j in range(8)}


@pytest.mark.skipif(not (SHARED / "data/bssr1/face-c.csv").exists(), reason="NIST BSSR1 is not on this machine")
def test_bssr1_has_one_failed_sample() -> None:
    path = SHARED / "data/bssr1/face-c.csv"
    with open_scores(path, failures=(-1.0,)) as scores:
        counts = scores.engine.rows(
            "SELECT count(*), count(*) FILTER (failed), count(*) FILTER (mated), "
            "count(DISTINCT reference) FILTER (failed), count(*) FILTER (failed AND mated) FROM comparisons"
        )[0]
        assert counts == (517 * 517, 517, 517, 1, 1)
        ids, cells = (
            np.loadtxt(path, delimiter=",", skiprows=1, usecols=0, dtype=str),
            np.loadtxt(path, delimiter=",", skiprows=1, usecols=range(1, 518)),
        )
        mine = {
            row[0]: row[1]
            for row in scores.engine.rows("SELECT probe, sum(score) FROM comparisons WHERE NOT failed GROUP BY probe")
        }
        for i, name in enumerate(ids):
            assert name not in mine or mine[name] == pytest.approx(cells[i].sum() + 1, abs=1e-9)


@pytest.mark.parametrize("n_columns", [4, 5])
@pytest.mark.parametrize("blanks_at", [None, 0, 60])
def test_bob_files(small: Small, tmp_path: Path, n_columns: int, blanks_at: int | None) -> None:
    path = tmp_path / "scores-dev"
    with path.open("w") as file:
        for lines, (probe, reference, p, r, *_, score) in enumerate(small.rows):
            middle = [r, p] if n_columns == 4 else [r, reference, p]
            print(*middle, probe, score, file=file, sep=" \t " if lines == blanks_at else " ")
            if lines == blanks_at:
                file.write("# half done\n\n#a b c 0.5\n")
    with open_scores(path, failures=(-1.0,)) as scores:
        wanted = small.expected(attributes=0)
        if n_columns == 4:
            wanted = sorted(((row[0], row[3], *row[2:]) for row in wanted), key=str)
        assert close_to(contents(scores), wanted)
        assert dict(scores.mapping)["probe_person"] == "real_id"


def pair_files(small: Small, folder: Path, line: Callable[[Any], str], header: str = "") -> tuple[str, str]:
    files = []
    for name, mated in (("genuine.txt", 1), ("impostor.txt", 0)):
        path = folder / name
        path.write_text(header + "".join(line(row) + "\n" for row in small.rows if row[8] == mated))
        files.append(str(path))
    return files[0], files[1]


def test_a_pair_of_files_without_ids(small: Small, tmp_path: Path) -> None:
    genuine, impostor = pair_files(small, tmp_path, lambda row: str(row[9]))
    calls: list[tuple[Any, dict[str, Any]]] = [
        ((genuine, impostor), {"format": "pair"}),
        (f"{genuine}:{impostor}", {}),
        (None, {"genuine": genuine, "impostor": Path(impostor)}),
    ]
    for source, more in calls:
        with open_scores(source, failures=(-1.0,), **more) as scores:
            found = contents(scores)
            assert sorted((row[6], row[7] is None) for row in found) == sorted(
                (bool(row[8]), row[9] == -1) for row in small.rows
            )
            assert len({row[2] for row in found}) == len(found)
            assert all((row[2] == row[3]) == row[6] for row in found)
            people = {(row[2], row[3]) for row in found if not row[6]}
            assert len({person for both in people for person in both}) == 2 * len(people)
            assert scores.refused == ()
            assert scores.notes[0].startswith("W001 people-not-known")
            assert scores.parts == ("comparisons_1", "comparisons_2")
            assert len(scores.part_fingerprints or ()) == 2
    with pytest.raises(UsageError):
        open_scores(None, genuine=genuine)
    with pytest.raises(UsageError):
        open_scores(genuine, format="pair")


def test_a_pair_of_files_with_ids(small: Small, tmp_path: Path) -> None:
    genuine, impostor = pair_files(small, tmp_path, lambda row: f"{row[0]} {row[1]} {row[9]}")
    with open_scores((genuine, impostor), format="pair", failures=(-1.0,)) as scores:
        found = contents(scores)
        assert len({row[2] for row in found}) == 6
        assert all((row[2] == row[3]) == row[6] for row in found)
        assert scores.notes[0].startswith("W002")
    header = "probe,reference,probe_person,reference_person,score\n"
    pair = pair_files(small, tmp_path, lambda row: ",".join(map(str, [*row[:4], row[9]])), header)
    with open_scores(pair, format="pair", failures=(-1.0,)) as scores:
        assert close_to(contents(scores), small.expected(attributes=0))
        assert scores.notes == ()


def test_names_of_files_mean_themselves(small: Small, tmp_path: Path) -> None:
    plain = small.write_parquet(tmp_path / "a.parquet")
    text = csv_in(small, tmp_path)
    folder = tmp_path / "it's [a] *; DROP TABLE x; --"
    folder.mkdir()
    for source, name in ((plain, "q'uo\"te?.parquet"), (plain, "[1]*.parquet"), (text, "a b'.csv"), (text, "*?.csv")):
        other = folder / name
        shutil.copy(source, other)
        with open_scores(other, failures=(-1.0,)) as scores:
            assert close_to(contents(scores), small.expected())
    database = folder / "d'b.duckdb"
    with duckdb.connect(database) as connection:
        small.insert(connection)
        connection.execute('ALTER TABLE t RENAME TO "ta\'b""le"')
    with open_scores(f"{database}::ta'b\"le", failures=(-1.0,)) as scores:
        assert close_to(contents(scores), small.expected())
