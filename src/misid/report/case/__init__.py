"""A case as a page, a PDF of a few pages for a court, JSON, CSV and a bundle."""

from misid.report.case.write import write_case

__all__ = ["write_case"]
