"""The search model of a scenario, as rates for draws of its parameters."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from misid.encounter.answered import AnsweredRates, uses_own_fnir
from misid.encounter.forms import DeploymentsSearch, PublishedSearch, StatedSearch, TallySearch
from misid.encounter.scenario import Scenario
from misid.encounter.searching import PublishedRates, Rates, StatedRates
from misid.ground.codes import problem
from misid.ground.errors import BadInputError, UsageError
from misid.ground.examples import example_path, is_example
from misid.search.deployments import DeploymentsModel
from misid.search.from_tally import TallyModel, model_from_tally
from misid.search.model import SearchModel
from misid.search.reading import read_deployments
from misid.search.span import Span
from misid.tally import read_tally


def rates_of(scenario: Scenario) -> Rates:
    """What the scenario's search model says.

    Raises
    ------
    BadInputError
        Its file is not there, or is none.
    NotEstimableError
        It cannot say how often a search of this gallery returns a wrong person; with what would be needed.
    """
    search = scenario.form.search
    if isinstance(search, StatedSearch):
        return StatedRates(scenario.form)
    if isinstance(search, PublishedSearch):
        return PublishedRates(scenario.form, search)
    if isinstance(search, TallySearch):
        return _from_tally(scenario, search)
    return _from_deployments(scenario, search)


def file_of(scenario: Scenario) -> Path | None:
    """The file that the search model is made from; None where the scenario holds its numbers."""
    search = scenario.form.search
    if isinstance(search, TallySearch):
        return example_path(search.tally) if is_example(search.tally) else scenario.document.folder / search.tally
    return scenario.document.folder / search.deployments if isinstance(search, DeploymentsSearch) else None


def hash_of(scenario: Scenario) -> tuple[tuple[str, str], ...]:
    """Name and sha256 of the file that the search model is made from."""
    path = file_of(scenario)
    return () if path is None else ((path.name, hashlib.sha256(path.read_bytes()).hexdigest()),)


def _there(scenario: Scenario, key: str) -> Path:
    path = file_of(scenario)
    if path is not None and path.is_file():
        return path
    named = getattr(scenario.form.search, key)
    where = scenario.document.place(f"search.{key}")
    raise BadInputError(
        [problem("E001", where=where, seen=f"{named}, where no file is", allowed="a path from the scenario's folder",
                 remedy="correct the path")]
    )  # fmt: skip


@lru_cache(maxsize=8)
def _projected(path: Path, sha256: str, kin_in_test: bool) -> TallyModel:
    """The model of a tally with this content; its curves take seconds to fit."""
    return model_from_tally(read_tally(path), kin_in_test=kin_in_test)


def tally_model(scenario: Scenario, search: TallySearch) -> TallyModel:
    """The search model of the tally that a scenario names."""
    path = _there(scenario, "tally")
    return _projected(path, hashlib.sha256(path.read_bytes()).hexdigest(), search.kin_in_test)


def _from_tally(scenario: Scenario, search: TallySearch) -> AnsweredRates:
    model = tally_model(scenario, search)
    labels = [group.tally_group for group in scenario.form.groups.values()]
    named = [label for label in labels if label is not None]
    unknown = [label for label in named if label not in model.labels]
    if unknown:
        where = scenario.document.place("groups")
        raise BadInputError(
            [problem("E087", where=f"{where}: tally_group", seen=f"{label}, which the tally does not have",
                     allowed=", ".join(model.labels) or "no groups", remedy="name a group of the tally")
             for label in dict.fromkeys(unknown)]
        )  # fmt: skip
    gallery, threshold = _number(search.gallery.shape.ends[0]), search.threshold.shape.ends[0]
    groups: list[str | None] = list(named) if named else [None]
    return AnsweredRates(
        form=scenario.form, fpir=[model.fpir(gallery, threshold, group=group) for group in groups],
        fnir=[model.fnir(gallery, None, threshold, group=group) for group in groups]
        if uses_own_fnir(scenario.form) else [],
        bound_as_range=search.bound_as_range,
    )  # fmt: skip


def _from_deployments(scenario: Scenario, search: DeploymentsSearch) -> AnsweredRates:
    table = read_deployments(_there(scenario, "deployments"))
    model: SearchModel = DeploymentsModel(
        deployments=table.deployments, growth=Span.exactly(search.growth.shape.ends[0])
    )
    threshold = None if search.threshold is None else search.threshold.shape.ends[0]
    answer = model.fpir(_number(search.gallery.shape.ends[0]), threshold)
    return AnsweredRates(form=scenario.form, fpir=[answer], fnir=[], bound_as_range=search.bound_as_range)


def _number(gallery: float) -> int:
    if gallery != int(gallery):
        raise UsageError(f"a gallery of {gallery:g} images", remedy="a whole number")
    return int(gallery)
