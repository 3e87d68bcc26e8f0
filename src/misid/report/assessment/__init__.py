"""An assessment of an encounter as a page, a PDF, JSON, CSV and a bundle."""

from misid.report.assessment.write import write_assessment

__all__ = ["write_assessment"]
