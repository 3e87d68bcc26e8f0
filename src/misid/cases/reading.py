"""Checks a case file: form by Pydantic, numbers by their shapes, and what contradicts what. All problems at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from misid.cases.file import LARGEST_FILE, CaseFile
from misid.encounter.reading_shapes import as_float, shown
from misid.ground.codes import problem
from misid.ground.errors import BadInputError, Findings, Problem
from misid.ground.hostile import MOST_DEEP, is_deep, read_at_most, system_said

Raw = Mapping[str, Any]


def text_of(path: Path) -> str:
    """The text of a case file, if it is one that can be read."""
    try:
        data = read_at_most(path, LARGEST_FILE)
    except (OSError, ValueError) as error:
        raise BadInputError([_of_file("E001", path, system_said(error), "a readable file")]) from error
    if data is None:
        seen = f"more than {LARGEST_FILE:,} bytes"
        raise BadInputError([_of_file("E100", path, seen, f"a TOML file of at most {LARGEST_FILE:,}")])
    if not data.strip():
        raise BadInputError([_of_file("E002", path, "nothing in it", "a case")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInputError([_of_file("E006", path, f"byte {error.start} is not UTF-8", "UTF-8")]) from error


def parsed(text: str, name: str) -> CaseFile:
    """The case that a TOML text holds."""
    try:
        given = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Python itself refuses integers of thousands of digits.
        seen = str(error) if isinstance(error, ValueError) else "tables within tables without end"
        raise BadInputError([problem(
            "E100", where=name, seen=seen, allowed="TOML", remedy="misid case ready:single-match --show, and change "
            "what it prints",
        )]) from error  # fmt: skip
    return checked(given, name)


def checked(given: dict[str, Any], name: str) -> CaseFile:
    """The case, or `BadInputError` with everything that is wrong with it."""
    if is_deep(given):
        raise BadInputError([problem(
            "E100", where=name, seen="tables nested too deeply", allowed=f"at most {MOST_DEEP} levels",
            remedy="nest fewer tables",
        )])  # fmt: skip
    found = Findings()
    case: CaseFile | None = None
    try:
        case = CaseFile.model_validate(given)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            for one in _problems(each, name):
                found.add(one)
    for one in _contradictions(given, name):
        found.add(one)
    found.raise_if_any()
    if case is None:
        raise AssertionError("a case that is not valid has a problem")
    return case


def _problems(error: ErrorDetails, name: str) -> Iterator[Problem]:
    path = ".".join(str(step) for step in error["loc"] if not str(step).startswith("function-"))
    for alternative in (".float", ".int", ".constrained-int"):
        path = path.removesuffix(alternative)
    where = f"{name}: {path}" if path else name
    kind, seen = error["type"], shown(error["input"])
    if kind == "number":
        for one in error["ctx"]["problems"]:
            yield problem(
                one.code, where=f"{where}{one.where}", seen=one.seen, allowed=one.allowed, remedy=one.remedy,
            )  # fmt: skip
    elif kind == "extra_forbidden":
        known = _keys(error["loc"][:-1])
        near = get_close_matches(str(error["loc"][-1]), known, n=1)
        yield problem(
            "E100", where=where, seen="a key that is not known", allowed=", ".join(known),
            remedy=f"{near[0]}, if that is meant; or leave it out" if near else "leave it out",
        )  # fmt: skip
    elif kind == "missing":
        yield problem("E101", where=where, seen="not there", allowed="needed in every case", remedy=_remedy(path))
    else:
        message = error["msg"].removeprefix("Input should be ").removeprefix("Value should ").replace("'", '"')
        yield problem("E100", where=where, seen=seen, allowed=message, remedy=_remedy(path))


def _keys(loc: tuple[int | str, ...]) -> list[str]:
    """Keys that the table at a place can have."""
    model: Any = CaseFile
    for step in loc:
        if isinstance(model, type) and issubclass(model, BaseModel) and step in model.model_fields:
            model = _model_in(model.model_fields[str(step)].annotation)
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        found = _model_in(part)
        if found is not None:
            return found
    return None


_EXAMPLES = {
    "format": 'format = "misid-case-1"',
    "gallery": 'gallery = { value = 200000000, source = "mf-gallery-200m" }',
    "enrolled": 'enrolled = { shape = "pert", lo = 0.3, mode = 0.5, hi = 0.9, source = "passport-share" }',
    "prior": 'the table [prior], with enrolled = { shape = "uniform", lo = 0.3, hi = 0.9, assumption = "why" }',
    "search": 'the table [search], with model = "published" and gallery',
    "returned": 'the table [returned], with answer = "match" or "no match"',
    "answer": 'answer = "match" or "no match" (of a further scan: "same", "different" or "no match")',
}


def _remedy(path: str) -> str:
    return _EXAMPLES.get(path.split(".")[-1], "correct it; docs/case.md describes every key")


_OF_MODEL = {
    "published": ({"tested_gallery", "fpir"}, {"growth", "fnir_growth", "fnir", "tested_nonmated", "tested_mated"}),
    "stated": ({"fpir"}, {"fnir", "tested_nonmated", "tested_mated"}),
    "tally": ({"tally", "threshold"}, {"kin_in_test"}),
    "deployments": ({"deployments"}, {"threshold", "fnir", "tested_mated"}),
}
"""Keys of `search` that each model needs, and those it can have besides."""

_ALWAYS = {"model", "gallery", "outranked"}


def _contradictions(given: Raw, name: str) -> Iterator[Problem]:
    def wrong(path: str, seen: str, allowed: str, remedy: str, code: str = "E103") -> Problem:
        return problem(code, where=f"{name}: {path}", seen=seen, allowed=allowed, remedy=remedy)

    search, returned = _table(given, "search"), _table(given, "returned")
    yield from _of_the_model(search, _table(given, "capture"), wrong)
    yield from _of_the_answer(given, returned, search, wrong)
    lo, hi = _ends(_table(given, "prior").get("enrolled"))
    if lo is not None and lo == hi:
        yield wrong(
            "prior.enrolled", f"one value, {lo:g}", "a range: nobody knows it exactly, and the answer is given over it",
            '{ shape = "uniform", lo = 0.3, hi = 0.9, assumption = "why" }',
        )  # fmt: skip
    if "no_kin" in given and "kin" in given:
        yield wrong("no_kin", "both no_kin and kin", "one of the two", "leave one of them out")
    if search.get("kin_in_test") is True and "kin" in given:
        yield wrong("kin", "given, though relatives were in the test", "one of the two", "kin_in_test = false")
    for key in ("capture", "group"):
        if _table(given, key).get("tally_group") is not None and search.get("model") != "tally":
            yield wrong(f"{key}.tally_group", "a group of a tally", 'search.model = "tally"', "fpir_times instead")
    if _table(given, "group").get("fnir") is not None and _table(given, "capture").get("fnir") is not None:
        yield wrong("group.fnir", "FNIR of the group and of the capture", "one of the two", "leave one of them out")


def _of_the_model(search: Raw, capture: Raw, wrong: Any) -> Iterator[Problem]:
    model = search.get("model")
    if not isinstance(model, str) or model not in _OF_MODEL:
        return
    needed, possible = _OF_MODEL[model]
    for key in sorted(needed - search.keys()):
        yield wrong(f"search.{key}", "not there", f'needed where search.model = "{model}"', _remedy(key), "E101")
    for key in sorted(search.keys() - needed - possible - _ALWAYS):
        if key in CaseFile.model_fields["search"].annotation.model_fields:  # type: ignore[union-attr]
            yield wrong(
                f"search.{key}", f'a key that search.model = "{model}" does not read',
                ", ".join(sorted(needed | possible | _ALWAYS)), "leave it out, or choose another model",
            )  # fmt: skip
    if model != "tally" and "fnir" not in search and "fnir" not in capture:
        yield wrong(
            "search.fnir", "not there", "search.fnir or capture.fnir: how often the right person is missed",
            'fnir = { shape = "uniform", lo = 0.0, hi = 0.5, assumption = "not known" }', "E101",
        )  # fmt: skip


def _of_the_answer(given: Raw, returned: Raw, search: Raw, wrong: Any) -> Iterator[Problem]:
    answer, rank, length = returned.get("answer"), returned.get("rank", 1), returned.get("list_length", 1)
    scores = returned.get("scores")
    if answer == "no match":
        for key in ("rank", "list_length", "always_full", "score", "scores"):
            if key in returned:
                yield wrong(f"returned.{key}", "given, though nobody was returned", "leave it out", "leave it out")
        for key in ("review", "record", "other"):
            if key in given:
                yield wrong(
                    key, "about the person named, though nobody was returned",
                    'returned.answer = "match", or without it', "leave it out",
                )  # fmt: skip
    elif answer == "match" and "no_match" in given:
        yield wrong("no_match", "given, though somebody was returned", "leave it out", "leave it out")
    if isinstance(rank, int) and isinstance(length, int) and rank > length:
        yield wrong("returned.rank", str(rank), f"at most list_length = {length}", f"list_length = {rank}, or more")
    known = "scores" in returned or "score" in returned
    if known and search.get("model") not in ("tally", None):
        yield wrong(
            "returned.scores" if "scores" in returned else "returned.score", "a score",
            'search.model = "tally": published figures do not say how probable a score is', "leave it out",
        )  # fmt: skip
    if known and "scans" in given and given["scans"]:
        yield wrong(
            "scans", "further scans, and a score of the first",
            "one of the two: how scores of one person's scans hang together is not known", "leave the score out",
        )  # fmt: skip
    if isinstance(scores, list) and all(isinstance(s, int | float) and not isinstance(s, bool) for s in scores):
        if scores != sorted(scores, reverse=True):
            yield wrong("returned.scores", "not from the highest down", "as the list shows them", "sort them")
        if isinstance(rank, int) and rank > len(scores):
            yield wrong("returned.rank", str(rank), f"at most the {len(scores)} candidates of scores", "the right rank")
        if isinstance(length, int) and len(scores) > max(length, 1):
            yield wrong(
                "returned.scores", f"{len(scores)} candidates", f"at most list_length = {length}",
                f"list_length = {len(scores)}",
            )  # fmt: skip
        if "score" in returned:
            yield wrong("returned.score", "given beside scores", "scores alone", "leave score out")
        threshold = search.get("threshold")
        if isinstance(threshold, int | float) and scores and scores[-1] < threshold:
            yield wrong(
                "returned.scores", shown(scores[-1]), f"at least search.threshold = {shown(threshold)}", "correct one"
            )
    score, threshold = returned.get("score"), search.get("threshold")
    if isinstance(score, int | float) and isinstance(threshold, int | float) and score < threshold:
        yield wrong(
            "returned.score", shown(score), f"at least search.threshold = {shown(threshold)}", "correct one of them"
        )
    if isinstance(score, int | float) and isinstance(rank, int) and rank > 1:
        yield wrong(
            "returned.score", f"the score at rank {rank} alone", "the scores of all candidates", "scores = [...]"
        )
    if known:
        yield from _of_the_score(given, search, wrong)
    many = isinstance(length, int) and length > 1
    if many and not known and "review" not in given and answer == "match":
        yield wrong(
            "returned.list_length", f"a list of up to {length} without scores and without a choice from it",
            "scores, or a review that chose the person named", "list_length = 1 if the best candidate alone was shown",
        )  # fmt: skip
    if many and not known and "scans" in given and given["scans"]:
        yield wrong("scans", "further scans, and a list", "scans that return the best candidate", "leave one out")
    review = _table(given, "review")
    if review and many and not known and "wrong_when_there" not in review:
        yield wrong(
            "review.wrong_when_there", "not there", "needed where the reviewer chose from a list",
            "P(chooses somebody wrong | the right person is in the list)", "E101",
        )  # fmt: skip
    if review and not (many and not known) and "wrong_when_there" in review:
        yield wrong("review.wrong_when_there", "given for one candidate", "only for a list", "leave it out")
    if review and many and not known and review.get("said") == "different":
        yield wrong("review.said", "'different'", '"same": the person named is who was chosen', 'said = "same"')
    if many and not known and "outranked" in search:
        yield wrong(
            "search.outranked", "given, though somebody chose from a list", "leave it out: what counts is the choice",
            "leave it out",
        )  # fmt: skip
    if review:
        yield from _of_the_review(review, wrong, listed=many and not known)
    if answer == "no match":
        for place, scan in enumerate(given.get("scans") or [] if isinstance(given.get("scans"), list) else []):
            if isinstance(scan, Mapping) and scan.get("answer") == "same":
                yield wrong(
                    f"scans.{place}.answer", "'same', though the first returned nobody", '"no match" or "different"',
                    'answer = "no match"',
                )  # fmt: skip


def _of_the_score(given: Raw, search: Raw, wrong: Any) -> Iterator[Problem]:
    """What a score leaves no use for."""
    gallery = search.get("gallery")
    if isinstance(gallery, Mapping) and gallery.get("shape", "fixed") != "fixed":
        yield wrong("search.gallery", "a range, with a score", "one value where a score is known", "one case for each")
    for key in ("capture", "group"):
        for name in ("fnir", "fpir_times"):
            if name in _table(given, key):
                yield wrong(
                    f"{key}.{name}", "given beside a score, whose densities are those of the test",
                    "leave it out, or leave the score out", "a tally of such photographs or such people",
                )  # fmt: skip
    if "outranked" in search:
        yield wrong("search.outranked", "given beside a score, from which it follows", "leave it out", "leave it out")


def _of_the_review(review: Raw, wrong: Any, *, listed: bool) -> Iterator[Problem]:
    told = review.get("independent")
    if listed:
        for key in ("independent", "follows"):
            if key in review:
                yield wrong(
                    f"review.{key}", "given for a choice from a list",
                    "rates of choices from such lists, whose makers knew that a machine had made them", "leave it out",
                )  # fmt: skip
    elif told is None:
        yield wrong(
            "review.independent", "not there", "whether the reviewer was not told what the machine had returned",
            "independent = false, unless it is known", "E101",
        )  # fmt: skip
    elif told is False and "follows" not in review:
        yield wrong(
            "review.follows", "not there", "needed where the reviewer knew what the machine had said",
            'follows = { shape = "uniform", lo = 0.2, hi = 0.9, source = "howard2020-bias", assumption = "why" }',
            "E101",
        )  # fmt: skip
    elif told is True and "follows" in review:
        yield wrong("review.follows", "given for an independent review", "leave it out", "independent = false")


def _table(given: Raw, key: str) -> Raw:
    found = given.get(key)
    return found if isinstance(found, Mapping) else {}


def _ends(given: Any) -> tuple[float | None, float | None]:
    """Of a number as it is written, where that is plain."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        return as_float(given), as_float(given)
    if isinstance(given, Mapping) and isinstance(given.get("value"), int | float):
        return as_float(given["value"]), as_float(given["value"])
    return None, None


def _of_file(code: str, path: Path, seen: str, allowed: str) -> Problem:
    return problem(code, where=path.name, seen=seen, allowed=allowed, remedy=f"look at {path}, and docs/case.md")
