"""Stage 1, who is scanned: shares of statuses, groups and qualities, and relatives in the gallery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from misid.encounter.draws import Draws
from misid.encounter.forms import Group, Kin, Part, ScenarioForm
from misid.encounter.numbers import REST
from misid.tally.model import Floats

ONE = np.ones(1)


def stacked(arrays: Iterable[Floats]) -> Floats:
    """(K, n) from K arrays of (n,) or (1,)."""
    return np.stack(np.broadcast_arrays(*arrays))


def shares(table: str, parts: Mapping[str, Part], draws: Draws) -> Floats:
    """(K, n) shares of the parts of a whole; they sum to 1.

    Absolute shares are taken as they are. What they leave is divided in the order of the parts: `share_of_rest` of it
    to the first, of what is then left to the next, and the remainder to the rest.
    """
    if not parts:
        return np.ones((1, 1))
    absolute = {name: draws[f"{table}.{name}.share"] for name, part in parts.items() if _is_absolute(part)}
    left: Floats = np.maximum(1 - sum(absolute.values(), start=np.zeros(1)), 0.0)
    found = dict(absolute)
    for name, part in parts.items():
        if part.share_of_rest is not None:
            found[name] = left * draws[f"{table}.{name}.share_of_rest"]
            left = left - found[name]
    return stacked(left if part.share == REST else found[name] for name, part in parts.items())


def _is_absolute(part: Part) -> bool:
    return part.share is not None and part.share != REST


def group_shares(statuses: Sequence[str], groups: Mapping[str, Group], draws: Draws) -> Floats:
    """(S, G, n) shares of the groups in each status; (1, G, n) where they are the same in all."""
    common = shares("groups", groups, draws)
    named = {status for group in groups.values() for status in group.share_of}
    if not named:
        return common[None]
    rows = [_in_status(status, groups, draws) if status in named else common for status in statuses]
    n = max(row.shape[1] for row in rows)
    return np.stack([np.broadcast_to(row, (row.shape[0], n)) for row in rows])


def _in_status(status: str, groups: Mapping[str, Group], draws: Draws) -> Floats:
    own = {name: draws[f"groups.{name}.share_of.{status}"] for name, g in groups.items() if status in g.share_of}
    rest = np.maximum(1 - sum(own.values(), start=np.zeros(1)), 0.0)
    return stacked(own.get(name, rest) for name in groups)


@dataclass(frozen=True, kw_only=True)
class Relatives:
    """What relatives in the gallery add to a search; arrays (n,).

    Attributes
    ----------
    reached : array
        K: at least one enrolled relative scores at or above the threshold. No threshold removes it.
    enrolled : array
        At least one relative is in the gallery.
    first : array
        P(a relative is above the mate | both are at or above the threshold): the mean over kinds, weighted by how
        often each reaches the threshold.
    weights : mapping
        The same weights, by kind; they sum to 1.
    """

    reached: Floats
    enrolled: Floats
    first: Floats
    weights: Mapping[str, Floats]


def relatives(form: ScenarioForm, draws: Draws) -> Relatives:
    """K = 1 - prod over kinds of (1 - share (1 - (1 - enrolled match)^number))."""
    if not form.kin:
        return Relatives(reached=np.zeros(1), enrolled=np.zeros(1), first=np.zeros(1), weights={})
    none_reached, none_enrolled = np.ones(1), np.ones(1)
    by_kind: dict[str, Floats] = {}
    for name, kin in form.kin.items():
        of = f"kin.{name}"
        share, enrolled = draws[f"{of}.share"], draws[f"{of}.enrolled"]
        by_kind[name] = share * _at_least_one(enrolled * draws[f"{of}.match"], kin, of, draws)
        none_reached = none_reached * (1 - by_kind[name])
        none_enrolled = none_enrolled * (1 - share * _at_least_one(enrolled, kin, of, draws))
    total: Floats = sum(by_kind.values(), start=np.zeros(1))
    safe = np.where(total > 0, total, 1.0)
    weights = {name: np.where(total > 0, each / safe, 1 / len(by_kind)) for name, each in by_kind.items()}
    first: Floats = sum(
        (weights[name] * draws[f"kin.{name}.outranked" if kin.outranked is not None else "search.outranked"]
         for name, kin in form.kin.items()),
        start=np.zeros(1),
    )  # fmt: skip
    return Relatives(reached=1 - none_reached, enrolled=1 - none_enrolled, first=first, weights=weights)


def _at_least_one(chance: Floats, kin: Kin, of: str, draws: Draws) -> Floats:
    """P(at least one of `number` such relatives), each with the same chance."""
    if kin.number is None:
        return chance
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(draws[f"{of}.number"] > 0, -np.expm1(draws[f"{of}.number"] * np.log1p(-chance)), 0.0)
