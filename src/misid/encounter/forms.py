"""The tables of a scenario file. What they mean together is checked in `encounter.rules`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from misid.encounter.numbers import Number
from misid.encounter.parameters import Stated

FORMAT = "misid-scenario-1"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Texts = Annotated[tuple[Text, ...], Field(strict=False)]
Names = Annotated[tuple[Name, ...], Field(strict=False, description="names of tables in this file")]
Several = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
Source = Annotated[str | Several | None, Field(union_mode="smart")]
Rest = Literal["rest"]


class Form(BaseModel):
    """A table: nothing unknown in it, every value of its type."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, arbitrary_types_allowed=True,
        protected_namespaces=(), populate_by_name=True,
    )  # fmt: skip


def ids(source: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """Evidence ids of a table that is not a number."""
    if source is None:
        return ()
    return (source,) if isinstance(source, str) else source


class Part(Form):
    """Something that has a share of a whole: `share` of all, or `share_of_rest` of what those before it leave."""

    title: Text
    share: Annotated[Stated | Rest | None, Number("proportion", "share of the whole", rest=True)] = None
    share_of_rest: Annotated[Stated | None, Number("proportion", "share of what those before it leave")] = None


class Status(Part):
    """A legal status of people scanned."""

    sought: bool = Field(description="whether the system exists to find people of this status")
    enrolled: Annotated[Stated, Number("proportion", "share that is in the gallery")]


class Group(Part):
    """A demographic group of people scanned."""

    fpir_factors: Names = ()
    fnir_factors: Names = ()
    share_of: dict[Name, Annotated[Stated, Number("proportion", "share in a status, where it differs")]] = {}
    tally_group: Text | None = Field(None, description="its label in the tally; search.model = tally")


class Factor(Form):
    """A multiplier that groups and qualities share, of the rate of false positives or of FNIR."""

    title: Text
    times: Annotated[Stated, Number("ratio", "times as many")]


class Kin(Form):
    """A kind of relative who may be in the gallery."""

    title: Text
    share: Annotated[Stated, Number("proportion", "share of people who have such relatives")]
    number: Annotated[Stated | None, Number("people", "how many each of them has; without it 1")] = None
    enrolled: Annotated[Stated, Number("proportion", "share of these relatives who are in the gallery")]
    match: Annotated[Stated, Number("proportion", "chance that an enrolled one scores at or above the threshold")]
    outranked: Annotated[
        Stated | None, Number("proportion", "of searches that return them and the right person, those with them first")
    ] = None
    adverse: Annotated[Stated | None, Number("proportion", "share of these relatives whose record is adverse")] = None


class Capture(Form):
    """What happens where a photograph cannot be searched."""

    retries: Annotated[Stated, Number("times", "further photographs where the first cannot be searched", fixed=True)]
    fta_again: Annotated[Stated | None, Number("proportion", "chance that the next one fails too")] = None


class Quality(Part):
    """A class of photographs."""

    fta: Annotated[Stated | None, Number("proportion", "failure to acquire, first photograph")] = None
    fnir: Annotated[Stated | None, Number("proportion", "FNIR of such photographs")] = None
    fpir_factors: Names = ()
    fnir_factors: Names = ()


class Images(Form):
    """What becomes of the photographs."""

    kept_years: Annotated[Stated, Number("years", "years for which every photograph is kept")]


class Searching(Form):
    """What every search has, wherever its rates come from."""

    gallery: Annotated[Stated, Number("images", "images in the gallery")]
    galleries: Literal["one", "many"] = Field(
        "one",
        description="one: all scans search one gallery. many: each place or day has a gallery of that size of its own, "
        "or the same people are scanned again and again",
    )
    outranked: Annotated[
        Stated, Number("proportion", "of searches that return the right and a wrong person, those with the wrong first")
    ]
    fpir_is_of: Literal["everybody", "reference"] = Field(
        description="whose rate the model's FPIR is: the mean over the people scanned, or a group without factors"
    )


class StatedSearch(Searching):
    """FPIR and FNIR at this gallery, as numbers."""

    model: Literal["stated"]
    fpir: Annotated[Stated, Number("proportion", "FPIR at this gallery")]
    fnir: Annotated[Stated | None, Number("proportion", "FNIR at this gallery")] = None


class PublishedSearch(Searching):
    """A published operating point and a growth law."""

    model: Literal["published"]
    tested_gallery: Annotated[
        Stated, Number("images", "images in the gallery of the published test (at NIST one a person)")
    ]
    fpir: Annotated[
        Stated, Number("proportion", "FPIR at the threshold in use, in a gallery of the published test's size")
    ]
    fnir: Annotated[Stated | None, Number("proportion", "FNIR in the published test")] = None
    growth: Annotated[Stated, Number("exponent", "growth of FPIR with the gallery: 0 none, 1 linear")]
    fnir_growth: Annotated[Stated, Number("exponent", "growth of FNIR with the gallery where FPIR is held")]
    hold: Literal["threshold", "fpir"] = Field(description="what stays while the gallery grows")
    images_that_count: Annotated[
        Stated | None, Number("proportion", "share of the images that count as separate people")
    ] = None


class TallySearch(Searching):
    """A tally of a test, exact inside it and projected beyond."""

    model: Literal["tally"]
    tally: Text = Field(description="path of the tally, from the scenario's folder; or example:NAME")
    threshold: Annotated[Stated, Number("score", "threshold in use", fixed=True)]
    fnir: Annotated[Stated | None, Number("proportion", "FNIR, where the tally's is not used")] = None
    kin_in_test: bool = Field(False, description="relatives of the people searched were in the test's gallery")
    bound_as_range: bool = Field(
        False, description="where the tally gives a bound only: take everything from 0 to it as alike"
    )


class DeploymentsSearch(Searching):
    """False alerts of deployments."""

    model: Literal["deployments"]
    deployments: Text = Field(description="path of the table, from the scenario's folder")
    threshold: Annotated[Stated | None, Number("score", "threshold in use", fixed=True)] = None
    growth: Annotated[Stated, Number("exponent", "growth of FPIR with the gallery", fixed=True)]
    fnir: Annotated[Stated | None, Number("proportion", "FNIR at this gallery")] = None
    bound_as_range: bool = Field(
        False, description="where no false alert was seen: take everything from 0 to the bound as alike"
    )


AnySearch = Annotated[StatedSearch | PublishedSearch | TallySearch | DeploymentsSearch, Field(discriminator="model")]


class CandidateList(Form):
    """What an officer makes of a list."""

    length: Annotated[Stated, Number("times", "candidates in the list", fixed=True, least=1)]
    right_when_there: Annotated[Stated, Number("proportion", "takes the right person, where the list has them")]
    wrong_when_there: Annotated[Stated, Number("proportion", "takes a wrong person, where the list has the right one")]
    wrong_when_absent: Annotated[
        Stated, Number("proportion", "takes a wrong person, where the list lacks the right one")
    ]


class Display(Form):
    """What the officer sees."""

    other_photo: Annotated[
        Stated | None, Number("proportion", "how often the photograph shown is not the one that matched")
    ] = None
    list_: CandidateList | None = Field(None, alias="list")


class Records(Form):
    """A system whose record a match opens."""

    title: Text
    silent: Annotated[Stated, Number("proportion", "share of records that say nothing usable")]
    wrong: dict[Name, Annotated[Stated, Number("proportion", "share of records that say the opposite of the truth")]]
    stranger_adverse: Annotated[Stated, Number("proportion", "share of other people's records that are adverse")]
    copies: Name | None = None
    copied: Annotated[Stated | None, Number("proportion", "chance that it repeats what the other system says")] = None


class Evidence(Form):
    """Evidence about the person apart from the search: a document, a register asked by name, fingerprints."""

    title: Text
    answers: dict[Name, Annotated[Stated, Number("proportion", "chance that it says something")]]
    wrong: dict[Name, Annotated[Stated, Number("proportion", "chance that it says the opposite of the truth")]]


class OtherPhoto(Form):
    """Errors of a review where the photograph shown is not the one that matched."""

    accepts_wrong: Annotated[Stated, Number("proportion", "takes a wrong person for the right one, another photograph")]
    rejects_right: Annotated[Stated, Number("proportion", "takes the right person for a wrong one, another photograph")]


class Review(Form):
    """Somebody who compares the faces."""

    title: Text
    accepts_wrong: Annotated[Stated, Number("proportion", "takes a wrong person for the right one, not being told")]
    rejects_right: Annotated[Stated, Number("proportion", "takes the right person for a wrong one, not being told")]
    accepts_kin: Annotated[Stated | None, Number("proportion", "takes a relative for the person, not being told")] = (
        None
    )
    other_photo: OtherPhoto | None = None
    follows: Name | None = Field(None, description="machine, or an earlier review")
    dependence: Annotated[
        Stated | None, Number("proportion", "chance that the label it was told is simply repeated")
    ] = None


class Repeated(Form):
    """The same people scanned several times."""

    scans: Annotated[Stated, Number("times", "scans of one person", fixed=True, least=2)]
    spread_of_people: Annotated[
        Stated, Number("ratio", "squared coefficient of variation between people of the rate of false matches")
    ]


class Outcome(Form):
    """What can happen in the end."""

    title: Text
    held: bool
    hours: Annotated[Stated, Number("hours", "hours that it takes from the person")]


Answers = Annotated[str | Several, Field(union_mode="smart")]


class When(Form):
    """What a rule looks at: signals that an officer has, never the truth."""

    match: Answers | None = None
    records: dict[Name, Answers] = {}
    sources: dict[Name, Answers] = {}
    reviews: dict[Name, Answers] = {}


class Rule(Form):
    """One rule of a policy."""

    when: When = When()
    then: Name


class Policy(Form):
    """Who decides what, from what is observed: the first rule that fits decides."""

    title: Text
    about: Text | None = None
    scan: bool = True
    display: Literal["best", "list"] = "best"
    rules: Annotated[tuple[Rule, ...], Field(strict=False, min_length=1)]
    source: Source = None
    assumption: Text | None = None


class Test(Form):
    """A measure of a slice of people against a value."""

    measure: Text = Field(description="a measure of misid.encounter.measures")
    policy: Name
    of: Text = Field(description="everybody, each group, each status, or the name of a group or status")
    is_: Literal["above", "below"] = Field(alias="is")
    value: float


class Claim(Test):
    """A sentence and the test that decides it."""

    says: Text
    source: Source = None
    assumption: Text | None = None


class BreakEven(Test):
    """What would have to be true for the test to hold?"""

    asks: Text
    vary: Annotated[tuple[str, ...], Field(strict=False)] = ()


class Correlated(Form):
    """Two ranges that go together."""

    of: Annotated[tuple[str, str], Field(strict=False)]
    rank: float = Field(gt=-1, lt=1)
    source: Source = None
    assumption: Text | None = None


class ScenarioForm(Form):
    """A scenario file, after inheritance and settings."""

    format: Literal["misid-scenario-1"]
    title: Text
    about: Text
    population: Text
    measured: Texts = ()
    not_measured: Texts
    caveats: Texts = ()
    falls_on: Literal["scanned", "returned"] = "scanned"
    lead: Name
    scans: Annotated[Stated, Number("scans", "scans in all")]
    statuses: Annotated[dict[Name, Status], Field(min_length=1)]
    groups: dict[Name, Group] = {}
    factors: dict[Name, Factor] = {}
    kin: dict[Name, Kin] = {}
    capture: Capture | None = None
    images: Images | None = None
    quality: dict[Name, Quality] = {}
    search: AnySearch
    display: Display | None = None
    records: dict[Name, Records] = {}
    sources: dict[Name, Evidence] = {}
    reviews: dict[Name, Review] = {}
    outcomes: Annotated[dict[Name, Outcome], Field(min_length=1)]
    policies: Annotated[dict[Name, Policy], Field(min_length=1)]
    repeated: Repeated | None = None
    claims: dict[Name, Claim] = {}
    break_even: dict[Name, BreakEven] = {}
    correlations: Annotated[tuple[Correlated, ...], Field(strict=False)] = ()
