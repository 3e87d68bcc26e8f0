"""A scenario in, an answer in people out."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from misid._version import __version__
from misid.encounter.cells import Cells
from misid.encounter.draws import Draws, power_of_two
from misid.encounter.forms import PublishedSearch
from misid.encounter.inputs import inputs_of, used_facts
from misid.encounter.model import PER, Assessment, Estimate, Projection, Provenance, Repeated, Search
from misid.encounter.outcomes import COMPARED, Slices
from misid.encounter.questions import Questions
from misid.encounter.rates import hash_of
from misid.encounter.repeats import MOST_SCANS, matched_at_least_once
from misid.encounter.scenario import Scenario, read_scenario
from misid.encounter.summary import estimate
from misid.encounter.tree import Tree
from misid.encounter.words import assumptions, warnings
from misid.ground.errors import UsageError
from misid.ground.progress import NO_PROGRESS, ProgressLike

DRAWS = 16_384
SAMPLER = "scrambled Sobol sequence"
GROWTHS = (0.0, 0.5, 1.0)
_GALLERIES = 13
_FAN_DRAWS = 4096


def assess(
    scenario: str | Path | Scenario,
    *,
    settings: Sequence[str] = (),
    draws: int = DRAWS,
    seed: int = 0,
    level: float = 0.95,
    progress: ProgressLike = NO_PROGRESS,
) -> Assessment:
    """What follows, for how many people, from a scenario.

    Parameters
    ----------
    scenario : str, Path or Scenario
        A scenario file, the name of one that misid ships, or one that was read.
    settings : sequence of str
        ``path=value``, set after reading.
    draws : int
        Of all inputs together, rounded up to a power of two.
    seed : int
        Of the draws: equal seeds give equal numbers.
    level : float
        Coverage of the limits, from 0.5 to below 1.
    progress : ProgressLike
        Told the stages.

    Returns
    -------
    Assessment
        People per 100,000 scans, by policy, group and status; the event tree; claims; what drives the answer; inputs.

    Raises
    ------
    BadInputError
        The scenario is wrong; with every problem.
    UsageError
        Draws, level or a setting are not possible.

    Examples
    --------
    >>> import misid
    >>> answer = misid.assess("street-stop", draws=256)
    >>> answer.policies[0].title, answer.per
    ('A match is definitive', 100000)
    >>> held = answer.policies[0].everybody.wrongly_held
    >>> held.lo < held.value < held.hi
    True
    """
    if not 0.5 <= level < 1:
        raise UsageError(f"level {level:g} is not from 0.5 to below 1", remedy="0.95")
    if seed < 0:
        raise UsageError(f"seed {seed}", remedy="a whole number from 0 up")
    draws = power_of_two(draws)
    if not isinstance(scenario, Scenario):
        progress.stage("reading the scenario")
        scenario = read_scenario(scenario, settings=settings)
    elif settings:
        raise UsageError("settings beside a scenario that was read", remedy="give them to read_scenario")
    return _Assessing(scenario, draws, seed, level, progress).run()


class _Assessing:
    """One assessment under way."""

    def __init__(self, scenario: Scenario, draws: int, seed: int, level: float, progress: ProgressLike) -> None:
        self.scenario, self.form = scenario, scenario.form
        self.n, self.seed, self.level, self.progress = draws, seed, level, progress
        self.tree = Tree(scenario)
        self.space = scenario.space
        self.draws: Draws = self.space.draw(draws, seed) if self.space.varying else self.middle
        self.slices = Slices(
            scenario=scenario, tree=self.tree, draws=self.draws, middle=self.middle, level=level, seed=seed
        )

    @property
    def middle(self) -> Draws:
        """Every input at its median."""
        return {path: np.atleast_1d(shape.quantile(np.asarray(0.5))) for path, shape in self.space.shapes.items()}

    def run(self) -> Assessment:
        policies = sorted(self.scenario.policies, key=lambda policy: policy.name != self.form.lead)
        results = []
        for number, policy in enumerate(policies, 1):
            self.progress.stage(f"counting people under policy {number} of {len(policies)}")
            results.append(self.slices.policy(policy))
        trees = tuple(self.slices.branches(policy) for policy in policies)
        differences = tuple(
            self.slices.difference(policy, policies[0], name) for policy in policies[1:] for name in COMPARED
        )
        questions = Questions(
            scenario=self.scenario, tree=self.tree, draws=self.draws, level=self.level, seed=self.seed, space=self.space
        )
        self.progress.stage("testing claims")
        claims = questions.claims()
        self.progress.stage("finding what drives the answer")
        sensitivity = questions.sensitivity()
        self.progress.stage("finding what would have to be true")
        break_even = questions.break_even(sensitivity)
        facts, conflicts = used_facts(self.scenario)
        form = self.form
        return Assessment(
            name=self.scenario.name, title=form.title, about=form.about, population=form.population,
            falls_on=form.falls_on, scans=self._scans(), measured=form.measured, not_measured=form.not_measured,
            caveats=form.caveats, statuses=self.scenario.statuses,
            sought=tuple(name for name, status in form.statuses.items() if status.sought), groups=self.scenario.groups,
            lead=form.lead, policies=tuple(results), differences=differences, trees=trees, search=self._search(),
            projection=self._projection(), repeated=self._repeated(), claims=claims,
            sensitivity=tuple(sensitivity.values()), break_even=break_even,
            inputs=inputs_of(self.scenario, self.level), facts=facts, conflicts=conflicts,
            assumptions=assumptions(form), warnings=warnings(self.scenario, self.draws), provenance=self._provenance(),
        )  # fmt: skip

    def _scans(self) -> Estimate:
        return estimate(self.draws["scans"], unit="people", level=self.level, middle=float(self.middle["scans"][0]))

    def _search(self) -> tuple[Search, ...]:
        """Rates of the search by group and quality, and over all of both."""
        cells, middle = self.tree.stages.cells(self.draws), self.tree.stages.cells(self.middle)
        groups, qualities = list(self.scenario.groups), list(self.form.quality)
        slices: list[tuple[int | None, int | None]] = [(None, None)]
        slices += [(g, None) for g in range(len(groups))] if len(groups) > 1 else []
        slices += [(None, q) for q in range(len(qualities))] if len(qualities) > 1 else []
        if len(groups) > 1 and len(qualities) > 1:
            slices += [(g, q) for g in range(len(groups)) for q in range(len(qualities))]
        return tuple(self._rates(cells, middle, g, q) for g, q in slices)

    def _rates(self, cells: Cells, middle: Cells, g: int | None, q: int | None) -> Search:
        o = {"drawn": self.draws["search.outranked"], "middle": self.middle["search.outranked"]}
        names, classes = list(self.scenario.groups), list(self.form.quality)
        found = []
        for at, outranked in ((cells, o["drawn"]), (middle, o["middle"])):
            returned = self.tree.stages.best(at.fpir, at.fnir, outranked, at.kin)
            another = returned.another + returned.another_kin
            found.append([at.mean(values, g, q) for values in (at.fpir, at.fnir, returned.right, another)])
        said = [
            estimate(values, unit="probability", level=self.level, middle=float(centre[0]))
            for values, centre in zip(*found, strict=True)
        ]
        group, quality = None if g is None else names[g], None if q is None else classes[q]
        titles = [
            *([] if group is None else [self.scenario.groups[group]]),
            *([] if quality is None else [self.form.quality[quality].title]),
        ]
        return Search(
            group=group, quality=quality, title=", ".join(titles) or "everybody, all photographs", fpir=said[0],
            fnir=said[1], mate_first=said[2], another_first=said[3],
        )  # fmt: skip

    def _projection(self) -> tuple[Projection, ...]:
        """FPIR over galleries, from the tested one to twice the largest in question."""
        if not isinstance(self.form.search, PublishedSearch):
            return ()
        parameters = self.scenario.parameters
        tested = float(self.middle["search.tested_gallery"][0])
        gallery = parameters["search.gallery"].shape.ends
        ends = min(tested, gallery[0]), max(2 * gallery[1], tested)
        part = {path: values[:_FAN_DRAWS] for path, values in self.draws.items()}
        found = []
        for growth in (None, *GROWTHS):
            for size in np.geomspace(*ends, _GALLERIES):
                at = {**part, "search.gallery": np.array([size])}
                if growth is not None:
                    at["search.growth"] = np.array([growth])
                cells = self.tree.stages.cells(at)
                fpir = estimate(cells.mean(cells.fpir, None, None), unit="probability", level=self.level)
                found.append(Projection(gallery=float(size), fpir=fpir, growth=growth))
        return tuple(found)

    def _repeated(self) -> tuple[Repeated, ...]:
        if self.form.repeated is None:
            return ()
        most = min(int(self.middle["repeated.scans"][0]), MOST_SCANS)
        cells = self.tree.stages.cells(self.draws)
        once = matched_at_least_once(cells, self.draws, 1)
        found = []
        for scans in range(1, most + 1):
            again = matched_at_least_once(cells, self.draws, scans)
            found.append(
                Repeated(
                    scans=scans, policy=self.form.lead,
                    title=f"matched at least once in {scans} scans, not in the gallery",
                    stranger_matched=self.slices.said(again * PER, "people"),
                    if_independent=self.slices.said((1 - (1 - once) ** scans) * PER, "people"),
                )
            )  # fmt: skip
        return tuple(found)

    def _provenance(self) -> Provenance:
        document = self.scenario.document
        return Provenance(
            misid=__version__, python=platform.python_version(), numpy=version("numpy"), scipy=version("scipy"),
            files=document.files, settings=document.settings, scenario=document.table, tally=hash_of(self.scenario),
            draws=self.n, seed=self.seed, sampler=SAMPLER, level=self.level,
        )  # fmt: skip
