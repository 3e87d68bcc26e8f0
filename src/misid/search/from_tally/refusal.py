"""Where a test gives no estimate, and why: too few people, too far, or curves that its own counts leave.

The rules look at what the test had and how far the threshold lies from it, never at the estimate or its limits: a rule
that did would let through the estimates that happen to be high.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from misid.search.from_tally.reach import FARTHEST, PEOPLE, farthest

if TYPE_CHECKING:
    from misid.search.from_tally.model import TallyModel

FEWEST_PEOPLE = 100
"""Below it a test gives bounds only."""

FEWEST_IN_GROUP = 30
"""Searches of a group below which its own FPIR is only bounded."""

WIDEST = 3.0
"""Decades between the limits from which an answer says that it hardly says anything."""


def too_small(model: TallyModel, group: str | None) -> tuple[str, str]:
    """Why the test is too small to be projected, for a group, and what would do; empty where it is not."""
    if model.test.people < FEWEST_PEOPLE or model.projection is None:
        return f"this test had {model.test.people:,} people", f"a test of at least {FEWEST_PEOPLE} people"
    if group is not None and not model.projection.grouped and model.test.n_groups > 1:
        return (
            "the groups of this test are too small to be looked at apart",
            "a test in which each search meets at least 40 references of its own group",
        )
    return "", ""


def too_far(model: TallyModel, threshold: float, members: tuple[int, ...] | None) -> tuple[str, str]:
    """By distance alone: a rule that saw the estimate would let through those that happen to be high."""
    people, whose = float(model.test.people), "this test"
    distance = model.reach.distance(threshold)
    if members is not None:
        found = int(model.test.searches_in[list(members)].sum())
        if found < FEWEST_IN_GROUP:
            return f"this test had {found:,} searches of this group", f"at least {FEWEST_IN_GROUP} of them"
        people, whose = min(people, model.reach.people_of(members)), "this group in the test"
        own = model.projection is None or bool(model.projection.shares[list(members)].all())
        distance = model.reach.distance(threshold, members, own=own)
    end = farthest(people)
    if distance > end:
        enough = PEOPLE * (distance / FARTHEST) ** 4
        return (
            f"the threshold lies {distance:.3g} mean excesses beyond the scores of {whose}, and with "
            f"{people:,.0f} people none beyond {end:.3g} is estimated",
            f"a test of about {float(f'{enough:.2g}'):,.0f} people" + ("" if members is None else " of this group"),
        )
    if 2 * np.log10(widened(model, threshold)) > WIDEST:
        return (
            "this test's own counts leave the fitted curves, and carried on to this threshold by as much for each "
            f"mean excess that alone sets the limits more than {10**WIDEST:,.0f}-fold apart",
            "a threshold nearer to the test, or a test of so many people that it counts there what is asked",
        )
    return "", ""


def widened(model: TallyModel, threshold: float) -> float:
    """Factor by which limits of the hazard are widened: as far from the curves as they failed, for the distance."""
    slope = max((m.slope for m in (model.misfit, model.astray) if m is not None), default=0.0)
    if not slope or model.projection is None:
        return 1.0
    curve = model.projection.members[0].fit.curve
    return float(np.exp(slope * max(float(curve.x(np.array([threshold]))[0]), 0.0)))
