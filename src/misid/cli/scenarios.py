"""``misid scenarios``: the scenarios that misid ships, a start for one of your own, and whether one holds together."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Argument, Option

from misid.cli.options import Force, OutputFormat, output_path
from misid.cli.output import print_json, print_records
from misid.cli.plumbing import command
from misid.cli.talk import Talk
from misid.ground.errors import UsageError

if TYPE_CHECKING:
    from misid.encounter.scenario import Scenario

_NEW = "Options of new"
_READ = "Options of show and check"
_CHECKED_DRAWS = 1024


@command(
    "scenarios",
    example=(
        "misid scenarios list",
        "misid scenarios show airport-gate",
        "misid scenarios new --extends street-stop -o my-city.toml",
        "misid scenarios check street-stop --set search.growth=1",
    ),
)
def scenarios(
    action: Annotated[
        Literal["list", "show", "new", "check"],
        Argument(
            metavar="list|show|new|check",
            help="List those that misid ships; show one; start one of your own; say whether one holds together.",
        ),
    ],
    name: Annotated[
        str | None,
        Argument(metavar="SCENARIO", help="For show and check: a name, or a file.", show_default=False),
    ] = None,
    *,
    extends: Annotated[
        str | None,
        Option(
            "--extends",
            metavar="NAME",
            help="What the new one starts from; default street-stop.",
            rich_help_panel=_NEW,
            show_default=False,
        ),
    ] = None,
    whole: Annotated[
        bool,
        Option("--whole", help="Copy all of it, instead of stating only what differs.", rich_help_panel=_NEW),
    ] = False,
    output: Annotated[
        str | None, Option("--output", "-o", metavar="FILE", help="The file to write.", rich_help_panel=_NEW)
    ] = None,
    force: Force = False,
    settings: Annotated[
        list[str] | None,
        Option(
            "--set",
            metavar="PATH=VALUE",
            help="Set one value, such as search.growth=1. Repeatable.",
            rich_help_panel=_READ,
            show_default=False,
        ),
    ] = None,
    form: OutputFormat = "table",
    talk: Talk,
) -> None:
    """List, show, start or check scenarios: who is scanned, what a search returns, and who decides what.

    show prints the file as it is; with --format json, --format csv or --format md every number of it, after
    inheritance and --set, with its source.
    """
    _refuse(action, name, extends, whole, output, settings)
    if action == "list":
        _list(form, talk)
    elif action == "new":
        _new(output_path("--output", output), extends or "street-stop", whole, force, form)
    elif action == "show":
        _show(name or "", settings or [], form, talk)
    else:
        _check(name or "", settings or [], form, talk)


def _refuse(
    action: str, name: str | None, extends: str | None, whole: bool, output: str | None, settings: list[str] | None
) -> None:
    """Options and arguments that do not go with the action."""
    if action in ("show", "check") and not name:
        raise UsageError("no SCENARIO is given", remedy=f"misid scenarios {action} street-stop")
    if action in ("list", "new") and name:
        remedy = f"misid scenarios new -o {name}.toml" if action == "new" else f"misid scenarios show {name}"
        raise UsageError(f"{action} takes no SCENARIO, and {name!r} is given", remedy=remedy)
    if action != "new" and (extends or whole or output):
        raise UsageError("--extends, --whole and --output are of new", remedy="misid scenarios new -o FILE.toml")
    if action in ("list", "new") and settings:
        raise UsageError("--set is of show and check", remedy="misid scenarios check SCENARIO --set PATH=VALUE")


def _list(form: OutputFormat, talk: Talk) -> None:
    from misid.encounter.ready import ready

    print_records([_line(scenario) for scenario in ready()], form)
    talk.say(
        "misid scenarios show NAME has all of one; misid scenarios new -o FILE.toml starts one of your own", level=1
    )


def _line(scenario: Scenario) -> dict[str, Any]:
    from misid.encounter.ready import solidity

    bare = solidity(scenario)
    return {
        "name": scenario.name,
        "title": scenario.form.title,
        "people": scenario.form.population,
        "policies": len(scenario.policies),
        "numbers": len(scenario.parameters),
        "ranges": len(scenario.space.varying),
        "assumptions only": bare,
        "claims": len(scenario.form.claims),
    }


def _show(name: str, settings: list[str], form: OutputFormat, talk: Talk) -> None:
    from misid.encounter.ready import inputs, text_of
    from misid.encounter.scenario import read_scenario

    if form == "table":
        if settings:
            raise UsageError("--set does not change a file", remedy="--format json, to see what is set")
        text, base = text_of(name)
        sys.stdout.write(text)
        if base:
            talk.say(f"it extends {base}: misid scenarios show {base} has the rest")
        return
    scenario = read_scenario(name, settings=settings)
    if form == "json":
        whole = {"name": scenario.name, **scenario.document.table, "inputs": inputs(scenario)}
        print_json(whole)
    else:
        print_records(inputs(scenario), form)


def _check(name: str, settings: list[str], form: OutputFormat, talk: Talk) -> None:
    from misid.encounter.enrolment import more_enrolled_than_images
    from misid.encounter.scenario import read_scenario

    scenario = read_scenario(name, settings=settings)
    contradiction = more_enrolled_than_images(scenario.form, scenario.space.draw(_CHECKED_DRAWS, 0))
    if contradiction:
        talk.say(f"warning: {contradiction}")
    print_records([_line(scenario)], form)
    talk.say(f"{scenario.document.files[0][0]} holds together")


def _new(path: Path, base: str, whole: bool, force: bool, form: OutputFormat) -> None:
    from misid.encounter.ready import start
    from misid.ground.files import replacing

    text = start(base, whole=whole)
    with replacing(path, force=force) as partial:
        partial.write_text(text, encoding="utf-8")
    print_records([{"file": str(path), "extends": "" if whole else base, "bytes": len(text.encode())}], form)
