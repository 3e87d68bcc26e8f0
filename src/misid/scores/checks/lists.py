"""What is wrong with candidate lists: searches without, ranks that do not fit, lists against their declaration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from misid.engine.seam import literal
from misid.ground.codes import problem
from misid.ground.errors import Problem
from misid.scores.checks.polarity import other_polarity
from misid.scores.checks.samples import Facts
from misid.scores.checks.sql import PROBES, masked, row, rows
from misid.scores.model import COMPARISONS, SEARCHES, Scores

_SEARCHES = "_check_searches"
_LISTS = "_check_lists"


@dataclass(frozen=True, kw_only=True)
class ListFindings:
    problems: tuple[Problem, ...]
    searches: int
    mated: int
    nonmated: int
    failed: int
    empty: int
    by_label: dict[str, tuple[int, int]]
    """Group label to (mated, non-mated) searches."""


def list_problems(scores: Scores, found: Facts) -> ListFindings:
    """Problems of searches and of their candidate lists."""
    engine = scores.engine
    engine.keep(
        _SEARCHES,
        f"""
        SELECT CAST(probe AS VARCHAR) AS probe, CAST(probe_group AS VARCHAR) AS label, mated, failed, n_candidates
        FROM {SEARCHES}""",
    )
    engine.keep(
        _LISTS,
        f"""
        SELECT sample, CAST(sum(n) AS BIGINT) AS n, CAST(sum(n_mated) AS BIGINT) AS n_mated
        FROM {PROBES} GROUP BY sample""",
    )
    totals = row(
        engine,
        f"""
        SELECT count(*) AS searches, count(DISTINCT probe) AS ids, count(*) FILTER (WHERE mated) AS mated,
            count(*) FILTER (WHERE NOT mated) AS nonmated, count(*) FILTER (WHERE failed) AS failed,
            count(*) FILTER (WHERE n_candidates = 0 AND NOT failed) AS empty FROM {_SEARCHES}""",
    )
    by_label = rows(
        engine,
        f"""
        SELECT label, count(*) FILTER (WHERE mated) AS mated, count(*) FILTER (WHERE NOT mated) AS nonmated
        FROM {_SEARCHES} GROUP BY label""",
    )
    problems = [*_searches(scores, totals), *_declared(scores, found), *_ranks(scores)]
    engine.drop(_SEARCHES, _LISTS)
    return ListFindings(
        problems=tuple(problems), searches=totals["searches"], mated=totals["mated"], nonmated=totals["nonmated"],
        failed=totals["failed"], empty=totals["empty"],
        by_label={r["label"]: (r["mated"], r["nonmated"]) for r in by_label},
    )  # fmt: skip


def _searches(scores: Scores, totals: dict[str, Any]) -> list[Problem]:
    engine = scores.engine
    problems = []
    if totals["ids"] < totals["searches"]:
        again = rows(
            engine,
            f"""
            SELECT {masked("probe")} AS shown FROM {_SEARCHES}
            GROUP BY probe HAVING count(*) > 1 ORDER BY probe LIMIT 5""",
        )
        problems.append(problem(
            "E039", where="searches", seen="a search that is in the table already", allowed="one row a search",
            count=totals["searches"] - totals["ids"], examples=tuple(dict.fromkeys(r["shown"] for r in again)),
            remedy="give every search an id of its own, also where the same photograph is searched twice",
        ))  # fmt: skip
    orphans = f"""FROM {_LISTS} AS l LEFT JOIN (SELECT DISTINCT probe FROM {_SEARCHES}) AS s ON s.probe = l.sample
        WHERE s.probe IS NULL"""
    lost = row(engine, f"SELECT count(*) AS searches, CAST(coalesce(sum(l.n), 0) AS BIGINT) AS n {orphans}")
    if lost["searches"]:
        shown = rows(engine, f"SELECT {masked('l.sample')} AS shown {orphans} ORDER BY l.sample LIMIT 5")
        problems.append(problem(
            "E025", where="candidates",
            seen=f"candidates of {lost['searches']:,} searches that are not in the table of searches", count=lost["n"],
            allowed="candidates of searches in that table",
            examples=tuple(dict.fromkeys(r["shown"] for r in shown)),
            remedy="add the searches to the table: a rate per search has every search in its denominator",
        ))  # fmt: skip
    torn = row(
        engine,
        f"""
        SELECT count(*) FILTER (WHERE NOT s.mated AND l.n_mated > 0) AS mated,
            count(*) FILTER (WHERE s.n_candidates <> coalesce(l.n, 0)) AS counted,
            count(*) FILTER (WHERE s.failed AND coalesce(l.n, 0) > 0) AS failed
        FROM (SELECT probe, bool_and(mated) AS mated, bool_and(failed) AS failed, max(n_candidates) AS n_candidates
            FROM {_SEARCHES} GROUP BY probe) AS s LEFT JOIN {_LISTS} AS l ON l.sample = s.probe""",
    )
    for n, seen, remedy in (
        (torn["mated"], "searches called non-mated whose list has the mate",
         "correct the column that says who is enrolled, or the ids of people"),
        (torn["failed"], "failed searches that have candidates", "correct the column that says which searches failed"),
        (torn["counted"], "searches whose number of candidates is not the number of their rows",
         "correct the number, or add the rows that are missing"),
    ):  # fmt: skip
        if n:
            problems.append(problem(
                "E042", where="searches", seen=seen, count=n, allowed="searches and candidates that agree",
                remedy=remedy,
            ))  # fmt: skip
    if totals["empty"] and (scores.return_threshold is None or scores.threshold_from_lists):
        problems.append(problem(
            "W022", where="searches", seen="a search that returned nobody, with no return threshold declared",
            count=totals["empty"], allowed="empty lists where candidates below a threshold are not returned",
            remedy="--return-threshold T if there was one; failed searches are declared as failed",
        ))  # fmt: skip
    return problems


def _declared(scores: Scores, found: Facts) -> list[Problem]:
    """Lists that are longer, or reach lower, than was declared."""
    problems = []
    if scores.list_length is not None:
        longer = row(
            scores.engine,
            f"""
            SELECT count(*) FILTER (WHERE n > {int(scores.list_length)}) AS n, max(n) AS longest FROM {_LISTS}""",
        )
        if longer["n"]:
            problems.append(problem(
                "E026", where="candidate lists", seen=f"lists longer than {scores.list_length:,}, up to "
                f"{longer['longest']:,}", allowed=f"at most {scores.list_length:,} candidates, as declared",
                count=longer["n"], remedy=f"--list-length {longer['longest']}, or correct the candidates",
            ))  # fmt: skip
    threshold = scores.return_threshold
    if threshold is not None and found.lowest is not None and found.lowest < threshold:
        # A threshold is compared in the precision of the scores.
        rounded = f"CAST({literal(float(threshold))} AS {scores.score_type})"
        below = row(scores.engine, f"SELECT count(*) AS n FROM {COMPARISONS} WHERE score < {rounded}")
        if below["n"]:
            sign = -1 if scores.polarity == "distance" else 1
            problems.append(problem(
                "E026", where="candidate lists", seen=f"candidates down to {sign * found.lowest:g}", count=below["n"],
                allowed=f"none that is less similar than {sign * threshold:g}, as declared",
                remedy="--return-threshold with the score below which the matcher returned nobody",
            ))  # fmt: skip
    return problems


def _ranks(scores: Scores) -> list[Problem]:
    """Ranks, where the input has them, against their own order and against the scores."""
    engine = scores.engine
    if "rank" not in engine.columns(f"SELECT * FROM {COMPARISONS} LIMIT 0"):
        return []
    # Read without ranks, the column is there and empty.
    if not row(engine, f"SELECT count(rank) AS n FROM {COMPARISONS}")["n"]:
        return []
    problems = []
    runs = row(
        engine,
        f"""
        SELECT count(*) AS lists, count(*) FILTER (WHERE lowest <> 1 OR highest <> n OR different <> n) AS broken,
            count(*) FILTER (WHERE lowest = 0 AND highest = n - 1 AND different = n) AS from_zero
        FROM (SELECT count(*) AS n, min(rank) AS lowest, coalesce(max(rank), -1) AS highest,
            count(DISTINCT rank) AS different FROM {COMPARISONS} GROUP BY probe) AS lists""",
    )
    if runs["broken"]:
        zero = runs["from_zero"] == runs["lists"]
        problems.append(problem(
            "E040", where="column rank", count=runs["broken"],
            seen="ranks that begin at 0" if zero else "lists whose ranks have gaps or repetitions, or are empty",
            allowed="1, 2, 3, ... in every list",
            remedy="add 1 to all ranks" if zero else "leave the column out, or add the candidates that are missing",
        ))  # fmt: skip
    order = row(
        engine,
        f"""
        SELECT count(*) AS steps, count(*) FILTER (WHERE score > before) AS up
        FROM (SELECT score, lag(score) OVER (PARTITION BY probe ORDER BY rank) AS before FROM {COMPARISONS}
            WHERE score IS NOT NULL) AS steps WHERE before IS NOT NULL""",
    )
    if order["up"]:
        turned = order["up"] > order["steps"] / 2
        problems.append(problem(
            "E041", where="column rank against the scores", count=order["up"],
            seen=f"{order['up']:,} of {order['steps']:,} candidates are more similar than the one ranked before them",
            allowed="ranks in the order of similarity",
            remedy=other_polarity(scores) if turned
            else "leave the column out: ranks are then those of the scores, which is what thresholds act on",
        ))  # fmt: skip
    return problems
