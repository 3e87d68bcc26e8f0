"""docs/case.md: its examples run, and its tables are complete."""

from __future__ import annotations

from pydantic import BaseModel

import misid
from misid.cases.bounds import ENFSI
from misid.cases.fallacies import ORDER
from misid.cases.file import CaseFile
from misid.cases.reading import _model_in
from tests.pages import DOCS, run_examples

PAGE = DOCS / "case.md"


def test_examples_run() -> None:
    run_examples("case.md", at_least=11)


def test_figures_by_hand_without_code_beside_them() -> None:
    from tests.cases.test_case import exact, known
    from tests.cases.test_file import smallest

    twin = {"title": "a twin", "share": known(1.0), "enrolled": known(1.0), "match": known(0.9), "first": known(0.5)}
    given = exact(kin={"twin": twin})
    del given["no_kin"]
    assert f"{misid.case(given).search.lr.lo:.2f}" == "0.58"
    assert f"{misid.case(exact()).search.lr.lo:.0f}" == "95"
    none = exact(
        returned={"answer": "no match"},
        no_match={"title": "T", "enrolled_if": known(0.9), "enrolled_if_not": known(0.5)},
    )
    suspicion = misid.case(none).suspicion
    assert suspicion is not None
    assert f"{suspicion.lr.lo:.3f}" == "0.276"
    chosen = {**smallest(), "no_kin": "supposed"}
    chosen["search"] = {**chosen["search"], "fpir": known(1.0), "fnir": known(0.04)}
    chosen["returned"] = {"answer": "match", "list_length": 20, "always_full": True}
    chosen["review"] = {
        "said": "same", "accepts_right": known(0.5), "wrong_when_there": known(0.2), "accepts_wrong": known(0.5),
    }  # fmt: skip
    whole = misid.case(chosen).whole
    assert whole is not None
    assert f"{whole.lr.lo:.2f}" == "0.96"


def test_every_key_of_the_file_is_described() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("## The case file")[2]
    for name, field in CaseFile.model_fields.items():
        assert f"`{name}" in table or f"[[{name}]]" in table, name
        inner = _model_in(field.annotation)
        if inner is not None and issubclass(inner, BaseModel):
            for key in inner.model_fields:
                assert key in table, f"{name}.{key}"


def test_words_and_mistakes_are_those_of_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for _, word in ENFSI:
        assert word in text
    assert len(ORDER) >= 13
