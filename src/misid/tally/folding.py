"""Small groups put into one before anything is counted, so that no cell of a tally is of a few people.

What counts as a few is looked at on every side that a tally keeps apart (`SIDES`), and in every pair of a group of
probes with one of references: with an incomplete design a pair may be of few people though neither group is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from misid.engine import Engine
from misid.scores.model import Gallery, Scores, joint_label
from misid.tally import lists
from misid.tally.labels import OTHER
from misid.tally.model import SIDES, Ints

ENROLLED = "enrolled"
"""People among all references, those who failed too."""

_ALL = (*SIDES, ENROLLED)


@dataclass(frozen=True, kw_only=True)
class _Sizes:
    """People of combinations of groups.

    `everybody` (n,), `sides` (n, k): people of each, on any side and on each. `as_probes`, `as_references` (n, n):
    those who took part in completed non-mated comparisons of the first group's probes with the second's references.
    """

    everybody: Ints
    sides: Ints
    as_probes: Ints
    as_references: Ints


def fold(
    engine: Engine, scores: Scores, gallery: Gallery | None, min_people: int | None
) -> tuple[tuple[tuple[str, ...], ...], dict[str, int], tuple[str, ...]]:
    """Combinations of groups as reported, the index each label of the views goes to, and warnings.

    With `min_people`, combinations of fewer people (on any side that has some) go to one combination of ``(other)``,
    and the next smallest with them until that has as many: else the sum less the others would be the small ones.
    Reads what the passes left, and `seen_probes`, `seen_references`.
    """
    names = [joint_label(values) for values in scores.joint]
    if min_people is None or not scores.attributes:
        return scores.joint, {name: i for i, name in enumerate(names)}, ()
    sizes = _sizes(engine, gallery, names)
    small = _small(names, sizes, min_people)
    if not small:
        return scores.joint, {name: i for i, name in enumerate(names)}, ()
    other = (OTHER,) * len(scores.attributes)
    joint = tuple(values for i, values in enumerate(scores.joint) if i not in small) + (other,)
    index = {values: i for i, values in enumerate(joint)}
    warning = (
        f"{len(small)} combination{'s' if len(small) > 1 else ''} of groups, {int(sizes.everybody[small].sum())} "
        f"people in all, {'are' if len(small) > 1 else 'is'} folded into {OTHER}, so that none has fewer "
        f"than {min_people} people"
    )
    if _fewest(sizes.sides[small].sum(axis=0)) < min_people:
        warning += f"; {OTHER} still has fewer than {min_people}"
    return (
        joint,
        {name: index.get(values, index[other]) for values, name in zip(scores.joint, names, strict=True)},
        (warning,),
    )


def _small(names: Sequence[str], sizes: _Sizes, min_people: int) -> list[int]:
    """The combinations that go into ``(other)``."""
    # Ties go by name, so that equal input gives equal cells.
    rest = sorted(range(len(names)), key=lambda i: (_fewest(sizes.sides[i]), names[i]))
    small: list[int] = []
    while rest:
        if (
            _fewest(sizes.sides[rest[0]]) < min_people
            or (small and _fewest(sizes.sides[small].sum(axis=0)) < min_people)
        ):  # fmt: skip
            small.append(rest.pop(0))
            continue
        pair = _small_pair(sizes, rest, small, min_people)
        if pair is None:
            break
        # The smaller of the two, or, where both are (other), the next smallest.
        at = min((rest.index(i) for i in pair if i in rest), default=0)
        small.append(rest.pop(at))
    return sorted(small)


def _small_pair(sizes: _Sizes, rest: Sequence[int], small: Sequence[int], min_people: int) -> tuple[int, int] | None:
    """The pair of groups with fewest people on a side, if too few; -1 stands for ``(other)``."""
    members = [*rest, -1] if small else list(rest)
    fewest, found = min_people, None
    for people in (sizes.as_probes, sizes.as_references.T):
        grouped = people
        if small:
            # People are in one group, so those of a pair add on their own side. On the opposite side the same people
            # may have met several of the groups: there are at least as many as met the one that most of them met.
            grouped = np.vstack([people[list(rest)], people[list(small)].sum(axis=0)])
            grouped = np.column_stack([grouped[:, list(rest)], grouped[:, list(small)].max(axis=1)])
        else:
            grouped = people[np.ix_(rest, rest)]
        some = np.where(grouped > 0, grouped, min_people)
        if int(some.min()) < fewest:
            fewest = int(some.min())
            one, other = np.unravel_index(int(some.argmin()), some.shape)
            found = members[int(one)], members[int(other)]
    return found


def _sizes(engine: Engine, gallery: Gallery | None, names: Sequence[str]) -> _Sizes:
    """People of each combination on each side; of candidate lists the gallery tells who is enrolled, not the lists."""
    of_lists = gallery is not None
    referring = "" if of_lists else """
          UNION ALL SELECT CAST(person AS VARCHAR), reference_group, 'references' FROM by_reference
          UNION ALL SELECT CAST(person AS VARCHAR), grp, 'enrolled' FROM seen_references"""  # fmt: skip
    counted = ", ".join(f"count(DISTINCT person) FILTER (WHERE side = '{side}') AS s{i}" for i, side in enumerate(_ALL))
    found = engine.columns(f"""
        SELECT grp, count(DISTINCT person) AS people, {counted} FROM (
          SELECT CAST(person AS VARCHAR) AS person, probe_group AS grp, 'probes' AS side FROM by_probe WHERE m > 0
          UNION ALL SELECT CAST(s.person AS VARCHAR), s.grp, 'mated'
          FROM mated_rows AS t JOIN seen_probes AS s ON s.probe = t.probe WHERE NOT t.failed
          UNION ALL SELECT CAST(s.person AS VARCHAR), s.grp, 'searches with a mate'
          FROM search_flags AS f JOIN seen_probes AS s ON s.probe = f.probe WHERE f.has_mate
          UNION ALL SELECT CAST(s.person AS VARCHAR), s.grp, 'searches without a mate'
          FROM search_flags AS f JOIN seen_probes AS s ON s.probe = f.probe WHERE f.counts{referring}) AS t
        GROUP BY grp""")
    place = {name: i for i, name in enumerate(names)}
    n = len(names)
    everybody, sides = np.zeros(n, dtype=np.int64), np.zeros((n, len(_ALL)), dtype=np.int64)
    at = [place[name] for name in found["grp"].tolist()]
    everybody[at] = found["people"].astype(np.int64)
    sides[at] = np.stack([found[f"s{i}"].astype(np.int64) for i in range(len(_ALL))], axis=1)
    if gallery is not None:
        sides[:, _ALL.index("references")] = lists.people_enrolled(gallery, lists.enrolled(gallery, place, n))
    as_probes, as_references = np.zeros((2, n, n), dtype=np.int64)
    kinds = [(as_probes, "by_probe", "WHERE m > 0")] + ([] if of_lists else [(as_references, "by_reference", "")])
    for people, table, some in kinds:
        pairs = engine.columns(f"""
            SELECT probe_group, reference_group, count(DISTINCT person) AS n FROM {table} {some}
            GROUP BY probe_group, reference_group""")
        where = [[place[name] for name in pairs[side].tolist()] for side in ("probe_group", "reference_group")]
        people[tuple(where)] = pairs["n"].astype(np.int64)
    return _Sizes(everybody=everybody, sides=sides, as_probes=as_probes, as_references=as_references)


def _fewest(sides: Ints) -> int:
    """People on the side that has fewest, of those that have any."""
    return int(sides[sides > 0].min(initial=np.iinfo(np.int64).max)) if sides.any() else 0
