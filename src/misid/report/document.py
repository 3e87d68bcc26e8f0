"""The report as data: what report.json holds, and where every number on the page is looked up.

`ReportDocument` is the one model of all outputs. Its JSON schema (`misid.report.schema`) is published.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final, Literal

from misid.ground.rate import Rate
from misid.ground.text import finite, record
from misid.rates.model import Rates
from misid.report.dates import build_date
from misid.report.facts import TestFacts, facts_of
from misid.report.lead import Answer, lead_of
from misid.report.model import Report
from misid.search.fan import Fan
from misid.tally.model import FORMAT, FORMAT_VERSION, Origin, Tally
from misid.tally.privacy import FEW, publication_problems

DOCUMENT_FORMAT: Final = "misid-report"
DOCUMENT_VERSION: Final = 1

MOST_NAMED = 5
"""Small groups that a warning names."""


@dataclass(frozen=True, kw_only=True)
class CheckLine:
    """A kind of problem found in the input, without the places: those may hold paths and ids."""

    code: str
    slug: str
    severity: Literal["error", "warning"]
    allowed: str
    count: int


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """A CSV file beside the report."""

    file: str
    title: str
    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True, kw_only=True)
class ReportDocument:
    """All that a report says, as data.

    Infinite numbers stand as the strings "Infinity" and "-Infinity"; null is "not defined" or "not known".
    """

    format: Literal["misid-report"]
    version: Literal[1]
    title: str
    generated_with: str
    date: str | None
    """Of the build, only where SOURCE_DATE_EPOCH is set, so that equal input gives equal bytes."""
    tally_format: str
    test: TestFacts
    answer: Answer
    rates: Rates
    projection: Fan | None
    no_projection: str
    """Why there is none; "" where there is one."""
    checked: bool
    checks: tuple[CheckLine, ...]
    origin: Origin
    warnings: tuple[str, ...]
    """Of the tally; those of the rates are in `rates`."""
    tables: tuple[TableFile, ...]


def document_of(report: Report) -> ReportDocument:
    """The report as data, without the list of its tables (`with_tables` adds that)."""
    problems = () if report.check is None else tuple(report.check.problems)
    return ReportDocument(
        format="misid-report",
        version=DOCUMENT_VERSION,
        title=report.title,
        generated_with=report.generated_with,
        date=build_date(),
        tally_format=f"{FORMAT} {FORMAT_VERSION}",
        test=facts_of(report.tally),
        answer=lead_of(report.rates, report.tally),
        rates=report.rates,
        projection=report.projection if isinstance(report.projection, Fan) else None,
        no_projection=report.projection if isinstance(report.projection, str) else "",
        checked=report.check is not None,
        checks=tuple(
            CheckLine(code=p.code, slug=p.slug, severity=p.severity, allowed=p.allowed, count=p.count) for p in problems
        ),
        origin=report.tally.origin,
        warnings=(*report.tally.warnings, *_few_people(report.tally)),
        tables=(),
    )


def _few_people(tally: Tally) -> tuple[str, ...]:
    """What somebody who is about to publish the report must know of its small groups."""
    found = publication_problems([tally])
    if not found:
        return ()
    groups = [problem.where.partition(", group ")[2] for problem in found]
    more = "" if len(groups) <= MOST_NAMED else f" and {len(groups) - MOST_NAMED} more"
    return (
        f"the tally has groups of fewer than {FEW} people ({', '.join(groups[:MOST_NAMED])}{more}): it, and "
        "numbers of a report that are of such a group, tell of single people; not for publication as it is (misid "
        "tally --min-people folds groups)",
    )


def plain(value: Any) -> Any:
    """Dataclasses as dicts in the order of their fields (rates in the order every command prints them)."""
    if isinstance(value, Rate):
        return finite(record(value))
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return finite(value)
