"""``python -m misid``, and the installed command: ready for a signal before anything large is loaded."""

import os
import sys

from misid.ground.interrupts import INTERRUPTS


def main() -> None:
    """Run the command line; what is said of a signal while the program loads is all that there is to say."""
    INTERRUPTS.install()
    try:
        from misid.cli.main import main as command
    except KeyboardInterrupt:
        INTERRUPTS.end()
        if sys.stderr is not None:
            print(f"misid: error: interrupted{INTERRUPTS.name}; nothing was begun", file=sys.stderr, flush=True)  # noqa: T201
        # Modules that are half loaded are no state to leave through.
        os._exit(INTERRUPTS.exit_code)
    command()


if __name__ == "__main__":
    main()
