"""How commands are declared: shared options are dataclasses, help is grouped, examples stay as written."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from typing import Any, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from misid.cli.streams import give_up

PROGRAM = "misid"

COMMANDS = {
    "check": "All that is wrong with scores, at once.",
    "tally": "Count scores into a small file without ids.",
    "merge": "Add tallies of disjoint sets of searches.",
    "rates": "Error rates with their limits, from scores or a tally.",
    "project": "What a test or figures from one gallery mean for another, with limits or a refusal.",
    "backtest": "Predictions written down before their outcomes are read, and how they fared.",
    "assess": "A scenario in, an answer in people out: who is wrongly held, under which policy.",
    "case": "What one answer of one search is worth as evidence.",
    "verify": "Compute the bundle of a report again, and compare every number.",
    "report": "A test of a matcher as a page that a stranger can read, as PDF, JSON and CSV.",
    "scenarios": "Ready scenarios: list, show, start one of your own, check it.",
    "evidence": "Published numbers: what is said, by whom, and how near it was read.",
    "doctor": "Versions, memory, and whether each part works here.",
    "pseudonymise": "Replace telling ids by a keyed hash of them.",
}
"""The commands: the road from scores to a report, then what stands beside it. Each is in the module of its name."""

Command = Callable[..., int | None]

examples: dict[str, tuple[str, ...]] = {}
"""The examples in each command's help, by command name. The tests run every one of them."""


class _LazyGroup(TyperGroup):
    """Imports a command's module when it is run, and none of them for ``misid --help``."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            import_module(f"misid.cli.{cmd_name}")
            registered = next(info for info in app.registered_commands if info.name == cmd_name)
            self.commands[cmd_name] = typer.main.get_command_from_info(
                registered, pretty_exceptions_short=False, rich_markup_mode=None
            )
        return self.commands.get(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in COMMANDS:
            close = get_close_matches(args[0], COMMANDS)
            ctx.fail(f"No such command {args[0]!r}." + (f" Did you mean {close[0]!r}?" if close else ""))
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name=PROGRAM,
    cls=_LazyGroup,
    help="How often a one-to-many (1:N) face search names the wrong person, for whom, and how sure that is.",
    context_settings={"help_option_names": ["-h", "--help"]},
    # Rich would cost half as much again as everything else that --help loads.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)


class _GroupedCommand(TyperCommand):
    """Lists options under the headings they were declared with, in order, and then the examples."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                kind = "Arguments" if parameter.param_type_name == "argument" else "Options"
                heading = getattr(parameter, "rich_help_panel", None) or kind
                name, text = record
                sections.setdefault(heading, []).append((name.removesuffix(" <list[str]>"), text))
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Examples"):
            for line in examples[self.name or ""]:
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


def command(name: str, *, example: tuple[str, ...]) -> Callable[[Command], Command]:
    """Register a command.

    A parameter annotated with a dataclass stands for the options that are its fields (each annotated with
    a ``typer.Option``), so that commands share options without repeating them.
    """
    examples[name] = example

    def register(function: Command) -> Command:
        app.command(name, short_help=COMMANDS[name], cls=_GroupedCommand)(_flat(function))
        return function

    return register


def _flat(function: Command) -> Command:
    hints = get_type_hints(function, include_extras=True)
    groups: dict[str, type[Any]] = {}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(function).parameters.values():
        hint = hints[parameter.name]
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            groups[parameter.name] = hint
            parameters += _fields_as_parameters(hint)
        else:
            parameters.append(parameter.replace(annotation=hint, kind=inspect.Parameter.KEYWORD_ONLY))

    def flat(**given: Any) -> int | None:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in dataclasses.fields(group)})
        try:
            status = function(**given)
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader (head, less) has seen enough. What Python would flush at exit has nowhere to go.
            give_up(sys.stdout)
            return 0
        return status

    flat.__doc__ = function.__doc__
    flat.__name__ = function.__name__
    flat.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    flat.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return flat


def _fields_as_parameters(group: type[Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in dataclasses.fields(group)
    ]
