"""The scenarios that misid ships, and a start for one's own."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from misid.encounter.reading import shipped
from misid.encounter.scenario import Scenario, read_scenario
from misid.ground.errors import UsageError


def ready() -> Iterator[Scenario]:
    """Every scenario that misid ships, in the order of their names."""
    for name in shipped():
        yield read_scenario(name)


def text_of(name: str) -> tuple[str, str]:
    """The text of a scenario's file, and what it extends ("" for nothing).

    Parameters
    ----------
    name : str
        Of one that misid ships, or a path.

    Raises
    ------
    BadInputError, UsageError
        As `read_scenario`.
    """
    read_scenario(name)
    path = shipped().get(name, Path(name)) if not Path(name).exists() else Path(name)
    text = path.read_text(encoding="utf-8-sig")
    return text, str(tomllib.loads(text).get("extends", ""))


def inputs(scenario: Scenario) -> list[dict[str, Any]]:
    """Every number of a scenario as a plain record: path, what it is, its range, and where it comes from."""
    return [
        {
            "path": parameter.path,
            "title": parameter.title,
            "unit": parameter.unit,
            "said": parameter.shape.said(),
            "lo": parameter.shape.ends[0],
            "hi": parameter.shape.ends[1],
            "source": list(parameter.stated.source),
            "assumption": parameter.stated.assumption,
            "note": parameter.stated.note,
        }
        for parameter in scenario.parameters.values()
    ]


def solidity(scenario: Scenario) -> int:
    """How many numbers rest on an assumption alone: no source says anything near them."""
    return sum(not parameter.stated.source for parameter in scenario.parameters.values())


_START = """\
# A scenario of your own. It extends {base}: whatever it does not state is as there.
#
#   misid scenarios show {base}
#                                  shows everything that can be stated, with its sources
#   misid scenarios check FILE     says whether this file holds together
#   misid assess FILE -o FOLDER    makes people out of it
#
# Every number says where it comes from: source (ids of misid evidence list), assumption (why you believe it), or both.

format = "misid-scenario-1"
extends = "{base}"
title = "{title}, changed"
about = \"\"\"
What you changed, and why: it opens the report.\"\"\"

# --- a number: state it anew, as one value or as a range --------------------------------------------------------------
# Shapes: uniform and log-uniform (lo, hi), pert (lo, mode, hi), beta (alpha, beta), lognormal (median, factor),
# counts (k of n). Numbers of this scenario:
#
{numbers}
# --- a policy: rules over what an officer can observe; the first that fits decides ------------------------------------
#
{policy}
# --- a claim, and what would have to be true --------------------------------------------------------------------------
#
# [claims.mine]
# says = "Fewer than 1 in 1,000 people scanned are wrongly held."
# assumption = "my own yardstick"
# measure = "wrongly_held"
# policy = "{lead}"
# of = "everybody"
# is = "below"
# value = 0.001
"""


def start(base: str, *, whole: bool = False) -> str:
    """The text of a new scenario: a shipped one as a whole, or a file that extends it and shows what can be changed.

    Raises
    ------
    UsageError
        If misid ships no such scenario.
    """
    if base not in shipped():
        raise UsageError(f"misid ships no scenario {base!r}", remedy=f"--extends {'|'.join(shipped())}")
    if whole:
        return text_of(base)[0]
    scenario = read_scenario(base)
    first = scenario.policies[0]
    outcomes = list(scenario.form.outcomes)
    rules = [f'#   {{ then = "{outcomes[0]}" }},']
    return _START.format(
        base=base,
        title=scenario.form.title,
        lead=scenario.form.lead,
        numbers="".join(f"# {line}\n" for line in _examples(scenario)),
        policy="\n".join(
            [
                "# [policies.mine]",
                '# title = "In words"',
                '# assumption = "who proposes it"',
                *([] if first.scan else ["# scan = false"]),
                "# rules = [",
                *rules,
                "# ]",
                "",
            ]
        ),
    )


def _examples(scenario: Scenario) -> Iterator[str]:
    """Numbers of a scenario as they can be stated anew, ranges only: what somebody may know better."""
    for path in scenario.space.varying:
        table, _, key = path.rpartition(".")
        parameter = scenario.parameters[path]
        numbers = ", ".join(f"{name} = {_toml(value)}" for name, value in parameter.shape.to_dict().items())
        yield f'{table}.{key} = {{ {numbers}, assumption = "..." }}' if table else f"{key} = {{ {numbers} }}"


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else f"{value:.12g}" if isinstance(value, float) else str(value)
