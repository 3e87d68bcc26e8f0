"""How unequally errors fall: on which searches, on which people, and on the same person again.

All of it follows from the expected non-mated candidates of a probe, L(z) = -N log(1 - p(t | z)), whose spread over
probes the fit holds: a search is a false positive with probability 1 - exp(-L).
"""

from __future__ import annotations

import numpy as np

from misid.search.from_tally.counts import Floats
from misid.search.from_tally.draws import expected_candidates, over_probes
from misid.search.from_tally.project import Projection

ONE_FACE = "what makes a photograph resemble many others is the person's own, and stays with the person"


def candidates(projection: Projection, gallery: float, threshold: float) -> Floats:
    """(draws, G) expected non-mated candidates at or above the threshold of a search."""
    found = [over_probes(m.drawn, gallery, threshold, projection.shares, np.asarray) for m in projection.members]
    return np.concatenate(found)


def repeated(projection: Projection, scans: int, gallery: float, threshold: float) -> Floats:
    """(draws, G) P(at least one false positive in so many scans), candidates drawn anew for each scan of a face."""

    def any_of(expected: Floats) -> Floats:
        return -np.expm1(-scans * expected)

    found = [over_probes(m.drawn, gallery, threshold, projection.shares, any_of) for m in projection.members]
    return np.concatenate(found)


def unluckiest(
    projection: Projection, gallery: float, threshold: float, members: tuple[int, ...], share: float
) -> Floats:
    """(draws,) share of all false positives that falls on the given share of people, those most often affected."""
    out = []
    groups = [0] if projection.test.n_groups == 1 else list(members)
    searched = projection.searched[groups] / projection.searched[groups].sum()
    for member in projection.members:
        for expected, weight in expected_candidates(member.drawn, gallery, threshold, projection.shares):
            risk = -np.expm1(-expected[:, groups])
            people = searched[:, None] * weight[:, None, :]
            for r, p in zip(risk.reshape(len(risk), -1), people.reshape(len(risk), -1), strict=True):
                order = np.argsort(-r)
                mass, borne = np.cumsum(p[order]), np.cumsum((r * p)[order])
                out.append(
                    float(np.interp(share, np.append(0.0, mass), np.append(0.0, borne))) / max(borne[-1], 1e-300)
                )
    return np.array(out)
