"""What an assessment says in words: what is assumed throughout, what to be warned of, rules as sentences."""

from __future__ import annotations

from misid.encounter.draws import Draws
from misid.encounter.enrolment import more_enrolled_than_images
from misid.encounter.forms import PublishedSearch, ScenarioForm
from misid.encounter.policies import MATCH, NO, NOT_CAPTURED, YES, CompiledPolicy, CompiledRule, values_of
from misid.encounter.scenario import Scenario
from misid.ground.numbers import significant
from misid.search.published import SAME_THRESHOLD

FAR = 2.0
"""A gallery so many times the tested one is said to be far from it."""


def assumptions(form: ScenarioForm) -> tuple[str, ...]:
    """What the tree takes for granted, whatever the numbers are."""
    said = [
        "inputs vary independently of one another, but for the correlations that the scenario states"
        if form.correlations
        else "inputs vary independently of one another",
        "given the group and the quality of the photograph, how well the right person scores and whether a wrong one "
        "reaches the threshold are independent",
        "whether a photograph can be searched, and its quality, do not depend on the group or the status",
    ]
    if form.factors:
        said.append("factors multiply -log(1 - rate), which is about the rate where it is small")
    if form.search.fpir_is_of == "everybody" and any(group.fpir_factors for group in form.groups.values()):
        said.append(
            "the search model's FPIR is the mean over the people scanned; factors of groups move it between them"
        )
    if form.kin:
        said += [
            "people in the gallery have relatives in it as often as people who are not",
            "where a relative and another wrong person are at or above the threshold, the relative is first",
        ]
    if isinstance(form.search, PublishedSearch):
        said += [
            SAME_THRESHOLD if form.search.hold == "threshold" else "the threshold is set anew, so that FPIR stays",
            "FPIR grows as 1 - (1 - FPIR0)^((N / N0)^b)",
        ]
    if form.records or form.sources or form.reviews:
        said.append(
            "records, other evidence and reviews err independently of one another, but where the scenario says so"
        )
    return tuple(said)


def warnings(scenario: Scenario, draws: Draws) -> tuple[str, ...]:
    """What a reader must know before using the numbers."""
    form = scenario.form
    contradiction = more_enrolled_than_images(form, draws)
    said = [contradiction] if contradiction else []
    if not form.kin:
        said.append("no relatives are in this scenario: false matches are too few by what twins and siblings would add")
    if isinstance(form.search, PublishedSearch):
        gallery, tested = (scenario.parameters[f"search.{key}"].shape.ends for key in ("gallery", "tested_gallery"))
        if gallery[1] > FAR * tested[0]:
            times = significant(gallery[1] / tested[0])
            said.append(
                f"the gallery is up to {times} times the tested one: growth beyond a test is assumed, not measured"
            )
    if not form.quality and form.search.model == "published":
        said.append("one quality of photograph: that of the published test")
    return tuple(said)


_MATCH = {
    "best": {YES: "the search returns somebody", NO: "the search returns nobody"},
    "list": {YES: "somebody on the list is taken for the person", NO: "nobody on the list is taken for the person"},
}
_NOT_CAPTURED = "no photograph can be searched"
_SAYS = {"adverse": "evidence against the person", "clear": "evidence for the person", "silent": "nothing usable"}
_FINDS = {"same": "the same person", "different": "two different people"}


def rules_in_words(form: ScenarioForm, policy: CompiledPolicy) -> tuple[str, ...]:
    """A policy's rules, one sentence each, in the words of the scenario's titles.

    Examples
    --------
    >>> from misid.encounter.scenario import read_scenario
    >>> scenario = read_scenario("street-stop")
    >>> for rule in rules_in_words(scenario.form, scenario.policy("no-scan")):
    ...     print(rule)
    If there is evidence for the person from a document that the person shows: let go.
    If there is evidence against the person from a document that the person shows: taken into custody.
    In every other case: questioned at the spot, then let go.
    """
    return tuple(f"{_condition(form, policy, rule)}: {form.outcomes[rule.then].title}." for rule in policy.rules)


def _condition(form: ScenarioForm, policy: CompiledPolicy, rule: CompiledRule) -> str:
    """Titles may be of one thing or of several, so no verb hangs on them."""
    matched, evidence, reviews = [], dict[str, list[str]](), []
    for signal, allowed in rule.when.items():
        values = [value for value in values_of(signal) if value in allowed]
        kind, _, name = signal.partition(".")
        if signal == MATCH:
            words = {**_MATCH[policy.display], NOT_CAPTURED: _NOT_CAPTURED}
            matched.append(", or ".join(words[value] for value in values))
        elif kind == "reviews":
            finds = " or ".join(_FINDS[value] for value in values)
            reviews.append(f"{form.reviews[name].title}, and finds {finds}")
        else:
            title = getattr(form, kind)[name].title
            evidence.setdefault(" or ".join(_SAYS[value] for value in values), []).append(f"from {title}")
    there = [f"there is {words} {', and '.join(sources)}" for words, sources in evidence.items()]
    parts = [*matched, *there, *reviews]
    if parts:
        return f"If {', and '.join(parts)}"
    return "In every other case" if len(policy.rules) > 1 else "In every case"
