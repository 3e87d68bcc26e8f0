"""What each rate is called, what it is a rate of, and how to say it to somebody who is no statistician."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from misid.ground.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Measure:
    """The words for one measure (ISO/IEC 2382-37, 19795-1).

    `trials` is what the rate is counted in, short, for "none seen in 5,160 ..."; `of` says the same in
    everyday words, and `event` what happened in an error, for "of 10,000 ..., about 3 ...".
    """

    short: str
    name: str
    unit: str
    trials: str
    of: str
    event: str
    definition: str


MEASURES: dict[str, Measure] = {
    "fmr": Measure(
        short="FMR",
        name="false match rate",
        unit="per comparison",
        trials="non-mated comparisons",
        of="comparisons of two different people",
        event="reach the threshold",
        definition="Share of comparisons of two different people whose score is at or above the threshold.",
    ),
    "fmr_within": Measure(
        short="FMR within the group",
        name="false match rate within one group",
        unit="per comparison",
        trials="non-mated comparisons within the group",
        of="comparisons of two different people of one group",
        event="reach the threshold",
        definition="FMR where both people are of the same group.",
    ),
    "fmr_within+fnmr": Measure(
        short="FMR within the group and FNMR together",
        name="false match rate within one group, and false non-match rate, together",
        unit="per comparison",
        trials="comparisons",
        of="comparisons",
        event="go wrong",
        definition="Statistics over both rates at once (FDR, GARBE), each with half the weight.",
    ),
    "fnmr": Measure(
        short="FNMR",
        name="false non-match rate",
        unit="per comparison",
        trials="mated comparisons",
        of="comparisons of two samples of one person",
        event="fall below the threshold",
        definition="Share of comparisons of two samples of one person whose score is below the threshold.",
    ),
    "eer": Measure(
        short="EER",
        name="equal error rate",
        unit="per comparison",
        trials="comparisons",
        of="comparisons of either kind",
        event="go wrong where the threshold makes both kinds of error equally frequent",
        definition="The common value of FMR and FNMR at the threshold where they are equal. A summary of a "
        "matcher; nobody operates there.",
    ),
    "fpir": Measure(
        short="FPIR",
        name="false-positive identification rate",
        unit="per search",
        trials="non-mated searches",
        of="searches of people who are not in the gallery",
        event="return somebody",
        definition="Share of searches of people who are not in the gallery that return at least one candidate "
        "at or above the threshold. It belongs to one gallery size.",
    ),
    "fnir": Measure(
        short="FNIR",
        name="false-negative identification rate",
        unit="per search",
        trials="mated searches",
        of="searches of people who are in the gallery",
        event="do not return them",
        definition="Share of searches of people who are in the gallery that do not return them among the first "
        "R candidates at or above the threshold.",
    ),
    "selectivity": Measure(
        short="selectivity",
        name="selectivity",
        unit="wrong candidates per search",
        trials="non-mated searches",
        of="searches of people who are not in the gallery",
        event="wrong candidates are returned",
        definition="Expected number of wrong candidates at or above the threshold in one search. It is a number, "
        "not a share, and can exceed 1.",
    ),
    "cmc": Measure(
        short="CMC",
        name="identification rate at rank R",
        unit="per search",
        trials="mated searches",
        of="searches of people who are in the gallery",
        event="return them among the first R",
        definition="Share of searches of people who are in the gallery that return them among the first R candidates, "
        "whatever the score: the cumulative match characteristic. Here high is good; errors are searches that do not.",
    ),
    "fta": Measure(
        short="FTA",
        name="failure-to-acquire rate",
        unit="per sample presented",
        trials="samples presented as probes",
        of="samples presented as probes",
        event="cannot be used at all",
        definition="Share of samples presented as probes from which the engine got nothing it could search with.",
    ),
    "fte": Measure(
        short="FTE",
        name="failure-to-enrol rate",
        unit="per sample presented",
        trials="samples presented for enrolment",
        of="samples presented for enrolment",
        event="cannot be enrolled",
        definition="Share of samples presented for enrolment that the engine could not enrol.",
    ),
    "far": Measure(
        short="FAR",
        name="false accept rate",
        unit="per attempt",
        trials="non-mated attempts",
        of="attempts by somebody else",
        event="are accepted",
        definition="FMR with probes that could not be acquired counted as not accepted: FMR × (1 − FTA).",
    ),
    "frr": Measure(
        short="FRR",
        name="false reject rate",
        unit="per attempt",
        trials="mated attempts",
        of="attempts by the right person",
        event="are rejected",
        definition="FNMR with probes that could not be acquired counted as rejected: FTA + FNMR × (1 − FTA).",
    ),
    "gfar": Measure(
        short="GFAR",
        name="generalised false accept rate",
        unit="per attempt",
        trials="non-mated attempts",
        of="attempts by somebody else",
        event="are accepted",
        definition="FAR with people who could not be enrolled counted too: FMR × (1 − FTA) × (1 − FTE).",
    ),
    "gfrr": Measure(
        short="GFRR",
        name="generalised false reject rate",
        unit="per attempt",
        trials="mated attempts",
        of="attempts by the right person",
        event="are rejected",
        definition="FRR with people who could not be enrolled counted too: FTE + (1 − FTE) × FTA + "
        "(1 − FTE) × (1 − FTA) × FNMR.",
    ),
}


def measure(code: str) -> Measure:
    """The words for a measure; a code that is not known keeps its own name.

    Examples
    --------
    >>> measure("fpir").unit
    'per search'
    """
    known = MEASURES.get(code)
    if known is not None:
        return known
    return Measure(
        short=code, name=code, unit="per trial", trials="trials", of="trials", event="are errors", definition=""
    )


RATES = tuple(code for code in MEASURES if not code.startswith("fmr_within"))
"""Measures that a rate may have; the others are of differences between groups."""


def measures_given(measures: object) -> tuple[str, ...]:
    """Measures as a caller named them, each once.

    Raises
    ------
    UsageError
        Where it is no sequence of names of `RATES`, or an empty one.

    Examples
    --------
    >>> measures_given(["eer", "fmr", "eer"])
    ('eer', 'fmr')
    """
    if isinstance(measures, str | bytes) or not isinstance(measures, Iterable):
        raise UsageError(f"measures is {measures!r}; allowed: a sequence of names", remedy='measures=["fmr", "fnmr"]')
    given = tuple(dict.fromkeys(measures))
    allowed = f"allowed: {', '.join(RATES)}"
    for name in given:
        if name not in RATES:
            raise UsageError(f"measure is {name!r}; {allowed}", remedy="name one of these, or none for all")
    if not given:
        raise UsageError(f"no measure is named; {allowed}", remedy="name one of these, or leave it out for all")
    return given
