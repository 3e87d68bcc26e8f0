"""Merging: tallies of disjoint sets of searches add.

Every count adds exactly, on the edges that both tallies can be cut at. What people share across the two
tallies cannot be known from counts, so the user says which it is:

- people are disjoint: every moment adds exactly;
- references (or all people) are shared: sums over probes of disjoint searches still add; for sums over
  references, the cross terms are set to what they are in expectation if the references that draw false matches in
  one tally draw them in the same proportion in the other, the widest that sharing can make them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from misid.ground.errors import UsageError
from misid.tally.labels import labels_for
from misid.tally.model import TABLES, Floats, Ints, Origin, Table, Tally
from misid.tally.order import in_content_order

Sharing = Literal["disjoint", "references", "people"]


def merge_tallies(tallies: Sequence[Tally], *, shared: Sharing = "references") -> Tally:
    """Add tallies of disjoint sets of searches.

    Parameters
    ----------
    tallies : sequence of Tally
        At least one; of one kind, polarity, score type and set of attributes.
    shared : {"disjoint", "references", "people"}
        Whether people of one tally are in another: nobody; the same references but other probes; or anybody on
        either side. No two tallies may hold the same search. The default is the usual case, and the safe
        one where people are in fact disjoint: limits come out wider, not narrower.

    Returns
    -------
    Tally
        Edges and levels are those that all tallies have; a threshold under audit that another tally
        cannot count exactly is dropped, with a warning.

    Raises
    ------
    UsageError
        Tallies that cannot be added, with the field in which they differ.

    Examples
    --------
    >>> from misid.tally import merge_tallies
    >>> merge_tallies([], shared="disjoint")
    Traceback (most recent call last):
        ...
    misid.ground.errors.UsageError: there is no tally to merge
      try: name at least one
    """
    if not tallies:
        raise UsageError("there is no tally to merge", remedy="name at least one")
    if shared not in ("disjoint", "references", "people"):
        raise UsageError(f"shared={shared!r}", remedy="say disjoint, references or people")
    merged = tallies[0]
    for other in tallies[1:]:
        merged = _merge_two(merged, other, shared)
    return merged


def _merge_two(a: Tally, b: Tally, shared: Sharing) -> Tally:
    _refuse_unlike(a, b)
    joint = tuple(sorted({*a.joint, *b.joint}))
    intersections = any(" & " in label.attribute for label in (*a.labels, *b.labels))
    labels = labels_for(a.attributes, joint, intersections=intersections)
    edges = _common_edges(a, b)
    thresholds = np.intersect1d(np.union1d(a.thresholds, b.thresholds), edges)
    dropped = np.setdiff1d(np.union1d(a.thresholds, b.thresholds), edges)
    levels = np.intersect1d(a.levels, b.levels)
    warnings = [*a.warnings, *(w for w in b.warnings if w not in a.warnings)]
    if dropped.size:
        warnings.append(
            f"thresholds {', '.join(f'{t:g}' for t in dropped)} are not exact in every tally and were dropped; "
            "make the tallies again with the same --threshold"
        )
    if not levels.size and (a.levels.size or b.levels.size):
        raise UsageError(
            "the tallies have no level in common, so intervals could not be given for the sum",
            remedy="make them again with the same --threshold",
        )
    if shared != "disjoint":
        warnings.append(
            f"merged with {shared} shared: moments across the tallies are taken at their widest, not counted"
        )
    enrolment = _pair(a.enrolment, b.enrolment) if shared == "disjoint" else a.enrolment
    if shared != "disjoint" and a.enrolment != b.enrolment:
        enrolment = None
        warnings.append("the tallies count enrolment differently, so FTE of the references they share is not known")
    fitted = [_fitted(t, joint, [label.name for label in labels], edges, levels) for t in (a, b)]
    tables = {name: _added(name, fitted[0][name], fitted[1][name]) for name in TABLES if name != "spectrum"}
    _share(tables, fitted, shared)
    offset = int(fitted[0]["spectrum"]["search"].max(initial=-1)) + 1
    fitted[1]["spectrum"]["search"] = fitted[1]["spectrum"]["search"] + offset
    tables["spectrum"] = {
        column: np.concatenate([fitted[0]["spectrum"][column], fitted[1]["spectrum"][column]])
        for column in TABLES["spectrum"]
    }
    spectrum_from = int(np.searchsorted(levels, max(_start(a), _start(b))))
    keep = tables["spectrum"]["level"] >= spectrum_from
    tables["spectrum"] = in_content_order({column: values[keep] for column, values in tables["spectrum"].items()})
    return replace(
        a,
        edges=edges,
        thresholds=thresholds,
        levels=levels,
        spectrum_from=spectrum_from,
        joint=joint,
        labels=labels,
        tables=tables,
        people=_people(a, b, shared),
        origin=_origin(a.origin, b.origin),
        gallery=a.gallery if a.gallery == b.gallery else None,
        acquisition=_pair(a.acquisition, b.acquisition),
        enrolment=enrolment,
        warnings=tuple(warnings),
    )


def _refuse_unlike(a: Tally, b: Tally) -> None:
    for what, ours, theirs in (
        ("kind", a.kind, b.kind),
        ("polarity", a.origin.polarity, b.origin.polarity),
        ("score type", a.origin.score_type, b.origin.score_type),
        ("attributes", a.attributes, b.attributes),
        ("list length", a.list_length, b.list_length),
        ("return threshold", a.return_threshold, b.return_threshold),
    ):
        if ours != theirs:
            raise UsageError(
                f"the tallies differ in {what}: {ours!r} and {theirs!r}",
                remedy="merge only tallies of one test design",
            )
    # A table of people or references may well serve both.
    hashes = {i["sha256"] for i in a.origin.inputs if i.get("sha256") and i.get("what") == "scores"}
    twice = [i for i in b.origin.inputs if i.get("sha256") in hashes and i.get("what") == "scores"]
    if twice:
        raise UsageError(
            "the same input was counted into both tallies", remedy="merge tallies of disjoint sets of searches only"
        )


def _common_edges(a: Tally, b: Tally) -> Floats:
    """Edges of either that split no occupied bin of the other: what both can be cut at."""
    return np.intersect1d(_cuts(a, b.edges), _cuts(b, a.edges))


def _cuts(tally: Tally, others: Floats) -> Floats:
    """Edges, its own and others', at which no count of `tally` is split."""
    occupied = np.zeros(len(tally.edges), dtype=bool)
    for name in ("counts", "best_nonmated", "mates", "censoring"):
        bins = tally.tables[name]["bin"]
        occupied[bins[bins >= 0]] = True
    inside = np.searchsorted(tally.edges, others, side="right") - 1
    own = tally.edges[np.clip(inside, 0, None)] == others
    free = own | ~occupied[np.clip(inside, 0, None)]
    return np.union1d(tally.edges, others[free])


def _fitted(
    tally: Tally, joint: Sequence[tuple[str, ...]], names: Sequence[str], edges: Floats, levels: Floats
) -> dict[str, Table]:
    """The tables on the common axes; rows of levels that are not common are left out."""
    joint_to = np.array([joint.index(values) for values in tally.joint], dtype=np.int64)
    label_to = np.array([names.index(label.name) for label in tally.labels], dtype=np.int64)
    bin_to = np.searchsorted(edges, tally.edges, side="right") - 1
    level_to = np.searchsorted(levels, tally.levels, side="right") - 1
    exact = np.isin(tally.levels, levels)
    fitted = {}
    for name, columns in tally.tables.items():
        table = dict(columns)
        keep = np.ones(len(next(iter(table.values()))), dtype=bool)
        for column in table:
            if column.endswith("_group"):
                table[column] = joint_to[table[column]]
            elif column.endswith("label"):
                table[column] = label_to[table[column]]
            elif column == "bin":
                table[column] = np.where(table[column] >= 0, bin_to[table[column]], table[column])
            elif column == "level":
                if name == "spectrum":
                    # A search that reached a level reached every lower one.
                    table[column] = level_to[table[column]]
                    keep &= table[column] >= 0
                else:
                    keep &= exact[table[column]]
                    table[column] = level_to[table[column]]
        fitted[name] = {column: values[keep] for column, values in table.items()}
    # Levels that became one: their counts of a search add.
    names_of = list(TABLES["spectrum"])
    keys, inverse = np.unique(np.stack([fitted["spectrum"][c] for c in names_of[:-1]]), axis=1, return_inverse=True)
    count = np.zeros(keys.shape[1], dtype=np.int64)
    np.add.at(count, inverse.ravel(), fitted["spectrum"]["count"])
    fitted["spectrum"] = dict(zip(names_of, [*keys, count], strict=True))
    return fitted


KEYS = {
    "counts": 4, "failed": 3, "nonmated_design": 2, "nonmated_moments": 3, "mated_design": 1, "mated_moments": 2,
    "search_design": 2, "best_nonmated": 2, "search_moments": 2, "mates": 3, "mate_moments": 3,
    "spectrum_design": 2, "blocks": 2, "censoring": 3,
}  # fmt: skip
"""How many of the first columns of a table name a row; the others are its values."""


def _rows(name: str, *tables: Table) -> tuple[Ints, list[Ints]]:
    """All keys of the tables, sorted, and for each table the positions of its rows among them."""
    columns = list(TABLES[name])[: KEYS[name]]
    stacked = [np.stack([table[c] for c in columns]) for table in tables]
    keys, inverse = np.unique(np.concatenate(stacked, axis=1), axis=1, return_inverse=True)
    positions = np.split(inverse.ravel(), np.cumsum([s.shape[1] for s in stacked])[:-1])
    return keys, positions


def _added(name: str, a: Table, b: Table) -> Table:
    keys, (at_a, at_b) = _rows(name, a, b)
    columns = list(TABLES[name])
    table = {column: keys[i] for i, column in enumerate(columns[: KEYS[name]])}
    for column in columns[KEYS[name] :]:
        total = np.zeros(keys.shape[1], dtype=np.int64)
        if column == "gallery_min":
            total += np.iinfo(np.int64).max
            for at, source in ((at_a, a), (at_b, b)):
                made = source["searches"] > 0
                np.minimum.at(total, at[made], source[column][made])
            total[total == np.iinfo(np.int64).max] = 0
        elif column == "gallery_max":
            np.maximum.at(total, at_a, a[column])
            np.maximum.at(total, at_b, b[column])
        elif column == "gallery_median":
            # Weighted by searches: the middle of two medians, rounded down.
            weight = np.zeros(keys.shape[1], dtype=np.int64)
            for at, source in ((at_a, a), (at_b, b)):
                np.add.at(total, at, source[column] * source["searches"])
                np.add.at(weight, at, source["searches"])
            total //= np.maximum(weight, 1)
        else:
            np.add.at(total, at_a, a[column])
            np.add.at(total, at_b, b[column])
        table[column] = total
    return table


def _share(tables: dict[str, Table], fitted: Sequence[dict[str, Table]], shared: Sharing) -> None:
    """Add the cross terms of people who are in both tallies, and correct the numbers of people."""
    if shared == "disjoint":
        return
    for name, count in (("nonmated_design", "comparisons"), ("nonmated_moments", "exceed")):
        a, b, table = _aligned(name, fitted, tables[name])
        # Pairs of distinct comparisons on one reference: free of the comparisons' own scatter.
        reference_pairs = [np.maximum(t["sum_c2"] - t[count], 0) for t in (a, b)]
        table["sum_c2"] += _twice_root(reference_pairs[0], reference_pairs[1])
        probe_pairs = [np.maximum(t["sum_r2"] - t[count], 0) for t in (a, b)]
        crossed = _twice_root(probe_pairs[0], reference_pairs[1]) + _twice_root(probe_pairs[1], reference_pairs[0])
        table["sum_rc"] += np.where(_on_both_sides(fitted, table), crossed // 2, 0)
        if shared == "people":
            table["sum_r2"] += _twice_root(probe_pairs[0], probe_pairs[1])
        if name == "nonmated_moments":
            table["sum_cm"] += _twice_root(a["sum_cm"], b["sum_cm"])
    a, b, design = _aligned("nonmated_design", fitted, tables["nonmated_design"])
    sides = ("reference_people",) if shared == "references" else ("probe_people", "reference_people")
    for side in sides:
        design[side] = np.maximum(a[side], b[side])
    design["people"] = np.maximum(
        np.maximum(a["people"], b["people"]), np.maximum(design["probe_people"], design["reference_people"])
    )
    a, b, moments = _aligned("search_moments", fitted, tables["search_moments"])
    moments["references"] = np.maximum(a["references"], b["references"])
    moments["sum_d2"] += _twice_root(np.maximum(a["sum_d2"] - a["sum_d"], 0), np.maximum(b["sum_d2"] - b["sum_d"], 0))
    # Searchers of one tally who are found in the searches of the other: at most all that are not found in their
    # own, and as often hit themselves as those who are.
    found_across = np.maximum(a["sum_d"] - a["sum_kd"], 0) + np.maximum(b["sum_d"] - b["sum_kd"], 0)
    in_own = a["sum_kd"] + b["sum_kd"]
    if not _searchers_are_found(fitted):
        found_across = np.zeros_like(found_across)
    share_hit = np.divide(a["sum_ad"] + b["sum_ad"], in_own, out=np.ones(len(in_own)), where=in_own > 0)
    moments["sum_kd"] += found_across
    moments["sum_ad"] += np.rint(share_hit * found_across).astype(np.int64)
    # Two people who find each other across the tallies: as many pairs lie across two halves as within them.
    reciprocal = np.maximum(a["sum_q2"] - a["sum_d"], 0) + np.maximum(b["sum_q2"] - b["sum_d"], 0)
    moments["sum_q2"] += reciprocal
    a, b, blocks = _aligned("blocks", fitted, tables["blocks"])
    for column in ("people", "references"):
        blocks[column] = np.maximum(a[column], b[column])
    if shared == "people":
        for name, value, own in (
            ("search_moments", "sum_a2", "hits"),
            ("mated_moments", "sum_e2", "errors"),
            ("mate_moments", "sum_e2", "errors"),
            ("search_design", "sum_k2", "searches"),
            ("mated_design", "sum_k2", "comparisons"),
        ):
            a, b, table = _aligned(name, fitted, tables[name])
            table[value] += _twice_root(np.maximum(a[value] - a[own], 0), np.maximum(b[value] - b[own], 0))
        for name in ("search_design", "mated_design"):
            a, b, table = _aligned(name, fitted, tables[name])
            table["people"] = np.maximum(a["people"], b["people"])


def _on_both_sides(fitted: Sequence[dict[str, Table]], table: Table) -> npt.NDArray[np.bool_]:
    """Rows of `table` whose pair of labels has people who are probe and reference, in either tally."""
    met = {
        pair
        for tables in fitted
        for *pair_, probes, references, people in zip(
            *(tables["nonmated_design"][c].tolist() for c in
              ("probe_label", "reference_label", "probe_people", "reference_people", "people")),
            strict=True,
        )
        if people < probes + references
        for pair in [tuple(pair_)]
    }  # fmt: skip
    pairs = zip(table["probe_label"].tolist(), table["reference_label"].tolist(), strict=True)
    return np.array([pair in met for pair in pairs], dtype=bool)


def _searchers_are_found(fitted: Sequence[dict[str, Table]]) -> bool:
    """Whether anybody is probe and reference in either tally (the first row is the margin)."""
    designs = (tables["nonmated_design"] for tables in fitted)
    return any(int(d["people"][0]) < int(d["probe_people"][0] + d["reference_people"][0]) for d in designs)


def _aligned(name: str, fitted: Sequence[dict[str, Table]], table: Table) -> tuple[Table, Table, Table]:
    """Both tallies' rows of a table in the order of the added one, zeros where a tally has none."""
    _, positions = _rows(name, fitted[0][name], fitted[1][name])
    aligned: list[Table] = []
    for source, at in zip(fitted, positions, strict=True):
        rows = {}
        for column in list(TABLES[name])[KEYS[name] :]:
            values = np.zeros(len(table[column]), dtype=np.int64)
            values[at] = source[name][column]
            rows[column] = values
        aligned.append(rows)
    return aligned[0], aligned[1], table


def _twice_root(a: Ints, b: Ints) -> Ints:
    return np.rint(2.0 * np.sqrt(a.astype(np.float64)) * np.sqrt(b.astype(np.float64))).astype(np.int64)


def _start(tally: Tally) -> float:
    return float(tally.levels[tally.spectrum_from]) if tally.spectrum_from < len(tally.levels) else np.inf


def _people(a: Tally, b: Tally, shared: Sharing) -> dict[str, int]:
    added = {key: a.people[key] + b.people[key] for key in a.people}
    if shared == "disjoint":
        return added
    most = {key: max(a.people[key], b.people[key]) for key in a.people}
    if shared == "references":
        # Probes are other people; references the same. Who is on both sides is not known: at least this many.
        return added | {
            "reference": most["reference"],
            "references": most["references"],
            "any": max(added["probe"], most["any"]),
        }
    return most | {"probes": added["probes"]}


def _pair(a: tuple[int, int] | None, b: tuple[int, int] | None) -> tuple[int, int] | None:
    return None if a is None or b is None else (a[0] + b[0], a[1] + b[1])


def _origin(a: Origin, b: Origin) -> Origin:
    refused: dict[str, int] = dict(a.refused)
    for reason, count in b.refused:
        refused[reason] = refused.get(reason, 0) + count
    return replace(
        a,
        failure_codes=tuple(dict.fromkeys((*a.failure_codes, *b.failure_codes))),
        inputs=(*a.inputs, *b.inputs),
        refused=tuple(sorted(refused.items())),
        queries=tuple(dict.fromkeys((*a.queries, *b.queries))),
        note="; ".join(dict.fromkeys(n for n in (a.note, b.note) if n)),
    )
