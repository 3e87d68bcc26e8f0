"""The case file: what is known of one search, as TOML. Read as a whole; every problem is found at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt

from misid.cases.number import Number, Stated, assumed
from misid.encounter.reading_shapes import PROPORTION, Allowed
from misid.ground.examples import is_example
from misid.search.growth import LARGEST_GALLERY

FORMAT = "misid-case-1"
SCHEMA_FILE = "case-v1.json"
LARGEST_FILE = 10**6
MOST_SCANS = 7
"""Further scans: with the first, as many as are computed exactly."""
MOST_LISTED = 100

Text = Annotated[str, Field(min_length=1, max_length=2000, strict=True)]
Short = Annotated[str, Field(min_length=1, max_length=200, strict=True)]
Share = Annotated[Stated, Number(PROPORTION)]
Images = Annotated[
    Stated,
    Number(
        Allowed(
            lo=1.0,
            hi=float(LARGEST_GALLERY),
            words=f"a number of references from 1 to {LARGEST_GALLERY:,}",
            example=200e6,
        )
    ),
]
Times = Annotated[Stated, Number(Allowed(lo=0.0, hi=1e6, words="a number above 0; 1 changes nothing", above=True))]
Ratio = Annotated[
    Stated, Number(Allowed(lo=0.0, hi=1e9, words="a likelihood ratio above 0; 1 says nothing", above=True))
]
People = Annotated[Stated, Number(Allowed(lo=1.0, hi=1e9, words="a number of people from 1 up", example=100))]
Score = Annotated[StrictFloat, Field(allow_inf_nan=False)] | Annotated[StrictInt, Field(ge=-(10**15), le=10**15)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$", strict=True)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, use_attribute_docstrings=True)


class Search(_Part):
    """Gallery and operating point."""

    model: Literal["published", "stated", "tally", "deployments"]
    """Where the rates come from: a published test, figures stated for this gallery, a tally, or deployments."""
    gallery: Images
    """N: references (images) in the gallery searched."""
    tested_gallery: Images | None = None
    """published: N0, references in the gallery of the test."""
    fpir: Share | None = None
    """published: FPIR at N0. stated: FPIR at N."""
    fnir: Share | None = None
    """FNIR at the threshold, any rank: the mate is not returned at all. published: at N0; stated: at N."""
    growth: Annotated[Stated, Number(PROPORTION)] = assumed(
        "not known of this engine: 0, it does not grow; 1, it grows as with independent comparisons",
        source=("grother-phillips",), lo=0.0, hi=1.0,
    )  # fmt: skip
    """published: b."""
    fnir_growth: Annotated[Stated, Number(PROPORTION)] = assumed(
        "what eight in ten algorithms did between 1.6 and 12 million references",
        source=("fnir-nec010-mug12m", "fnir-nec010-mug1m6"), lo=0.278, mode=0.387, hi=0.48,
    )  # fmt: skip
    """published: a, for the misses of an engine that moves its scores with the gallery."""
    threshold: Score | None = None
    """tally, deployments: the threshold of the search."""
    tally: Short | None = None
    """tally: path of the file, from the case file's folder; or example:NAME."""
    deployments: Short | None = None
    """deployments: path of a CSV file."""
    kin_in_test: StrictBool = False
    """tally: relatives were in the test as they are in the gallery."""
    outranked: Share = assumed("not known", lo=0.0, hi=1.0)
    """P(a stranger's score is above the mate's | both at or above the threshold)."""
    tested_nonmated: People | None = None
    """published, stated: people of the test who were not in its gallery; bounds every likelihood ratio."""
    tested_mated: People | None = None
    """published, stated: people of the test who were in its gallery."""


class Condition(_Part):
    """Capture, or group: what makes this search unlike the test's."""

    title: Short
    fnir: Share | None = None
    """FNIR of such photographs, in place of the test's (published: at the tested gallery)."""
    fpir_times: Times | None = None
    """How many times as many wrong candidates, on average."""
    tally_group: Short | None = None
    """The group in the tally (search.model = "tally")."""


class Returned(_Part):
    """What the system answered."""

    answer: Literal["match", "no match"]
    rank: Annotated[StrictInt, Field(ge=1, le=10_000)] = 1
    """Place in the list of the person named."""
    list_length: Annotated[StrictInt, Field(ge=1, le=10_000)] = 1
    """Candidates that the system shows at most; 1: the best one alone."""
    always_full: StrictBool = False
    """The list is filled up whatever the scores: no threshold is in use."""
    score: Score | None = None
    """Of the person named."""
    scores: Annotated[list[Score], Field(min_length=1, max_length=MOST_LISTED)] | None = None
    """Of all candidates, from the first."""


class Scan(_Part):
    """A further scan of the same person."""

    answer: Literal["same", "different", "no match"]


class Repeats(_Part):
    """How far scans of one person share their fate."""

    alike: Share = assumed(
        "not measured for any system: simulated engines whose faces differ gave 0.12 to 0.74", lo=0.1, hi=0.75
    )
    """Correlation of false matches over scans of one person: 0, each scan is a new draw; 1, every scan repeats it."""
    found_alike: Share = assumed("not measured for any system", lo=0.0, hi=0.8)
    """Correlation of being found over scans of an enrolled person."""
    agree: Share = assumed(
        "not measured for any system: simulated faces gave 0.2 to 0.9; independent noise would give nearly 0",
        lo=0.0, hi=0.9,
    )  # fmt: skip
    """P(two false matches with strangers name the same one)."""


class Kin(_Part):
    """A relative of the person scanned who may be in the gallery."""

    title: Short
    share: Share
    """P(the person scanned has such a relative); 1 where it is known."""
    enrolled: Share
    match: Share
    """P(an enrolled relative is at or above the threshold)."""
    number: Annotated[StrictInt, Field(ge=1, le=50)] = 1
    first: Share = assumed("not known", lo=0.0, hi=0.5)


DEFAULT_KIN = {
    "twin": Kin(
        title="an identical twin",
        share=assumed("as many as in the population", source=("mz-rate",), lo=0.004, hi=0.008),
        enrolled=assumed("as likely as other people", lo=0.3, mode=0.6, hi=0.98),
        match=assumed(
            "measured at 1:1; the threshold of a search is stricter", source=("twins-identical",), lo=0.3, hi=0.99
        ),
    ),
}
"""Where the case file says nothing of kin: no threshold removes a twin."""


class Review(_Part):
    """A person who compared the faces, or chose from the list."""

    said: Literal["same", "different"]
    independent: StrictBool | None = None
    """The reviewer was not told what the machine had returned, nor that it had. Not said of a choice from a list."""
    accepts_right: Share
    """P(says "same" | right person). From a list: P(chooses the right person | in the list)."""
    accepts_wrong: Share
    """P(says "same" | wrong person). From a list: P(chooses somebody | the right person is not in the list)."""
    wrong_when_there: Share | None = None
    """From a list: P(chooses somebody wrong | the right person is in the list)."""
    follows: Share | None = None
    """P(the reviewer simply repeats the machine); needed where the review was not independent."""


class Other(_Part):
    """Other evidence about identity: how many times as probable it is if the person named is the person scanned."""

    title: Short
    lr: Ratio


class Record(_Part):
    """What the record of the person named says of them."""

    says: Short
    wrong: Share
    """P(it is wrong | it is this person's)."""


class Prior(_Part):
    enrolled: Share
    """P(the person scanned is in the gallery), before the search: a range."""


class NoMatch(_Part):
    """What a "no match" is read as, and how often each kind of person is enrolled."""

    title: Short
    """The status that a "no match" is said to show."""
    enrolled_if: Share
    """Of people of that status, those enrolled."""
    enrolled_if_not: Share


class Claims(_Part):
    """What was said of the match or of the system."""

    accuracy: Annotated[StrictFloat, Field(gt=0, lt=1)] | None = None
    definitive: StrictBool = False
    by: Short = "the operator"


class CaseFile(_Part):
    """One search, and all that is known of it."""

    format: Literal["misid-case-1"]
    title: Short
    about: Text | None = None
    question: Text | None = None
    search: Search
    capture: Condition | None = None
    group: Condition | None = None
    returned: Returned
    scans: Annotated[list[Scan], Field(max_length=MOST_SCANS)] = []
    repeats: Repeats = Repeats()
    prior: Prior
    kin: dict[Name, Kin] = DEFAULT_KIN
    no_kin: Text | None = None
    """Why it is known that no relative is in the gallery."""
    review: Review | None = None
    other: dict[Name, Other] = {}
    record: Record | None = None
    no_match: NoMatch | None = None
    claims: Claims = Claims()
    caveats: Annotated[list[Text], Field(max_length=20)] = []


def read_case(path: Path) -> CaseFile:
    """Read a case file.

    Raises
    ------
    BadInputError
        Holding everything that is wrong with it.
    """
    from misid.cases.reading import parsed, text_of

    return parsed(text_of(path), path.name)


def case_of(given: Mapping[str, Any], name: str = "case") -> CaseFile:
    """A case given as plain data, checked like a file.

    Raises
    ------
    BadInputError
        Holding everything that is wrong with it.
    """
    from misid.cases.reading import checked

    return checked(dict(given), name)


def schema_text() -> str:
    """The JSON schema of case files, as it is published (docs/schema/case-v1.json)."""
    numbers: dict[str, Any] = {}
    # Defaults that are numbers with their origin are told by the documentation.
    made = _named(_without_defaults(CaseFile.model_json_schema()), numbers)
    made["$defs"] = {**made.get("$defs", {}), **numbers}
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "misid case file, version 1"}
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _named(value: Any, numbers: dict[str, Any]) -> Any:
    """Each kind of number once, by a name."""
    if isinstance(value, list):
        return [_named(v, numbers) for v in value]
    if not isinstance(value, dict):
        return value
    if "assumption" in value.get("properties", {}) and "shape" in value.get("properties", {}):
        name = next((n for n, known in numbers.items() if known == value), f"Number{len(numbers) + 1}")
        numbers[name] = value
        return {"$ref": f"#/$defs/{name}"}
    return {k: _named(v, numbers) for k, v in value.items()}


def _without_defaults(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_defaults(v) for k, v in value.items() if k != "default"}
    return [_without_defaults(v) for v in value] if isinstance(value, list) else value


def relatives_of(case: CaseFile) -> dict[str, Kin]:
    """Relatives to be reckoned with: those of the file; twins by default; none where the test had them already."""
    if case.no_kin is not None or (case.search.kin_in_test and "kin" not in case.model_fields_set):
        return {}
    return case.kin


TALLY_NAME, DEPLOYMENTS_NAME = "counts.tally", "deployments.csv"
"""What files that a case names are called in its result and its bundle: no path of anybody's machine goes there."""


def plain_case(case: CaseFile) -> dict[str, Any]:
    """A case as the file stated it, as plain data that `case_of` reads back."""
    stated: dict[str, Any] = _plain(case)
    return stated


def without_paths(given: dict[str, Any]) -> dict[str, Any]:
    """The same with names of our own for the files that it names."""
    search = dict(given["search"])
    if "tally" in search and not is_example(str(search["tally"])):
        search["tally"] = TALLY_NAME
    if "deployments" in search:
        search["deployments"] = DEPLOYMENTS_NAME
    return {**given, "search": search}


def _plain(value: Any) -> Any:
    if isinstance(value, Stated):
        kept = {
            "source": list(value.source), "document": value.document, "assumption": value.assumption,
            "note": value.note,
        }  # fmt: skip
        return {**value.shape.to_dict(), **{k: v for k, v in kept.items() if v}}
    if isinstance(value, BaseModel):
        stated = value.model_fields_set
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields if name in stated}
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value
