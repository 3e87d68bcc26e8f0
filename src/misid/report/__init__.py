"""Report: the page, the PDF, their machine twin, the tables, and the bundle that is computed again."""

from misid.report.bundle import verify
from misid.report.model import Report
from misid.report.write import write_report

__all__ = ["Report", "verify", "write_report"]
