"""Refusing ids that say who somebody is: the patterns of `ids`, counted over all distinct ids in the engine."""

from __future__ import annotations

from typing import Any

from misid.engine import Engine
from misid.engine.seam import literal
from misid.ground.codes import problem
from misid.ground.errors import Problem
from misid.scores.checks.ids import LOOKS, NAME, Look, case_expression
from misid.scores.checks.numbers import NUMBERINGS, SOCIAL_SECURITY, believed, chance_of_issued, issued
from misid.scores.checks.samples import people_select
from misid.scores.checks.sql import PROBES, REFERENCES, masked, row, rows
from misid.scores.model import Scores

LOOKED_AT = 5_000
"""Ids of one form whose check digits are computed."""

SPREAD = 300_000_000
"""Nine-digit ids that lie closer together than this are a series, not social security numbers of a population."""

FEWEST = 5
"""Fewer nine-digit ids are not worth a warning."""


def identifying_problems(scores: Scores) -> list[Problem]:
    """Columns of ids that look like names, addresses, numbers of documents or dates of birth."""
    engine = scores.engine
    columns = {
        "probe": f"SELECT DISTINCT sample AS id FROM {PROBES}",
        "reference": f"SELECT DISTINCT sample AS id FROM {REFERENCES}",
        "person": f"SELECT DISTINCT person AS id FROM ({people_select(scores)}) AS everybody",
    }
    problems = []
    for column, select in columns.items():
        problems += column_problems(engine, column, select)
    return problems


def column_problems(engine: Engine, column: str, select: str) -> list[Problem]:
    """The same of one column; `select` gives its distinct ids as `id`."""
    looks = f"SELECT id, {case_expression('id')} AS look FROM ({select}) AS ids WHERE id IS NOT NULL"
    counted = rows(
        engine,
        f"""
        SELECT look, count(*) AS n, count(*) FILTER (WHERE regexp_matches(id, '[^0-9]00[0-9]*$')) AS coded,
            min(CAST(nullif(regexp_extract(id, '([0-9]{{1,15}})$', 1), '') AS DOUBLE)) AS lowest,
            max(CAST(nullif(regexp_extract(id, '([0-9]{{1,15}})$', 1), '') AS DOUBLE)) AS highest
        FROM ({looks}) AS looked GROUP BY look ORDER BY look""",
    )
    total = sum(c["n"] for c in counted)
    problems = []
    for position, look in enumerate(LOOKS):
        for c in counted:
            if c["look"] != position:
                continue
            shown = f"FROM ({looks}) AS looked WHERE look = {position}"
            if look.shape:
                problems += _numbered(engine, column, look, shown, c, total)
                continue
            if _believed(look, c, total) and (look.what != NAME or _diverse(engine, shown, c["n"])):
                examples = rows(engine, f"SELECT {masked('id')} AS shown {shown} ORDER BY id LIMIT 5")
                problems.append(problem(
                    "E043", where=f"ids of {column}", seen=f"{c['n']:,} of {total:,} ids look like {_a(look.what)}",
                    count=c["n"], examples=tuple(dict.fromkeys(e["shown"] for e in examples)),
                    allowed="opaque ids: misid holds no names, addresses, numbers of documents or dates of birth",
                    remedy="misid pseudonymise, which replaces them by a keyed hash whose key stays with you",
                ))  # fmt: skip
            elif look.what == NAME and c["n"] < look.least:
                problems.append(problem(
                    "W021", where=f"ids of {column}", seen=f"{c['n']:,} of {total:,} ids look like {_a(look.what)}",
                    count=c["n"], allowed="opaque ids", remedy="misid pseudonymise if they are names",
                ))  # fmt: skip
    return problems


def _numbered(
    engine: Engine, column: str, look: Look, shown: str, counted: dict[str, Any], total: int
) -> list[Problem]:
    """Numbers with a check digit, and those that can be told only from what was never issued."""
    ids = [str(r["id"]) for r in rows(engine, f"SELECT id {shown} ORDER BY md5(id), id LIMIT {LOOKED_AT}")]
    for numbering in NUMBERINGS[look.shape]:
        chance = None
        if numbering is SOCIAL_SECURITY:
            lowest, highest = min(map(int, ids)), max(map(int, ids))
            if counted["n"] < 0.9 * total or highest - lowest < SPREAD or not all(map(issued, ids)):
                continue
            chance = chance_of_issued(lowest, highest)
        if believed(numbering, ids, chance):
            examples = rows(engine, f"SELECT {masked('id')} AS shown {shown} ORDER BY id LIMIT 5")
            return [problem(
                "E043", where=f"ids of {column}", count=counted["n"],
                seen=f"{counted['n']:,} of {total:,} ids have the form of {_a(numbering.what)}, and "
                f"{sum(map(numbering.right, ids)):,} of {len(ids):,} looked at pass its check",
                examples=tuple(dict.fromkeys(e["shown"] for e in examples)),
                allowed="opaque ids: misid holds no names, addresses, numbers of documents or dates of birth",
                remedy="misid pseudonymise, which replaces them by a keyed hash whose key stays with you",
            )]  # fmt: skip
        if numbering is SOCIAL_SECURITY and len(ids) >= FEWEST:
            return [problem(
                "W021", where=f"ids of {column}", count=counted["n"],
                seen=f"{counted['n']:,} of {total:,} ids are nine digits, all over the range of social security "
                "numbers and none that was never issued; so few cannot be told from other numbers",
                allowed="opaque ids", remedy="misid pseudonymise if they are numbers of people",
            )]  # fmt: skip
    return []


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0].lower() in "aeio" else f"a {noun}"


def _believed(look: Look, counted: dict[str, Any], total: int) -> bool:
    n = counted["n"]
    if look.what == NAME:
        # Names are believed by their number or by their share: three among thousands are three people named.
        return bool(n >= look.least or n >= look.share * total)
    if n < look.least or n < look.share * total:
        return False
    if look.sparse and counted["highest"] - counted["lowest"] < 1000 * n:
        return False
    return not (look.unless_coded and 2 * counted["coded"] > n)


def _diverse(engine: Engine, shown: str, n: int) -> bool:
    """Whether names differ as names do: no first or next word, initials aside, has more than half of three or more."""
    if n < 3:
        return True
    words = literal("^([^ _,.]+)[ _,.]+([^ _,.][ _,.]+)?([^ _,.]+)")
    for group in (1, 3):
        most = row(
            engine,
            f"""
            SELECT coalesce(max(n), 0) AS n FROM (
                SELECT regexp_extract(id, {words}, {group}) AS word, count(*) AS n {shown} GROUP BY word) AS words
            WHERE word <> ''""",
        )["n"]
        if 2 * most > n:
            return False
    return True
