"""What every section of the document is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from misid.encounter.model import Assessment, Outcomes, PolicyResult
from misid.report.assessment.said import Said
from misid.report.filing import Cite, Quoted, Words


@dataclass(frozen=True)
class Told:
    """An assessment with its machine twin and the words for its numbers."""

    assessment: Assessment
    twin: dict[str, Any]
    said: Said

    @property
    def lead(self) -> PolicyResult:
        """The policy that the document is about first."""
        return self.assessment.policies[0]

    def everybody(self, policy: int = 0) -> str:
        """Place of the outcomes of everybody under a policy."""
        return f"policies.{policy}.everybody"

    def slices(self) -> Iterator[tuple[str, Outcomes]]:
        """(place, outcomes) of everybody, each status and each group under the lead policy."""
        yield self.everybody(), self.lead.everybody
        for name in ("by_status", "by_group"):
            for place, outcomes in enumerate(getattr(self.lead, name)):
                yield f"policies.0.{name}.{place}", outcomes

    def policy_title(self, name: str) -> Quoted:
        """A policy as it is called in a sentence."""
        return named(self.assessment.policy(name).title)

    def cited(self, sources: tuple[str, ...]) -> Words:
        """Footnotes for those of the ids that the assessment has facts for."""
        known = {used.id for used in self.assessment.facts}
        return tuple(Cite(id_) for id_ in sources if id_ in known)


def named(title: str) -> Quoted:
    """A title in quotation marks."""
    return Quoted(f"“{title}”")


def listed(titles: list[str]) -> str:
    """Names as they are listed in a sentence.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}" if titles else "nobody"
