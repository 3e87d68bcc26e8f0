"""The case file: what is refused, and how it is said; every problem at once."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from misid.cases import CaseFile, case_of, read_case, ready_names
from misid.cases.file import LARGEST_FILE, plain_case, schema_text
from misid.cases.ready import ready_path
from misid.ground.codes import CODES
from misid.ground.errors import BadInputError, UsageError

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "docs" / "schema" / "case-v1.json"
WHY = {"assumption": "why"}


def smallest() -> dict[str, Any]:
    return {
        "format": "misid-case-1",
        "title": "a case",
        "search": {
            "model": "stated",
            "gallery": {"value": 1e6, **WHY},
            "fpir": {"value": 0.01, **WHY},
            "fnir": {"value": 0.05, **WHY},
        },
        "returned": {"answer": "match"},
        "prior": {"enrolled": {"shape": "uniform", "lo": 0.2, "hi": 0.8, **WHY}},
    }


def changed(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    given = copy.deepcopy(smallest())
    change(given)
    return given


def test_smallest_case_is_one() -> None:
    case = case_of(smallest())
    assert isinstance(case, CaseFile)
    assert plain_case(case)["title"] == "a case"


REVIEW = {"said": "same", "accepts_right": {"value": 0.9, **WHY}, "accepts_wrong": {"value": 0.1, **WHY}}


def _tally(given: dict[str, Any]) -> dict[str, Any]:
    given["search"] = {"model": "tally", "tally": "x.tally", "threshold": 0.5, "gallery": {"value": 1e6, **WHY}}
    given["returned"]["score"] = 0.7
    return given


BAD: list[tuple[str, Callable[[dict[str, Any]], Any], str, str]] = [
    ("no format", lambda c: c.pop("format"), "E101", "format"),
    ("other format", lambda c: c.update(format="misid-case-9"), "E100", "format"),
    ("no title", lambda c: c.pop("title"), "E101", "title"),
    ("empty title", lambda c: c.update(title=""), "E100", "title"),
    ("title no text", lambda c: c.update(title=3), "E100", "title"),
    ("long title", lambda c: c.update(title="x" * 300), "E100", "title"),
    ("no search", lambda c: c.pop("search"), "E101", "search"),
    ("search no table", lambda c: c.update(search=3), "E100", "search"),
    ("no prior", lambda c: c.pop("prior"), "E101", "prior"),
    ("no answer", lambda c: c["returned"].pop("answer"), "E101", "returned.answer"),
    ("unknown answer", lambda c: c["returned"].update(answer="definitive"), "E100", "returned.answer"),
    ("unknown key", lambda c: c.update(serch={}), "E100", "serch"),
    ("unknown deep key", lambda c: c["search"].update(galery=3), "E100", "search.galery"),
    ("unknown model", lambda c: c["search"].update(model="guess"), "E100", "search.model"),
    ("bare number", lambda c: c["search"].update(fpir=0.01), "E102", "search.fpir"),
    ("no source", lambda c: c["search"].update(fpir={"value": 0.01}), "E102", "search.fpir"),
    (
        "unknown source",
        lambda c: c["search"].update(fpir={"value": 0.01, "source": "nist"}),
        "E102",
        "search.fpir.source",
    ),
    ("source no text", lambda c: c["search"].update(fpir={"value": 0.01, "source": 3}), "E100", "search.fpir.source"),
    (
        "empty assumption",
        lambda c: c["search"].update(fpir={"value": 0.01, "assumption": " "}),
        "E100",
        "search.fpir.assumption",
    ),
    ("percent", lambda c: c["search"].update(fpir={"value": 3, **WHY}), "E091", "search.fpir"),
    ("negative", lambda c: c["search"].update(fpir={"value": -0.1, **WHY}), "E091", "search.fpir"),
    ("nan", lambda c: c["search"].update(fpir={"value": float("nan"), **WHY}), "E091", "search.fpir"),
    ("infinite", lambda c: c["search"].update(gallery={"value": float("inf"), **WHY}), "E091", "search.gallery"),
    ("text for number", lambda c: c["search"].update(fpir={"value": "few", **WHY}), "E090", "search.fpir.value"),
    ("true for number", lambda c: c["search"].update(fpir={"value": True, **WHY}), "E090", "search.fpir.value"),
    ("no shape", lambda c: c["search"].update(fpir={"lo": 0.1, "hi": 0.2, **WHY}), "E090", "search.fpir"),
    (
        "unknown shape",
        lambda c: c["search"].update(fpir={"shape": "flat", "lo": 0.1, "hi": 0.2, **WHY}),
        "E090",
        "search.fpir.shape",
    ),
    (
        "low above high",
        lambda c: c["search"].update(fpir={"shape": "uniform", "lo": 0.3, "hi": 0.2, **WHY}),
        "E091",
        "search.fpir.lo",
    ),
    (
        "no mode",
        lambda c: c["search"].update(fpir={"shape": "pert", "lo": 0.1, "hi": 0.2, **WHY}),
        "E090",
        "search.fpir",
    ),
    ("gallery of none", lambda c: c["search"].update(gallery={"value": 0, **WHY}), "E091", "search.gallery"),
    ("prior one value", lambda c: c["prior"].update(enrolled={"value": 0.5, **WHY}), "E103", "prior.enrolled"),
    (
        "prior beyond 1",
        lambda c: c["prior"].update(enrolled={"shape": "uniform", "lo": 0.5, "hi": 1.5, **WHY}),
        "E091",
        "prior.enrolled.hi",
    ),
    ("no fpir", lambda c: c["search"].pop("fpir"), "E101", "search.fpir"),
    ("no fnir", lambda c: c["search"].pop("fnir"), "E101", "search.fnir"),
    ("published without N0", lambda c: c["search"].update(model="published"), "E101", "search.tested_gallery"),
    ("tally without file", lambda c: c["search"].update(model="tally"), "E101", "search.tally"),
    ("tally and fpir", lambda c: c["search"].update(model="tally", tally="x", threshold=1.0), "E103", "search.fpir"),
    ("score without tally", lambda c: c["returned"].update(score=0.9), "E103", "returned.score"),
    ("threshold no number", lambda c: c["search"].update(threshold="high"), "E100", "search.threshold"),
    ("rank beyond list", lambda c: c["returned"].update(rank=2), "E103", "returned.rank"),
    ("rank 0", lambda c: c["returned"].update(rank=0), "E100", "returned.rank"),
    ("rank half", lambda c: c["returned"].update(rank=1.5), "E100", "returned.rank"),
    ("list without choice", lambda c: c["returned"].update(list_length=20), "E103", "returned.list_length"),
    (
        "scores out of order",
        lambda c: c["returned"].update(scores=[1.0, 2.0], list_length=2),
        "E103",
        "returned.scores",
    ),
    ("scores none", lambda c: c["returned"].update(scores=[], list_length=2), "E100", "returned.scores"),
    ("no match with rank", lambda c: c["returned"].update(answer="no match", rank=1), "E103", "returned.rank"),
    (
        "no match with record",
        lambda c: (
            c["returned"].update(answer="no match"),
            c.update(record={"says": "x", "wrong": {"value": 0.1, **WHY}}),
        ),
        "E103",
        "record",
    ),
    (
        "match with no_match",
        lambda c: c.update(
            no_match={"title": "x", "enrolled_if": {"value": 0.1, **WHY}, "enrolled_if_not": {"value": 0.1, **WHY}}
        ),
        "E103",
        "no_match",
    ),
    ("scan unknown", lambda c: c.update(scans=[{"answer": "maybe"}]), "E100", "scans.0.answer"),
    ("too many scans", lambda c: c.update(scans=[{"answer": "same"}] * 8), "E100", "scans"),
    (
        "same after nobody",
        lambda c: (c["returned"].update(answer="no match"), c.update(scans=[{"answer": "same"}])),
        "E103",
        "scans.0.answer",
    ),
    ("review not said how", lambda c: c.update(review=REVIEW), "E101", "review.independent"),
    ("review told, no follows", lambda c: c.update(review={**REVIEW, "independent": False}), "E101", "review.follows"),
    (
        "review blind, follows",
        lambda c: c.update(review={**REVIEW, "independent": True, "follows": {"value": 0.5, **WHY}}),
        "E103",
        "review.follows",
    ),
    (
        "review of one, list rate",
        lambda c: c.update(review={**REVIEW, "independent": True, "wrong_when_there": {"value": 0.1, **WHY}}),
        "E103",
        "review.wrong_when_there",
    ),
    (
        "list review, no rate",
        lambda c: (c["returned"].update(list_length=20), c.update(review=REVIEW)),
        "E101",
        "review.wrong_when_there",
    ),
    (
        "list review, blind",
        lambda c: (
            c["returned"].update(list_length=20),
            c.update(review={**REVIEW, "independent": True, "wrong_when_there": {"value": 0.1, **WHY}}),
        ),
        "E103",
        "review.independent",
    ),
    ("kin name", lambda c: c.update(kin={"A Twin": {}}), "E100", "kin"),
    ("kin lacks", lambda c: c.update(kin={"twin": {"title": "x"}}), "E101", "kin.twin.share"),
    ("kin and none", lambda c: c.update(kin={}, no_kin="adopted, no family"), "E103", "no_kin"),
    ("other lr 0", lambda c: c.update(other={"x": {"title": "x", "lr": {"value": 0, **WHY}}}), "E091", "other.x.lr"),
    ("accuracy percent", lambda c: c.update(claims={"accuracy": 99.9}), "E100", "claims.accuracy"),
    ("capture without title", lambda c: c.update(capture={}), "E101", "capture.title"),
    ("group of no tally", lambda c: c.update(group={"title": "x", "tally_group": "F"}), "E103", "group.tally_group"),
    (
        "fnir twice",
        lambda c: c.update(
            group={"title": "x", "fnir": {"value": 0.1, **WHY}}, capture={"title": "y", "fnir": {"value": 0.1, **WHY}}
        ),
        "E103",
        "group.fnir",
    ),
    (
        "score, gallery range",
        lambda c: (_tally(c), c["search"].update(gallery={"shape": "uniform", "lo": 1e5, "hi": 1e6, **WHY})),
        "E103",
        "search.gallery",
    ),
    (
        "score, capture",
        lambda c: (_tally(c), c.update(capture={"title": "x", "fpir_times": {"value": 2, **WHY}})),
        "E103",
        "capture.fpir_times",
    ),
    (
        "score, outranked",
        lambda c: (_tally(c), c["search"].update(outranked={"value": 0.5, **WHY})),
        "E103",
        "search.outranked",
    ),
    (
        "kin in test and kin",
        lambda c: (_tally(c), c["search"].update(kin_in_test=True), c.update(kin={})),
        "E103",
        "kin",
    ),
]


@pytest.mark.parametrize(("change", "code", "path"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_bad_cases_are_refused_with_path_value_and_remedy(
    change: Callable[[dict[str, Any]], Any], code: str, path: str
) -> None:
    with pytest.raises(BadInputError) as caught:
        case_of(changed(change))
    problems = caught.value.problems
    [found] = [p for p in problems if p.code == code and p.where.split(": ", 1)[-1].startswith(path)][:1]
    assert found.seen
    assert found.allowed
    assert found.remedy
    assert found.slug == CODES[code][0]
    assert caught.value.exit_code == 3


def test_all_problems_are_found_at_once() -> None:
    given = smallest()
    given["search"].update(fpir={"value": 3}, galery=1)
    given["returned"].update(rank=5)
    given["prior"] = {"enrolled": {"value": 0.5, "source": "nobody-said"}}
    with pytest.raises(BadInputError) as caught:
        case_of(given)
    text = str(caught.value)
    for part in (
        "search.fpir: 3",
        "no source",
        "search.galery",
        "gallery, if that is meant",
        "returned.rank",
        "nobody-said",
        "one value",
    ):
        assert part in text, part


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("missing", None, "E001"), ("empty", b"  \n", "E002"), ("binary", b"title = \xff", "E006"),
        ("no toml", b"title = ", "E100"), ("twice", b"a = 1\na = 2", "E100"), ("deep", b"a = " + b"[" * 5000, "E100"),
        ("huge", b"# " + b"x" * LARGEST_FILE, "E100"),
    ],
)  # fmt: skip
def test_files_that_are_no_case(tmp_path: Path, name: str, content: bytes | None, code: str) -> None:
    path = tmp_path / "case.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInputError) as caught:
        read_case(path)
    assert [p.code for p in caught.value.problems] == [code]
    assert "case.toml" in caught.value.problems[0].where


@pytest.mark.parametrize("name", ready_names())
def test_ready_cases_are_read_and_come_back_as_data(name: str) -> None:
    case = read_case(ready_path(name))
    assert case.caveats
    again = case_of(json.loads(json.dumps(plain_case(case))))
    assert plain_case(again) == plain_case(case)


def test_unknown_ready_case_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="ready:single-match"):
        ready_path("nothing")


def test_schema_is_published_and_takes_the_ready_cases() -> None:
    import tomllib

    import jsonschema

    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "write misid.cases.file.schema_text() there"
    schema = json.loads(schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for name in ready_names():
        validator.validate(tomllib.loads(ready_path(name).read_text(encoding="utf-8")))
    assert list(validator.iter_errors({**smallest(), "serch": 1}))
    assert list(validator.iter_errors(changed(lambda c: c["search"].update(fpir={"value": 0.01}))))


def test_no_key_asks_for_a_person_an_image_or_a_template() -> None:
    keys = set(json.dumps(json.loads(schema_text())).lower().split('"'))
    assert not keys & {"name", "names", "image", "photo", "template", "embedding", "birth", "address", "passport"}
