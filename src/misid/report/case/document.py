"""A case as a document of two to four pages: its sections in the order in which they are read."""

from __future__ import annotations

from typing import Any

from misid.cases.model import CaseResult
from misid.report.case import answer, grounds
from misid.report.case.told import Told, sources_of
from misid.report.filing import Document, Provenance, Quoted

QUESTION = "What is this answer of a face search worth as evidence?"


def document_of(result: CaseResult, twin: dict[str, Any], *, fingerprint: str, date: str | None = None) -> Document:
    """The document of a case.

    Parameters
    ----------
    result : CaseResult
    twin : dict
        The same as plain data, as report.json holds it: numbers are looked up there.
    fingerprint : str
        SHA-256 of report.json.
    date : str or None
        ISO date.
    """
    told = Told(result, twin)
    return Document(
        title=result.title,
        subtitle=Quoted(str(result.case.get("question") or QUESTION)),
        facts=("Answer of the system: ", answer.kind(told), " · ", told.gallery()),
        sections=(
            answer.short_answer(told),
            grounds.given(told),
            grounds.method(told),
            grounds.outcome(told),
            grounds.change(told),
            grounds.mistakes(told),
            grounds.limits(told, fingerprint),
        ),
        sources=sources_of(result),
        provenance=Provenance(generated_with=f"misid {result.misid}", fingerprint=fingerprint),
        date=date,
    )
