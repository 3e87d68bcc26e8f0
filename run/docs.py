"""Writes the pages of the documentation that are made from the code: docs/cli.md and docs/codes.md.

Run it after a change to a command or a code: ``python run/docs.py``. The tests compare.
"""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def help_text(*arguments: str) -> str:
    """What a command prints for -h, 100 columns wide."""
    from misid.cli.main import run

    printed = io.StringIO()
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "100"
    try:
        with contextlib.redirect_stdout(printed):
            run([*arguments, "--help"])
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before
    return "\n".join(line.rstrip() for line in printed.getvalue().strip().splitlines())


def cli_page() -> str:
    """docs/cli.md."""
    from misid.cli.plumbing import COMMANDS

    parts = [
        "# The command line",
        "This page is what `--help` prints. Data go to standard output, everything else to standard error; "
        "[exit codes](codes.md#exit-codes) say how a command ended. `misid --install-completion` teaches your "
        "shell the commands and options.",
        f"```text\n{help_text()}\n```",
    ]
    for name in COMMANDS:
        parts += [f"## misid {name}", f"```text\n{help_text(name)}\n```"]
    return "\n\n".join(parts) + "\n"


def codes_page() -> str:
    """docs/codes.md."""
    from misid.cli.main import EXIT_CODES
    from misid.ground.codes import CODES

    exits = [f"| {code} | {meaning} |" for code, meaning in sorted(EXIT_CODES.items())]
    codes = [f"| {code} | {slug} | {meaning} |" for code, (slug, meaning) in sorted(CODES.items())]
    return "\n".join([
        "# Codes",
        "",
        "## Exit codes",
        "",
        "What a command ends with, for scripts.",
        "",
        "| exit code | meaning |",
        "| --- | --- |",
        *exits,
        "",
        "## Problem codes",
        "",
        "What `misid check` finds, and what any command that reads scores refuses. E: an error, the scores are not "
        "counted. W: a warning, they are counted and the result says so. Codes are never given another meaning.",
        "",
        "| code | name | meaning |",
        "| --- | --- | --- |",
        *codes,
        "",
    ])  # fmt: skip


PAGES = {"cli.md": cli_page, "codes.md": codes_page}


if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
