"""The case: what one answer of one search is worth as evidence, without knowing who anybody is."""

from misid.cases.compute import case
from misid.cases.file import CaseFile, case_of, read_case
from misid.cases.model import CaseResult
from misid.cases.ready import ready_names

__all__ = ["CaseFile", "CaseResult", "case", "case_of", "read_case", "ready_names"]
