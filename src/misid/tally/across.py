"""What people who are in several tallies add to the sums of them: cross terms that no tally holds.

They follow from how often the same people can be expected, or at their likely most, to be met in both; see
`misid.tally.merge`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from misid.tally.model import TABLES, Floats, Ints, Table
from misid.tally.sound import KEYS
from misid.tally.wide import whole

LIKELY = 2.0
"""Standard deviations above the expected that pairs of errors across tallies are taken to be."""

_T = TypeVar("_T", np.int64, np.float64)

Sharing = Literal["disjoint", "references", "people"]


def rows_of(name: str, tables: Sequence[Table]) -> tuple[Ints, list[Ints]]:
    """All keys of the tables, sorted, and for each table the positions of its rows among them."""
    columns = list(TABLES[name])[: KEYS[name]]
    stacked = [np.stack([table[c] for c in columns]) for table in tables]
    keys, inverse = np.unique(np.concatenate(stacked, axis=1), axis=1, return_inverse=True)
    positions = np.split(inverse.ravel(), np.cumsum([s.shape[1] for s in stacked])[:-1])
    return keys, positions


def add_across(tables: dict[str, Table], fitted: Sequence[dict[str, Table]], shared: Sharing) -> None:
    """Add the cross terms of people who are in several tallies, and correct the numbers of people."""
    both_sides = _pairs_across(fitted, tables["nonmated_design"])
    for name, count in (("nonmated_design", "comparisons"), ("nonmated_moments", "exceed")):
        parts, table = _aligned(name, fitted, tables[name]), tables[name]
        # How often somebody was compared is designed; what exceeds is a matter of chance.
        across = _likely if name == "nonmated_moments" else _expected
        found = zip(table["probe_label"].tolist(), table["reference_label"].tolist(), strict=True)
        ratio = np.array([both_sides[pair] for pair in found])
        table["sum_c2"] = table["sum_c2"] + 2 * across(parts, "sum_c2", "sum_c2", count)
        table["sum_rc"] = table["sum_rc"] + np.where(ratio > 0, 2 * across(parts, "sum_r2", "sum_c2", count), 0)
        # Of two people who were compared both ways, the ways may lie in two tallies.
        together = _sum([np.maximum(p["sum_p2"] - p[count], 0).astype(np.float64) for p in parts]) * ratio
        most = _sum([p["sum_p2"].astype(np.float64) for p in parts])
        table["sum_p2"] = table["sum_p2"] + whole(np.rint(np.minimum(together, most)))
        if shared == "people":
            table["sum_r2"] = table["sum_r2"] + 2 * across(parts, "sum_r2", "sum_r2", count)
        if name == "nonmated_moments":
            table["sum_cm"] += 2 * _products([p["sum_cm"].astype(np.float64) for p in parts]).astype(np.int64)
    parts, design = _aligned("nonmated_design", fitted, tables["nonmated_design"]), tables["nonmated_design"]
    sides = ("reference_people",) if shared == "references" else ("probe_people", "reference_people")
    for side in sides:
        design[side] = _most(parts, side)
    design["people"] = np.maximum(
        _most(parts, "people"), np.maximum(design["probe_people"], design["reference_people"])
    )
    parts, moments = _aligned("search_moments", fitted, tables["search_moments"]), tables["search_moments"]
    moments["references"] = _most(parts, "references")
    moments["sum_d2"] += 2 * _likely(parts, "sum_d2", "sum_d2", "sum_d")
    # Searchers of one tally who are found in the searches of another: at most all that are not found in their
    # own, and as often hit themselves as those who are.
    found_across = _sum([np.maximum(p["sum_d"] - p["sum_kd"], 0) for p in parts])
    in_own = _sum([p["sum_kd"] for p in parts])
    if not _searchers_are_found(fitted):
        found_across = np.zeros_like(found_across)
    share_hit = np.divide(_sum([p["sum_ad"] for p in parts]), in_own, out=np.ones(len(in_own)), where=in_own > 0)
    moments["sum_kd"] += found_across
    moments["sum_ad"] += np.rint(share_hit * found_across).astype(np.int64)
    # Two people who find each other across tallies: as many as within, in proportion to all pairs of hits.
    reciprocal = _sum([np.maximum(p["sum_q2"] - p["sum_d"], 0) for p in parts])
    alone = [p["sum_d"].astype(np.float64) for p in parts]
    within = _sum([d * d for d in alone])
    moments["sum_q2"] += np.rint(reciprocal * 2 * _products([d * d for d in alone]) / np.maximum(within, 1)).astype(
        np.int64
    )
    parts = _aligned("blocks", fitted, tables["blocks"])
    for column in ("people", "references"):
        tables["blocks"][column] = _most(parts, column)
    if shared == "people":
        for name, value, own in (
            ("search_moments", "sum_a2", "hits"),
            ("mated_moments", "sum_e2", "errors"),
            ("mate_moments", "sum_e2", "errors"),
            ("search_design", "sum_k2", "searches"),
            ("mated_design", "sum_k2", "comparisons"),
        ):
            across = _expected if name.endswith("design") else _likely
            tables[name][value] += 2 * across(_aligned(name, fitted, tables[name]), value, value, own)
        for name in ("search_design", "mated_design"):
            tables[name]["people"] = _most(_aligned(name, fitted, tables[name]), "people")


def _pairs_across(fitted: Sequence[dict[str, Table]], design: Table) -> dict[tuple[int, int], float]:
    """By pair of labels: pairs of probe people in two tallies over pairs in one; 0 where nobody is on both sides."""
    parts = _aligned("nonmated_design", fitted, design)
    met = reduce(np.logical_or, [p["people"] < p["probe_people"] + p["reference_people"] for p in parts])
    people = [p["probe_people"].astype(np.float64) for p in parts]
    within = np.maximum(_sum([n * (n - 1) for n in people]), 1)
    ratio = np.where(met, 2 * _products([n * n for n in people]) / within, 0.0)
    return dict(zip(zip(design["probe_label"].tolist(), design["reference_label"].tolist(), strict=True),
                    ratio.tolist(), strict=True))  # fmt: skip


def _searchers_are_found(fitted: Sequence[dict[str, Table]]) -> bool:
    """Whether anybody is probe and reference in any tally (the first row is the margin)."""
    designs = (tables["nonmated_design"] for tables in fitted)
    return any(int(d["people"][0]) < int(d["probe_people"][0] + d["reference_people"][0]) for d in designs)


def _aligned(name: str, fitted: Sequence[dict[str, Table]], table: Table) -> list[Table]:
    """The tallies' rows of a table in the order of the added one, zeros where a tally has none."""
    _, positions = rows_of(name, [f[name] for f in fitted])
    aligned: list[Table] = []
    for source, at in zip(fitted, positions, strict=True):
        rows = {}
        for column in list(TABLES[name])[KEYS[name] :]:
            values = np.zeros(len(table[column]), dtype=table[column].dtype)
            values[at] = source[name][column]
            rows[column] = values
        aligned.append(rows)
    return aligned


def _sum(arrays: Sequence[npt.NDArray[_T]]) -> npt.NDArray[_T]:
    return reduce(np.add, arrays)


def _most(parts: Sequence[Table], column: str) -> Ints:
    return reduce(np.maximum, [p[column] for p in parts])


def _products(squares: Sequence[Floats], others: Sequence[Floats] | None = None) -> Floats:
    """Sum over pairs of different tallies of the root of one's square times the other's; both ways round, halved."""
    a = [np.sqrt(s) for s in squares]
    b = a if others is None else [np.sqrt(s) for s in others]
    return np.asarray((_sum(a) * _sum(b) - _sum([x * y for x, y in zip(a, b, strict=True)])) / 2)


def _pairs(parts: Sequence[Table], column: str, count: str) -> list[Floats]:
    """Pairs of distinct comparisons of one person, twice: free of the comparisons' own scatter."""
    return [np.maximum(p[column] - p[count], 0).astype(np.float64) for p in parts]


def _expected(parts: Sequence[Table], one: str, other: str, count: str) -> Ints:
    """Sum over people and pairs of tallies of x_a y_b (both ways round, halved), in proportion to their own squares."""
    return whole(np.rint(_products(_pairs(parts, one, count), _pairs(parts, other, count))))


def _likely(parts: Sequence[Table], one: str, other: str, count: str) -> Ints:
    """The same at its likely most: pairs of errors of one person that lie across tallies.

    Within the tallies so many pairs share their person; across them about as many do, in proportion to all pairs there
    are. Both numbers scatter, the more so the more errors a person has who has any. The inequality of Cauchy and
    Schwarz is a limit that nothing exceeds.
    """
    made = [p[count].astype(np.float64) for p in parts]
    within = np.maximum(_sum([m * m for m in made]), 1.0)
    across = 2 * _products([m * m for m in made])
    ratio = across / within
    pairs = _pairs(parts, one, count), _pairs(parts, other, count)
    seen = np.sqrt(_sum(pairs[0]) * _sum(pairs[1]))
    mean = np.maximum(_products(*pairs), seen * ratio / 2)
    of_a_person = 1 + 2 * seen / np.maximum(_sum(made), 1)
    most = mean + LIKELY * np.sqrt((mean + 1) * of_a_person * (1 + ratio))
    never_more = _products(*([p[c].astype(np.float64) for p in parts] for c in (one, other)))
    return whole(np.floor(np.minimum(most, never_more)))
