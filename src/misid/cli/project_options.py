"""Options of ``misid project``: what is known, what is asked, and what is assumed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from typer import Option

from misid.search.model import DRAWS

_FROM = "What is known"
_ASKED = "What is asked"
_ASSUMED = "What is assumed"


@dataclass(frozen=True, kw_only=True)
class Known:
    """Where a search model comes from."""

    published: Annotated[
        list[str] | None,
        Option(
            "--published",
            metavar="KEY=VALUE,...",
            help="An operating point: N0, FPIR0 and, where known, FNIR0, T (threshold), R (rank), kind, capture, "
            "source. FPIR0 and FNIR0 may be ranges, 0.001..0.03. Repeatable: points of one trade-off.",
            rich_help_panel=_FROM,
        ),
    ] = None
    deployments: Annotated[
        str | None,
        Option(
            "--deployments",
            metavar="FILE.csv",
            help="Outcomes of deployments: columns n_searches, gallery_n, false_positives, and threshold, group, "
            "deployment, date_start, source_id where known.",
            rich_help_panel=_FROM,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked of it."""

    gallery: Annotated[
        str | None,
        Option("--gallery", metavar="N1,N2,...", help="Galleries, in references.", rich_help_panel=_ASKED),
    ] = None
    threshold: Annotated[
        str | None,
        Option(
            "--threshold",
            metavar="T1,T2,...",
            help="Thresholds, on the input's scale; default those of the tally, the published one, or all that "
            "deployments ran at.",
            rich_help_panel=_ASKED,
        ),
    ] = None
    rank: Annotated[
        str | None, Option("--rank", metavar="R1,R2,...", help="Ranks for FNIR.", rich_help_panel=_ASKED)
    ] = None
    of_group: Annotated[
        str | None,
        Option("--of-group", metavar="GROUP", help="A group of people; default everybody.", rich_help_panel=_ASKED),
    ] = None
    target: Annotated[
        str | None,
        Option(
            "--target",
            metavar="P1,P2,...",
            help="FPIRs wanted: the threshold and FNIR for each, and the largest gallery that holds it.",
            rich_help_panel=_ASKED,
        ),
    ] = None
    by_group: Annotated[
        bool,
        Option("--by-group", help="Every group of the source beside everybody.", rich_help_panel=_ASKED),
    ] = False
    scans: Annotated[
        int | None,
        Option(
            "--scans",
            metavar="K",
            min=1,
            help="At least one false match in K scans of one person.",
            rich_help_panel=_ASKED,
        ),
    ] = None
    selectivity: Annotated[
        bool,
        Option("--selectivity", help="Expected wrong candidates per search.", rich_help_panel=_ASKED),
    ] = False
    list_length: Annotated[
        int | None,
        Option(
            "--list-length",
            metavar="N",
            min=1,
            help="Wrong candidates per search, in a list that can hold N.",
            rich_help_panel=_ASKED,
        ),
    ] = None
    unequal: Annotated[
        str | None,
        Option(
            "--unequal",
            metavar="SHARE",
            help="How much of all false positives falls on the unluckiest SHARE of people, such as 0.01.",
            rich_help_panel=_ASKED,
        ),
    ] = None
    naive: Annotated[
        bool,
        Option(
            "--naive",
            help="Show 1 - (1 - FMR)^N beside, which is usual and does not hold; for a tally.",
            rich_help_panel=_ASKED,
        ),
    ] = False
    design: Annotated[
        bool,
        Option(
            "--design",
            help="People and searches that a test needs before FPIR below --target can be claimed at --gallery.",
            rich_help_panel=_ASKED,
        ),
    ] = False


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """What nobody measured."""

    growth: Annotated[
        str,
        Option(
            "--growth",
            metavar="B0..B1",
            help="Exponent of FPIR's growth with the gallery: 0 flat, 1 linear; LOW..BEST..HIGH gives an estimate too.",
            rich_help_panel=_ASSUMED,
        ),
    ] = "0..1"
    hold: Annotated[
        Literal["threshold", "fpir"],
        Option(
            "--hold",
            help="What stays while the gallery grows: the threshold, or FPIR by a threshold set anew.",
            rich_help_panel=_ASSUMED,
        ),
    ] = "threshold"
    level: Annotated[float, Option("--level", help="Coverage of the limits.", rich_help_panel=_ASSUMED)] = 0.95


@dataclass(frozen=True, kw_only=True)
class OfTally:
    """What is assumed of a gallery that a test is projected to."""

    composition: Annotated[
        list[str] | None,
        Option(
            "--composition",
            metavar="GROUP=SHARE",
            help="Share of a joint group of the test in the gallery, such as 'F, W=0.3'. Repeatable, for all of them; "
            "default as in the test.",
            rich_help_panel=_ASSUMED,
        ),
    ] = None
    kin_in_test: Annotated[
        bool,
        Option(
            "--kin-in-test",
            help="Relatives of the people searched were in the test as they are in the gallery.",
            rich_help_panel=_ASSUMED,
        ),
    ] = False
    population: Annotated[
        float | None,
        Option(
            "--population",
            metavar="N",
            min=1,
            help="People from whom the gallery is drawn: adds twins and siblings, in the ranges that published figures "
            "allow. Without it FPIR is of strangers.",
            rich_help_panel=_ASSUMED,
        ),
    ] = None
    images: Annotated[
        str | None,
        Option(
            "--images",
            metavar="M",
            help="Images per person in the gallery: a mean, or shares of people by their number, 1=0.5,2=0.3,5=0.2. "
            "Without it every reference counts as a stranger to the others.",
            rich_help_panel=_ASSUMED,
        ),
    ] = None
    image_correlation: Annotated[
        str | None,
        Option(
            "--image-correlation",
            metavar="LOW..HIGH",
            help="Probability that another image of a stranger reaches the threshold where one does; LOW..BEST..HIGH "
            "gives an estimate too. Default: what the test shows, if it can; else 0..1.",
            rich_help_panel=_ASSUMED,
        ),
    ] = None
    normalised: Annotated[
        bool,
        Option(
            "--normalised",
            help="The engine's scores move with the gallery, so that FPIR hardly grows: from candidate lists, a range.",
            rich_help_panel=_ASSUMED,
        ),
    ] = False
    smaller: Annotated[
        str | None,
        Option(
            "--smaller",
            metavar="TALLY",
            help="With --normalised: a tally of the same engine at a smaller gallery, which shows how FPIR grows.",
            rich_help_panel=_ASSUMED,
        ),
    ] = None
    draws: Annotated[
        int, Option("--draws", metavar="N", min=20, help="Draws of the parameters fitted.", rich_help_panel=_ASSUMED)
    ] = DRAWS
    seed: Annotated[int, Option("--seed", metavar="N", min=0, help="Of the draws.", rich_help_panel=_ASSUMED)] = 0
