"""Comparisons that look like the best few of every search: lists of candidates without their ranks and searches."""

from __future__ import annotations

from typing import Final

from misid.ground.codes import problem
from misid.ground.errors import Problem
from misid.scores.checks.sql import PROBES, REFERENCES, rows
from misid.scores.model import Scores

LONGEST: Final = 200
"""A list of candidates is hardly longer."""

SAME: Final = 0.95
"""Share of probes that have the same number of comparisons."""

GALLERY: Final = 4
"""So many times as many references as comparisons a probe: fewer could be a test of so few people."""

FEWEST_PROBES: Final = 10


def cut_problems(scores: Scores) -> tuple[Problem, ...]:
    """Warn where nearly every probe was compared with the same few of many references.

    The best k of every search, read as all that were compared, give an FMR that is too high by orders, and nothing in a
    row shows it. Comparisons drawn at random, as many for every probe, look the same: hence a warning and no error.
    """
    if scores.kind != "comparisons":
        return ()
    commonest = rows(
        scores.engine,
        f"""
        SELECT n AS k, count(*) AS same, CAST(sum(count(*)) OVER () AS BIGINT) AS probes,
            (SELECT count(DISTINCT sample) FROM {REFERENCES}) AS refs
        FROM (SELECT sample, CAST(sum(n) AS BIGINT) AS n FROM {PROBES} GROUP BY sample) AS one
        GROUP BY n ORDER BY same DESC, n LIMIT 1""",
    )
    if not commonest:
        return ()
    k, same, probes, references = commonest[0].values()
    few = probes < FEWEST_PROBES or not 2 <= k <= LONGEST or references < GALLERY * k
    if few or same < SAME * probes:
        return ()
    return (
        problem(
            "W027", where="comparisons", count=same,
            seen=f"{same:,} of {probes:,} probes have {k:,} comparisons each, of {references:,} references: so do "
            f"lists of the best {k:,} candidates",
            allowed="all comparisons that were made, or some that were chosen before their scores were known",
            remedy="candidate lists are read as such with a column of ranks and --searches; nothing, if the pairs were "
            "chosen beforehand: then the rates hold",
        ),
    )  # fmt: skip
