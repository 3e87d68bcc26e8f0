"""How a report shows itself in a notebook: its answer, not its page."""

from __future__ import annotations

from misid.ground import show
from misid.report.lead import lead_of
from misid.report.model import Report


def report_html(report: Report) -> str:
    """The answer of a report as a small piece of HTML."""
    answer = lead_of(report.rates, report.tally)
    indices: list[int] = []
    if answer.lead is not None:
        point = answer.points[answer.lead]
        indices = [i for i in (point.fpir, point.fnir, point.fmr, point.fnmr) if i is not None]
    rates = [report.rates.records[i] for i in indices]
    return show.block(
        report.title,
        show.rates_html(rates) if rates else show.paragraph("No threshold carries a rate."),
        show.paragraph("write_report(report, directory) writes the whole page with its data."),
    )
