"""misid: how often a one-to-many (1:N) face search names the wrong person, and for whom.

Every public name is reachable from here; a name is loaded when it is first used, because the engine and
the charts cost a good part of a second that ``misid --help`` should not have to pay.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from misid._version import __version__

if TYPE_CHECKING:
    from misid.cases import case
    from misid.encounter.assess import assess
    from misid.rates import compute_rates
    from misid.report import verify, write_report
    from misid.scores import check, open_scores, pseudonymise
    from misid.search.ask import project
    from misid.tally import build_tally, merge_tallies, read_tally, write_tally

__all__ = [
    "__version__",
    "assess",
    "build_tally",
    "case",
    "check",
    "compute_rates",
    "merge_tallies",
    "open_scores",
    "project",
    "pseudonymise",
    "read_tally",
    "verify",
    "write_report",
    "write_tally",
]

_HOME = {
    "assess": "misid.encounter.assess",
    "build_tally": "misid.tally",
    "case": "misid.cases",
    "check": "misid.scores",
    "compute_rates": "misid.rates",
    "merge_tallies": "misid.tally",
    "open_scores": "misid.scores",
    "project": "misid.search.ask",
    "pseudonymise": "misid.scores",
    "read_tally": "misid.tally",
    "verify": "misid.report",
    "write_report": "misid.report",
    "write_tally": "misid.tally",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'misid' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
