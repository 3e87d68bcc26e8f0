"""Counts that were made twice must agree: by group with the margin, at levels with the bins."""

from __future__ import annotations

import numpy as np

from misid.ground.errors import MisidError
from misid.rates.counts import Counts
from misid.tally.model import FNIR_RANKS, Floats, Ints


def _same(what: str, found: Floats | Ints, wanted: Floats | Ints) -> None:
    if np.shape(found) != np.shape(wanted):
        raise MisidError(
            f"{what} do not add up: {len(found):,} and {len(wanted):,} of them",
            remedy="make the tally again; if it happens again, report this as a defect of misid",
        )
    differ = np.argwhere(np.asarray(found) != np.asarray(wanted))
    if len(differ):
        at = tuple(int(i) for i in differ[0])
        raise MisidError(
            f"{what} do not add up: {np.asarray(found)[at]:,.0f} and {np.asarray(wanted)[at]:,.0f} at {at}",
            remedy="make the tally again; if it happens again, report this as a defect of misid",
        )


def check_consistency(counts: Counts) -> None:
    """Raise `MisidError` where two tables of a tally count the same thing differently.

    The groups of an attribute must add up to the margin, and the tables of people must hold as many
    comparisons, errors and searches as the bins do.
    """
    tally = counts.tally
    for attribute in sorted({label.attribute for label in tally.labels}):
        members = [m for label in tally.labels if label.attribute == attribute for m in label.members]
        _same(f"groups of {attribute or 'the margin'}", np.sort(members), np.arange(counts.n_joint))
    levels = counts.level_position
    searches = counts.search_rows
    rows = tally.tables["best_nonmated"]
    by_group = np.bincount(rows["probe_group"], weights=rows["count"], minlength=counts.n_joint)
    label = searches.design["label"]
    _same("searches by group", (counts.membership @ by_group)[label], searches.design["searches"])
    _same("searches with a candidate at a level", counts.best[label][:, levels], searches.moments["hits"])
    mates = counts.mate_rows(FNIR_RANKS[0])
    rows = tally.tables["mates"]
    by_group = np.bincount(rows["probe_group"], weights=rows["count"], minlength=counts.n_joint)
    label = mates.design["label"]
    _same("mated searches by group", (counts.membership @ by_group)[label], mates.design["searches"])
    for rank in FNIR_RANKS:
        missed = mates.design["searches"][:, None] - counts.mates_found(rank)[label][:, levels]
        _same(f"missed mates at rank {rank}", missed, counts.mate_rows(rank).moments["errors"])
    if tally.kind == "candidates":
        return
    pairs = counts.pair_rows
    p, r = pairs.design["probe_label"], pairs.design["reference_label"]
    positions = np.concatenate([[0], levels])
    above = counts.nonmated_pairs(positions)[:, p, r]
    _same("non-mated comparisons by group", above[0], pairs.design["comparisons"])
    _same("non-mated comparisons at a level", above[1:].T, pairs.moments["exceed"])
    mated = counts.mated_rows
    label = mated.design["label"]
    _same("mated comparisons by group", counts.mated[label, 0], mated.design["comparisons"])
    below = counts.mated[label, 0][:, None] - counts.mated[label][:, levels]
    _same("mated comparisons below a level", below, mated.moments["errors"])
