"""Merging: tallies of disjoint sets of searches add.

Every count adds exactly, on the edges that both tallies can be cut at. What people share across the two
tallies cannot be known from counts, so the user says which it is:

- people are disjoint: every moment adds exactly;
- references (or all people) are shared: sums over probes of disjoint searches still add; for sums over
  references, the cross terms are set to the most that they are likely to be: as if the references that draw false
  matches in one tally drew them in the same proportion in the other, and two standard deviations more. Limits from
  the sum held at least as often as those from the scores counted together, and are mostly wider
  (`tests/tally/test_merge_coverage.py`). Limits from few errors scatter, so that with fewer than fifty the sum's
  are now and then the narrower ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from misid.ground.errors import UsageError
from misid.tally.across import Sharing, add_across, rows_of
from misid.tally.labels import labels_for
from misid.tally.model import SIDES, TABLES, Floats, Ints, Origin, Table, Tally
from misid.tally.order import in_content_order
from misid.tally.sound import KEYS, faults_of
from misid.tally.wide import WIDE, whole


def merge_tallies(tallies: Sequence[Tally], *, shared: Sharing = "references") -> Tally:
    """Add tallies of disjoint sets of searches.

    Parameters
    ----------
    tallies : sequence of Tally
        At least one; of one kind, polarity, score type and set of attributes.
    shared : {"disjoint", "references", "people"}
        Whether people of one tally are in another: nobody; the same references but other probes; or anybody on
        either side. No two tallies may hold the same search. The default is the usual case. What the same people
        did in both is not known and taken at its likely most, so limits are mostly wider than those of the scores
        counted together: count together where you can.

    Returns
    -------
    Tally
        Edges and levels are those that all tallies have; a threshold under audit that another tally
        cannot count exactly is dropped, with a warning.

    Raises
    ------
    UsageError
        Tallies that cannot be added, with the field in which they differ; sums that do not fit.

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
    if len(tallies) == 1:
        return tallies[0]
    for other in tallies[1:]:
        _refuse_unlike(tallies[0], other)
    _refuse_twice(tallies)
    if any(t.in_one_block for t in tallies):
        # Blocks that hold the references of one tally whole would be left out whole.
        tallies = [_in_one_block(t) for t in tallies]
    first = tallies[0]
    joint = tuple(sorted({values for t in tallies for values in t.joint}))
    intersections = any(_has_intersections(t) for t in tallies)
    labels = labels_for(first.attributes, joint, intersections=intersections)
    for tally in tallies:
        _refuse_own_groups(tally)
    edges = _common_edges(tallies)
    asked = reduce(np.union1d, [t.thresholds for t in tallies])
    thresholds = np.intersect1d(asked, edges)
    dropped = np.setdiff1d(asked, edges)
    levels = reduce(np.intersect1d, [t.levels for t in tallies])
    warnings = list(dict.fromkeys(w for t in tallies for w in t.warnings))
    if dropped.size:
        warnings.append(
            f"thresholds {', '.join(f'{t:g}' for t in dropped)} are not exact in every tally and were dropped; "
            "make the tallies again with the same --threshold"
        )
    if not levels.size and any(t.levels.size for t in tallies):
        raise UsageError(
            "the tallies have no level in common, so intervals could not be given for the sum",
            remedy="make them again with the same --threshold",
        )
    if shared != "disjoint":
        warnings.append(
            f"merged with {shared} shared: what the same people did across the tallies is not known and taken at its "
            "likely most; limits are mostly wider than those of the scores counted together, and with few errors now "
            "and then narrower, though in simulations they held no less often"
        )
    enrolment = _sums([t.enrolment for t in tallies]) if shared == "disjoint" else first.enrolment
    if shared != "disjoint" and len({t.enrolment for t in tallies}) > 1:
        enrolment = None
        warnings.append("the tallies count enrolment differently, so FTE of the references they share is not known")
    fitted = [_fitted(t, joint, [label.name for label in labels], edges, levels) for t in tallies]
    tables = {name: _added(name, [f[name] for f in fitted]) for name in TABLES if name != "spectrum"}
    if shared != "disjoint":
        add_across(tables, fitted, shared)
    spectrum_from = int(np.searchsorted(levels, max(_start(t) for t in tallies)))
    tables["spectrum"] = _spectra([f["spectrum"] for f in fitted], spectrum_from)
    galleries = {t.gallery for t in tallies}
    merged = replace(
        first,
        edges=edges,
        thresholds=thresholds,
        levels=levels,
        spectrum_from=spectrum_from,
        joint=joint,
        labels=labels,
        tables=tables,
        people=_people(tallies, shared),
        joint_people=_joint_people(tallies, joint, shared),
        origin=_origin([t.origin for t in tallies]),
        gallery=galleries.pop() if len(galleries) == 1 else None,
        acquisition=_sums([t.acquisition for t in tallies]),
        enrolment=enrolment,
        warnings=tuple(warnings),
    )
    faults = faults_of(merged)
    if faults:
        raise _too_large("; ".join(faults))
    return merged


def _too_large(seen: str) -> UsageError:
    return UsageError(
        f"the tallies do not add up to one that can be held: {seen}",
        remedy="merge fewer of them, and see with misid check that each is whole",
    )


def _in_one_block(tally: Tally) -> Tally:
    """The same tally without blocks."""
    tables = dict(tally.tables)
    for name, n_keys in (("blocks", KEYS["blocks"]), ("spectrum", len(TABLES["spectrum"]) - 1)):
        tables[name] = _distinct(tables[name] | {"block": np.zeros_like(tables[name]["block"])}, name, n_keys)
    return replace(tally, tables=tables)


def _distinct(table: Table, name: str, n_keys: int) -> Table:
    """Rows of one name, which its first columns make, added up."""
    columns = list(TABLES[name])
    keys, inverse = np.unique(np.stack([table[c] for c in columns[:n_keys]]), axis=1, return_inverse=True)
    added = dict(zip(columns[:n_keys], keys, strict=True))
    for column in columns[n_keys:]:
        added[column] = np.zeros(keys.shape[1], dtype=np.int64)
        np.add.at(added[column], inverse.ravel(), table[column])
    return added


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


def _refuse_twice(tallies: Sequence[Tally]) -> None:
    seen: set[str] = set()
    for tally in tallies:
        # A table of people or references may well serve all.
        hashes = {i["sha256"] for i in tally.origin.inputs if i.get("sha256") and i.get("what") == "scores"}
        if hashes & seen:
            raise UsageError(
                "the same input was counted into two of the tallies",
                remedy="merge tallies of disjoint sets of searches only",
            )
        seen |= hashes


def _has_intersections(tally: Tally) -> bool:
    # Each of the combinations of attributes then has a label. That many attributes are few, whoever made the tally.
    named = any(" & " in label.attribute for label in tally.labels)
    return named and 2 ** min(len(tally.attributes), 64) <= len(tally.labels)


def _refuse_own_groups(tally: Tally) -> None:
    """Refuse groups that do not follow from the attributes: what is called the same need not be the same people."""
    made = labels_for(tally.attributes, tally.joint, intersections=_has_intersections(tally))
    known = {label.name: (label.attribute, set(label.members)) for label in made}
    for label in tally.labels:
        if known.get(label.name) != (label.attribute, set(label.members)):
            raise UsageError(
                f"group {label.name!r} of a tally is not the one that its attributes make",
                remedy="merge only tallies whose groups are values of attributes, as misid makes them",
            )


def _common_edges(tallies: Sequence[Tally]) -> Floats:
    """Edges of any that split no occupied bin of another: what all can be cut at."""
    everything = reduce(np.union1d, [t.edges for t in tallies])
    return reduce(np.intersect1d, [_cuts(t, everything) for t in tallies])


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
    fitted["spectrum"] = _distinct(fitted["spectrum"], "spectrum", len(TABLES["spectrum"]) - 1)
    return fitted


def _added(name: str, sources: Sequence[Table]) -> Table:
    keys, positions = rows_of(name, sources)
    columns = list(TABLES[name])
    table = {column: keys[i] for i, column in enumerate(columns[: KEYS[name]])}
    wide = WIDE.get(name, ())
    for column in columns[KEYS[name] :]:
        total = np.zeros(keys.shape[1], dtype=object if column in wide else np.int64)
        if column == "gallery_min":
            total += np.iinfo(np.int64).max
            for at, source in zip(positions, sources, strict=True):
                made = source["searches"] > 0
                np.minimum.at(total, at[made], source[column][made])
            total[total == np.iinfo(np.int64).max] = 0
        elif column == "gallery_max":
            for at, source in zip(positions, sources, strict=True):
                np.maximum.at(total, at, source[column])
        elif column == "gallery_median":
            # Weighted by searches: the mean of the medians, rounded down.
            total = total.astype(object)
            weight = np.zeros(keys.shape[1], dtype=object)
            for at, source in zip(positions, sources, strict=True):
                np.add.at(total, at, source[column].astype(object) * source["searches"])
                np.add.at(weight, at, source["searches"])
            total //= np.maximum(weight, 1)
        else:
            for at, source in zip(positions, sources, strict=True):
                np.add.at(total, at, source[column])
                if column not in wide and np.any(total < 0):
                    raise _too_large(f"{name}.{column} is more than 64 bits hold")
        table[column] = whole(total)
    return table


def _spectra(tables: Sequence[Table], spectrum_from: int) -> Table:
    """The searches of all tables, numbered one after the other."""
    parts, offset = [], 0
    for table in tables:
        parts.append(table | {"search": table["search"] + offset})
        offset += int(table["search"].max(initial=-1)) + 1
    whole = {column: np.concatenate([p[column] for p in parts]) for column in TABLES["spectrum"]}
    keep = whole["level"] >= spectrum_from
    return in_content_order({column: values[keep] for column, values in whole.items()})


def _start(tally: Tally) -> float:
    return float(tally.levels[tally.spectrum_from]) if tally.spectrum_from < len(tally.levels) else np.inf


def _people(tallies: Sequence[Tally], shared: Sharing) -> dict[str, int]:
    added = {key: sum(t.people[key] for t in tallies) for key in tallies[0].people}
    if shared == "disjoint":
        return added
    most = {key: max(t.people[key] for t in tallies) for key in tallies[0].people}
    if shared == "references":
        # Probes are other people; references the same. Who is on both sides is not known: at least this many.
        return added | {
            "reference": most["reference"],
            "references": most["references"],
            "any": max(added["probe"], most["any"]),
        }
    return most | {"probes": added["probes"]}


def _joint_people(
    tallies: Sequence[Tally], joint: Sequence[tuple[str, ...]], shared: Sharing
) -> dict[str, tuple[int, ...]] | None:
    """People of each combination: added where they are others, and at least the most where they may be the same."""
    whole: dict[str, Ints] = {}
    for side in SIDES:
        parts = np.zeros((len(tallies), len(joint)), dtype=np.int64)
        for row, tally in zip(parts, tallies, strict=True):
            if tally.joint_people is None:
                return None
            row[[joint.index(values) for values in tally.joint]] = tally.joint_people[side]
        same = shared == "people" or (shared == "references" and side == "references")
        whole[side] = parts.max(axis=0) if same else parts.sum(axis=0)
    return {side: tuple(people.tolist()) for side, people in whole.items()}


def _sums(pairs: Sequence[tuple[int, int] | None]) -> tuple[int, int] | None:
    known = [p for p in pairs if p is not None]
    return None if len(known) < len(pairs) else (sum(p[0] for p in known), sum(p[1] for p in known))


def _origin(origins: Sequence[Origin]) -> Origin:
    refused: dict[str, int] = {}
    for reason, count in (pair for o in origins for pair in o.refused):
        refused[reason] = refused.get(reason, 0) + count
    return replace(
        origins[0],
        failure_codes=tuple(dict.fromkeys(c for o in origins for c in o.failure_codes)),
        inputs=tuple(i for o in origins for i in o.inputs),
        refused=tuple(sorted(refused.items())),
        queries=tuple(dict.fromkeys(q for o in origins for q in o.queries)),
        note="; ".join(dict.fromkeys(o.note for o in origins if o.note)),
    )
