"""Everything wrong with a test, found at once."""

from __future__ import annotations

from collections.abc import Sequence

from misid.ground.codes import problem
from misid.ground.errors import Problem, UsageError
from misid.ground.given import numbers_given
from misid.scores.checks.cut import cut_problems
from misid.scores.checks.groups import group_counts, group_problems
from misid.scores.checks.identifying import identifying_problems
from misid.scores.checks.lists import ListFindings, list_problems
from misid.scores.checks.pairs import pair_problems
from misid.scores.checks.report import CheckReport, Counts, GroupCount
from misid.scores.checks.samples import Facts, facts, id_problems, people_select, same_sample_problems
from misid.scores.checks.sql import PROBES, REFERENCES, row
from misid.scores.checks.values import value_problems
from misid.scores.model import Scores

__all__ = ["CheckReport", "Counts", "GroupCount", "check"]

FEW_PEOPLE = 100
"""Below this a test bounds its rates and says no more."""


def check(
    scores: Scores,
    *,
    thorough: bool = False,
    min_people: int = 10,
    not_failures: Sequence[float] = (),
) -> CheckReport:
    """Everything that is wrong with a test of a matcher, with stable codes, counts and masked examples.

    All of it is SQL on the engine that holds the scores: two scans that add up by probe and by reference, one of
    the people, one to three of the scores alone, one of the pairs. Memory hardly grows with the comparisons, unless
    all pairs of a large test are looked at.

    Parameters
    ----------
    scores : Scores
        Comparisons or candidate lists, as a reader opened them.
    thorough : bool
        Look for repeated pairs in all rows also above 20 million; else there in up to 10 million, those of samples
        chosen by the hash of their ids, and the report says of how many.
    min_people : int
        Groups with fewer people on a side are warned of. At least 1.
    not_failures : sequence of float
        Values, on the scale of the input, that look like failure codes and are scores.

    Returns
    -------
    CheckReport
        `CheckReport.ok` is False where there is an error. It holds no id and can be published.

    Raises
    ------
    UsageError
        If `min_people` is below 1.
    EngineError
        If the engine fails.

    Notes
    -----
    A value counts as an undeclared failure code when five rows or more have it, at an end of the scale and
    further from the nearest other score than half the range of the middle 90 %, or when it is the only score
    of a probe or reference and chance does not make such samples; not where scores themselves end so (only
    mated comparisons at the upper end, almost only non-mated ones at the lower). Polarity is judged by the
    probability that a mated comparison is the more similar one, against Mann and Whitney's variance for as
    many observations as there are people.

    Examples
    --------
    >>> from misid.engine import DuckDBEngine
    >>> engine = DuckDBEngine()
    >>> engine.keep("comparisons", '''
    ...     SELECT 'p' || i AS probe, 'r' || j AS reference, i AS probe_person, j AS reference_person,
    ...         '' AS probe_group, '' AS reference_group, i = j AS mated, FALSE AS failed,
    ...         CASE WHEN i = 3 THEN -1 WHEN i = j THEN 0.8 ELSE 0.01 * ((i * 7 + j * 3) % 11) END AS score
    ...     FROM range(12) AS a(i), range(12) AS b(j)''')
    >>> report = check(Scores(
    ...     engine=engine, kind="comparisons", attributes=(), joint=((),), score_type="DOUBLE", polarity="similarity"))
    >>> report.ok, [p.code for p in report.problems], report.problems[0].count
    (False, ['E036', 'W020'], 12)
    >>> print(report.problems[0].remedy)
    --failure -1 (failures=(-1,)) if it is one, --not-failure -1 if it is a score
    >>> engine.close()
    """
    if min_people < 1:
        raise UsageError(f"min_people is {min_people}", remedy="a whole number of at least 1")
    codes = numbers_given("not_failures", not_failures)
    with scores.unchanged():
        return _checked(scores, thorough, min_people, codes)


def _checked(scores: Scores, thorough: bool, min_people: int, not_failures: Sequence[float]) -> CheckReport:
    engine = scores.engine
    found = facts(scores)
    problems = id_problems(scores, found)
    problems += same_sample_problems(scores, found)
    notes = list(scores.notes)
    value_findings, value_notes = value_problems(scores, found, not_failures)
    problems += value_findings
    notes += value_notes
    pairs = pair_problems(scores, found.rows, thorough=thorough)
    problems += pairs.problems
    notes += pairs.notes
    problems += cut_problems(scores)
    lists = list_problems(scores, found) if scores.kind == "candidates" else None
    problems += lists.problems if lists else ()
    groups, too_many = group_counts(scores)
    problems += too_many or group_problems(scores, groups, min_people, lists.by_label if lists else None)
    problems += identifying_problems(scores)
    counts = _counts(scores, found, lists, groups, pairs.distinct)
    problems += _sides(counts)
    engine.drop(PROBES, REFERENCES)
    if lists and lists.empty and scores.return_threshold is not None:
        notes.append(f"{lists.empty:,} searches returned nobody: they count, with nothing above the threshold")
    problems.sort(key=lambda p: (p.severity, p.code))
    return CheckReport(counts=counts, problems=tuple(problems), notes=tuple(notes))


def _counts(
    scores: Scores, found: Facts, lists: ListFindings | None, groups: tuple[GroupCount, ...], distinct: int | None
) -> Counts:
    people = row(
        scores.engine,
        f"""
        SELECT count(DISTINCT person) AS people, count(DISTINCT person) FILTER (WHERE as_probe = 1) AS probe_people,
            count(DISTINCT person) FILTER (WHERE as_reference = 1) AS reference_people
        FROM ({people_select(scores)}) AS everybody""",
    )
    probes = row(scores.engine, f"SELECT count(DISTINCT sample) AS n FROM {PROBES}")["n"]
    references = row(scores.engine, f"SELECT count(DISTINCT sample) AS n FROM {REFERENCES}")["n"]
    return Counts(
        rows=found.rows, mated=found.mated, nonmated=found.nonmated, failures=found.failed, refused=scores.refused,
        people=people["people"], probe_people=people["probe_people"], reference_people=people["reference_people"],
        probes=probes, references=references,
        searches=lists.searches if lists else None, mated_searches=lists.mated if lists else None,
        nonmated_searches=lists.nonmated if lists else None, failed_searches=lists.failed if lists else None,
        searches_without_candidates=lists.empty if lists else None,
        distinct_comparisons=distinct, groups=groups,
    )  # fmt: skip


def _sides(counts: Counts) -> list[Problem]:
    """A side of the test that is empty, and tests of very few people."""
    problems = []
    if counts.searches is None:
        mated, nonmated, unit = counts.mated, counts.nonmated, "comparisons"
    else:
        mated, nonmated, unit = counts.mated_searches or 0, counts.nonmated_searches or 0, "searches"
    undefined = "nothing if it is meant so: these rates are reported as undefined, never as 0"
    if mated + nonmated and not mated:
        what = "FNMR" if unit == "comparisons" else "FNIR"
        problems.append(problem(
            "W017", where=unit, seen=f"0 mated {unit}: {what} cannot be computed", allowed="both kinds",
            remedy=undefined,
        ))  # fmt: skip
    if mated + nonmated and not nonmated:
        what = "FMR" if unit == "comparisons" else "FPIR"
        problems.append(problem(
            "W018", where=unit, seen=f"0 non-mated {unit}: {what} cannot be computed", allowed="both kinds",
            remedy=undefined,
        ))  # fmt: skip
    if 0 < counts.people < FEW_PEOPLE:
        problems.append(problem(
            "W020", where="people", seen=f"{counts.people} people", allowed=f"{FEW_PEOPLE} or more for estimates",
            remedy="read every rate as a bound: so few people cannot say more, however many comparisons they make",
        ))  # fmt: skip
    return problems
