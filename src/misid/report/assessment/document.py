"""An assessment as a document: its sections in the order in which they are read."""

from __future__ import annotations

from typing import Any

from misid.encounter.model import Assessment
from misid.report.assessment import answer, course, grounds, outlook
from misid.report.assessment.said import Said
from misid.report.assessment.told import Told
from misid.report.filing import Document, Provenance, Quoted


def document_of(assessment: Assessment, twin: dict[str, Any], *, fingerprint: str, date: str | None = None) -> Document:
    """The document of an assessment.

    Parameters
    ----------
    assessment : Assessment
    twin : dict
        The same as plain data, as report.json holds it: numbers are looked up there.
    fingerprint : str
        SHA-256 of report.json.
    date : str or None
        ISO date.
    """
    told = Told(assessment, twin, Said(twin))
    said = told.said
    return Document(
        title=assessment.title,
        subtitle=("Of ", said.count("per"), " people stopped: how many are wrongly held, who, and under which policy."),
        facts=(
            Quoted(assessment.population), " · ", said.count("inputs.#"), " inputs · ", said.count("provenance.draws"),
            " draws",
        ),
        sections=(
            answer.answer(told),
            answer.measured(told),
            course.the_tree(told),
            course.ways(told),
            course.groups(told),
            course.policies(told),
            outlook.projection(told),
            outlook.sensitivity(told),
            outlook.break_even(told),
            outlook.claims(told),
            grounds.inputs(told),
            grounds.method(told),
            grounds.provenance(told, (("report.json", fingerprint),)),
        ),
        sources=grounds.sources(told),
        provenance=Provenance(generated_with=f"misid {assessment.provenance.misid}", fingerprint=fingerprint),
        date=date,
    )  # fmt: skip
