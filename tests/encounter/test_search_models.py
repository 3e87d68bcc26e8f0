"""Scenarios whose search model is a tally or a table of deployments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from misid.encounter.answered import FPIR_DRAW, rate_at
from misid.encounter.assess import assess
from misid.encounter.forms import TallySearch
from misid.encounter.rates import rates_of, tally_model
from misid.encounter.scenario import scenario_of
from misid.encounter.tree import Query, Tree
from misid.ground.errors import BadInputError, NotEstimableError
from misid.search.deployments import Deployment, DeploymentsModel
from misid.search.model import Answer
from tests.encounter.made import fixed, least, made, middle

TALLY = "example:bssr1-face-c"
INSIDE = 400
"""A gallery within that of the test."""


def from_tally(gallery: float = INSIDE, threshold: float = 0.65, **more: Any) -> dict[str, Any]:
    table = least()
    table["search"] = {
        "model": "tally", "tally": TALLY, "gallery": fixed(gallery), "threshold": fixed(threshold),
        "outranked": fixed(0), "fpir_is_of": "everybody", **more,
    }  # fmt: skip
    return table


def test_rates_are_the_tallys_own() -> None:
    scenario = made(from_tally())
    assert isinstance(scenario.form.search, TallySearch)
    model = tally_model(scenario, scenario.form.search)
    fpir, fnir = model.fpir(INSIDE, 0.65), model.fnir(INSIDE, None, 0.65)
    tree = Tree(scenario)
    queries = [Query(measure="stranger", policy="held"), Query(measure="answer_missed", policy="held")]
    found = tree.evaluate(middle(scenario), queries)
    assert fpir.estimate is not None
    assert fnir.estimate is not None
    assert found[queries[0]][0] / 100_000 == pytest.approx(0.7 * fpir.estimate, rel=1e-9)
    assert found[queries[1]][0] / 100_000 == pytest.approx(0.3 * fnir.estimate * (1 - fpir.estimate), rel=1e-9)
    ends = {**middle(scenario), FPIR_DRAW: np.array([0.025, 0.975])}
    strangers = tree.evaluate(ends, queries)[queries[0]] / 70_000
    np.testing.assert_allclose(strangers, np.array([fpir.lo, fpir.hi], dtype=float), rtol=1e-6)


def test_an_assessment_from_a_tally_names_it() -> None:
    answer = assess(made(from_tally()), draws=64)
    [(name, sha256)] = answer.provenance.tally
    assert name == "bssr1-face-c.tally"
    assert len(sha256) == 64
    assert any(each.path == FPIR_DRAW for each in answer.inputs)
    held = answer.policies[0].everybody.wrongly_held
    assert held.value is not None
    assert held.lo is not None
    assert held.lo < held.value


def test_what_a_tally_cannot_carry_is_refused_or_a_range() -> None:
    far = from_tally(gallery=1e11, threshold=3)
    with pytest.raises(NotEstimableError, match=r"no estimate, because .*(\n.*)*bound_as_range"):
        Tree(made(far))
    far["search"]["bound_as_range"] = True
    scenario = made(far)
    assert Tree(scenario).stages.rates.hazard(middle(scenario)).shape == (1, 1)


@pytest.mark.parametrize("key, code", [("tally", "E001"), ("deployments", "E001")])
def test_file_that_is_not_there(key: str, code: str) -> None:
    table = from_tally()
    if key == "tally":
        table["search"]["tally"] = "nowhere.tally"
    else:
        table["search"] = {
            "model": "deployments", "deployments": "nowhere.csv", "gallery": fixed(1000), "growth": fixed(1),
            "outranked": fixed(0), "fpir_is_of": "everybody", "fnir": fixed(0.1),
        }  # fmt: skip
    with pytest.raises(BadInputError, match=code):
        Tree(made(table))


def test_group_that_the_tally_does_not_have() -> None:
    table = from_tally()
    table["groups"] = {"a": {"title": "a", "share": "rest", "tally_group": "Martians"}}
    with pytest.raises(BadInputError, match="Martians"):
        Tree(made(table))


def test_gallery_of_a_tally_is_one_number() -> None:
    table = from_tally()
    table["search"]["gallery"] = {"lo": 100, "hi": 200, "shape": "uniform", "assumption": "made"}
    with pytest.raises(BadInputError, match="assess each gallery on its own"):
        made(table)


def test_deployments(tmp_path: Path) -> None:
    rows = ["n_searches,gallery_n,false_positives,threshold", "10000,5000,4,0.6", "20000,5000,11,0.6"]
    (tmp_path / "sites.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    table = least()
    table["search"] = {
        "model": "deployments", "deployments": "sites.csv", "gallery": fixed(5000), "growth": fixed(1),
        "outranked": fixed(0), "fpir_is_of": "everybody", "fnir": fixed(0.1),
    }  # fmt: skip
    from dataclasses import replace

    whole = made(least()).document
    scenario = scenario_of(replace(whole, table=table, folder=tmp_path))
    sites = [
        Deployment(searches=s, false_alerts=a, gallery=5000, threshold=0.6) for s, a in ((10_000, 4), (20_000, 11))
    ]
    wanted = DeploymentsModel(deployments=sites).fpir(5000)
    drawn = {**middle(scenario), FPIR_DRAW: np.array([0.025, 0.5, 0.975])}
    found = -np.expm1(-rates_of(scenario).hazard(drawn))[0]
    np.testing.assert_allclose(found, np.array([wanted.lo, wanted.estimate, wanted.hi], dtype=float), rtol=1e-6)


def test_range_over_assumptions_has_no_middle() -> None:
    answer = Answer(
        asked="FPIR", measure="fpir", lo=1e-4, hi=1e-2, limits="assumptions", reason="the growth law is open"
    )
    found = rate_at(answer, np.array([0.0, 0.5, 1.0]))
    np.testing.assert_allclose(found, [1e-4, 1e-3, 1e-2], rtol=0.01)


def test_lower_limit_of_nothing() -> None:
    answer = Answer(asked="FPIR", measure="fpir", estimate=0.01, lo=0.0, hi=0.05)
    assert rate_at(answer, np.array([0.0, 0.5, 0.975])).tolist() == [0.0, 0.01, 0.05]
