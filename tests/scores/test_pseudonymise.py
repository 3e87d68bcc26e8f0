"""Pseudonyms: the same id, the same hash, in every format; nothing of the id or the key is left in the output."""

from __future__ import annotations

import csv
import gzip
import hashlib
import hmac
import stat
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from misid.engine import DuckDBEngine
from misid.ground.errors import BadInputError, UsageError
from misid.scores.check import check
from misid.scores.open import open_scores
from misid.scores.pseudonymise import make_key, pseudonym, pseudonymise


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return make_key(tmp_path / "secret" / "site.key")


def read(path: Path, delimiter: str = ",") -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def secret(key: Path) -> bytes:
    return bytes.fromhex(key.read_text())


NAMED = """probe,reference,score,note
Ada Lovelace,"Hopper, Grace",0.50,"a ""b"", c"
Ada Lovelace,Émilie,1e-7,
,,-1,x
"""


def test_text_keeps_everything_but_the_ids(tmp_path: Path, key: Path) -> None:
    (tmp_path / "named.csv").write_text(NAMED, encoding="utf-8")
    done = pseudonymise(tmp_path / "named.csv", tmp_path / "opaque.csv", key=key, columns=["probe", "reference"])
    rows = read(tmp_path / "opaque.csv")
    assert rows[0] == ["probe", "reference", "score", "note"]
    assert [row[2:] for row in rows[1:]] == [["0.50", 'a "b", c'], ["1e-7", ""], ["-1", "x"]]
    of = {text: hmac.new(secret(key), text.encode(), hashlib.sha256).hexdigest()[:32]
          for text in ("Ada Lovelace", "Hopper, Grace", "Émilie")}  # fmt: skip
    assert [row[:2] for row in rows[1:]] == [
        [of["Ada Lovelace"], of["Hopper, Grace"]], [of["Ada Lovelace"], of["Émilie"]], ["", ""],
    ]  # fmt: skip
    assert (done.rows, done.ids, done.empty, done.notes) == (3, 3, 2, ())
    assert secret(key).hex() not in str(done)


@pytest.mark.parametrize(
    "name, delimiter, ending",
    [("a.csv", ",", "\n"), ("a.tsv", "\t", "\n"), ("a.txt", ";", "\r\n"), ("a.csv.gz", "|", "\n")],
)
def test_every_kind_of_text(tmp_path: Path, key: Path, name: str, delimiter: str, ending: str) -> None:
    lines: tuple[list[str], ...] = (["\ufeffprobe", "score"], ["ada", "0.5"], ["max", "0.1"], [])
    text = ending.join(delimiter.join(cells) for cells in lines)
    packed = name.endswith(".gz")
    (tmp_path / name).write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    out = tmp_path / f"out-{name}"
    assert pseudonymise(tmp_path / name, out, key=key, columns=("probe",)).rows == 2
    written = (gzip.decompress(out.read_bytes()) if packed else out.read_bytes()).decode()
    ada = pseudonym(secret(key), "ada")
    assert written.startswith(f"probe{delimiter}score{ending}{ada}{delimiter}0.5{ending}")
    again = tmp_path / f"again-{name}"
    pseudonymise(tmp_path / name, again, key=key, columns=("probe",))
    assert again.read_bytes() == out.read_bytes()


def test_parquet_and_text_agree_and_other_columns_keep_their_types(tmp_path: Path, key: Path) -> None:
    select = """SELECT i % 700 AS probe, CASE WHEN i % 50 = 0 THEN NULL ELSE 'r' || (i % 31) END AS reference,
        CAST(sin(i) AS FLOAT) AS score, i % 2 = 0 AS mated, DATE '2020-01-01' + CAST(i % 9 AS INTEGER) AS day
        FROM range(5000) AS numbers(i)"""
    with DuckDBEngine(threads=1) as engine:
        engine.save(select, tmp_path / "a.parquet")
        engine.execute(f"COPY ({select}) TO '{tmp_path / 'a.csv'}' (HEADER)")
        packed = pseudonymise(tmp_path / "a.parquet", tmp_path / "b.parquet", key=key, columns=["probe", "reference"])
        text = pseudonymise(tmp_path / "a.csv", tmp_path / "b.csv", key=key, columns=["probe", "reference"])
        assert (packed.rows, packed.ids, packed.empty) == (text.rows, text.ids, text.empty) == (5000, 731, 100)
        written = f"read_parquet('{tmp_path / 'b.parquet'}')"
        types = engine.columns(f"SELECT column_type FROM (DESCRIBE SELECT * FROM {written})")["column_type"].tolist()
        assert types == ["VARCHAR", "VARCHAR", "FLOAT", "BOOLEAN", "DATE"]
        both = engine.columns(
            f"SELECT probe, coalesce(reference, '') AS reference, CAST(score AS VARCHAR) AS score FROM {written}"
        )
    rows = Counter(zip(both["probe"].tolist(), both["reference"].tolist(), both["score"].tolist(), strict=True))
    assert rows == Counter((row[0], row[1], row[2]) for row in read(tmp_path / "b.csv")[1:])


def test_odd_column_names_and_paths(tmp_path: Path, key: Path) -> None:
    source = tmp_path / 'it\'s; a "file".parquet'
    with DuckDBEngine(threads=1) as engine:
        engine.save('SELECT \'ada\' AS "who\'s ""it""", 1 AS "select"', source)
        pseudonymise(source, tmp_path / "out.parquet", key=key, columns=['who\'s "it"', "select"])
        found = engine.columns(f"SELECT * FROM read_parquet('{tmp_path / 'out.parquet'}')")
    assert [column[0] for column in found.values()] == [pseudonym(secret(key), text) for text in ("ada", "1")]


def test_both_edges_of_a_matrix(tmp_path: Path, key: Path) -> None:
    (tmp_path / "m.csv").write_text(",ada,max\nada,0.9,0.1\nmax,0.2,0.8\n")
    pseudonymise(tmp_path / "m.csv", tmp_path / "o.csv", key=key, edges=True)
    ada, other = (pseudonym(secret(key), text) for text in ("ada", "max"))
    assert read(tmp_path / "o.csv") == [["", ada, other], [ada, "0.9", "0.1"], [other, "0.2", "0.8"]]


def test_what_is_refused_passes_afterwards(tmp_path: Path, lab: Path, key: Path) -> None:
    with open_scores(lab / "named.csv", failures=(-1.0,)) as scores:
        assert "E043" in [p.code for p in check(scores).problems]
    pseudonymise(lab / "named.csv", tmp_path / "opaque.csv", key=key, columns=["probe", "reference"])
    with open_scores(tmp_path / "opaque.csv", failures=(-1.0,)) as scores:
        assert check(scores).ok


@given(texts=st.lists(st.text(max_size=12), min_size=1, max_size=8))
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_an_id(tmp_path: Path, texts: list[str]) -> None:
    path, out, key = tmp_path / "any.csv", tmp_path / "any-out.csv", tmp_path / "any.key"
    texts = [t for t in texts if t.isprintable() or t == ""] or ["x"]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "n"], *([text, k] for k, text in enumerate(texts))])
    pseudonymise(path, out, key=key, columns=["id"], force=True)
    assert [row[0] for row in read(out)[1:]] == [pseudonym(secret(key), t) if t else "" for t in texts]


# The key


def test_a_key_is_secret_and_never_overwritten(tmp_path: Path) -> None:
    path = make_key(tmp_path / "k")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(secret(path)) == 32
    assert secret(make_key(tmp_path / "other")) != secret(path)
    before = path.read_bytes()
    with pytest.raises(UsageError, match="never overwritten"):
        make_key(path)
    assert path.read_bytes() == before
    with pytest.raises(UsageError, match="cannot be written"):
        make_key(path / "below")


def test_an_absent_key_is_made_and_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\nada\n")
    done = pseudonymise(tmp_path / "a.csv", tmp_path / "b.csv", key=tmp_path / "k", columns=["id"])
    assert "the key was made" in done.notes[0]
    assert pseudonymise(tmp_path / "a.csv", tmp_path / "c.csv", key=tmp_path / "k", columns=["id"]).notes == ()
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "c.csv").read_bytes()


def test_a_key_that_others_can_read_is_said(tmp_path: Path, key: Path) -> None:
    (tmp_path / "a.csv").write_text("id\nada\n")
    key.chmod(0o644)
    assert "chmod 600" in pseudonymise(tmp_path / "a.csv", tmp_path / "b.csv", key=key, columns=["id"]).notes[0]


@pytest.mark.parametrize("text", ["", "swordfish", "ab" * 31, "zz" * 32, "ä"])
def test_what_is_no_key_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text("id\nada\n")
    (tmp_path / "k").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        pseudonymise(tmp_path / "a.csv", tmp_path / "b.csv", key=tmp_path / "k", columns=["id"])
    assert not text or text not in str(raised.value)
    assert raised.value.__cause__ is None
    assert not (tmp_path / "b.csv").exists()


# What is refused


def test_calls_that_cannot_be(tmp_path: Path, key: Path) -> None:
    source, out = tmp_path / "a.csv", tmp_path / "b.csv"
    source.write_text("id,score\nada,1\n")
    with pytest.raises(UsageError, match="no key"):
        pseudonymise(source, out, key=None, columns=["id"])
    for columns, edges in (((), False), (("id",), True)):
        with pytest.raises(UsageError, match="say what holds the ids"):
            pseudonymise(source, out, key=key, columns=columns, edges=edges)
    with pytest.raises(UsageError, match="source itself"):
        pseudonymise(source, tmp_path / "." / "a.csv", key=key, columns=["id"], force=True)
    with pytest.raises(UsageError, match="named as the key"):
        pseudonymise(source, key, key=key, columns=["id"], force=True)
    out.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        pseudonymise(source, out, key=key, columns=["id"])
    assert out.read_text() == "mine"
    pseudonymise(source, out, key=key, columns=["id"], force=True)
    assert out.read_text() != "mine"
    assert source.read_text() == "id,score\nada,1\n"


@pytest.mark.parametrize(
    "content, code",
    [
        (b"id,score\nada,1,2\n", "E008"),
        (b"id,score\nada\n", "E008"),
        (b'id,score\n"ada"x,1\n', "E009"),
        (b"id,score\n\xff\xfe,1\n", "E006"),
        (b"", "E002"),
        (b"id,score\n", "E002"),
        (b"id,score\n\n\n", "E002"),
        (b"name,score\nada,1\n", "E012"),
        (gzip.compress(b"id,score\nada,1\n" * 999, mtime=0)[:-20], "E004"),
    ],
)
def test_broken_text_leaves_nothing_behind(tmp_path: Path, key: Path, content: bytes, code: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(BadInputError) as raised:
        pseudonymise(tmp_path / "a.csv", tmp_path / "out" / "b.csv", key=key, columns=["id"])
    assert [p.code for p in raised.value.problems] == [code]
    assert "ada" not in str(raised.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_missing_inputs_and_columns(tmp_path: Path, key: Path) -> None:
    with pytest.raises(BadInputError, match="E001"):
        pseudonymise(tmp_path / "none.csv", tmp_path / "b.csv", key=key, columns=["id"])
    with DuckDBEngine(threads=1) as engine:
        engine.save("SELECT 1 AS id", tmp_path / "a.parquet")
    with pytest.raises(BadInputError, match=r"E012.*'person'"):
        pseudonymise(tmp_path / "a.parquet", tmp_path / "b.parquet", key=key, columns=["id", "person"])
    with DuckDBEngine(threads=1) as engine:
        engine.save("SELECT 1 AS id LIMIT 0", tmp_path / "empty.parquet")
    with pytest.raises(BadInputError, match=r"E002.*no rows below the header"):
        pseudonymise(tmp_path / "empty.parquet", tmp_path / "b.parquet", key=key, columns=["id"])
    assert not (tmp_path / "b.parquet").exists()
    with pytest.raises(UsageError, match="no edges"):
        pseudonymise(tmp_path / "a.parquet", tmp_path / "b.parquet", key=key, edges=True)
