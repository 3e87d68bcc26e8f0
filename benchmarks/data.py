"""Generated comparisons in Parquet: 20,000 people in 8 groups, random pairs, 1 % mated; and a full table of few people.

python benchmarks/data.py 1e7 comparisons.parquet
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

PEOPLE = 20_000
GROUPS = 8
BATCH = 2_000_000


def generate(rows: int, path: Path) -> None:
    """Write `rows` comparisons; the same rows for the same number, made by the engine's hash, not a clock."""
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = true")
    # Box-Muller over two hashes: normal scores without a random state.
    connection.execute(
        f"""
        COPY (
          WITH h AS (
            SELECT i, hash(i * 4 + 1) AS a, hash(i * 4 + 2) AS b, (hash(i * 4 + 3) % 1000000007) / 1000000007.0 AS u,
                   (hash(i * 4 + 4) % 1000000007) / 1000000007.0 AS v FROM range({rows}) AS t(i)),
          pairs AS (
            SELECT a % {PEOPLE} AS p, CASE WHEN i % 100 = 0 THEN a % {PEOPLE}
                     ELSE (a % {PEOPLE} + 1 + b % {PEOPLE - 1}) % {PEOPLE} END AS r,
                   i % 100 = 0 AS mated, sqrt(-2 * ln(1 - u)) * cos(2 * pi() * v) AS z FROM h)
          SELECT format('p{{:05d}}', p) AS probe, format('r{{:05d}}', r) AS reference,
                 format('s{{:05d}}', p) AS probe_person, format('s{{:05d}}', r) AS reference_person,
                 format('g{{}}', p % {GROUPS}) AS probe_group, format('g{{}}', r % {GROUPS}) AS reference_group, mated,
                 CAST(CASE WHEN mated THEN 0.6 + 0.12 * z ELSE 0.1 * z END AS FLOAT) AS score
          FROM pairs)
        TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 500000)"""
    )


def generate_people(people: int, path: Path, *, samples: int = 3) -> None:
    """Write every pair of different samples of so many people once, `samples` of each person."""
    connection = duckdb.connect()
    connection.execute(
        f"""
        COPY (
          WITH s AS (SELECT i, i // {samples} AS person FROM range({people * samples}) AS t(i)),
          pairs AS (
            SELECT a.i AS p, b.i AS r, a.person AS pp, b.person AS rp,
                   (hash(a.i * 100003 + b.i) % 1000000007) / 1000000007.0 AS u,
                   (hash(b.i * 100003 + a.i) % 1000000007) / 1000000007.0 AS v
            FROM s AS a JOIN s AS b ON a.i < b.i)
          SELECT format('i{{:05d}}', p) AS probe, format('i{{:05d}}', r) AS reference,
                 format('s{{:05d}}', pp) AS probe_person, format('s{{:05d}}', rp) AS reference_person,
                 pp = rp AS mated,
                 CAST(CASE WHEN pp = rp THEN 0.6 ELSE 0.1 END
                      + 0.12 * sqrt(-2 * ln(1 - u)) * cos(2 * pi() * v) AS FLOAT) AS score
          FROM pairs)
        TO '{path}' (FORMAT parquet)"""
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", type=float)
    parser.add_argument("path", type=Path)
    options = parser.parse_args()
    generate(int(options.rows), options.path)
