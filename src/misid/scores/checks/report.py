"""What `check` found: the counts of the test, and every problem at once."""

from __future__ import annotations

import html
from dataclasses import asdict, dataclass
from typing import Any

from misid.ground.errors import BadInputError, Problem


@dataclass(frozen=True, kw_only=True)
class GroupCount:
    """People and comparisons of one demographic group.

    `attribute` is ``"sex"`` or, for a combination, ``"sex & race"``; `mated` and `nonmated` are the
    comparisons with a probe of this group, `nonmated_reference` those with a reference of it.
    """

    name: str
    attribute: str
    probe_people: int
    reference_people: int
    people: int
    mated: int
    nonmated: int
    nonmated_reference: int


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What there is to count in a test. Searches are None where only comparisons are known."""

    rows: int
    mated: int
    nonmated: int
    failures: int
    refused: tuple[tuple[str, int], ...]
    people: int
    probe_people: int
    reference_people: int
    probes: int
    references: int
    searches: int | None = None
    mated_searches: int | None = None
    nonmated_searches: int | None = None
    failed_searches: int | None = None
    searches_without_candidates: int | None = None
    distinct_comparisons: int | None = None
    """Pairs of samples compared, both directions one pair where their scores are the same; None: not counted."""
    groups: tuple[GroupCount, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """Everything found wrong with a test, with counts to read it by. It may be published: it holds no id.

    Attributes
    ----------
    counts : Counts
    problems : tuple of Problem
        Errors first, then warnings, each in the order of their codes. Where a problem is one of ids, its
        examples are masked: at most two first characters, and the length.
    notes : tuple of str
        What is worth knowing and not wrong.
    """

    counts: Counts
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(p for p in self.problems if p.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return tuple(p for p in self.problems if p.severity == "warning")

    @property
    def ok(self) -> bool:
        """Whether there is no error; warnings do not stand in the way of a tally."""
        return not self.errors

    def raise_if_any(self) -> None:
        """Raise what is an error.

        Raises
        ------
        BadInputError
            Holding every error, where there is one.
        """
        if self.errors:
            raise BadInputError(self.errors)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: ``ok``, ``counts``, ``problems``, ``notes``."""
        counts = asdict(self.counts)
        counts["refused"] = [{"reason": reason, "rows": n} for reason, n in self.counts.refused]
        counts["groups"] = [asdict(group) for group in self.counts.groups]
        problems = [{**asdict(p), "examples": list(p.examples)} for p in self.problems]
        return {"ok": self.ok, "counts": counts, "problems": problems, "notes": list(self.notes)}

    def __str__(self) -> str:
        lines = [self.summary(), *_count_lines(self.counts)]
        if self.counts.groups:
            lines.append(_group_table(self.counts.groups))
        lines.extend(str(problem) for problem in self.problems)
        lines.extend(f"note: {note}" for note in self.notes)
        return "\n".join(lines)

    def summary(self) -> str:
        """One line: how many errors and warnings."""
        if not self.problems:
            return "nothing wrong found"
        return f"{_number(len(self.errors), 'error')}, {_number(len(self.warnings), 'warning')}"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(p.code)} {html.escape(p.slug)}</td><td>{html.escape(p.severity)}</td>"
            f"<td>{html.escape(p.where)}: {html.escape(p.seen)}"
            f"{'<br>for example: ' + html.escape(', '.join(p.examples)) if p.examples else ''}</td>"
            f"<td>{p.count:,}</td><td>{html.escape(p.allowed)}</td><td>{html.escape(p.remedy)}</td></tr>"
            for p in self.problems
        )
        table = (
            "<table><thead><tr><th>code</th><th>severity</th><th>what was seen</th><th>times</th>"
            f"<th>allowed</th><th>what to do</th></tr></thead><tbody>{rows}</tbody></table>"
            if rows
            else ""
        )
        counts = "<br>".join(html.escape(line) for line in _count_lines(self.counts))
        notes = "".join(f"<p>note: {html.escape(note)}</p>" for note in self.notes)
        return f"<p><b>{html.escape(self.summary())}</b><br>{counts}</p>{table}{notes}"


def _number(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _count_lines(c: Counts) -> list[str]:
    unit = "comparison" if c.searches is None else "candidate"
    lines = [
        f"{_number(c.rows, unit)}: {c.mated:,} mated, {c.nonmated:,} non-mated, "
        f"{_number(c.failures, 'declared failure')} among them",
        f"{c.people:,} people: {c.probe_people:,} with {_number(c.probes, 'probe')}, "
        f"{c.reference_people:,} with {_number(c.references, 'reference')}",
    ]
    if c.searches is not None:
        lines.append(
            f"{c.searches:,} searches: {c.mated_searches:,} mated, {c.nonmated_searches:,} non-mated; "
            f"{c.searches_without_candidates:,} returned nobody, {c.failed_searches:,} failed"
        )
    lines.extend(f"left out: {_number(n, 'row')}, {reason}" for reason, n in c.refused)
    return lines


def _group_table(groups: tuple[GroupCount, ...]) -> str:
    width = max(len(g.name) for g in groups)
    head = f"{'group':<{width}}  {'people':>9}  {'mated':>13}  {'non-mated':>15}"
    return "\n".join([head, *(f"{g.name:<{width}}  {g.people:>9,}  {g.mated:>13,}  {g.nonmated:>15,}" for g in groups)])
