"""The first look at the scores: their range, the coarse histogram, and what it says to do next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from misid.engine import Engine
from misid.engine.seam import Columns, literal
from misid.ground.codes import problem
from misid.ground.errors import BadInputError, Findings, Problem
from misid.scores.model import Scores
from misid.tally import passes, pins
from misid.tally.grid import BASE_BITS, FINE_BITS, MAX_BITS, Grid, grid_for, too_coarse
from misid.tally.levels import SPARSE_ROWS, ladder
from misid.tally.model import Floats, Ints
from misid.tally.parts import Parts

AFFORDABLE_ROWS = 1 << 25
"""Comparisons that may be looked at one by one so that a low threshold gets person moments too."""


@dataclass(frozen=True, kw_only=True)
class Coarse:
    """The coarse histogram: one row a pair of groups, mated or not, and occupied bin."""

    grid: Grid
    rows: Columns
    """probe_group, reference_group (numbers in the order of `Scores.joint`), mated, key, n."""

    def pooled(self, *, mated: bool) -> tuple[Ints, Ints]:
        """Ascending keys of all occupied bins, and the (mated or non-mated) comparisons in each."""
        keys, inverse = np.unique(self.rows["key"], return_inverse=True)
        mine = self.rows["mated"] == mated
        count = np.zeros(len(keys), dtype=np.int64)
        np.add.at(count, inverse[mine], self.rows["n"][mine].astype(np.int64))
        return keys.astype(np.int64), count

    def edges(self) -> Floats:
        """Lower edges of the occupied bins, in the order of `pooled`."""
        keys, _ = self.pooled(mated=False)
        return np.ldexp(keys.astype(np.float64), -(self.grid.shift + FINE_BITS))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the histogram says to do: where the tail begins, at which levels people are counted."""

    rungs: Floats
    cut: float
    low_thresholds: tuple[float, ...]
    """Thresholds under audit too far down to look at single comparisons: counted, without person moments."""
    crossing: tuple[float, float] | None
    """The bin in which FMR and FNMR cross, if single comparisons in it can be looked at."""


def extent(scores: Scores, parts: Parts) -> tuple[float, float, bool]:
    """Lowest and highest finite score, and whether there are infinite ones; refuses what is not a score."""
    parts.run("extent", passes.extent)
    quick = _first_row(
        scores.engine.columns("""
        SELECT min(lowest) AS lowest, max(highest) AS highest, CAST(sum(n_rows) AS BIGINT) AS n_rows,
               CAST(sum(n_scores) AS BIGINT) AS n_scores, CAST(sum(n_failed) AS BIGINT) AS n_failed FROM extent""")
    )
    lowest, highest, nans = quick["lowest"], quick["highest"], 0
    infinite = bool(quick["n_scores"]) and not (math.isfinite(lowest) and math.isfinite(highest))
    if infinite:
        parts.run("finite_extent", passes.finite_extent)
        finite = _first_row(
            scores.engine.columns("""
            SELECT min(lowest) AS lowest, max(highest) AS highest, CAST(sum(n_nan) AS BIGINT) AS n_nan
            FROM finite_extent""")
        )
        lowest, highest, nans = finite["lowest"], finite["highest"], int(finite["n_nan"])
    n_rows, n_failed = int(quick["n_rows"] or 0), int(quick["n_failed"] or 0)
    findings = Findings()
    for what, count in (("NULL", n_rows - n_failed - int(quick["n_scores"] or 0)), ("NaN", nans)):
        if count > 0:
            findings.add(_not_a_score(what, count))
    if lowest is None and not findings.problems:
        findings.add(_nothing(n_rows, n_failed))
    findings.raise_if_any()
    return float(lowest), float(highest), infinite


def _first_row(columns: Columns) -> dict[str, Any]:
    """The one row of a result, NULL as None."""
    return {name: None if np.ma.is_masked(values) else values[0] for name, values in columns.items()}


def _not_a_score(what: str, count: int) -> Problem:
    return problem(
        "E035" if what == "NULL" else "E034",
        where="score",
        seen=f"{what} in {count:,} comparisons",
        allowed="a number, or a failure code that is declared",
        remedy="declare it as a failure with --failure nan, or mend the input",
        count=count,
    )


def _nothing(rows: int, failed: int) -> Problem:
    return problem(
        "E046",
        where="the input",
        seen=f"{rows:,} rows, {failed:,} of them failures",
        allowed="at least one comparison with a finite score",
        remedy="check the file, the columns chosen and the failure codes declared",
    )


def histogram(
    parts: Parts, engine: Engine, groups: Sequence[str], lowest: float, highest: float, *, infinite: bool
) -> Coarse:
    """The coarse histogram, on a grid fine enough for the middle of the non-mated scores.

    `groups` are the combinations of groups that there are; one that is not among them would be lost, and is refused.
    """
    # With many groups there may be a row a comparison: as numbers they take a tenth of the memory of texts.
    number = np.arange(len(groups), dtype=np.int32)
    engine.put("group_numbers", {"name": np.array(groups, dtype=object), "number": number})
    bits = BASE_BITS
    while True:
        grid = grid_for(lowest, highest, bits=bits, clamped=infinite)
        parts.run("histogram", lambda view, grid=grid: passes.histogram(view, grid))  # type: ignore[misc]
        _refuse_stray_groups(engine)
        rows = engine.columns("""
            SELECT p.number AS probe_group, r.number AS reference_group, mated, key, CAST(sum(n) AS BIGINT) AS n
            FROM histogram AS h JOIN group_numbers AS p ON p.name = h.probe_group
            JOIN group_numbers AS r ON r.name = h.reference_group
            GROUP BY p.number, r.number, mated, key""")
        engine.drop("histogram")
        coarse = Coarse(grid=grid, rows=rows)
        keys, nonmated = coarse.pooled(mated=False)
        more = too_coarse(keys >> FINE_BITS, nonmated) if nonmated.sum() else 0
        # Scores of few distinct values never span more bins, however fine.
        finer = grid_for(lowest, highest, bits=min(bits + more, MAX_BITS))
        if not more or finer.shift == grid.shift or np.count_nonzero(nonmated) <= 2:
            return coarse
        bits = min(bits + more, MAX_BITS)


def plan(
    coarse: Coarse,
    audit: Sequence[float],
    targets: Sequence[float] = (),
    *,
    total: int | None = None,
    keep_all: bool = False,
    rows: int = SPARSE_ROWS,
) -> Plan:
    """Where the tail begins: at the ladder's first rung, lower for thresholds, targets and the EER if affordable.

    `total` is the number of non-mated comparisons made where the histogram does not hold them all;
    `keep_all` puts every comparison into the tail, for lists are short.
    """
    edges, step = coarse.edges(), coarse.grid.step
    _, nonmated = coarse.pooled(mated=False)
    _, mated = coarse.pooled(mated=True)
    rungs = ladder(edges, nonmated, step, total=total, rows=rows)
    at_or_above = np.append(np.cumsum(nonmated[::-1])[::-1], 0)
    cut, low = -math.inf if keep_all else rungs.cut, []

    def lowered(score: float, most: int) -> float | None:
        start = coarse.grid.bin_of(score)
        return start if int(at_or_above[np.searchsorted(edges, start)]) <= most else None

    for threshold in audit:
        if threshold < cut:
            start = lowered(threshold, AFFORDABLE_ROWS)
            cut = cut if start is None else min(cut, start)
            if start is None:
                low.append(threshold)
    for target in targets:
        met = int(np.flatnonzero(at_or_above <= target * at_or_above[0])[0])
        if met > 0 and at_or_above[met - 1] <= AFFORDABLE_ROWS:
            cut = min(cut, float(edges[met - 1]))
    crossing = pins.crossing_bin(nonmated, mated)
    bin_of_crossing = None
    if crossing is not None:
        start = lowered(float(edges[crossing]), max(rows, SPARSE_ROWS))
        if float(edges[crossing]) >= cut or start is not None:
            cut = cut if start is None else min(cut, start)
            bin_of_crossing = (float(edges[crossing]), float(edges[crossing]) + step)
    return Plan(rungs=rungs.levels, cut=cut, low_thresholds=tuple(low), crossing=bin_of_crossing)


def special_edges(
    engine: Engine,
    coarse: Coarse,
    todo: Plan,
    targets: Sequence[float],
    audit: Sequence[float],
    *,
    total: int,
    searches: int,
    counting: str = "probe_totals",
) -> Floats:
    """Edges that are not on the grid: thresholds under audit, and pins for the targets and the EER.

    `total` non-mated comparisons were made in `searches` searches that count towards FPIR, whose rows of
    `probe_totals` are those of the SQL `counting`.
    """
    _, nonmated = coarse.pooled(mated=False)
    edges = coarse.edges()
    found = list(audit)
    # A target whose threshold lies below the tail cannot be pinned from the tail.
    in_tail = int(nonmated[edges >= todo.cut].sum())
    shown = [t for t in targets if t * total <= in_tail]
    # Only the scores that the largest of them asks for: all of the tail, sorted, would be what takes most memory.
    enough = _reaching(edges, nonmated, max((t * total for t in shown), default=0.0))
    found += pins.target_pins(
        engine, f"SELECT score, count(*) AS n FROM tail_rows {enough} GROUP BY score", total, shown
    ).values()
    found += pins.target_pins(
        engine,
        f"SELECT best AS score, count(*) AS n FROM {counting} WHERE best >= {literal(todo.cut)} GROUP BY best",
        searches,
        targets,
    ).values()
    if todo.crossing is not None:
        low, high = todo.crossing
        _, mated = coarse.pooled(mated=True)
        found += pins.crossing_pins(
            engine, low, high,
            above=int(nonmated[edges >= high].sum()), below=int(mated[edges < low].sum()),
            total=total, mated=int(mated.sum()),
        ).tolist()  # fmt: skip
    return np.unique(np.asarray(found, dtype=np.float64))


def _reaching(edges: Floats, nonmated: Ints, most: float) -> str:
    """SQL that leaves the highest scores: more than `most` of them, as few as the histogram can tell."""
    at_or_above = np.cumsum(nonmated[::-1])[::-1]
    more = np.flatnonzero(at_or_above > most + 1)
    # The lowest bin also has what was clamped into it.
    return f"WHERE score >= {literal(float(edges[more[-1]]))}" if more.size and more[-1] > 0 else ""


def split_bins(parts: Parts, engine: Engine, grid: Grid, todo: Plan) -> Columns | None:
    """Coarse bins below the tail that a threshold splits: probe_group, reference_group, key, part, n."""
    if not todo.low_thresholds:
        return None
    starts = sorted({grid.bin_of(t) for t in todo.low_thresholds})
    parts.run("splits", lambda view: passes.split_bins(view, grid, starts))
    return engine.columns("""
        SELECT p.number AS probe_group, r.number AS reference_group, key, part, CAST(sum(n) AS BIGINT) AS n
        FROM splits AS s JOIN group_numbers AS p ON p.name = s.probe_group
        JOIN group_numbers AS r ON r.name = s.reference_group
        GROUP BY p.number, r.number, key, part""")


def final_grid(coarse: Coarse, todo: Plan, specials: Floats) -> Grid:
    """The coarse grid below the tail, the fine one in it, split at the special edges."""
    return replace(coarse.grid, cut=todo.cut, specials=tuple(float(t) for t in specials))


def _refuse_stray_groups(engine: Engine) -> None:
    strays = int(
        engine.columns("""
        SELECT count(*) AS n FROM (SELECT probe_group AS name FROM histogram UNION SELECT reference_group FROM histogram
                                   EXCEPT SELECT name FROM group_numbers) AS met""")["n"][0]
    )
    if strays:
        raise BadInputError(
            [
                problem(
                    "E048",
                    where="groups",
                    seen=f"{strays} combinations of group values that were not there when the input was opened",
                    allowed="an input that stays the same while it is read",
                    remedy="run again once nothing writes to the input",
                    count=strays,
                )
            ]
        )
