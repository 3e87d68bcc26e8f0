"""Several scans of one person, kin in the gallery, human review: every way in which the answers can have come about.

One scan without kin is `misid.cases.likelihoods.match` or `no_match`; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np

from misid.cases.likelihoods import Likelihoods, match
from misid.tally.model import Floats

Role = Literal["mate", "twin", "stranger", "none"]

MOST_ANSWERS = 8
"""Scans of one person that are computed exactly; the ways grow with the people returned."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """What scans of one person share. Arrays that broadcast, each within [0, 1].

    Attributes
    ----------
    alike_wrong : array
        Correlation of false matches over scans of one person who is not enrolled: 0, each scan is a new draw;
        1, the face decides. E[F(z)^2] = F^2 + alike_wrong F (1 - F).
    alike_right : array
        The same for an enrolled person's being found.
    agree : array
        kappa: P(two false matches with strangers name the same one).
    twin : array
        P(a twin, or another relative as given, is in the gallery).
    twin_found : array
        P(that relative's score is at or above the threshold).
    twin_first : array
        P(the relative's score is above the mate's | both at or above the threshold).
    """

    alike_wrong: Floats
    alike_right: Floats
    agree: Floats
    twin: Floats
    twin_found: Floats
    twin_first: Floats


@dataclass(frozen=True, kw_only=True)
class Review:
    """What a reviewer said of the person named: P(says so | right), P(says so | wrong)."""

    right: Floats
    wrong: Floats


def alone() -> Person:
    """Nothing shared, no kin."""
    zero = np.zeros(())
    return Person(alike_wrong=zero, alike_right=zero, agree=zero, twin=zero, twin_found=zero, twin_first=zero)


def scans(
    answers: Sequence[int | None],
    *,
    missed: Floats,
    fpir: Floats,
    outranked: Floats,
    person: Person,
    review: Review | None = None,
) -> Likelihoods:
    """Likelihoods of the answers of scans of one person against one gallery at one threshold.

    Parameters
    ----------
    answers : sequence of int or None
        Who was returned first, by number: 0 is the person named in the case; None is no match.
    missed, fpir, outranked : array
        As in `misid.cases.likelihoods.match`.
    person : Person
    review : Review, optional
        Of the person named.

    Returns
    -------
    Likelihoods
        `right`: person 0 is the person scanned; `other`: another of those returned is.

    Notes
    -----
    Each person returned is the mate, the relative or a stranger; at most one is the mate (none, if not enrolled) and
    at most one the relative. For each such assignment the probabilities of the scans are multiplied, later ones
    given earlier ones: P(role | n scans, n_role with it) = (p (1 - a) + a n_role) / (1 - a + a n) (Polya's
    urn: a shared, beta-distributed probability). Strangers agree as an urn with `agree` does.
    """
    one = match(missed=missed, fpir=fpir, outranked=outranked)
    t, w, f = one.right, one.wrong, one.unenrolled
    found, first = person.twin_found, person.twin_first
    worlds: list[tuple[bool, Floats, Floats, dict[Role, Floats]]] = [
        (True, 1 - person.twin, person.alike_right, {"mate": t, "stranger": w, "none": 1 - t - w}),
        (False, 1 - person.twin, person.alike_wrong, {"stranger": f, "none": 1 - f}),
        (
            True, person.twin, person.alike_right,
            {
                "mate": t * (1 - found * first), "twin": found * (first * t + 1 - t), "stranger": (1 - found) * w,
                "none": (1 - found) * (1 - t - w),
            },
        ),
        (
            False, person.twin, person.alike_right,
            {"twin": found, "stranger": (1 - found) * f, "none": (1 - found) * (1 - f)},
        ),
    ]  # fmt: skip
    shape = np.broadcast_shapes(*(np.shape(v) for v in (t, *vars(person).values())))
    total = {name: np.zeros(shape) for name in ("right", "other", "neither", "unenrolled")}
    for enrolled, weight, alike, chances in worlds:
        if not np.any(weight > 0):
            continue
        for roles in _assignments(answers, chances):
            events: list[Role] = ["none" if answer is None else roles[answer] for answer in answers]
            value = weight * _urn(events, chances, alike) * _strangers(answers, events, person.agree)
            if review is not None:
                # Whoever looks like a twin to the machine does to the reviewer.
                value = value * (review.wrong if roles.get(0) == "stranger" else review.right)
            mate = [answer for answer, role in roles.items() if role == "mate"]
            part = "unenrolled" if not enrolled else "neither" if not mate else "right" if mate == [0] else "other"
            total[part] = total[part] + value
    wrong = total["other"] + total["neither"]
    return Likelihoods(right=total["right"], wrong=wrong, unenrolled=total["unenrolled"], other=total["other"])


def _assignments(answers: Sequence[int | None], chances: Mapping[Role, Floats]) -> Iterator[dict[int, Role]]:
    """Who each person returned can be: at most one mate and one relative."""
    people = list(dict.fromkeys(answer for answer in answers if answer is not None))
    possible: list[Role] = [role for role in ("mate", "twin", "stranger") if role in chances]
    for roles in product(possible, repeat=len(people)):
        if roles.count("mate") <= 1 and roles.count("twin") <= 1:
            yield dict(zip(people, roles, strict=True))


def _urn(events: Sequence[Role], chances: Mapping[Role, Floats], alike: Floats) -> Floats:
    value: Floats = np.ones(())
    for n, event in enumerate(events):
        seen = sum(earlier == event for earlier in events[:n])
        value = value * (
            chances[event] if n == 0 else (chances[event] * (1 - alike) + alike * seen) / (1 - alike + alike * n)
        )
    return value


def _strangers(answers: Sequence[int | None], events: Sequence[Role], agree: Floats) -> Floats:
    value: Floats = np.ones(())
    named = [answer for answer, event in zip(answers, events, strict=True) if event == "stranger"]
    for n, answer in enumerate(named):
        if n:
            seen = named[:n].count(answer)
            value = value * (agree * seen / n if seen else 1 - agree)
    return value
