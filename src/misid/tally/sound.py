"""What must hold inside a tally, whoever made it: counts that contradict each other give no rates.

A tally travels, and may have been changed on its way by accident or on purpose. Checksums find accidents; these
rules find numbers that no test can have. They cannot find invented numbers that fit together: where a tally comes from
is for its reader to ask.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from misid.tally.model import FNIR_RANKS, N_BLOCKS, NO_BIN, Ints, Table, Tally
from misid.tally.wide import FITS, WIDE

MOST = 1 << 53
"""Counts above this are no whole numbers any more where they are multiplied."""

MOST_SUM = FITS
"""And sums of squares above this do not fit where they are added, but for the few that may be wider."""

KEYS = {
    "counts": 4, "failed": 3, "nonmated_design": 2, "nonmated_moments": 3, "mated_design": 1, "mated_moments": 2,
    "search_design": 2, "best_nonmated": 2, "search_moments": 2, "mates": 3, "mate_moments": 3,
    "spectrum_design": 2, "blocks": 2, "censoring": 3,
}  # fmt: skip
"""How many of the first columns of a table name a row; the others are its values."""

_INDEX_OF = {
    "probe_group": "joint", "reference_group": "joint", "label": "labels", "probe_label": "labels",
    "reference_label": "labels", "level": "levels", "bin": "edges",
}  # fmt: skip

_NO_BIN_IN = ("best_nonmated", "mates", "censoring")
"""A search may return nobody; what is counted as a comparison has a score."""

_SQUARES = {
    "nonmated_design": ("comparisons", ("sum_r2", "sum_c2", "sum_p2")),
    "nonmated_moments": ("exceed", ("sum_r2", "sum_c2", "sum_p2")),
    "mated_design": ("comparisons", ("sum_k2",)),
    "mated_moments": ("errors", ("sum_e2",)),
    "search_design": ("searches", ("sum_k2",)),
    "search_moments": ("hits", ("sum_a2",)),
    "mate_moments": ("errors", ("sum_e2",)),
}
"""A sum of squares of whole numbers is no smaller than their sum."""

_PEOPLE = {
    "nonmated_design": ("comparisons", ("probe_people", "reference_people", "people")),
    "mated_design": ("comparisons", ("people",)),
    "search_design": ("searches", ("people",)),
}
"""Whoever is counted has at least one of what is counted."""

_OF = {
    "nonmated_moments": ("nonmated_design", ("probe_label", "reference_label"), "exceed", "comparisons"),
    "mated_moments": ("mated_design", ("label",), "errors", "comparisons"),
    "search_moments": ("search_design", ("label",), "hits", "searches"),
    "mate_moments": ("search_design", ("label",), "errors", "searches"),
}
"""Table of moments: its design, what they share, and what is at most what."""


def faults_of(tally: Tally) -> list[str]:
    """Everything in a tally that cannot be; [] where it is sound."""
    found = list(_axes(tally))
    if not found:
        found += _tables(tally)
    if not found:
        found += _designs(tally)
    return list(dict.fromkeys(found))


def _axes(tally: Tally) -> Iterator[str]:
    if tally.kind not in ("comparisons", "candidates"):
        yield f"kind {tally.kind!r}"
    if tally.origin.polarity not in ("similarity", "distance"):
        yield f"polarity {tally.origin.polarity!r}"
    axes = (("edges", tally.edges), ("levels", tally.levels), ("thresholds", tally.thresholds))
    flat = [name for name, axis in axes if axis.ndim != 1]
    if flat or not tally.edges.size:
        yield f"{', '.join(flat) or 'edges'} is no list of numbers"
        return
    for name, axis in (("edges", tally.edges[1:]), *axes[1:]):
        if not np.all(np.isfinite(axis)) or np.any(np.diff(axis) <= 0):
            yield f"{name} are not finite and ascending"
    if not np.all(np.isin(tally.levels, tally.edges)) or not np.all(np.isin(tally.thresholds, tally.edges)):
        yield "a level or a threshold is not an edge"
    if not 0 <= tally.spectrum_from <= len(tally.levels):
        yield f"spectrum_from is {tally.spectrum_from}, and there are {len(tally.levels)} levels"
    if len({len(values) for values in tally.joint} | {len(tally.attributes)}) != 1 or not tally.joint:
        yield "a combination of groups has not one value of each attribute"
    yield from _labels(tally)
    for name in ("return_threshold", "list_length", "gallery"):
        value = getattr(tally, name)
        kinds = (int, float) if name == "return_threshold" else (int,)
        if value is None:
            continue
        whole = name != "return_threshold"
        if type(value) not in kinds or not abs(value) < (MOST if whole else np.inf) or (whole and value < 1):
            yield f"{name} is {value!r}"
    for name in ("acquisition", "enrolment"):
        pair = getattr(tally, name)
        if pair is not None and not 0 <= pair[0] <= pair[1] < MOST:
            yield f"{name} is {pair!r}"
    if set(tally.people) != {"probe", "reference", "any", "probes", "references"} or any(
        not 0 <= n < MOST for n in tally.people.values()
    ):
        yield f"people are {dict(list(tally.people.items())[:6])!r}"
    if tally.joint_people is not None and any(
        len(people) != len(tally.joint) or any(not 0 <= n < MOST for n in people)
        for people in tally.joint_people.values()
    ):
        yield "joint_people does not fit the groups"


def _labels(tally: Tally) -> Iterator[str]:
    everybody = list(range(len(tally.joint)))
    if not tally.labels or sorted(tally.labels[0].members) != everybody or tally.labels[0].attribute:
        yield "the first label is not everybody"
    if any(i not in range(len(tally.joint)) for label in tally.labels for i in label.members):
        yield "labels do not fit the groups"
    if len({label.name for label in tally.labels}) < len(tally.labels):
        yield "two labels have one name"


def _tables(tally: Tally) -> Iterator[str]:
    sizes = {
        "joint": len(tally.joint),
        "labels": len(tally.labels),
        "levels": len(tally.levels),
        "edges": len(tally.edges),
    }
    for table, columns in tally.tables.items():
        if not len(next(iter(columns.values()))):
            continue
        for column, values in columns.items():
            least, most = int(values.min()), int(values.max())
            lowest = NO_BIN if column == "bin" and table in _NO_BIN_IN else 0
            highest = sizes[_INDEX_OF[column]] if column in _INDEX_OF else MOST
            highest = MOST_SUM if column.startswith("sum_") else highest
            highest = MOST**2 if column in WIDE.get(table, ()) else highest
            highest = N_BLOCKS if column == "block" else 2 if column == "mated" else highest
            if least < lowest or most >= highest:
                yield f"{table}.{column} has a value outside its range"
        if _twice(list(columns.values())[: KEYS.get(table, len(columns) - 1)]):
            yield f"{table} has two rows of one name"
    for table in ("counts", "best_nonmated", "mates"):
        # Sums of what is each in range may not be.
        if float(tally.tables[table]["count"].astype(np.float64).sum()) >= MOST:
            yield f"{table} counts more than can be counted"
    if not np.all(np.isin(tally.tables["mate_moments"]["rank"], FNIR_RANKS)):
        yield "mate_moments has a rank that is not kept"


def _twice(keys: list[Ints]) -> bool:
    """Whether two rows are equal in all of these columns."""
    # Rows are written in order: then each is after the one before, and nothing need be sorted.
    after = np.zeros(len(keys[0]) - 1, dtype=bool)
    same = ~after
    for key in keys:
        after |= same & (key[1:] > key[:-1])
        same &= key[1:] == key[:-1]
    if after.all():
        return False
    # Sorted by rows, equal ones are neighbours; `np.unique` over an axis takes longer.
    order = np.lexsort(keys)
    same = np.ones(len(order) - 1, dtype=bool)
    for key in keys:
        same &= key[order[1:]] == key[order[:-1]]
    return bool(same.any())


def _designs(tally: Tally) -> Iterator[str]:
    tables = tally.tables
    for table, (count, squares) in _SQUARES.items():
        for column in squares:
            if np.any(tables[table][column] < tables[table][count]):
                yield f"{table}.{column} is smaller than {count}"
    for table, (count, people) in _PEOPLE.items():
        made = tables[table][count]
        for column in people:
            n = tables[table][column]
            # People on either side together may be twice the comparisons.
            if np.any((made > 0) & (n < 1)) or np.any(n > 2 * made):
                yield f"{table}.{column} does not fit {count}"
    searches = tables["search_design"]
    if np.any(searches["failed"] > searches["searches"]):
        yield "search_design.failed is larger than searches"
    least, middle, most = (searches[f"gallery_{c}"] for c in ("min", "median", "max"))
    if np.any(least > middle) or np.any(middle > most):
        yield "search_design: the galleries are not in order"
    for table, (design, shared, part, whole) in _OF.items():
        mated = {"search_moments": 0, "mate_moments": 1}.get(table)
        yield from _part_of_whole(tables[table], tables[design], table, shared, part, whole, mated)


def _part_of_whole(
    moments: Table, design: Table, table: str, shared: tuple[str, ...], part: str, whole: str, mated: int | None
) -> Iterator[str]:
    if mated is not None:
        design = {column: values[design["mated"] == mated] for column, values in design.items()}
    made = {key: n for *key_, n in zip(*(design[c].tolist() for c in (*shared, whole)), strict=True)
            for key in [tuple(key_)]}  # fmt: skip
    rows = zip(*(moments[c].tolist() for c in (*shared, part)), strict=True)
    if any(n > made.get(tuple(key), -1) for *key, n in rows):
        yield f"{table}.{part} is larger than the {whole} it is of"
