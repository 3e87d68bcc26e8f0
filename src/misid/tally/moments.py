"""Moments: sums over people of squared exceedance counts, at every level, from the sparse tail.

Each person's count above a level is a step function of the level. Instead of one row a person and level,
the steps themselves are summed: where a count goes from c - n to c on the way down, its square grows by
c**2 - (c - n)**2, at that level and at every lower one. One reverse cumulative sum over levels, in NumPy,
then gives the sum of squares at each level.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from misid.engine import Engine
from misid.engine.seam import Columns
from misid.tally.model import FNIR_RANKS, Ints, Label, Table
from misid.tally.people import AS_PROBE, AS_REFERENCE

_STEP = "OVER (PARTITION BY {keys} ORDER BY lvl DESC ROWS UNBOUNDED PRECEDING)"


def at_or_above(columns: Columns, value: str, shape: tuple[int, ...], keys: Sequence[str]) -> Ints:
    """Steps summed into a dense array with the level last, turned into totals at or above each level."""
    dense = np.zeros(shape, dtype=np.int64)
    np.add.at(dense, tuple(columns[k].astype(np.int64) for k in keys), columns[value].astype(np.int64))
    return np.cumsum(dense[..., ::-1], axis=-1)[..., ::-1]


def rolled_up(by_joint: Ints, labels: Sequence[Label]) -> Ints:
    """Sum the first axis, one entry a combination of groups, over the members of each label."""
    return np.stack([by_joint[list(label.members)].sum(axis=0) for label in labels])


def sharing_moments(engine: Engine, labels: Sequence[Label], n_joint: int, n_levels: int) -> dict[str, Ints]:
    """T, sum R^2, sum C^2, sum RC, sum P^2, sum RM, sum CM by (probe label, reference label, level).

    Reads `tail` (person codes and joint groups of both sides, lvl >= 0: index of the highest level reached).
    """
    n_labels = len(labels)
    shape = (n_joint, n_labels, n_levels)
    pair_shape, pair_keys = (n_labels, n_labels, n_levels), ("probe_label", "reference_label", "lvl")
    r, c = (dict.fromkeys(("n", "squares", "products"), np.zeros(shape, dtype=np.int64)) for _ in range(2))
    both = np.zeros(pair_shape, dtype=np.int64)
    # Every sum is one over people: a share of them at a time, so that memory does not grow with what they exceeded.
    turns = in_turns(engine, 2 * _rows(engine, labels))
    for turn in range(turns):
        who = share(turn, turns, "t.{person}")
        engine.keep("exceed", f"{_exceedances(AS_PROBE, who)} UNION ALL {_exceedances(AS_REFERENCE, who)}")
        for side, sums in ((AS_PROBE, r), (AS_REFERENCE, c)):
            found = engine.columns(_each_side(side, n_labels))
            for name in sums:
                sums[name] = sums[name] + at_or_above(found, name, shape, ("joint", "label", "lvl"))
        both += at_or_above(engine.columns(_both_sides(n_labels)), "products", pair_shape, pair_keys)
    engine.drop("exceed")
    moments = {
        "exceed": rolled_up(r["n"], labels),
        "sum_r2": rolled_up(r["squares"], labels),
        "sum_rm": rolled_up(r["products"], labels),
        # For references the person's own label is the second axis.
        "sum_c2": rolled_up(c["squares"], labels).swapaxes(0, 1),
        "sum_cm": rolled_up(c["products"], labels).swapaxes(0, 1),
        "sum_rc": both,
    }
    moments["sum_p2"] = moments["exceed"] + at_or_above(engine.columns(_pairs()), "excess", pair_shape, pair_keys)
    return moments


def in_turns(engine: Engine, rows: int) -> int:
    """In how many turns an intermediate table of so many rows is made, so that it stays small in memory."""
    return max(1, math.ceil(rows / engine.rows_at_once))


def share(turn: int, turns: int, code: str) -> str:
    """SQL that leaves the people or probes whose turn it is, by their number; '' where one turn has all."""
    return f" AND {code} % {turns} = {turn}" if turns > 1 else ""


def _rows(engine: Engine, labels: Sequence[Label]) -> int:
    """Most rows that one side of `exceed` can have: each comparison in every label of the other side."""
    n = int(engine.columns("SELECT count(*) AS n FROM tail WHERE lvl >= 0")["n"][0])
    of_joint = np.bincount(np.concatenate([np.asarray(label.members, dtype=np.int64) for label in labels]))
    return n * int(of_joint.max())


def _exceedances(side: int, who: str) -> str:
    """Exceedances of each person on one side, per label of the other side and level."""
    mine, other = ("p", "r") if side == AS_PROBE else ("r", "p")
    person = f"person_{mine}"
    return f"""
        SELECT {side} AS side, t.{person} AS person, t.joint_{mine} AS joint, l.label AS label, t.lvl AS lvl,
               CAST(count(*) AS INTEGER) AS n
        FROM tail AS t JOIN by_label AS l ON l.joint = t.joint_{other} WHERE t.lvl >= 0{who.format(person=person)}
        GROUP BY t.{person}, t.joint_{mine}, l.label, t.lvl"""


def _each_side(side: int, n_labels: int) -> str:
    # One whole number for all that is counted apart: windows sort by it in half the time.
    step = _STEP.format(keys=f"CAST(person AS BIGINT) * {n_labels} + label")
    return f"""
        WITH steps AS (SELECT person, joint, label, lvl, n, sum(n) {step} AS c FROM exceed WHERE side = {side})
        SELECT s.joint AS joint, s.label AS label, s.lvl AS lvl, CAST(sum(n) AS BIGINT) AS n,
               CAST(sum(c * c - (c - n) * (c - n)) AS BIGINT) AS squares, CAST(sum(n * d.m) AS BIGINT) AS products
        FROM steps AS s JOIN design AS d ON d.side = {side} AND d.person = s.person AND d.label = s.label
        GROUP BY s.joint, s.label, s.lvl"""


def _both_sides(n_labels: int) -> str:
    """Steps of R_i C_i for people who are probe and reference; a label pair counts those who are in both."""
    step = _STEP.format(keys=f"(CAST(person AS BIGINT) * {n_labels} + probe_label) * {n_labels} + reference_label")
    return f"""
        WITH both_people AS (SELECT DISTINCT person FROM design_both),
        r AS (SELECT e.person, e.joint, e.label AS reference_label, e.lvl, e.n
              FROM exceed AS e JOIN both_people AS b ON b.person = e.person WHERE e.side = {AS_PROBE}),
        c AS (SELECT e.person, e.joint, e.label AS probe_label, e.lvl, e.n
              FROM exceed AS e JOIN both_people AS b ON b.person = e.person WHERE e.side = {AS_REFERENCE}),
        events AS (
          SELECT person, probe_label, reference_label, lvl, sum(rn) AS rn, sum(cn) AS cn FROM (
            SELECT r.person, a.label AS probe_label, r.reference_label, r.lvl, r.n AS rn, 0 AS cn
            FROM r JOIN by_label AS a ON a.joint = r.joint
            JOIN by_label AS b ON b.joint = r.joint AND b.label = r.reference_label
            UNION ALL
            SELECT c.person, c.probe_label, b.label AS reference_label, c.lvl, 0 AS rn, c.n AS cn
            FROM c JOIN by_label AS b ON b.joint = c.joint
            JOIN by_label AS a ON a.joint = c.joint AND a.label = c.probe_label) AS u
          GROUP BY person, probe_label, reference_label, lvl),
        steps AS (SELECT *, sum(rn) {step} AS r_above, sum(cn) {step} AS c_above FROM events)
        SELECT probe_label, reference_label, lvl,
               CAST(sum(r_above * c_above - (r_above - rn) * (c_above - cn)) AS BIGINT) AS products
        FROM steps GROUP BY probe_label, reference_label, lvl"""


def _pairs() -> str:
    """Steps of P^2 - P; only pairs of people with several exceedances have any."""
    step = _STEP.format(keys="pair, probe_label, reference_label")
    return f"""
        WITH directed AS (
          SELECT least(person_p, person_r) * 4294967296 + greatest(person_p, person_r) AS pair, joint_p, joint_r, lvl
          FROM tail WHERE lvl >= 0),
        several AS (SELECT pair FROM directed GROUP BY pair HAVING count(*) > 1),
        events AS (
          SELECT d.pair, a.label AS probe_label, b.label AS reference_label, d.lvl, count(*) AS n
          FROM directed AS d JOIN several AS s ON s.pair = d.pair
          JOIN by_label AS a ON a.joint = d.joint_p JOIN by_label AS b ON b.joint = d.joint_r
          GROUP BY d.pair, a.label, b.label, d.lvl),
        steps AS (SELECT *, sum(n) {step} AS c FROM events)
        SELECT probe_label, reference_label, lvl,
               CAST(sum(c * c - (c - n) * (c - n) - n) AS BIGINT) AS excess
        FROM steps GROUP BY probe_label, reference_label, lvl"""


def mated_moments(engine: Engine, labels: Sequence[Label], n_joint: int, n_levels: int) -> tuple[Table, Table]:
    """Tables mated_design and mated_moments: mated comparisons below each level, clustered by person.

    Reads `mated` (person, joint, lvl: -1 below every level).
    """
    design = engine.columns("""
        SELECT joint, CAST(sum(k) AS BIGINT) AS k, CAST(sum(k * k) AS BIGINT) AS k2, count(*) AS people
        FROM (SELECT person, joint, count(*) AS k FROM mated GROUP BY person, joint) AS t GROUP BY joint""")
    step = _STEP.format(keys="s.person")
    matched = engine.columns(f"""
        WITH k AS (SELECT person, count(*) AS k FROM mated GROUP BY person),
        events AS (SELECT person, joint, lvl, count(*) AS n FROM mated WHERE lvl >= 0 GROUP BY person, joint, lvl),
        steps AS (SELECT s.*, k.k AS k, sum(s.n) {step} AS c FROM events AS s JOIN k ON k.person = s.person)
        SELECT joint, lvl, CAST(sum(n) AS BIGINT) AS n, CAST(sum(c * c - (c - n) * (c - n)) AS BIGINT) AS n2,
               CAST(sum(n * k) AS BIGINT) AS nk
        FROM steps GROUP BY joint, lvl""")
    return _errors_from_matches(design, matched, labels, n_joint, n_levels)


def mate_moments(engine: Engine, labels: Sequence[Label], n_joint: int, n_levels: int) -> Table:
    """Table mate_moments: mated searches without the mate in the first R at or above each level.

    Reads `searches_` (person, joint, has_mate, mate_lvl, rank).
    """
    design = engine.columns("""
        SELECT joint, CAST(sum(k) AS BIGINT) AS k, CAST(sum(k * k) AS BIGINT) AS k2, count(*) AS people
        FROM (SELECT person, joint, count(*) AS k FROM searches_ WHERE has_mate GROUP BY person, joint) AS t
        GROUP BY joint""")
    engine.put("within", {"within": np.array(FNIR_RANKS, dtype=np.int64)})
    step = _STEP.format(keys="s.person, s.within")
    found = engine.columns(f"""
        WITH k AS (SELECT person, count(*) AS k FROM searches_ WHERE has_mate GROUP BY person),
        events AS (SELECT s.person, s.joint, w.within, s.mate_lvl AS lvl, count(*) AS n
                   FROM searches_ AS s JOIN within AS w ON s.rank <= w.within
                   WHERE s.has_mate AND s.mate_lvl >= 0 GROUP BY s.person, s.joint, w.within, s.mate_lvl),
        steps AS (SELECT s.*, k.k AS k, sum(s.n) {step} AS c FROM events AS s JOIN k ON k.person = s.person)
        SELECT within, joint, lvl, CAST(sum(n) AS BIGINT) AS n, CAST(sum(c * c - (c - n) * (c - n)) AS BIGINT) AS n2,
               CAST(sum(n * k) AS BIGINT) AS nk
        FROM steps GROUP BY within, joint, lvl""")
    tables = []
    for rank in FNIR_RANKS:
        mine = {name: values[found["within"] == rank] for name, values in found.items()}
        _, table = _errors_from_matches(design, mine, labels, n_joint, n_levels)
        table["rank"] = np.full(len(table["label"]), rank, dtype=np.int64)
        tables.append(table)
    return {
        name: np.concatenate([t[name] for t in tables])
        for name in ("label", "level", "rank", "errors", "sum_e2", "sum_ek")
    }


def _errors_from_matches(
    design: Columns, matched: Columns, labels: Sequence[Label], n_joint: int, n_levels: int
) -> tuple[Table, Table]:
    """Errors are what is not matched: e = k - n, so sum e^2 = sum k^2 - 2 sum nk + sum n^2."""
    totals = {name: np.zeros(n_joint, dtype=np.int64) for name in ("k", "k2", "people")}
    for name, total in totals.items():
        np.add.at(total, design["joint"].astype(np.int64), design[name].astype(np.int64))
    by_label = {name: rolled_up(total, labels) for name, total in totals.items()}
    shape, keys = (n_joint, n_levels), ("joint", "lvl")
    n, n2, nk = (rolled_up(at_or_above(matched, v, shape, keys), labels) for v in ("n", "n2", "nk"))
    k, k2 = by_label["k"][:, None], by_label["k2"][:, None]
    label, level = (a.ravel() for a in np.indices(n.shape))
    moments = {
        "label": label.astype(np.int64),
        "level": level.astype(np.int64),
        "errors": (k - n).ravel(),
        "sum_e2": (k2 - 2 * nk + n2).ravel(),
        "sum_ek": (k2 - nk).ravel(),
    }
    mated_design = {
        "label": np.arange(len(labels), dtype=np.int64),
        "comparisons": by_label["k"],
        "people": by_label["people"],
        "sum_k2": by_label["k2"],
    }
    return mated_design, moments
