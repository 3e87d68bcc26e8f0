"""Comparisons that are in the input more than once: the same row again, or the same pair the other way round."""

from __future__ import annotations

from dataclasses import dataclass

from misid.engine import DuckDBEngine, Engine
from misid.ground.codes import problem
from misid.ground.errors import Problem
from misid.scores.checks.sql import PROBES, REFERENCES, row
from misid.scores.model import COMPARISONS, Scores

EXACT_ROWS = 20_000_000
"""Above this many rows, the pairs of some samples are looked at instead of all."""

SLICE_ROWS = 10_000_000
"""At most so many rows are those of these samples."""

PART_ROWS = 1_000_000
"""At most about so many rows are grouped at once: what is kept of a pair is several times as large as the pair."""

_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT"}
_IDS = "_check_ids"
_PAIRS = "_check_pairs"


@dataclass(frozen=True, kw_only=True)
class PairFindings:
    """Problems of pairs; `distinct` is None where directions were not, or not all, looked at."""

    problems: tuple[Problem, ...]
    distinct: int | None
    notes: tuple[str, ...] = ()
    """That not all rows were looked at, where no problem says so."""


def pair_problems(
    scores: Scores, rows: int, *, thorough: bool, exact_rows: int = EXACT_ROWS, slice_rows: int = SLICE_ROWS
) -> PairFindings:
    """Pairs that occur more than once; exact up to `exact_rows`, then exact for some samples chosen by hash.

    Pairs are two short numbers with their score. An embedded engine keeps them and groups one part after the other:
    grouped at once they would take several times the memory. A cluster divides them among its machines.
    """
    engine, slice_rows = scores.engine, min(slice_rows, exact_rows)
    both_ways = scores.kind == "comparisons" and _sides_share_samples(engine)
    # Numbers in the order of a hash: a short key to group by, and the first k of them are a fair choice.
    ids_as = _ids_as(engine)
    engine.keep(
        _IDS,
        f"""
        SELECT CAST(sample AS {ids_as}) AS id, row_number() OVER (ORDER BY md5(sample), sample) AS k,
            CAST(sum(n) AS BIGINT) AS n
        FROM (SELECT sample, n FROM {PROBES} UNION ALL SELECT sample, n FROM {REFERENCES}) AS samples
        WHERE sample IS NOT NULL GROUP BY sample""",
    )
    ids = row(
        engine,
        f"""
        SELECT coalesce(max(k), 0) AS of, coalesce(max(k) FILTER (WHERE total <= {int(slice_rows)}), 1) AS k
        FROM (SELECT k, sum(n) OVER (ORDER BY k) AS total FROM {_IDS}) AS running""",
    )
    chosen, slice_text = "", ""
    if rows > exact_rows and not thorough:
        chosen = f" among the rows of {ids['k']:,} of {ids['of']:,} samples, chosen by the hash of their ids"
        slice_text = "; thorough=True (--thorough) looks at all rows"
    pairs = _pairs(ids_as, ids["of"], ids["k"] if chosen else None)
    looked_at = min(rows, slice_rows) if chosen else rows
    parts = 1
    # All pairs of a larger test are for the engine to divide, on disk: to read them for every part costs more.
    if isinstance(engine, DuckDBEngine) and looked_at <= exact_rows:
        engine.keep(_PAIRS, pairs)
        pairs = f"SELECT * FROM {_PAIRS}"
        # A power of two: the last bits of the numbers tell the parts apart.
        parts = 1 << (max(looked_at - 1, 0) // PART_ROWS).bit_length()
    found = dict.fromkeys(_COUNTS, 0)
    for part in range(parts):
        for name, n in _counted(engine, pairs, parts, part, both_ways=both_ways).items():
            found[name] += n
    engine.drop(_IDS, _PAIRS)
    problems = []
    if found["again"]:
        problems.append(_repeated(found, chosen, slice_text))
    if found["both_ways"]:
        problems.append(_directions(found, chosen, slice_text))
    distinct = found["pairs"] + found["both_ways"] - found["both_same"] if both_ways and not chosen else None
    notes = (f"repeated pairs were looked for, and not found,{chosen}{slice_text}",) if chosen and not problems else ()
    return PairFindings(problems=tuple(problems), distinct=distinct, notes=notes)


def _ids_as(engine: Engine) -> str:
    """The type in which ids are compared: whole numbers as they are, as text they would cost twice as much."""
    kinds = set(engine.described(f"SELECT probe, reference FROM {COMPARISONS}").values())
    return kinds.pop() if len(kinds) == 1 and kinds <= _WHOLE else "VARCHAR"


def _pairs(ids_as: str, samples: int, last: int | None) -> str:
    """SQL for numbers and score of the pair in every row, or in those with a number up to `last`."""
    source = COMPARISONS
    if last is not None:
        # Asked of the ids, before their numbers are looked up: that takes a third less than asking the numbers.
        first = f"IN (SELECT id FROM {_IDS} WHERE k <= {last})"
        source = f"""(SELECT probe, reference, score FROM {COMPARISONS}
            WHERE CAST(probe AS {ids_as}) {first} OR CAST(reference AS {ids_as}) {first})"""
    if samples <= 2**16:
        # From the least number that two bytes hold.
        a, b = (f"CAST({side}.k - {2**15 + 1} AS SMALLINT)" for side in "ab")
    else:
        a, b = (f"CAST({side}.k AS {'INTEGER' if samples < 2**31 else 'BIGINT'})" for side in "ab")
    return f"""
        SELECT {a} AS a, {b} AS b, c.score AS score
        FROM {source} AS c JOIN {_IDS} AS a ON a.id = CAST(c.probe AS {ids_as})
            JOIN {_IDS} AS b ON b.id = CAST(c.reference AS {ids_as})"""


_COUNTS = {
    "pairs": "count(*)",
    "again": "count(*) FILTER (WHERE n - backward > 1 OR backward > 1)",
    "again_differing": "count(*) FILTER (WHERE (n - backward > 1 OR backward > 1) AND lowest < highest)",
    "surplus": "CAST(coalesce(sum(greatest(n - backward - 1, 0) + greatest(backward - 1, 0)), 0) AS BIGINT)",
    "both_ways": "count(*) FILTER (WHERE backward > 0 AND n > backward)",
    "both_scored": "count(*) FILTER (WHERE backward > 0 AND n > backward AND lowest IS NOT NULL)",
    "both_same": "count(*) FILTER (WHERE backward > 0 AND n > backward AND lowest = highest)",
    "unlike": "count(*) FILTER (WHERE x <> y)",
}
"""Counts of pairs, which add up over parts: two samples, in both directions, are in one part."""


def _counted(engine: Engine, pairs: str, parts: int, part: int, *, both_ways: bool) -> dict[str, int]:
    ordered = "least(a, b) AS x, greatest(a, b) AS y" if both_ways else "a AS x, b AS y"
    backward = "count(*) FILTER (WHERE a > b)" if both_ways else "0"
    inside = f"WHERE xor(a & {parts - 1}, b & {parts - 1}) = {part}" if parts > 1 else ""
    # Where there are no directions, pairs that stand in one row are of no interest.
    several = "" if both_ways else "HAVING count(*) > 1"
    return row(
        engine,
        f"""
        SELECT {", ".join(f"{count} AS {name}" for name, count in _COUNTS.items())} FROM (
            SELECT {ordered}, count(*) AS n, {backward} AS backward, min(score) AS lowest, max(score) AS highest
            FROM ({pairs}) AS numbered {inside} GROUP BY x, y {several}) AS pairs""",
    )


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
