"""The passes over all comparisons: each is one grouped aggregation, done part by part.

A part is one input file. What a pass leaves behind is a table in the engine that later steps sum over
parts; nothing else ever reads the comparisons again.
"""

from __future__ import annotations

from misid.engine.seam import literal
from misid.tally.grid import Grid

COMPLETED = "NOT failed"
NONMATED = "NOT mated AND NOT failed"


def extent(view: str) -> str:
    """Number and range of the scores. The highest is NaN where any is, in every engine."""
    return f"""
        SELECT min(score) AS lowest, max(score) AS highest, count(*) AS n_rows, count(score) AS n_scores,
               count(*) FILTER (WHERE failed) AS n_failed
        FROM {view}"""


def finite_extent(view: str) -> str:
    """The same for tests with infinities or NaN in them, which a slower query tells apart."""
    finite = "NOT failed AND NOT isnan(score) AND NOT isinf(score)"
    return f"""
        SELECT min(score) FILTER (WHERE {finite}) AS lowest, max(score) FILTER (WHERE {finite}) AS highest,
               count(*) FILTER (WHERE NOT failed AND isnan(score)) AS n_nan
        FROM {view}"""


def histogram(view: str, grid: Grid) -> str:
    """Comparisons per pair of groups, mated or not, and coarse bin."""
    return f"""
        SELECT probe_group, reference_group, mated, {grid.key()} AS key, count(*) AS n
        FROM {view} WHERE {COMPLETED}
        GROUP BY probe_group, reference_group, mated, key"""


def by_probe(view: str) -> str:
    """Completed non-mated comparisons and best non-mated score of each probe, per group of references."""
    return f"""
        SELECT probe, reference_group, any_value(probe_person) AS person, any_value(probe_group) AS probe_group,
               count(*) AS m, max(score) AS best
        FROM {view} WHERE {NONMATED}
        GROUP BY probe, reference_group"""


PROBE_TOTALS = """
        SELECT probe, any_value(person) AS person, min(probe_group) AS grp, max(best) AS best,
               CAST(sum(m) AS BIGINT) AS m
        FROM by_probe GROUP BY probe"""
"""`by_probe` over all groups of references: a row a probe, which is what most later steps ask for."""


def by_reference(view: str) -> str:
    """Completed non-mated comparisons of each reference, per group of probes."""
    return f"""
        SELECT reference, probe_group, any_value(reference_person) AS person,
               any_value(reference_group) AS reference_group, count(*) AS m
        FROM {view} WHERE {NONMATED}
        GROUP BY reference, probe_group"""


def kept_rows(view: str, cut: float) -> str:
    """The comparisons looked at one by one: every mated one, and the non-mated at or above the cut."""
    return f"""
        SELECT probe, reference, mated, score, failed
        FROM {view} WHERE mated OR (NOT failed AND score >= {literal(cut)})"""


MATED_ROWS = "SELECT * FROM kept_rows WHERE mated"
TAIL_ROWS = "SELECT probe, reference, score FROM kept_rows WHERE NOT mated"


LONE_SAMPLES = """
        SELECT (SELECT count(*) FROM (SELECT probe FROM kept_rows WHERE mated
                                      EXCEPT SELECT probe FROM probe_totals) AS p)
             + (SELECT count(*) FROM (SELECT reference FROM kept_rows WHERE mated
                                      EXCEPT SELECT reference FROM by_reference) AS r) AS n"""
"""How many samples of mated comparisons took part in no completed non-mated one: their people are not known yet."""

LONE = """NOT EXISTS (SELECT 1 FROM by_probe AS b WHERE b.probe = c.probe)
              OR NOT EXISTS (SELECT 1 FROM by_reference AS b WHERE b.reference = c.reference)"""
"""Mated comparisons `c` of such samples."""


def lone_mates(view: str) -> str:
    """People and groups of samples met in mated comparisons only; a scan that most tests do not need."""
    return f"""
        SELECT DISTINCT probe, reference, probe_person, reference_person, probe_group, reference_group
        FROM {view} AS c WHERE mated AND ({LONE})"""


NO_LONE_MATES = """
        SELECT probe, reference, NULL AS probe_person, NULL AS reference_person, NULL AS probe_group,
               NULL AS reference_group
        FROM kept_rows WHERE FALSE"""


def failed_rows(view: str) -> str:
    """Failed comparisons, non-mated, counted per probe and reference."""
    return f"""
        SELECT probe, reference, any_value(probe_person) AS probe_person,
               any_value(reference_person) AS reference_person, probe_group, reference_group, count(*) AS n
        FROM {view} WHERE NOT mated AND failed
        GROUP BY probe, reference, probe_group, reference_group"""


def split_bins(view: str, grid: Grid, starts: list[float]) -> str:
    """Non-mated comparisons in the coarse bins that a threshold below the tail splits, piece by piece."""
    inside = " OR ".join(f"(score >= {literal(start)} AND score < {literal(start + grid.step)})" for start in starts)
    return f"""
        SELECT probe_group, reference_group, {grid.key()} AS key, {grid.part()} AS part, count(*) AS n
        FROM {view} WHERE {NONMATED} AND ({inside})
        GROUP BY probe_group, reference_group, key, part"""


def outranking(view: str) -> str:
    """For mates that score below the cut: the non-mated candidates at or above them, by full scan."""
    return f"""
        SELECT c.probe AS probe, count(*) AS n
        FROM {view} AS c JOIN low_mates AS l ON c.probe = l.probe
        WHERE NOT c.mated AND NOT c.failed AND c.score >= l.best
        GROUP BY c.probe"""
