"""Searches: the best non-mated candidate, the mate's rank, and how false positives spread over people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from misid.engine import Engine
from misid.engine.seam import Columns
from misid.tally.grid import Grid
from misid.tally.model import MAX_RANK, NO_BIN, Ints, Label, Table
from misid.tally.moments import at_or_above, in_turns, rolled_up, share
from misid.tally.order import in_content_order

_STEP = "OVER (PARTITION BY {keys} ORDER BY lvl DESC ROWS UNBOUNDED PRECEDING)"


def flag_searches(engine: Engine) -> None:
    """Make `search_flags` for a test with every comparison: a probe that met somebody else counts towards FPIR."""
    engine.keep(
        "search_flags",
        """SELECT probe, max(counts) > 0 AS counts, max(has_mate) > 0 AS has_mate, max(completed) = 0 AS failed FROM (
             SELECT probe, 1 AS counts, 0 AS has_mate, 1 AS completed FROM probe_totals
             UNION ALL SELECT probe, 1, 0, 0 FROM failed_rows
             UNION ALL SELECT probe, 0, 1, CASE WHEN failed THEN 0 ELSE 1 END FROM mated_rows) AS t
           GROUP BY probe""",
    )


def rank_mates(engine: Engine, cut: str, outranking: str) -> None:
    """Make `mates_`: per probe its mate's best score and rank (non-mated at or above it, plus one).

    Mates at or above the cut are ranked within the tail; the few below it by `outranking`, a full scan.
    Ties count against the mate.
    """
    engine.keep(
        "best_mates",
        """SELECT probe, max(score) AS best, count(*) FILTER (WHERE NOT failed) AS searched, count(*) AS tried
           FROM mated_rows GROUP BY probe""",
    )
    engine.keep("low_mates", f"SELECT probe, best FROM best_mates WHERE best < {cut}")
    # Where no mate lies below the cut, an engine would read all comparisons to join them with nothing.
    low = f"UNION ALL {outranking}" if engine.columns("SELECT count(*) AS n FROM low_mates")["n"][0] else ""
    engine.keep(
        "outranking",
        f"""SELECT t.probe AS probe, count(*) AS n FROM tail_rows AS t JOIN best_mates AS b ON t.probe = b.probe
            WHERE b.best >= {cut} AND t.score >= b.best GROUP BY t.probe {low}""",
    )
    engine.keep(
        "mates_",
        """SELECT b.probe AS probe, b.best AS best, b.tried AS tried, b.searched AS searched, 1 + coalesce(o.n, 0) AS rank
           FROM best_mates AS b LEFT JOIN outranking AS o ON o.probe = b.probe""",  # noqa: E501
    )


def list_searches(engine: Engine, grid: Grid, gallery: int | None) -> None:
    """Make `searches_`: one row a search, with bins and levels of its best non-mated candidate and its mate.

    `gallery` is the number of references where it is declared; otherwise those each probe met are counted.
    """
    # A reference that failed is not in the gallery; of a probe that failed only what was tried is known.
    others = "CASE WHEN done > 0 THEN done ELSE tried END"
    everybody = "CASE WHEN done + mates_done > 0 THEN done + mates_done ELSE tried + mates_tried END"
    if gallery is not None:
        others = everybody = str(int(gallery))
    engine.keep(
        "searches_",
        f"""
        WITH failures AS (SELECT probe, CAST(sum(n) AS BIGINT) AS n FROM failed_rows GROUP BY probe),
        found AS (
          SELECT p.code, p.person, p.joint, coalesce(b.m, 0) AS done, coalesce(b.m, 0) + coalesce(f.n, 0) AS tried,
                 coalesce(m.searched, 0) AS mates_done, coalesce(m.tried, 0) AS mates_tried, b.best AS best,
                 m.best AS mate, m.rank AS rank, s.counts AS counts, s.has_mate AS has_mate, s.failed AS failed
          FROM probes AS p JOIN search_flags AS s ON s.probe = p.probe LEFT JOIN probe_totals AS b ON b.probe = p.probe
          LEFT JOIN failures AS f ON f.probe = p.probe LEFT JOIN mates_ AS m ON m.probe = p.probe)
        SELECT s.code AS code, s.person AS person, s.joint AS joint, {others} AS others, {everybody} AS everybody,
               s.has_mate AS has_mate, s.counts AS counts, s.failed AS failed,
               coalesce(bb.bin, {NO_BIN}) AS best_bin, coalesce(bb.lvl, -1) AS best_lvl,
               coalesce(mb.bin, {NO_BIN}) AS mate_bin, coalesce(mb.lvl, -1) AS mate_lvl,
               CASE WHEN mb.bin IS NULL THEN {MAX_RANK + 1} ELSE least(s.rank, {MAX_RANK + 1}) END AS rank
        FROM found AS s
        LEFT JOIN bins AS bb ON bb.key = {grid.key("s.best")} AND bb.part = {grid.part("s.best")}
        LEFT JOIN bins AS mb ON mb.key = {grid.key("s.mate")} AND mb.part = {grid.part("s.mate")}""",
    )


def search_design(engine: Engine, labels: Sequence[Label]) -> Table:
    """Table search_design."""
    rows: dict[str, list[int]] = {
        name: []
        for name in (
            "label",
            "mated",
            "searches",
            "failed",
            "people",
            "sum_k2",
            "gallery_min",
            "gallery_median",
            "gallery_max",
        )
    }
    kinds = """SELECT 0 AS mated, person, joint, failed, others AS m FROM searches_ WHERE counts
               UNION ALL SELECT 1, person, joint, failed, everybody FROM searches_ WHERE has_mate"""
    all_people = engine.columns(f"""
        SELECT mated, joint, CAST(sum(k) AS BIGINT) AS searches, CAST(sum(failed) AS BIGINT) AS failed,
               count(*) AS people, CAST(sum(k * k) AS BIGINT) AS sum_k2
        FROM (SELECT mated, person, joint, count(*) AS k, count(*) FILTER (WHERE failed) AS failed
              FROM ({kinds}) AS s GROUP BY mated, person, joint) AS t GROUP BY mated, joint""")
    all_sizes = engine.columns(f"""
        SELECT mated, joint, m, count(*) AS n FROM ({kinds}) AS s GROUP BY mated, joint, m""")
    for mated in (0, 1):
        people, sizes = (
            {name: values[found["mated"] == mated] for name, values in found.items()}
            for found in (all_people, all_sizes)
        )
        for index, label in enumerate(labels):
            inside = np.isin(people["joint"], label.members)
            rows["label"].append(index)
            rows["mated"].append(mated)
            for name in ("searches", "failed", "people", "sum_k2"):
                rows[name].append(int(people[name][inside].sum()))
            mine = np.isin(sizes["joint"], label.members)
            smallest, middle, largest = _spread(sizes["m"][mine], sizes["n"][mine])
            rows["gallery_min"].append(smallest)
            rows["gallery_median"].append(middle)
            rows["gallery_max"].append(largest)
    return {name: np.array(values, dtype=np.int64) for name, values in rows.items()}


def _spread(values: Ints, counts: Ints) -> tuple[int, int, int]:
    """Smallest, (lower) median and largest of values that occur `counts` times; zeros for none."""
    if not values.size:
        return 0, 0, 0
    order = np.argsort(values)
    below = np.cumsum(counts[order])
    middle = values[order][np.searchsorted(below, (below[-1] + 1) // 2)]
    return int(values.min()), int(middle), int(values.max())


def best_nonmated(engine: Engine) -> Table:
    """Table best_nonmated."""
    return _table(
        engine.columns("""
        SELECT joint AS probe_group, best_bin AS bin, count(*) AS count FROM searches_ WHERE counts
        GROUP BY joint, best_bin ORDER BY joint, best_bin""")
    )


def mates(engine: Engine) -> Table:
    """Table mates."""
    return _table(
        engine.columns("""
        SELECT joint AS probe_group, rank, mate_bin AS bin, count(*) AS count FROM searches_ WHERE has_mate
        GROUP BY joint, rank, mate_bin ORDER BY joint, rank, mate_bin""")
    )


def search_moments(engine: Engine, labels: Sequence[Label], n_joint: int, n_levels: int, references: Ints) -> Table:
    """Table search_moments. `references`: reference people searched, per label of the probes."""
    hits_step = _STEP.format(keys="s.person")
    hits = engine.columns(f"""
        WITH k AS (SELECT person, count(*) AS k FROM searches_ WHERE counts GROUP BY person),
        events AS (SELECT person, joint, best_lvl AS lvl, count(*) AS n FROM searches_
                   WHERE counts AND best_lvl >= 0 GROUP BY person, joint, best_lvl),
        steps AS (SELECT s.*, k.k AS k, sum(s.n) {hits_step} AS c FROM events AS s JOIN k ON k.person = s.person)
        SELECT joint, lvl, CAST(sum(n) AS BIGINT) AS hits, CAST(sum(c * c - (c - n) * (c - n)) AS BIGINT) AS sum_a2,
               CAST(sum(n * k) AS BIGINT) AS sum_ak
        FROM steps GROUP BY joint, lvl""")
    exceed = engine.columns("""
        SELECT joint_p AS joint, lvl, count(*) AS exceed FROM tail WHERE counts AND lvl >= 0 GROUP BY joint_p, lvl""")
    shape, keys = (n_joint, n_levels), ("joint", "lvl")
    columns = {v: rolled_up(at_or_above(hits, v, shape, keys), labels) for v in ("hits", "sum_a2", "sum_ak")}
    columns["exceed"] = rolled_up(at_or_above(exceed, "exceed", shape, keys), labels)
    engine.keep("sole_pairs", _sole())
    engine.keep("sole", _sole_of_person())
    step = _STEP.format(keys="person, label")
    sole = engine.columns(f"""
        WITH steps AS (SELECT *, sum(n) {step} AS c FROM sole)
        SELECT label, lvl, CAST(sum(n) AS BIGINT) AS sum_d, CAST(sum(c * c - (c - n) * (c - n)) AS BIGINT) AS sum_d2
        FROM steps GROUP BY label, lvl""")
    label_shape, label_keys = (len(labels), n_levels), ("label", "lvl")
    for name in ("sum_d", "sum_d2"):
        columns[name] = at_or_above(sole, name, label_shape, label_keys)
    columns["sum_q2"] = at_or_above(engine.columns(_sole_pairs_squared()), "sum_q2", label_shape, label_keys)
    both = engine.columns(_searcher_and_sole(step))
    for name in ("sum_ad", "sum_kd"):
        columns[name] = at_or_above(both, name, label_shape, label_keys)
    label, level = (a.ravel().astype(np.int64) for a in np.indices(label_shape))
    table = {"label": label, "level": level} | {name: values.ravel() for name, values in columns.items()}
    table["references"] = references[label]
    return table


def _sole() -> str:
    """Steps of d_ij: for levels between the second-best and the best person of a search, the best is alone."""
    return """
        WITH people AS (
          SELECT probe, person_p, joint_p, person_r, max(lvl) AS lvl FROM tail WHERE counts AND lvl >= 0
          GROUP BY probe, person_p, joint_p, person_r),
        ordered AS (
          SELECT *, row_number() OVER (PARTITION BY probe ORDER BY lvl DESC, person_r) AS place FROM people),
        first_two AS (
          SELECT probe, person_p, joint_p, max(person_r) FILTER (WHERE place = 1) AS person,
                 max(lvl) FILTER (WHERE place = 1) AS best, coalesce(max(lvl) FILTER (WHERE place = 2), -1) AS second
          FROM ordered WHERE place <= 2 GROUP BY probe, person_p, joint_p),
        events AS (
          SELECT person_p, joint_p, person, best AS lvl, 1 AS n FROM first_two WHERE best > second
          UNION ALL
          SELECT person_p, joint_p, person, second, -1 FROM first_two WHERE best > second AND second >= 0)
        SELECT e.person_p AS searcher, e.person AS person, l.label AS label, e.lvl AS lvl,
               CAST(sum(e.n) AS BIGINT) AS n
        FROM events AS e JOIN by_label AS l ON l.joint = e.joint_p GROUP BY e.person_p, e.person, l.label, e.lvl"""


def _sole_of_person() -> str:
    """Steps of D_j, the sum of d_ij over the searchers i."""
    return """SELECT person, label, lvl, CAST(sum(n) AS BIGINT) AS n FROM sole_pairs GROUP BY person, label, lvl"""


def _sole_pairs_squared() -> str:
    """Steps of the sum over unordered pairs of (d_ij + d_ji)^2."""
    step = _STEP.format(keys="one, other, label")
    return f"""
        WITH events AS (
          SELECT least(searcher, person) AS one, greatest(searcher, person) AS other, label, lvl, sum(n) AS n
          FROM sole_pairs GROUP BY least(searcher, person), greatest(searcher, person), label, lvl),
        steps AS (SELECT *, sum(n) {step} AS c FROM events)
        SELECT label, lvl, CAST(sum(c * c - (c - n) * (c - n)) AS BIGINT) AS sum_q2 FROM steps GROUP BY label, lvl"""


def _searcher_and_sole(step: str) -> str:
    """Steps of A_i D_i and K_i D_i for people who search and are searched; their label must hold them."""
    return f"""
        WITH k AS (SELECT person, joint, count(*) AS k FROM searches_ WHERE counts GROUP BY person, joint),
        hits AS (SELECT person, joint, best_lvl AS lvl, count(*) AS n FROM searches_
                 WHERE counts AND best_lvl >= 0 GROUP BY person, joint, best_lvl),
        events AS (
          SELECT person, label, lvl, sum(a) AS a, sum(d) AS d FROM (
            SELECT h.person, l.label, h.lvl, h.n AS a, 0 AS d FROM hits AS h JOIN by_label AS l ON l.joint = h.joint
            UNION ALL
            SELECT s.person, s.label, s.lvl, 0, s.n FROM sole AS s JOIN k ON k.person = s.person
            JOIN by_label AS l ON l.joint = k.joint AND l.label = s.label) AS u
          GROUP BY person, label, lvl),
        steps AS (
          SELECT *, sum(a) {step} AS a_above, sum(d) {step} AS d_above FROM events)
        SELECT s.label AS label, s.lvl AS lvl,
               CAST(sum(a_above * d_above - (a_above - a) * (d_above - d)) AS BIGINT) AS sum_ad,
               CAST(sum(k.k * d) AS BIGINT) AS sum_kd
        FROM steps AS s JOIN k ON k.person = s.person GROUP BY s.label, s.lvl"""


def spectrum(engine: Engine, from_level: int) -> Table:
    """Table spectrum: what each search exceeded, with the searches put in an order of content.

    An order of ids, or of a hash of ids, would let whoever has the ids find a person's row.
    """
    where = f"t.counts AND t.lvl >= {from_level}"
    n = int(engine.columns(f"SELECT count(*) AS n FROM tail AS t WHERE {where}")["n"][0])
    turns = in_turns(engine, n)
    # A share of the searches at a time: all of them at once take several times the memory of the table.
    shares = [
        _table(
            engine.columns(f"""
        SELECT t.probe AS search, t.joint_p AS probe_group, t.joint_r AS reference_group, p.block AS block,
               t.lvl AS level, count(*) AS count
        FROM tail AS t JOIN persons AS p ON p.code = t.person_r
        WHERE {where}{share(turn, turns, "t.probe")}
        GROUP BY t.probe, t.joint_p, t.joint_r, p.block, t.lvl""")
        )
        for turn in range(turns)
    ]
    return in_content_order({name: np.concatenate([rows.pop(name) for rows in shares]) for name in list(shares[0])})


def spectrum_design(engine: Engine) -> Table:
    """Table spectrum_design."""
    return _table(
        engine.columns("""
        WITH n AS (SELECT joint, count(*) AS searches FROM searches_ WHERE counts GROUP BY joint)
        SELECT p.joint AS probe_group, j.joint AS reference_group, any_value(n.searches) AS searches,
               CAST(sum(b.m) AS BIGINT) AS comparisons
        FROM by_probe AS b JOIN probes AS p ON p.probe = b.probe JOIN joints AS j ON j.name = b.reference_group
        JOIN search_flags AS s ON s.probe = b.probe AND s.counts
        JOIN n ON n.joint = p.joint GROUP BY p.joint, j.joint ORDER BY p.joint, j.joint""")
    )


def blocks(engine: Engine) -> Table:
    """Table blocks."""
    return _table(
        engine.columns("""
        SELECT p.block AS block, r.joint AS reference_group, count(DISTINCT r.person) AS people, count(*) AS "references"
        FROM references_ AS r JOIN persons AS p ON p.code = r.person
        GROUP BY p.block, r.joint ORDER BY p.block, r.joint""")  # noqa: E501
    )


def _table(columns: Columns) -> Table:
    return {name: np.asarray(values).astype(np.int64) for name, values in columns.items()}
