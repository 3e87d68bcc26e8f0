"""The command ``misid``: runs a command and turns what went wrong into a message and an exit code."""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from misid import __version__
from misid.cli.plumbing import PROGRAM, app
from misid.cli.streams import give_up, open_streams
from misid.cli.talk import RED, coloured
from misid.ground.errors import BadInputError, EngineError, MisidError, NotEstimableError, UsageError
from misid.ground.interrupts import INTERRUPTS
from misid.ground.visible import visible

EXIT_CODES = {
    0: "it worked",
    1: "a defect of misid itself: please report it",
    UsageError.exit_code: "the command line is wrong",
    BadInputError.exit_code: "the data are wrong",
    NotEstimableError.exit_code: "the data are right and cannot carry the answer",
    EngineError.exit_code: "the database engine failed, or a part that misid needs does not work",
    129: "ended by SIGHUP: the terminal was closed",
    130: "interrupted with Ctrl-C",
    143: "ended by SIGTERM: a batch system, a container or `timeout` stopped it",
}
"""What a command can end with; `docs/codes.md` is made from this."""

BUG, CTRL_C = 1, 130


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code; messages go to standard error."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return _interrupted()


def _interrupted() -> int:
    INTERRUPTS.end()
    _complain(f"interrupted{INTERRUPTS.name}; nothing half written is left behind")
    return INTERRUPTS.exit_code


def _run(arguments: Sequence[str]) -> int:
    debug = "--debug" in arguments
    try:
        status: Any = typer.main.get_command(app).main(list(arguments), prog_name=PROGRAM, standalone_mode=False)
    except typer.TyperException as error:
        return _complain_of_usage(error)
    except typer.Abort:
        return _interrupted()
    except MisidError as error:
        if debug:
            traceback.print_exc()
        if isinstance(error, BadInputError):
            # Each problem starts with its own code.
            print(visible(str(error), lines=True), file=sys.stderr)  # noqa: T201
        else:
            _complain(str(error))
        return error.exit_code
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        give_up(sys.stdout)
        return 0
    except OSError as error:
        if debug:
            traceback.print_exc()
        where = f"{error.filename}: " if error.filename else ""
        _complain(f"{where}{error.strerror or error}\n  try: another place, or make room and run it again")
        return UsageError.exit_code
    except Exception as error:  # noqa: BLE001 - the last line of defence, and it says so
        if debug:
            traceback.print_exc()
        _complain(
            f"a defect of misid itself: {type(error).__name__}: {error}\n"
            f"  try: {'report the traceback above' if debug else 'the same with --debug, and report what it shows'}"
        )
        return BUG
    if status == CTRL_C:
        # What typer makes of the exception.
        return _interrupted()
    return status if isinstance(status, int) else 0


def _complain(text: str) -> None:
    print(f"{PROGRAM}: {coloured('error', RED)}: {visible(text, lines=True)}", file=sys.stderr)  # noqa: T201


def _complain_of_usage(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    path = PROGRAM if context is None else context.command_path
    if type(error).__name__ == "NoArgsIsHelpError":
        print(error.format_message(), file=sys.stderr)  # noqa: T201
    else:
        _complain(f"{error.format_message()}\n  try: {path} --help")
    return UsageError.exit_code


def main() -> None:
    """Run the command line of this process."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot show a dash is no reason to lose the numbers.
        sys.stdout.reconfigure(errors="backslashreplace")
    open_streams()
    status = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        give_up(sys.stdout)
    sys.exit(status)
