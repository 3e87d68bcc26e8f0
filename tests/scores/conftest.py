"""One small test of a pretended matcher, written in every format that has a reader."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from misid.scores import COMPARISONS, Scores

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
HEADER = (
    "probe", "reference", "probe_person", "reference_person", "probe_sex", "reference_sex", "probe_race",
    "reference_race", "mated", "score",
)  # fmt: skip
Row = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Small:
    """Every probe with every reference: rows as in HEADER, scores exact in float32, some of them -1."""

    rows: tuple[Row, ...]
    people: tuple[tuple[str, str, str], ...]
    """person, sex, race."""

    def expected(self, *, attributes: int = 2, failures: bool = True) -> list[Row]:
        """What the view of comparisons has to hold, sorted."""
        wanted = []
        for probe, reference, p, r, p_sex, r_sex, p_race, r_race, mated, score in self.rows:
            groups = ("", "") if not attributes else (p_sex, r_sex)
            if attributes == 2:
                groups = (f"{p_sex}\x1f{p_race}", f"{r_sex}\x1f{r_race}")
            failed = failures and score == -1
            wanted.append((probe, reference, p, r, *groups, bool(mated), None if failed else float(score), failed))
        return sorted(wanted, key=str)

    def write(self, path: Path, *, delimiter: str = ",", columns: tuple[str, ...] = HEADER) -> Path:
        at = [HEADER.index(c) for c in columns]
        return write(path, columns, [[row[i] for i in at] for row in self.rows], delimiter=delimiter)

    def write_subjects(self, path: Path) -> Path:
        return write(path, ("person", "sex", "race"), self.people)

    def write_parquet(self, path: Path, rows: tuple[Row, ...] | None = None, score: str = "FLOAT") -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            self.insert(connection, rows, score)
            connection.execute("COPY t TO $path (FORMAT parquet)", {"path": str(path)})
        return path

    def insert(
        self, connection: duckdb.DuckDBPyConnection, rows: tuple[Row, ...] | None = None, score: str = "FLOAT"
    ) -> None:
        text = ", ".join(f"{name} VARCHAR" for name in HEADER[:8])
        connection.execute(f"CREATE TABLE t ({text}, mated BOOLEAN, score {score})")
        connection.executemany(
            f"INSERT INTO t VALUES ({', '.join('?' * len(HEADER))})",
            [[*row[:8], bool(row[8]), float(row[9])] for row in rows or self.rows],
        )

    def columns(self) -> dict[str, Any]:
        """The rows as columns, for data frames."""
        table: dict[str, Any] = {name: [row[i] for row in self.rows] for i, name in enumerate(HEADER)}
        table["mated"] = [bool(m) for m in table["mated"]]
        table["score"] = np.array(table["score"], dtype=np.float32)
        return table


def write(path: Path, header: Any, rows: Any, *, delimiter: str = ",") -> Path:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        if header is not None:
            writer.writerow(header)
        writer.writerows(rows)
    return path


@pytest.fixture
def small() -> Small:
    generator = np.random.default_rng(2)
    n = 6
    people = tuple((f"p{i}", "FM"[i % 2], "ABC"[i % 3]) for i in range(n))
    rows = []
    for p in range(n):
        for take in (1, 2):
            for r in range(n):
                score = np.float32(np.round(generator.normal(0.8 if p == r else 0.2, 0.1), 5))
                if (p, take) == (2, 1):
                    score = np.float32(-1)
                a, b = people[p], people[r]
                rows.append((f"p{p}-{take}", f"p{r}-0", a[0], b[0], a[1], b[1], a[2], b[2], int(p == r), score))
    return Small(rows=tuple(rows), people=people)


def contents(scores: Scores, view: str = COMPARISONS) -> list[Row]:
    """All rows of the view, sorted, ids as text, scores as the shortest number that is the same in float32."""
    rows = scores.engine.rows(
        "SELECT probe, reference, probe_person, reference_person, probe_group, reference_group, mated, score, failed "
        f"FROM {view}"
    )
    return sorted(((*map(str, row[:4]), *row[4:]) for row in rows), key=str)


def close_to(found: list[Row], wanted: list[Row]) -> bool:
    """The same rows, scores the same to float32."""

    def single(rows: list[Row]) -> list[Row]:
        return sorted(((*r[:7], None if r[7] is None else float(np.float32(r[7])), r[8]) for r in rows), key=str)

    return single(found) == single(wanted)
