"""The library: facts, what is unverified, and conflicts, looked up by id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType

from misid.evidence.model import Conflict, Fact, Record, Source, Unverified
from misid.ground.errors import UsageError


@dataclass(frozen=True, kw_only=True, repr=False)
class Library:
    """Published numbers. ``library["an-id"]`` is a fact; iteration goes over the facts.

    What is unverified and what is in conflict are records of other kinds, in `unverified` and `conflicts`:
    neither can be had by ``library[...]``, and neither holds a number.
    """

    facts: tuple[Fact, ...]
    sources: tuple[Source, ...]
    unverified: tuple[Unverified, ...]
    conflicts: tuple[Conflict, ...]
    topics: Mapping[str, str] = field(hash=False)
    """What each topic is about."""

    def __getitem__(self, id: str) -> Fact:  # noqa: A002 - the word that the records use
        found = self.record(id)
        if not isinstance(found, Fact):
            what = "it could not be verified" if isinstance(found, Unverified) else "it says where facts disagree"
            raise UsageError(
                f"{id} is no fact: {what}",
                remedy=f"misid evidence show {id}, or library.record({id!r}) to read it",
            )
        return found

    def __contains__(self, id: object) -> bool:  # noqa: A002
        return any(fact.id == id for fact in self.facts)

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.facts)

    def __len__(self) -> int:
        return len(self.facts)

    @property
    def records(self) -> tuple[Record, ...]:
        """Facts, what is unverified, and conflicts, in this order."""
        return (*self.facts, *self.unverified, *self.conflicts)

    @property
    def by_topic(self) -> Mapping[str, tuple[Fact, ...]]:
        """The facts of each topic, in the order of the topics."""
        return MappingProxyType(
            {topic: tuple(fact for fact in self.facts if fact.topic == topic) for topic in self.topics}
        )

    def record(self, id: str) -> Record:  # noqa: A002
        """The record with an id, of whatever kind.

        Raises
        ------
        UsageError
            If there is none; it names those whose ids are nearest.
        """
        known: dict[str, Record] = {record.id: record for record in self.records}
        if id not in known:
            near = get_close_matches(id, known, n=3, cutoff=0.5)
            raise UsageError(
                f"nothing is called {id!r}" + (f"; nearest: {', '.join(near)}" if near else ""),
                remedy=f"misid evidence show {near[0]}" if near else "misid evidence list",
            )
        return known[id]

    def search(self, text: str) -> tuple[Record, ...]:
        """Records of every kind that hold all words of `text`, in any field, in upper or lower case.

        Examples
        --------
        >>> from misid.evidence import load
        >>> [record.id for record in load().search("identical twins NIST")]
        ['twins-identical']
        """
        words = text.casefold().split()

        def holds(record: Record) -> bool:
            all_of_it = " ".join(record.lines().values()).casefold()
            return all(word in all_of_it for word in words)

        return tuple(record for record in self.records if holds(record))

    def __repr__(self) -> str:
        counts = {
            "facts": self.facts,
            "sources": self.sources,
            "unverified": self.unverified,
            "conflicts": self.conflicts,
        }
        return f"<Library: {', '.join(f'{len(records)} {name}' for name, records in counts.items())}>"

    def _repr_html_(self) -> str:
        from misid.ground.show import facts_html

        topics = {topic: f"{len(facts)}: {self.topics[topic]}" for topic, facts in self.by_topic.items()}
        others = {"unverified": len(self.unverified), "conflicts": len(self.conflicts)}
        return facts_html(f"{len(self)} published facts from {len(self.sources)} sources", {**topics, **others})
