"""What each rate is called, what it is a rate of, and how to say it to somebody who is no statistician."""

from __future__ import annotations

from dataclasses import dataclass


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
