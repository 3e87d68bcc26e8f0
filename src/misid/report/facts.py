"""What was measured: the counts of a tally that a reader needs before any rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from misid.tally.model import Table, Tally


@dataclass(frozen=True, kw_only=True)
class GroupFacts:
    """How much of the test is behind one group. Counts of people are of this group only."""

    name: str
    attribute: str
    probe_people: int
    nonmated_comparisons: int
    mated_people: int
    mated_comparisons: int
    nonmated_searches: int
    mated_searches: int


@dataclass(frozen=True, kw_only=True)
class TestFacts:
    """Size and shape of the test."""

    __test__ = False  # the name starts as pytest's test classes do

    kind: Literal["comparisons", "candidates"]
    people: int
    probe_people: int
    reference_people: int
    probes: int
    references: int
    nonmated_comparisons: int
    mated_comparisons: int
    failed_nonmated: int
    failed_mated: int
    nonmated_searches: int
    mated_searches: int
    failed_nonmated_searches: int
    failed_mated_searches: int
    gallery_min: int | None
    gallery_median: int | None
    gallery_max: int | None
    gallery_declared: int | None
    list_length: int | None
    return_threshold: float | None
    acquisition_failed: int | None
    acquisition_presented: int | None
    enrolment_failed: int | None
    enrolment_presented: int | None
    polarity: Literal["similarity", "distance"]
    attributes: tuple[str, ...]
    groups: tuple[GroupFacts, ...]
    """The margin over everybody first."""
    thresholds: tuple[float, ...]
    """Under audit, counted exactly."""


def one(table: Table | None, wanted: str, **where: int) -> int | None:
    """The value of column `wanted` in the one row of a table that fits; None where no row does."""
    if table is None:
        return None
    fits = np.ones(len(table[wanted]), dtype=bool)
    for column, value in where.items():
        fits &= table[column] == value
    rows = np.flatnonzero(fits)
    return int(table[wanted][rows[0]]) if len(rows) else None


def _total(table: Table | None, wanted: str, **where: int) -> int:
    if table is None:
        return 0
    fits = np.ones(len(table[wanted]), dtype=bool)
    for column, value in where.items():
        fits &= table[column] == value
    return int(table[wanted][fits].sum())


def facts_of(tally: Tally) -> TestFacts:
    """The facts of a tally."""
    tables = tally.tables
    search, nonmated, mated = tables.get("search_design"), tables.get("nonmated_design"), tables.get("mated_design")
    failed = tables.get("failed")
    acquisition, enrolment = tally.acquisition or (None, None), tally.enrolment or (None, None)
    groups = tuple(
        GroupFacts(
            name=label.name,
            attribute=label.attribute,
            probe_people=one(nonmated, "probe_people", probe_label=index, reference_label=0) or 0,
            nonmated_comparisons=one(nonmated, "comparisons", probe_label=index, reference_label=0) or 0,
            mated_people=one(mated, "people", label=index) or 0,
            mated_comparisons=one(mated, "comparisons", label=index) or 0,
            nonmated_searches=one(search, "searches", label=index, mated=0) or 0,
            mated_searches=one(search, "searches", label=index, mated=1) or 0,
        )
        for index, label in enumerate(tally.labels)
    )
    return TestFacts(
        kind=tally.kind,
        people=tally.people.get("any", 0),
        probe_people=tally.people.get("probe", 0),
        reference_people=tally.people.get("reference", 0),
        probes=tally.people.get("probes", 0),
        references=tally.people.get("references", 0),
        nonmated_comparisons=groups[0].nonmated_comparisons,
        mated_comparisons=groups[0].mated_comparisons,
        failed_nonmated=_total(failed, "count", mated=0),
        failed_mated=_total(failed, "count", mated=1),
        nonmated_searches=groups[0].nonmated_searches,
        mated_searches=groups[0].mated_searches,
        failed_nonmated_searches=one(search, "failed", label=0, mated=0) or 0,
        failed_mated_searches=one(search, "failed", label=0, mated=1) or 0,
        gallery_min=one(search, "gallery_min", label=0, mated=0),
        gallery_median=one(search, "gallery_median", label=0, mated=0),
        gallery_max=one(search, "gallery_max", label=0, mated=0),
        gallery_declared=tally.gallery,
        list_length=tally.list_length,
        return_threshold=tally.return_threshold,
        acquisition_failed=acquisition[0],
        acquisition_presented=acquisition[1],
        enrolment_failed=enrolment[0],
        enrolment_presented=enrolment[1],
        polarity=tally.origin.polarity,
        attributes=tally.attributes,
        groups=groups,
        thresholds=tuple(float(t) for t in tally.thresholds),
    )
