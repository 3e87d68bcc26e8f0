"""What a report is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from misid._version import __version__
from misid.ground.errors import Problem
from misid.rates.model import Rates
from misid.search.fan import Fan
from misid.tally.model import Tally


class Checked(Protocol):
    """What `misid check` found."""

    @property
    def problems(self) -> Sequence[Problem]:
        """Everything found, errors and warnings."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """One test of a matcher, ready to be read: every number of every output comes from here.

    Attributes
    ----------
    rates : Rates
    tally : Tally
        The counts the rates came from: what was measured, on whom, where it came from.
    check : object with ``problems``, or None
        What `misid check` found in the input; None where the scores were not at hand (a tally was given).
    projection : Fan, or str
        What the test says of larger galleries (`misid.search.fan.fan_of`); or why that is not here.
    title : str
        What was tested, in the reader's words.
    generated_with : str
        Name and version of the program.
    """

    rates: Rates
    tally: Tally
    check: Checked | None = None
    projection: Fan | str = "no projection was asked for"
    title: str = "Face search test"
    generated_with: str = f"misid {__version__}"

    def _repr_html_(self) -> str:
        from misid.report.notebook import report_html

        return report_html(self)
