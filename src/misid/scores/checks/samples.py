"""One scan a side: every probe and every reference with what its comparisons add up to, kept in the engine.

All later checks of ids, people and groups read these tables, which have a row a sample, not a comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from misid.engine import Engine
from misid.ground.codes import problem
from misid.ground.errors import Problem
from misid.scores.build import SELF
from misid.scores.checks.sql import FINITE, PROBES, REFERENCES, SIDES, masked, row, rows
from misid.scores.model import COMPARISONS, SEARCHES, Scores


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Sums over all comparisons of the view."""

    rows: int
    mated: int
    failed: int
    null: int
    nan: int
    plus_inf: int
    minus_inf: int
    finite: int
    finite_mated: int
    lowest: float | None
    highest: float | None
    same: int
    """Rows whose probe and reference have one id and one person."""
    same_by_person: int
    """... where that id is the person's own, so that it names no sample."""
    same_lowest: float | None
    same_highest: float | None
    contradicting: int
    no_id: int

    @property
    def nonmated(self) -> int:
        return self.rows - self.mated


def keep_sides(scores: Scores) -> None:
    """Make the tables `PROBES` and `REFERENCES`: a scan of the comparisons each."""
    engine = scores.engine
    equal_people = _equal(engine, "probe_person", "reference_person")
    same = f"{_equal(engine, 'probe', 'reference')} AND {equal_people}"
    of_person = f"{same} AND {_equal(engine, 'probe', 'probe_person')}"
    both = f"""count(*) AS n, count(*) FILTER (WHERE mated) AS n_mated,
        count(*) FILTER (WHERE {FINITE}) AS n_finite, count(*) FILTER (WHERE {FINITE} AND mated) AS n_finite_mated,
        CAST(min(score) FILTER (WHERE {FINITE}) AS DOUBLE) AS lowest,
        CAST(max(score) FILTER (WHERE {FINITE}) AS DOUBLE) AS highest"""
    probe_only = f"""count(*) FILTER (WHERE failed) AS n_failed,
        count(*) FILTER (WHERE score IS NULL AND NOT failed) AS n_null, count(*) FILTER (WHERE isnan(score)) AS n_nan,
        count(*) FILTER (WHERE score = CAST('inf' AS DOUBLE)) AS n_plus_inf,
        count(*) FILTER (WHERE score = CAST('-inf' AS DOUBLE)) AS n_minus_inf,
        count(*) FILTER (WHERE {same}) AS n_same, count(*) FILTER (WHERE {of_person}) AS n_same_by_person,
        CAST(min(score) FILTER (WHERE {same} AND {FINITE}) AS DOUBLE) AS same_lowest,
        CAST(max(score) FILTER (WHERE {same} AND {FINITE}) AS DOUBLE) AS same_highest,
        count(*) FILTER (WHERE mated <> ({equal_people})) AS n_contradicting,
        count(*) FILTER (WHERE probe IS NULL OR reference IS NULL OR probe_person IS NULL OR reference_person IS NULL)
            AS n_no_id"""
    for side, table in SIDES:
        more = f", {probe_only}" if side == "probe" else ""
        engine.keep(
            table,
            f"SELECT CAST({side} AS VARCHAR) AS sample, CAST({side}_person AS VARCHAR) AS person, "
            f"CAST({side}_group AS VARCHAR) AS label, {both}{more} "
            f"FROM {COMPARISONS} GROUP BY {side}, {side}_person, {side}_group",
        )


def _equal(engine: Engine, left: str, right: str) -> str:
    """SQL for "the same id", as text where the two columns have different types."""
    types = rows(engine, f"SELECT typeof({left}) AS a, typeof({right}) AS b FROM {COMPARISONS} LIMIT 1")
    if types and types[0]["a"] != types[0]["b"]:
        return f"CAST({left} AS VARCHAR) = CAST({right} AS VARCHAR)"
    return f"{left} = {right}"


def facts(engine: Engine) -> Facts:
    """Everything that is a sum over all comparisons, from the table of probes."""
    sums = {
        "rows": "n", "mated": "n_mated", "failed": "n_failed", "null": "n_null", "nan": "n_nan",
        "plus_inf": "n_plus_inf", "minus_inf": "n_minus_inf", "finite": "n_finite", "finite_mated": "n_finite_mated",
        "same": "n_same", "same_by_person": "n_same_by_person", "contradicting": "n_contradicting", "no_id": "n_no_id",
    }  # fmt: skip
    selected = ", ".join(f"CAST(coalesce(sum({column}), 0) AS BIGINT) AS {name}" for name, column in sums.items())
    extremes = (
        "min(lowest) AS lowest, max(highest) AS highest, "
        "min(same_lowest) AS same_lowest, max(same_highest) AS same_highest"
    )
    found: dict[str, Any] = row(engine, f"SELECT {selected}, {extremes} FROM {PROBES}")
    return Facts(**found)


def people_select(scores: Scores) -> str:
    """SQL for the distinct (person, label, side) met, searches that returned nobody included."""
    parts = [
        f"SELECT DISTINCT person, label, 1 AS as_probe, 0 AS as_reference FROM {PROBES}",
        f"SELECT DISTINCT person, label, 0 AS as_probe, 1 AS as_reference FROM {REFERENCES}",
    ]
    if scores.kind == "candidates":
        parts.append(
            "SELECT DISTINCT CAST(probe_person AS VARCHAR) AS person, CAST(probe_group AS VARCHAR) AS label, "
            f"1 AS as_probe, 0 AS as_reference FROM {SEARCHES}"
        )
    return " UNION ALL ".join(parts)


def id_problems(scores: Scores, found: Facts) -> list[Problem]:
    """Ids that are missing, or contradict `mated`, the people or the groups."""
    engine = scores.engine
    problems: list[Problem] = []
    if found.no_id:
        problems.append(problem(
            "E020", where="comparisons", seen="no id of a sample or of a person", count=found.no_id,
            allowed="an id of both samples and of both people in every row",
            remedy="give every sample an id and a person, or leave these rows out of the input",
        ))  # fmt: skip
    if found.contradicting:
        problems.append(problem(
            "E030", where="column mated against the ids of people",
            seen="mated rows of two people, or non-mated rows of one person", count=found.contradicting,
            allowed="mated exactly where both samples are of one person",
            remedy="leave the column out (mated then follows from the ids of people), or correct the ids",
        ))  # fmt: skip
    for side, table in SIDES:
        shared = f"FROM {table} WHERE sample IS NOT NULL GROUP BY sample HAVING count(DISTINCT person) > 1"
        n, examples = _counted(engine, "sample", shared)
        if n:
            problems.append(problem(
                "E031", where=f"column {side}", seen=f"the same {side} id with two people", count=n, examples=examples,
                allowed="a sample is of one person",
                remedy="make the sample ids unique, or correct the table that says whose samples they are",
            ))  # fmt: skip
    torn = f"""FROM ({people_select(scores)}) AS everybody WHERE person IS NOT NULL
        GROUP BY person HAVING count(DISTINCT label) > 1"""
    n, examples = _counted(engine, "person", torn)
    if n:
        problems.append(problem(
            "E032", where="groups", seen="a person with two different groups", count=n, examples=examples,
            allowed="one value of every attribute a person; '(missing)' beside a known value counts as two",
            remedy="give the groups in a table of one row a person (--subjects), or correct the columns",
        ))  # fmt: skip
    return problems


def _counted(engine: Engine, column: str, grouped: str) -> tuple[int, tuple[str, ...]]:
    """How many groups of ids a query finds, and five of them masked."""
    n = row(engine, f"SELECT count(*) AS n FROM (SELECT {column} {grouped}) AS found")["n"]
    if not n:
        return 0, ()
    shown = rows(engine, f"SELECT {masked(column)} AS shown {grouped} ORDER BY {column} LIMIT 5")
    return n, tuple(dict.fromkeys(r["shown"] for r in shown))


def same_sample_problems(scores: Scores, found: Facts) -> list[Problem]:
    """Rows in which probe and reference are one sample: left out by the reader, or still there."""
    left_out = sum(n for reason, n in scores.refused if reason == SELF)
    problems = []
    if left_out:
        problems.append(problem(
            "W023", where="comparisons", seen="a sample compared with itself, left out", count=left_out,
            allowed="two samples in every comparison",
            remedy="nothing, or same_samples=False if the same id on both sides means two samples",
        ))  # fmt: skip
    constant = found.same > 1 and found.same_lowest is not None and found.same_lowest == found.same_highest
    # Where the ids are people's, the reader says so (W003), and two samples of one person do not all score the same.
    if found.same and (constant or found.same_by_person < found.same):
        score = ", and all of these have one score" if constant else ""
        problems.append(problem(
            "E033", where="comparisons", seen=f"probe and reference have the same id{score}", count=found.same,
            allowed="two samples in every comparison: one compared with itself is no evidence",
            remedy="leave these rows out (same_samples=True), or give probes and references ids of their own",
        ))  # fmt: skip
    return problems
