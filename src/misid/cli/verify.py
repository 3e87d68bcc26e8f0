"""``misid verify``: a bundle computed again, and every number compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument

from misid.cli.options import OutputFormat
from misid.cli.output import print_records
from misid.cli.plumbing import command
from misid.cli.talk import Talk
from misid.ground.errors import BadInputError


@command("verify", example=("misid verify out/bundle.zip", "misid verify out/bundle.zip --format json"))
def verify(
    bundle: Annotated[str, Argument(metavar="BUNDLE", help="The bundle.zip that misid assess or misid case wrote.")],
    *,
    form: OutputFormat = "table",
    talk: Talk,
) -> int:
    """Compute a bundle again from the inputs in it, and say whether every number comes out again.

    Ends with exit code 3 if a number does not, or if the bundle is damaged, dangerous or of a later version.
    Nothing in it is run or unpacked to the disk.
    """
    from misid.report.bundle import verify as verified

    with talk.progress() as progress:
        found = verified(Path(bundle), progress=progress)
    for name, there, here in found.versions:
        talk.say(f"note: {name} {there or 'not there'} when it was made, {here or 'not there'} here")
    rows = [
        {"what": "numbers", "in bundle": found.numbers, "here": found.same, "result": "the same to the last digit"},
        *([{"what": "numbers", "in bundle": found.numbers, "here": found.close, "result": "other last digits"}]
          if found.close else []),
        {"what": "files", "in bundle": len(found.files), "here": sum(same for _, same in found.files),
         "result": "the same bytes"},
        *({"what": c.path, "in bundle": c.bundle, "here": c.again, "result": "does not come "
                                                                             "out"} for c in found.changed),
        *({"what": name, "in bundle": None, "here": None, "result": "other bytes"}
          for name, same in found.files if not same),
    ]  # fmt: skip
    print_records(rows, form)
    talk.say(found.verdict)
    return 0 if found.comes_out else BadInputError.exit_code
