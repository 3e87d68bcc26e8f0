"""Comparisons that are in the input more than once: the same row again, or the same pair the other way round."""

from __future__ import annotations

from dataclasses import dataclass

from misid.engine import Engine
from misid.ground.codes import problem
from misid.ground.errors import Problem
from misid.scores.checks.sql import PROBES, REFERENCES, drop, row
from misid.scores.model import COMPARISONS, Scores

EXACT_ROWS = 20_000_000
"""Above this many rows, the pairs of some samples are looked at instead of all."""

_IDS = "_check_ids"


@dataclass(frozen=True, kw_only=True)
class PairFindings:
    """Problems of pairs; `distinct` is None where directions were not, or not all, looked at."""

    problems: tuple[Problem, ...]
    distinct: int | None


def pair_problems(scores: Scores, rows: int, *, thorough: bool, exact_rows: int = EXACT_ROWS) -> PairFindings:
    """Pairs that occur more than once; exact up to `exact_rows`, then exact for some samples chosen by hash."""
    engine = scores.engine
    both_ways = scores.kind == "comparisons" and _sides_share_samples(engine)
    # Numbers in the order of a hash: a short key to group by, and the first k of them are a fair choice.
    engine.keep(
        _IDS,
        f"""
        SELECT sample AS id, row_number() OVER (ORDER BY md5(sample), sample) AS k, CAST(sum(n) AS BIGINT) AS n FROM (
            SELECT sample, n FROM {PROBES} UNION ALL SELECT sample, n FROM {REFERENCES}) AS samples
        WHERE sample IS NOT NULL GROUP BY sample""",
    )
    chosen, slice_text, condition = "", "", ""
    if rows > exact_rows and not thorough:
        last = row(
            engine,
            f"""
            SELECT coalesce(max(k) FILTER (WHERE total <= {int(exact_rows)}), 1) AS k, max(k) AS of FROM (
                SELECT k, sum(n) OVER (ORDER BY k) AS total FROM {_IDS}) AS running""",
        )
        condition = f"WHERE a.k <= {last['k']} OR b.k <= {last['k']}"
        chosen = f" among the rows of {last['k']:,} of {last['of']:,} samples, chosen by the hash of their ids"
        slice_text = "; thorough=True (--thorough) looks at all rows"
    ordered = "least(a.k, b.k) AS x, greatest(a.k, b.k) AS y" if both_ways else "a.k AS x, b.k AS y"
    backward = "a.k > b.k" if both_ways else "FALSE"
    found = row(
        engine,
        f"""
        SELECT count(*) AS pairs,
            count(*) FILTER (WHERE forward > 1 OR backward > 1) AS again,
            count(*) FILTER (WHERE (forward > 1 OR backward > 1) AND lowest < highest) AS again_differing,
            CAST(coalesce(sum(greatest(forward - 1, 0) + greatest(backward - 1, 0)), 0) AS BIGINT) AS surplus,
            count(*) FILTER (WHERE forward > 0 AND backward > 0) AS both_ways,
            count(*) FILTER (WHERE forward > 0 AND backward > 0 AND lowest IS NOT NULL) AS both_scored,
            count(*) FILTER (WHERE forward > 0 AND backward > 0 AND lowest = highest) AS both_same,
            count(*) FILTER (WHERE x <> y) AS unlike
        FROM (
            SELECT {ordered}, count(*) FILTER (WHERE NOT ({backward})) AS forward,
                count(*) FILTER (WHERE {backward}) AS backward, min(score) AS lowest, max(score) AS highest
            FROM {COMPARISONS} AS c JOIN {_IDS} AS a ON a.id = CAST(c.probe AS VARCHAR)
                JOIN {_IDS} AS b ON b.id = CAST(c.reference AS VARCHAR)
            {condition} GROUP BY 1, 2) AS pairs""",
    )
    drop(engine, _IDS)
    problems = []
    if found["again"]:
        problems.append(_repeated(found, chosen, slice_text))
    if found["both_ways"]:
        problems.append(_directions(found, chosen, slice_text))
    distinct = found["pairs"] + found["both_ways"] - found["both_same"] if both_ways and not chosen else None
    return PairFindings(problems=tuple(problems), distinct=distinct)


def _sides_share_samples(engine: Engine) -> bool:
    """Whether an id on both sides means one sample: there are such ids, and always of one person."""
    shared = row(
        engine,
        f"""
        SELECT count(*) AS n, count(*) FILTER (WHERE p.person <> r.person) AS differ
        FROM {PROBES} AS p JOIN {REFERENCES} AS r ON p.sample = r.sample""",
    )
    return bool(shared["n"] > 0 and shared["differ"] == 0)


def _repeated(found: dict[str, int], chosen: str, slice_text: str) -> Problem:
    """The same row again is a copy; another score for the same two ids is a second comparison under one name."""
    pairs, differ = found["again"], found["again_differing"]
    one = pairs == 1
    several = (
        f"a row too many: {pairs:,} pair{'' if one else 's'} of probe and reference "
        f"{'stands' if one else 'stand'} in several rows{chosen}"
    )
    if not differ:
        seen = f"{several}, always with the same score"
        remedy = "leave the repeated rows out of the input"
    elif differ == pairs:
        seen = f"{several}, with different scores"
        remedy = "give every sample an id of its own where the rows are comparisons of different samples"
    else:
        seen = f"{several}, {differ:,} of them with different scores"
        remedy = (
            "leave out the rows that are only repeated, and give every sample an id of its own where the rows are "
            "comparisons of different samples"
        )
    return problem(
        "E038", where="comparisons", count=found["surplus"], seen=f"{seen}{slice_text}",
        allowed="one row a comparison", remedy=remedy,
    )  # fmt: skip


def _directions(found: dict[str, int], chosen: str, slice_text: str) -> Problem:
    """(i, j) beside (j, i): one comparison written twice, or two comparisons of a full cross."""
    both = found["both_ways"]
    if 2 * found["both_same"] > found["both_scored"]:
        return problem(
            "W014", where="comparisons", count=found["both_same"],
            seen=f"(i, j) and (j, i) with the same score{chosen}: {found['pairs'] + both:,} pairs in order are "
            f"{found['pairs'] + both - found['both_same']:,} distinct comparisons{slice_text}",
            allowed="each comparison once", remedy="leave one direction out; limits count people and stay honest "
            "either way, numbers of comparisons are doubled",
        )  # fmt: skip
    share = "every pair" if both == found["unlike"] else f"{both:,} of {found['unlike']:,} pairs"
    return problem(
        "W013", where="comparisons", count=both,
        seen=f"{share} in both directions, with different scores{chosen}{slice_text}",
        allowed="a full cross of samples, which the tally accounts for",
        remedy="nothing if (i, j) and (j, i) are two comparisons of a matcher that is not symmetric",
    )  # fmt: skip
