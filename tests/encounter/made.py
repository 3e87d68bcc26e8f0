"""Scenarios made in tests: small tables with numbers that are assumed."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from misid.encounter.draws import Draws
from misid.encounter.reading import Document
from misid.encounter.scenario import Scenario, scenario_of
from misid.encounter.tree import Query, Tree


def fixed(value: float) -> dict[str, Any]:
    """A number that is known."""
    return {"value": value, "assumption": "made for a test"}


def between(lo: float, hi: float) -> dict[str, Any]:
    """A number that lies between two."""
    return {"lo": lo, "hi": hi, "shape": "uniform", "assumption": "made for a test"}


def least(prior: float = 0.3, fpir: float = 0.05, fnir: float = 0.1, outranked: float = 0.0) -> dict[str, Any]:
    """One group, one quality, no relatives, no records: whoever is matched is held."""
    return {
        "format": "misid-scenario-1", "title": "least", "about": "least", "population": "nobody",
        "not_measured": ["everything"], "lead": "held", "scans": fixed(1000),
        "statuses": {"person": {"title": "people", "sought": False, "share": "rest", "enrolled": fixed(prior)}},
        "search": {
            "model": "stated", "gallery": fixed(1e6), "fpir": fixed(fpir), "fnir": fixed(fnir),
            "outranked": fixed(outranked), "fpir_is_of": "everybody",
        },
        "outcomes": {
            "held": {"title": "held", "held": True, "hours": fixed(10)},
            "free": {"title": "free", "held": False, "hours": fixed(1)},
        },
        "policies": {
            "held": {
                "title": "held on a match", "assumption": "made for a test",
                "rules": [{"when": {"match": "yes"}, "then": "held"}, {"then": "free"}],
            }
        },
    }  # fmt: skip


def everything() -> dict[str, Any]:
    """Every stage, every number known."""
    table = least()
    table["statuses"] = {
        "citizen": {"title": "citizens", "sought": False, "share": fixed(0.5), "enrolled": fixed(0.4)},
        "guest": {"title": "guests", "sought": False, "share_of_rest": fixed(0.6), "enrolled": fixed(0.7)},
        "sought": {"title": "sought", "sought": True, "share": "rest", "enrolled": fixed(0.6)},
    }
    table["groups"] = {
        "a": {"title": "a", "share": fixed(0.3), "share_of": {"guest": fixed(0.1)}},
        "b": {"title": "b", "share": "rest", "fpir_factors": ["more"], "fnir_factors": ["worse"]},
    }
    table["factors"] = {
        "more": {"title": "more", "times": fixed(3)}, "worse": {"title": "worse", "times": fixed(1.5)},
        "poor": {"title": "poor", "times": fixed(2)},
    }  # fmt: skip
    table["kin"] = {
        "twin": {
            "title": "a twin", "share": fixed(0.1), "enrolled": fixed(0.6), "match": fixed(0.8), "adverse": fixed(0.3),
            "outranked": fixed(0.3),
        },
        "sibling": {
            "title": "siblings", "share": fixed(0.6), "number": fixed(2), "enrolled": fixed(0.5), "match": fixed(0.05),
        },
    }  # fmt: skip
    table["capture"] = {"retries": fixed(1), "fta_again": fixed(0.6)}
    table["quality"] = {
        "good": {"title": "good", "share": fixed(0.7), "fta": fixed(0.05), "fnir": fixed(0.05)},
        "bad": {"title": "bad", "share": "rest", "fta": fixed(0.3), "fnir": fixed(0.3), "fpir_factors": ["poor"]},
    }
    table["search"]["outranked"] = fixed(0.2)
    del table["search"]["fnir"]
    table["display"] = {
        "other_photo": fixed(0.3),
        "list": {
            "length": fixed(3), "right_when_there": fixed(0.6), "wrong_when_there": fixed(0.25),
            "wrong_when_absent": fixed(0.5),
        },
    }  # fmt: skip
    errors = {"citizen": fixed(0.1), "guest": fixed(0.2), "sought": fixed(0.15)}
    table["records"] = {
        "status": {"title": "status", "silent": fixed(0.1), "stranger_adverse": fixed(0.2), "wrong": errors},
        "other": {
            "title": "other", "silent": fixed(0.2), "stranger_adverse": fixed(0.3), "wrong": errors,
            "copies": "status", "copied": fixed(0.4),
        },
    }  # fmt: skip
    answers = {"citizen": fixed(0.6), "guest": fixed(0.7), "sought": fixed(0.4)}
    table["sources"] = {"document": {"title": "a document", "answers": answers, "wrong": errors}}
    table["reviews"] = {
        "first": {
            "title": "first", "accepts_wrong": fixed(0.3), "rejects_right": fixed(0.1), "accepts_kin": fixed(0.6),
            "follows": "machine", "dependence": fixed(0.5),
            "other_photo": {"accepts_wrong": fixed(0.5), "rejects_right": fixed(0.2)},
        },
        "second": {
            "title": "second", "accepts_wrong": fixed(0.2), "rejects_right": fixed(0.15), "follows": "first",
            "dependence": fixed(0.4),
        },
    }  # fmt: skip
    table["outcomes"]["asked"] = {"title": "asked", "held": False, "hours": fixed(2)}
    table["policies"] = {
        "held": {
            "title": "the record decides", "assumption": "made for a test",
            "rules": [
                {"when": {"match": "yes", "records": {"status": "adverse"}}, "then": "held"},
                {"when": {"match": ["no", "not captured"]}, "then": "asked"},
                {"then": "free"},
            ],
        },
        "careful": {
            "title": "everything is looked at", "assumption": "made for a test",
            "rules": [
                {"when": {"sources": {"document": "clear"}}, "then": "free"},
                {"when": {"match": "yes", "reviews": {"second": "different"}}, "then": "asked"},
                {"when": {"records": {"other": "adverse", "status": ["adverse", "silent"]}}, "then": "held"},
                {"when": {"sources": {"document": "adverse"}}, "then": "held"},
                {"then": "free"},
            ],
        },
        "list": {
            "title": "a list", "assumption": "made for a test", "display": "list",
            "rules": [
                {"when": {"match": "yes", "records": {"status": ["adverse", "silent"]}}, "then": "held"},
                {"then": "free"},
            ],
        },
        "unscanned": {
            "title": "no scan", "assumption": "made for a test", "scan": False,
            "rules": [{"when": {"sources": {"document": "adverse"}}, "then": "held"}, {"then": "free"}],
        },
    }  # fmt: skip
    table["repeated"] = {"scans": fixed(3), "spread_of_people": fixed(4)}
    return table


def made(table: dict[str, Any]) -> Scenario:
    """The scenario of a table."""
    return scenario_of(
        Document(name="made", table=deepcopy(table), origins={}, files=(("made.toml", "0"),), settings=(),
                 folder=Path())
    )  # fmt: skip


def middle(scenario: Scenario) -> Draws:
    """Every number at its median."""
    return {path: np.atleast_1d(shape.quantile(np.asarray(0.5))) for path, shape in scenario.space.shapes.items()}


def ask(table: dict[str, Any], measure: str, policy: str = "held", **of: Any) -> float:
    """One number of a scenario whose numbers are all known, as a probability."""
    scenario = made(table)
    query = Query(measure=measure, policy=policy, **of)
    found = float(Tree(scenario).evaluate(middle(scenario), [query])[query][0])
    return found if query.per_person or "given" in measure else found / 100_000
