"""The tally: all that later stops may know of the scores. Counts, no ids.

Every table is a mapping of column name to an integer array, all of one length. `docs/tally-format.md`
describes them for readers without Python; `TABLES` is the one list of columns that code and docs share.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Table = dict[str, Ints]

FORMAT = "misid-tally"
FORMAT_VERSION = 1

SIDES = ("probes", "references", "mated", "searches with a mate", "searches without a mate")
"""Sides on which people of a group are counted apart: in completed comparisons of two people as probe and as reference,
in mated ones, and in searches of either kind."""

N_BLOCKS = 20
"""Random blocks of reference people, for the jackknife over references."""

MAX_RANK = 100
"""Ranks are told apart up to here; a mate further down stands at MAX_RANK + 1."""

FNIR_RANKS = (1, 5, 10, 20, 50, 100)
"""Ranks at which the person moments of FNIR are kept."""

NO_BIN = -1
"""Bin of a search that returned no candidate, or of a mate that was not returned (or failed)."""

TABLES: dict[str, dict[str, str]] = {
    "counts": {
        "probe_group": "index into joint",
        "reference_group": "index into joint",
        "mated": "1 of the same person, 0 of two people",
        "bin": "index into edges",
        "count": "comparisons with a score in the bin",
    },
    "failed": {
        "probe_group": "index into joint",
        "reference_group": "index into joint",
        "mated": "1 or 0",
        "count": "comparisons with a declared failure code",
    },
    "nonmated_design": {
        "probe_label": "index into labels",
        "reference_label": "index into labels",
        "comparisons": "M: non-mated comparisons made, failures left out",
        "probe_people": "people among their probes",
        "reference_people": "people among their references",
        "people": "people on either side",
        "sum_r2": "sum over people of squared comparisons as probe",
        "sum_c2": "sum over people of squared comparisons as reference",
        "sum_rc": "sum over people of comparisons as probe times comparisons as reference",
        "sum_p2": "sum over unordered pairs of people of squared comparisons between them "
        "(estimated when pairs repeat)",
    },
    "nonmated_moments": {
        "probe_label": "index into labels",
        "reference_label": "index into labels",
        "level": "index into levels",
        "exceed": "T: non-mated comparisons at or above the level",
        "sum_r2": "sum over people of squared exceedances as probe (R_i)",
        "sum_c2": "sum over people of squared exceedances as reference (C_j)",
        "sum_rc": "sum over people of R_i C_i",
        "sum_p2": "sum over unordered pairs of people of squared exceedances between them",
        "sum_rm": "sum over people of R_i times comparisons as probe",
        "sum_cm": "sum over people of C_j times comparisons as reference",
    },
    "mated_design": {
        "label": "index into labels (the person's group)",
        "comparisons": "mated comparisons made, failures left out",
        "people": "people with at least one",
        "sum_k2": "sum over people of squared comparisons",
    },
    "mated_moments": {
        "label": "index into labels",
        "level": "index into levels",
        "errors": "mated comparisons below the level",
        "sum_e2": "sum over people of squared errors",
        "sum_ek": "sum over people of errors times comparisons",
    },
    "search_design": {
        "label": "index into labels (the probe's group)",
        "mated": "1: searches by people in the gallery; 0: searches that count towards FPIR",
        "searches": "searches, failures included",
        "failed": "searches whose probe failed in every comparison",
        "people": "people who searched",
        "sum_k2": "sum over people of squared searches",
        "gallery_min": "smallest number of references searched: those with a completed comparison "
        "(the mate left out where mated = 0)",
        "gallery_median": "median number",
        "gallery_max": "largest number",
    },
    "best_nonmated": {
        "probe_group": "index into joint",
        "bin": "bin of the best non-mated score, -1 where nothing was returned",
        "count": "searches",
    },
    "search_moments": {
        "label": "index into labels",
        "level": "index into levels",
        "hits": "searches with a non-mated candidate at or above the level",
        "exceed": "non-mated candidates at or above the level in these searches",
        "sum_a2": "sum over people of squared hits (A_i)",
        "sum_ak": "sum over people of hits times searches",
        "sum_d2": "sum over reference people of squared D_j: searches in which j is the only person at or above "
        "the level",
        "sum_d": "sum of D_j",
        "sum_q2": "sum over unordered pairs of people of (d_ij + d_ji) squared, d_ij: searches by i in which j is "
        "that only person",
        "sum_ad": "sum over people of A_i D_i",
        "sum_kd": "sum over people of searches times D_i",
        "references": "reference people with a completed comparison in these searches",
    },
    "mates": {
        "probe_group": "index into joint",
        "rank": "1 + non-mated candidates with a score at or above the mate's; 101 beyond 100",
        "bin": "bin of the mate's best score, -1 where the mate was not returned or failed",
        "count": "mated searches",
    },
    "mate_moments": {
        "label": "index into labels",
        "level": "index into levels",
        "rank": "R",
        "errors": "mated searches without the mate among the first R at or above the level",
        "sum_e2": "sum over people of squared errors",
        "sum_ek": "sum over people of errors times mated searches",
    },
    "spectrum": {
        "search": "row number of a search, in no meaningful order",
        "probe_group": "index into joint",
        "reference_group": "index into joint",
        "block": "random block of the reference person, 0 to 19 (one for all where a warning says so)",
        "level": "highest level reached",
        "count": "non-mated comparisons of this search that reached it and no higher one; of candidate lists "
        "those that were returned: a search that has list_length of them at or above a level may have more there",
    },
    "spectrum_design": {
        "probe_group": "index into joint",
        "reference_group": "index into joint",
        "searches": "searches, with and without a row in spectrum",
        "comparisons": "non-mated comparisons they made",
    },
    "blocks": {
        "block": "0 to 19",
        "reference_group": "index into joint",
        "people": "reference people",
        "references": "references",
    },
    "censoring": {
        "probe_group": "index into joint",
        "mated": "1 or 0",
        "bin": "bin of the score below which this search's list is censored: of its last candidate if it is full, "
        "else of the return threshold; -1 where nothing is hidden",
        "count": "searches",
    },
}


@dataclass(frozen=True, kw_only=True)
class Label:
    """A group that is reported: the margin over everybody, a value of an attribute, or an intersection.

    `attribute` is ``""`` for the margin, ``"sex"``, or ``"sex & race"``; `members` index into `joint`.
    """

    name: str
    attribute: str
    members: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where the counts came from; no path, no user, no id."""

    misid_version: str
    engine: str
    engine_version: str
    polarity: Literal["similarity", "distance"]
    score_type: str
    failure_codes: tuple[str, ...]
    inputs: tuple[dict[str, Any], ...]
    """kind, rows, bytes, sha256 of each input."""
    refused: tuple[tuple[str, int], ...]
    queries: tuple[str, ...]
    note: str = ""
    """What the laboratory says of it: engine tested, capture condition, source."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Tally:
    """Sufficient statistics of a test of a matcher.

    Attributes
    ----------
    kind : "comparisons" or "candidates"
    edges : (n_bins,) float
        Ascending; bin b holds scores in [edges[b], edges[b+1]), the last one everything above.
        ``edges[0]`` is -inf. Similarity, also where the input was a distance.
    thresholds : (k,) float
        Thresholds under audit; each is an edge, exactly.
    levels : (n_levels,) float
        Ascending edges at which person moments are kept; the thresholds under audit are among them
        wherever they could be afforded.
    spectrum_from : int
        First level the spectrum covers.
    joint : tuple of tuple of str
        Combinations of attribute values; the tables' ``*_group`` columns index it.
    labels : tuple of Label
        Reported groups; ``labels[0]`` is the margin. The tables' ``*_label`` columns index it.
        Pair rows exist for (margin, margin), (label, margin), (margin, label) and for two labels of
        one attribute.
    tables : mapping of name to Table
        See `TABLES`.
    people : mapping
        ``probe``, ``reference``, ``any``: distinct people; ``probes``, ``references``: distinct samples.
    """

    kind: Literal["comparisons", "candidates"]
    edges: Floats
    thresholds: Floats
    levels: Floats
    spectrum_from: int
    attributes: tuple[str, ...]
    joint: tuple[tuple[str, ...], ...]
    labels: tuple[Label, ...]
    tables: dict[str, Table]
    people: dict[str, int]
    origin: Origin
    list_length: int | None = None
    return_threshold: float | None = None
    gallery: int | None = None
    """References in the gallery, where declared (candidate lists); else see search_design."""
    acquisition: tuple[int, int] | None = None
    """(failed, presented) probes."""
    enrolment: tuple[int, int] | None = None
    """(failed, presented) references."""
    joint_people: dict[str, tuple[int, ...]] | None = None
    """By one of `SIDES`: people in each combination of `joint`. None: not known (tallies of before 2026-11-27)."""
    warnings: tuple[str, ...] = field(default=())

    @property
    def in_one_block(self) -> bool:
        """Whether all reference people are in one block, so that none can be left out to see how much hangs on whom."""
        of_references = self.tables["blocks"]["block"]
        return bool(of_references.size) and bool((of_references == of_references[0]).all())

    def facts(self) -> dict[str, object]:
        """What was counted, in words and numbers for a person to read."""
        counts = self.tables["counts"]
        mated = counts["mated"] == 1
        # A list shows candidates; most comparisons of its search it does not show.
        noun = "comparisons" if self.kind == "comparisons" else "candidates returned"
        return {
            "kind": self.kind,
            "people": self.people["any"],
            "probes": self.people["probes"],
            "references": self.people["references"],
            f"mated {noun}": int(counts["count"][mated].sum()),
            f"non-mated {noun}": int(counts["count"][~mated].sum()),
            f"failed {noun}": int(self.tables["failed"]["count"].sum()),
            "groups": ", ".join(label.name for label in self.labels[1:]) or "none given",
            "thresholds under audit": ", ".join(f"{t:g}" for t in self._as_input()) or "none",
            "engine": f"{self.origin.engine} {self.origin.engine_version}, misid {self.origin.misid_version}",
            **({"to be read with it": "; ".join(self.warnings)} if self.warnings else {}),
        }

    def _as_input(self) -> list[float]:
        """Thresholds under audit on the scale of the input: a declared distance is turned back."""
        sign = -1.0 if self.origin.polarity == "distance" else 1.0
        return sorted(sign * t + 0.0 for t in self.thresholds.tolist())

    def __repr__(self) -> str:
        lines = [
            f"  {name}: {value:,}" if isinstance(value, int) else f"  {name}: {value}"
            for name, value in self.facts().items()
        ]
        return "\n".join(["Tally", *lines])

    def _repr_html_(self) -> str:
        from misid.ground.show import facts_html

        return facts_html("Tally", self.facts())
