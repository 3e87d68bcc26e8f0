"""Sums over all comparisons, and every probe and reference with what its own add up to, kept in the engine.

Checks of ids, people and groups read these tables, which have a row a sample, not a comparison.
"""

from __future__ import annotations

import math
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


def facts(scores: Scores) -> Facts:
    """Make the tables `PROBES` and `REFERENCES`, and sum up what they hold: a scan of the comparisons each.

    What only a row can tell is asked in a third scan: whether `mated` fits the people, and the rest where the
    tables show that there is any.
    """
    engine = scores.engine
    _keep_sides(engine, finite_only=False)
    found: dict[str, Any] = row(
        engine,
        f"""
        SELECT {", ".join(f"CAST(coalesce(sum({n}), 0) AS BIGINT) AS {n}" for n in _SUMS)}, min(lowest) AS lowest,
            max(highest) AS highest FROM {PROBES}""",
    )
    rare: dict[str, Any] = {"nan": 0, "plus_inf": 0, "minus_inf": 0}
    ends = found["lowest"], found["highest"]
    if found["n_scored"] and not all(math.isfinite(end) for end in ends):
        rare = row(
            engine,
            f"""
            SELECT count(*) FILTER (WHERE isnan(score)) AS nan,
                count(*) FILTER (WHERE score = CAST('inf' AS DOUBLE)) AS plus_inf,
                count(*) FILTER (WHERE score = CAST('-inf' AS DOUBLE)) AS minus_inf FROM {COMPARISONS}""",
        )
        _keep_sides(engine, finite_only=True)
        found |= row(engine, f"SELECT min(lowest) AS lowest, max(highest) AS highest FROM {PROBES}")
    unscored = found["n"] - found["n_scored"]
    asked = _of_rows(engine, unscored)
    return Facts(
        rows=found["n"], mated=found["n_mated"], null=unscored - asked["failed"],
        finite=found["n_scored"] - sum(rare.values()), lowest=found["lowest"], highest=found["highest"],
        **rare, **asked,
    )  # fmt: skip


_SUMS = ("n", "n_mated", "n_scored")


def _keep_sides(engine: Engine, *, finite_only: bool) -> None:
    """The tables, with numbers of scores and their ends, or of finite ones alone."""
    # A condition in every aggregate costs as much again as the aggregates: only where it changes something.
    scored, condition = (f"count(*) FILTER (WHERE {FINITE})", f" FILTER (WHERE {FINITE})") if finite_only else (
        "count(score)", ""
    )  # fmt: skip
    for side, table in SIDES:
        engine.keep(
            table,
            f"SELECT CAST({side} AS VARCHAR) AS sample, CAST({side}_person AS VARCHAR) AS person, "
            f"CAST({side}_group AS VARCHAR) AS label, count(*) AS n, count(*) FILTER (WHERE mated) AS n_mated, "
            f"{scored} AS n_scored, CAST(min(score){condition} AS DOUBLE) AS lowest, "
            f"CAST(max(score){condition} AS DOUBLE) AS highest "
            f"FROM {COMPARISONS} GROUP BY {side}, {side}_person, {side}_group",
        )


def _of_rows(engine: Engine, unscored: int) -> dict[str, Any]:
    """What only a row can tell, and not its two sides apart; `unscored` rows have no score, as failed ones."""
    equal_people = _equal(engine, "probe_person", "reference_person")
    same = f"{_equal(engine, 'probe', 'reference')} AND {equal_people}"
    hints = row(
        engine,
        f"""
        SELECT (SELECT count(*) FROM {PROBES} AS p JOIN {REFERENCES} AS r
                ON p.sample = r.sample AND p.person = r.person) AS on_both_sides,
            (SELECT count(*) FROM {PROBES} WHERE sample IS NULL OR person IS NULL)
                + (SELECT count(*) FROM {REFERENCES} WHERE sample IS NULL OR person IS NULL) AS no_id""",
    )
    asked = {"contradicting": f"mated <> ({equal_people})"}
    if unscored:
        asked["failed"] = "failed"
    if hints["on_both_sides"]:
        asked["same"] = same
    if hints["no_id"]:
        asked["no_id"] = " OR ".join(f"{column} IS NULL" for side, _ in SIDES for column in (side, f"{side}_person"))
    counts = ", ".join(f"count(*) FILTER (WHERE {condition}) AS {name}" for name, condition in asked.items())
    found: dict[str, Any] = dict.fromkeys(("failed", "same", "no_id", "same_by_person"), 0)
    found |= {"same_lowest": None, "same_highest": None}
    found |= row(engine, f"SELECT {counts} FROM {COMPARISONS}")
    if found["same"]:
        found |= row(
            engine,
            f"""
            SELECT count(*) FILTER (WHERE {_equal(engine, "probe", "probe_person")}) AS same_by_person,
                CAST(min(score) FILTER (WHERE {FINITE}) AS DOUBLE) AS same_lowest,
                CAST(max(score) FILTER (WHERE {FINITE}) AS DOUBLE) AS same_highest
            FROM {COMPARISONS} WHERE {same}""",
        )
    return found


def _equal(engine: Engine, left: str, right: str) -> str:
    """SQL for "the same id", as text where the two columns have different types."""
    types = rows(engine, f"SELECT typeof({left}) AS a, typeof({right}) AS b FROM {COMPARISONS} LIMIT 1")
    if types and types[0]["a"] != types[0]["b"]:
        return f"CAST({left} AS VARCHAR) = CAST({right} AS VARCHAR)"
    return f"{left} = {right}"


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
            remedy="nothing, or --other-samples (same_samples=False) if one id on both sides is two samples",
        ))  # fmt: skip
    constant = found.same > 1 and found.same_lowest is not None and found.same_lowest == found.same_highest
    # Where the ids are people's, the reader says so (W003), and two samples of one person do not all score the same.
    undeclared = not scores.other_samples and found.same_by_person < found.same
    if found.same and (constant or undeclared):
        score = ", and all of these have one score" if constant else ""
        problems.append(problem(
            "E033", where="comparisons", seen=f"probe and reference have the same id{score}", count=found.same,
            allowed="two samples in every comparison: one compared with itself is no evidence",
            remedy="--same-samples (same_samples=True) leaves these rows out; --other-samples (same_samples=False) "
            "says that one id on both sides is two samples",
        ))  # fmt: skip
    return problems
