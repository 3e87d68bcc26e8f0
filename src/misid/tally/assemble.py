"""From the tables in the engine to the tables of the tally: one axis of edges, one of levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from misid.engine import Engine
from misid.engine.seam import Columns, literal
from misid.scores.model import Scores
from misid.tally import moments
from misid.tally.grid import Grid
from misid.tally.labels import pair_rows
from misid.tally.levels import SPECTRUM_PER_SEARCH
from misid.tally.model import SIDES, Floats, Ints, Label, Table
from misid.tally.people import AS_PROBE, AS_REFERENCE
from misid.tally.survey import Coarse, Plan
from misid.tally.wide import sum_of_products, whole


@dataclass(frozen=True, kw_only=True)
class Axes:
    """Edges and levels, and the table `bins` in the engine that leads to both from key and part."""

    edges: Floats
    levels: Floats


def lay_axes(engine: Engine, grid: Grid, coarse: Coarse, todo: Plan, list_end: float | None) -> Axes:
    """Choose the edges so that every occupied bin has both its ends, and make the table `bins`.

    `list_end`, the return threshold of candidate lists, has a bin even if no score is in it.
    """
    key, part = grid.key(), grid.part()
    end = ""
    if list_end is not None:
        end = f"UNION ALL SELECT {grid.key(literal(list_end))}, {grid.part(literal(list_end))}"
    met = engine.columns(f"""
        SELECT DISTINCT key, part FROM (
          SELECT {key} AS key, {part} AS part FROM tail_rows
          UNION ALL SELECT {key}, {part} FROM mated_rows WHERE NOT failed
          UNION ALL SELECT {grid.key("best")}, {grid.part("best")} FROM probe_totals WHERE best IS NOT NULL
          {end}) AS t
        ORDER BY key, part""")
    keys, parts = met["key"].astype(np.int64), met["part"].astype(np.int64)
    # Coarse bins below the tail, whole: their splits are counted apart.
    base, _ = coarse.pooled(mated=False)
    low = base[grid.starts(base) < grid.cut]
    specials = np.asarray(grid.specials, dtype=np.float64)
    # A rung above the highest finite score would put an infinite one below itself.
    rungs = todo.rungs[todo.rungs <= grid.highest]
    levels = np.unique(np.concatenate([rungs, specials[specials >= grid.cut]]))
    low_parts = np.searchsorted(specials, grid.starts(low), side="right")
    edges = np.unique(np.concatenate([grid.edges(np.append(keys, low), np.append(parts, low_parts)), levels]))
    lower = grid.lower_edges(keys, parts)
    bins = np.searchsorted(edges, lower, side="right") - 1
    lvl = np.searchsorted(levels, lower, side="right") - 1
    # Half as wide as what is counted: tables of single comparisons take these on, and they are what fills memory.
    engine.put("bins", {"key": keys, "part": parts, "bin": bins.astype(np.int32), "lvl": lvl.astype(np.int32)})
    return Axes(edges=edges, levels=levels)


def number_rows(engine: Engine, grid: Grid, kind: str) -> None:
    """Make `tail` and `mated`: the comparisons kept, with people as numbers and scores as levels."""
    key, part = grid.key("t.score"), grid.part("t.score")
    # In a test with every comparison all probes met somebody else; of lists only non-mated searches count.
    counts, flags = "TRUE", ""
    if kind == "candidates":
        counts, flags = "s.counts", "JOIN search_flags AS s ON s.probe = t.probe"
    engine.keep(
        "tail",
        f"""SELECT p.code AS probe, p.person AS person_p, r.person AS person_r, p.joint AS joint_p,
                   r.joint AS joint_r, b.bin AS bin, b.lvl AS lvl, {counts} AS counts
            FROM tail_rows AS t JOIN probes AS p ON p.probe = t.probe {flags}
            JOIN references_ AS r ON r.reference = t.reference
            JOIN bins AS b ON b.key = {key} AND b.part = {part}""",
        large=True,
    )
    engine.keep(
        "mated",
        f"""SELECT p.person AS person, p.joint AS joint, r.joint AS joint_r, b.bin AS bin, b.lvl AS lvl
            FROM mated_rows AS t JOIN probes AS p ON p.probe = t.probe
            JOIN references_ AS r ON r.reference = t.reference
            JOIN bins AS b ON b.key = {key} AND b.part = {part}
            WHERE NOT t.failed""",
        large=True,
    )


def counts(
    engine: Engine, grid: Grid, coarse: Coarse, splits: Columns | None, axes: Axes, joint_of: Mapping[str, int]
) -> Table:
    """Table counts: the tail and the mated bin by bin, the rest from the coarse histogram."""
    kept = engine.columns("""
        SELECT joint_p, joint_r, 0 AS mated, bin, count(*) AS n FROM tail GROUP BY joint_p, joint_r, bin
        UNION ALL SELECT joint, joint_r, 1, bin, count(*) FROM mated GROUP BY joint, joint_r, bin""")
    rows = coarse.rows
    lower = grid.starts(rows["key"].astype(np.int64))
    rest = ~rows["mated"].astype(bool) & (lower < grid.cut)
    if splits is not None:
        rest &= ~np.isin(rows["key"], splits["key"])
    pieces = [(rows["probe_group"][rest], rows["reference_group"][rest], lower[rest], rows["n"][rest])]
    if splits is not None:
        edges = grid.lower_edges(splits["key"].astype(np.int64), splits["part"].astype(np.int64))
        pieces.append((splits["probe_group"], splits["reference_group"], edges, splits["n"]))
    # Groups as they were found become those that are reported.
    reported = np.fromiter(joint_of.values(), dtype=np.int64)
    sizes = {"probe_group": int(reported.max()) + 1, "reference_group": int(reported.max()) + 1, "mated": 2,
             "bin": len(axes.edges)}  # fmt: skip
    codes = [_code(sizes, reported[p], reported[r], 0, _bins(axes, e)) for p, r, e, _ in pieces]
    codes.append(_code(sizes, *(kept[name].astype(np.int64) for name in ("joint_p", "joint_r", "mated", "bin"))))
    n = np.concatenate([*(piece[3] for piece in pieces), kept["n"]]).astype(np.int64)
    return _summed(sizes, np.concatenate(codes), n)


def _code(sizes: Mapping[str, int], *columns: Ints | int) -> Ints:
    """One number for the columns of a row: of many groups there may be a row a comparison, and four take more room."""
    code: Ints = np.zeros(1, dtype=np.int64)
    for size, column in zip(sizes.values(), columns, strict=True):
        code = code * size + column
    return code


def failed(engine: Engine) -> Table:
    """Table failed."""
    return as_table(
        engine.columns("""
        SELECT p.joint AS probe_group, r.joint AS reference_group, f.mated AS mated, CAST(sum(f.n) AS BIGINT) AS count
        FROM (SELECT probe, reference, 0 AS mated, n FROM failed_rows WHERE reference IS NOT NULL
              UNION ALL SELECT probe, reference, 1, 1 FROM mated_rows WHERE failed) AS f
        JOIN probes AS p ON p.probe = f.probe JOIN references_ AS r ON r.reference = f.reference
        GROUP BY p.joint, r.joint, f.mated ORDER BY p.joint, r.joint, f.mated""")
    )


def nonmated_design(engine: Engine, labels: Sequence[Label], n_joint: int) -> dict[str, Ints]:
    """Values of table nonmated_design as (probe label, reference label) arrays."""
    n_labels = len(labels)

    found = {
        name: whole(values)
        for name, values in engine.columns(f"""
        SELECT side, joint, label, CAST(sum(m) AS BIGINT) AS m, {sum_of_products("m", "m")} AS m2, count(*) AS people
        FROM design GROUP BY side, joint, label""").items()
    }

    def one_side(side: int) -> dict[str, Ints]:
        mine, rolled = found["side"] == side, {}
        for name in ("m", "m2", "people"):
            dense = np.zeros((n_joint, n_labels), dtype=object if name == "m2" else np.int64)
            np.add.at(dense, (found["joint"][mine], found["label"][mine]), found[name][mine])
            rolled[name] = moments.rolled_up(dense, labels)
        return rolled

    as_probe, as_reference = one_side(AS_PROBE), one_side(AS_REFERENCE)
    both = engine.columns(f"""
        SELECT probe_label, reference_label, {sum_of_products("rm", "cm")} AS products, count(*) AS people
        FROM design_both GROUP BY probe_label, reference_label""")
    products = np.zeros((n_labels, n_labels), dtype=object)
    people = np.zeros((n_labels, n_labels), dtype=np.int64)
    at = both["probe_label"].astype(np.int64), both["reference_label"].astype(np.int64)
    products[at], people[at] = whole(both["products"]), both["people"].astype(np.int64)
    probe_people, reference_people = as_probe["people"], as_reference["people"].T
    return {
        "comparisons": as_probe["m"],
        "probe_people": probe_people,
        "reference_people": reference_people,
        "people": probe_people + reference_people - people,
        "sum_r2": as_probe["m2"],
        "sum_c2": as_reference["m2"].T,
        "sum_rc": products,
        "sum_p2": _pair_squares(as_probe["m"], probe_people, reference_people, people),
    }


def _pair_squares(comparisons: Ints, probes: Ints, references: Ints, both: Ints) -> Ints:
    """Sum of squared comparisons over unordered pairs of people, were they spread evenly over the pairs.

    Exact for a full cross of people with equally many samples, whatever the people the two sides share.
    Counting pairs otherwise needs a row a pair, and the sum enters the variance only at the order of one
    comparison in all of them.
    """
    ordered = probes * references - both
    mutual = both * (both - 1) // 2
    a_pair = np.divide(comparisons, ordered, out=np.zeros(ordered.shape), where=ordered > 0)
    full = a_pair**2 * (ordered + 2.0 * mutual)
    # With less than one comparison a pair, two meet only where both directions happen to be there.
    sparse = comparisons + 2 * mutual * a_pair**2
    return whole(np.rint(np.where(a_pair >= 1, full, sparse)))


def pair_tables(design: dict[str, Ints], sharing: dict[str, Ints], labels: Sequence[Label]) -> tuple[Table, Table]:
    """Tables nonmated_design and nonmated_moments: the pairs of labels that are reported."""
    probe, reference = (np.array(side, dtype=np.int64) for side in zip(*pair_rows(labels), strict=True))
    design_table = {"probe_label": probe, "reference_label": reference}
    design_table |= {name: whole(values[probe, reference]) for name, values in design.items()}
    n_levels = sharing["exceed"].shape[-1]
    moment_table = {
        "probe_label": np.repeat(probe, n_levels),
        "reference_label": np.repeat(reference, n_levels),
        "level": np.tile(np.arange(n_levels, dtype=np.int64), len(probe)),
    }
    moment_table |= {name: values[probe, reference].ravel() for name, values in sharing.items()}
    return design_table, moment_table


def people_counts(engine: Engine) -> dict[str, int]:
    """How many people and samples there are; see `Tally.people`."""
    found = engine.columns("""
        SELECT (SELECT count(DISTINCT person) FROM probes) AS probe,
               (SELECT count(DISTINCT person) FROM references_) AS reference,
               (SELECT count(*) FROM persons) AS "any",
               (SELECT count(*) FROM probes) AS probes, (SELECT count(*) FROM references_) AS "references" """)
    return {name: int(values[0]) for name, values in found.items()}


def joint_people(engine: Engine, n_joint: int) -> dict[str, tuple[int, ...]]:
    """People of each combination of groups, by side; see `SIDES`. Of candidate lists none as references."""
    found = as_table(
        engine.columns("""
        SELECT side, joint, count(DISTINCT person) AS n FROM design WHERE m > 0 GROUP BY side, joint
        UNION ALL SELECT 2, joint, count(DISTINCT person) FROM mated GROUP BY joint
        UNION ALL SELECT 3, joint, count(DISTINCT person) FROM searches_ WHERE has_mate GROUP BY joint
        UNION ALL SELECT 4, joint, count(DISTINCT person) FROM searches_ WHERE counts GROUP BY joint""")
    )
    # Sides of `design` have the numbers of the first two.
    people = np.zeros((len(SIDES), n_joint), dtype=np.int64)
    people[found["side"], found["joint"]] = found["n"]
    return {side: tuple(row) for side, row in zip(SIDES, people.tolist(), strict=True)}


def failed_samples(
    engine: Engine, scores: Scores
) -> tuple[tuple[int, int] | None, tuple[int, int] | None, tuple[str, ...]]:
    """(failed, presented) probes and references, and what is not known of them.

    A sample failed when all its comparisons did, one of them at least with a sample that works elsewhere. Where
    neither side works elsewhere, which of them failed is not known, and nothing is said of either. None where
    no failure code was declared. Of candidate lists only the searches tell.
    """
    if scores.kind == "candidates":
        flags = engine.columns("SELECT count(*) AS n, count(*) FILTER (WHERE failed) AS failed FROM search_flags")
        failed, presented = int(flags["failed"][0]), int(flags["n"][0])
        # Without a failed search it is not known whether failures were written down at all.
        return (failed, presented) if failed else None, None, ()
    if not scores.failures:
        return None, None, ()
    found = engine.columns("""
        WITH pairs AS (
          SELECT probe, reference FROM failed_rows UNION ALL SELECT probe, reference FROM mated_rows WHERE failed),
        working_probes AS (
          SELECT DISTINCT probe FROM by_probe UNION SELECT probe FROM mated_rows WHERE NOT failed),
        working_references AS (
          SELECT DISTINCT reference FROM by_reference UNION SELECT reference FROM mated_rows WHERE NOT failed),
        sides AS (
          SELECT p.probe AS probe, p.reference AS reference, wp.probe IS NOT NULL AS probe_works,
                 wr.reference IS NOT NULL AS reference_works
          FROM pairs AS p LEFT JOIN working_probes AS wp ON wp.probe = p.probe
          LEFT JOIN working_references AS wr ON wr.reference = p.reference)
        SELECT (SELECT count(*) FROM probes) AS probes, (SELECT count(*) FROM references_) AS references_,
               count(DISTINCT probe) FILTER (WHERE NOT probe_works) AS failed_probes,
               count(DISTINCT reference) FILTER (WHERE NOT reference_works) AS failed_references,
               count(*) FILTER (WHERE NOT probe_works AND NOT reference_works) AS unknown,
               count(DISTINCT probe) FILTER (WHERE NOT probe_works AND reference_works) AS sure_probes,
               count(DISTINCT reference) FILTER (WHERE probe_works AND NOT reference_works) AS sure_references
        FROM sides""")
    n = {name: int(values[0]) for name, values in found.items()}
    if n["failed_probes"] > n["sure_probes"] or n["failed_references"] > n["sure_references"]:
        return None, None, (UNKNOWN_SIDE.format(n=n["unknown"]),)
    return (n["failed_probes"], n["probes"]), (n["failed_references"], n["references_"]), ()


UNKNOWN_SIDE = (
    "{n:,} comparisons failed in which neither sample is known to work in another one: whether the probe failed or the "
    "reference cannot be told, so FTA and FTE are not known; declare them apart"
)


def spectrum_start(exceed: Ints, searches_made: int) -> int:
    """First level that searches exceed no more than `SPECTRUM_PER_SEARCH` times on average."""
    few = np.flatnonzero(exceed <= SPECTRUM_PER_SEARCH * max(searches_made, 1))
    return int(few[0]) if few.size else len(exceed)


def as_table(columns: Columns) -> Table:
    """Columns from the engine as 64-bit integers."""
    return {name: np.asarray(values).astype(np.int64) for name, values in columns.items()}


def _bins(axes: Axes, lower: Floats) -> Ints:
    return np.searchsorted(axes.edges, lower, side="right") - 1


def _summed(sizes: Mapping[str, int], code: Ints, n: Ints) -> Table:
    """Rows of equal code added up, in ascending order of the columns that it is made of."""
    order = np.argsort(code, kind="stable")
    code = code[order]
    first = np.flatnonzero(np.append(np.ones(min(1, len(code)), dtype=bool), code[1:] != code[:-1]))
    total = np.add.reduceat(n[order], first) if len(first) else np.zeros(0, dtype=np.int64)
    rest, columns = code[first], {}
    for name, size in reversed(list(sizes.items())):
        columns[name] = rest % size
        rest = rest // size
    return {name: columns[name] for name in sizes} | {"count": total}
