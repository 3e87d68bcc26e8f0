"""Groups: the combinations met in the data, and the labels under which they are reported."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from misid.ground.rate import ALL
from misid.tally.model import Label

OTHER = "(other)"
"""Groups folded together because each has fewer people than the stated minimum."""


def labels_for(
    attributes: Sequence[str], joint: Sequence[tuple[str, ...]], *, intersections: bool = False
) -> tuple[Label, ...]:
    """The margin, each value of each attribute, and (on request) each combination of values.

    With one attribute a label is its bare value ("F"); with several it names the attribute ("sex=F").
    """
    labels = [Label(name=ALL, attribute="", members=tuple(range(len(joint))))]
    groupings: list[tuple[int, ...]] = [(a,) for a in range(len(attributes))]
    if intersections:
        for size in range(2, len(attributes) + 1):
            groupings += list(combinations(range(len(attributes)), size))
    for grouping in groupings:
        members: dict[tuple[str, ...], list[int]] = {}
        for index, values in enumerate(joint):
            members.setdefault(tuple(values[a] for a in grouping), []).append(index)
        for values, indices in sorted(members.items()):
            if len(attributes) == 1:
                name = f"{values[0]} (a group)" if values[0] == ALL else values[0]
            else:
                name = " & ".join(f"{attributes[a]}={v}" for a, v in zip(grouping, values, strict=True))
            attribute = " & ".join(attributes[a] for a in grouping)
            labels.append(Label(name=name, attribute=attribute, members=tuple(indices)))
    return tuple(labels)


def pair_rows(labels: Sequence[Label]) -> list[tuple[int, int]]:
    """Pairs of labels (probe, reference) that are reported: margins, and pairs within an attribute."""
    pairs = []
    for p, probe in enumerate(labels):
        for r, reference in enumerate(labels):
            if not probe.attribute or not reference.attribute or probe.attribute == reference.attribute:
                pairs.append((p, r))
    return pairs
