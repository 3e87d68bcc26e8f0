"""Report: the page, its machine twin and its tables."""

from misid.report.model import Report
from misid.report.write import write_report

__all__ = ["Report", "write_report"]
