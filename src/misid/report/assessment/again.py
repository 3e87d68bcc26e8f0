"""An assessment computed again from the inputs in its bundle."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from misid.encounter.assess import assess
from misid.encounter.reading import Document
from misid.encounter.scenario import scenario_of
from misid.ground.codes import problem
from misid.ground.errors import BadInputError
from misid.ground.progress import NO_PROGRESS, ProgressLike
from misid.report.assessment.write import BESIDE, SCENARIO, named_file, render
from misid.report.bundle.model import Bundle
from misid.report.filing.pdf import PAPERS

MOST_DRAWS: Final = 1 << 22
"""A bundle that asks for more is refused: it would keep the machine busy for as long as it likes."""


def files_again(bundle: Bundle, progress: ProgressLike = NO_PROGRESS) -> dict[str, bytes]:
    """The files that the bundle's scenario gives when it is assessed again.

    Raises
    ------
    BadInputError
        The scenario, or how it was run, is missing or wrong.
    """
    table, run = _table(bundle), _run(bundle)
    with tempfile.TemporaryDirectory(prefix="misid-") as scratch:
        folder = Path(scratch)
        search = table.get("search")
        named = named_file(search) if isinstance(search, dict) else None
        if named is not None:
            path = folder / PurePosixPath(named[1]).name
            inside = f"{BESIDE}{path.name}"
            if inside not in bundle.files:
                raise BadInputError([
                    problem("E112", where=inside, seen="missing", allowed=f"the {named[0]} that the scenario names",
                            remedy="ask for the bundle again"),
                ])  # fmt: skip
            path.write_bytes(bundle.files[inside])
            table["search"] = {**table["search"], named[0]: path.name}
        document = Document(
            name=run["name"],
            table=table,
            origins=run["origins"],
            files=run["files"],
            settings=run["settings"],
            folder=folder,
        )
        made = assess(
            scenario_of(document), draws=run["draws"], seed=run["seed"], level=run["level"], progress=progress
        )  # fmt: skip
    return render(made, paper=run["paper"], progress=progress)


def _table(bundle: Bundle) -> dict[str, Any]:
    if SCENARIO not in bundle.files:
        raise BadInputError([
            problem("E112", where=SCENARIO, seen="missing", allowed="the scenario", remedy="ask for the bundle again"),
        ])  # fmt: skip
    try:
        return tomllib.loads(bundle.files[SCENARIO].decode())
    except (ValueError, RecursionError) as error:
        raise BadInputError([
            problem("E110", where=SCENARIO, seen=f"no TOML ({error})", allowed="a scenario as misid wrote it",
                    remedy="ask for the bundle again"),
        ]) from error  # fmt: skip


def _run(bundle: Bundle) -> dict[str, Any]:
    run: Mapping[str, Any] = bundle.run

    def bad(key: str, allowed: str) -> BadInputError:
        return BadInputError([
            problem("E110", where=f"run.{key}", seen=repr(run.get(key))[:60], allowed=allowed,
                    remedy="ask for the bundle again, from whoever made it"),
        ])  # fmt: skip

    draws, seed, level, paper, name = (run.get(key) for key in ("draws", "seed", "level", "paper", "name"))
    if not isinstance(draws, int) or not 1 <= draws <= MOST_DRAWS:
        raise bad("draws", f"a whole number from 1 to {MOST_DRAWS:,}")
    if not isinstance(seed, int) or seed < 0:
        raise bad("seed", "a whole number from 0 up")
    if not isinstance(level, float) or not 0.5 <= level < 1:
        raise bad("level", "a number from 0.5 to below 1")
    if not isinstance(paper, str) or paper not in PAPERS:
        raise bad("paper", " or ".join(PAPERS))
    settings, files, origins = run.get("settings"), run.get("files"), run.get("origins")
    if not isinstance(origins, dict) or not all(isinstance(file, str) for file in origins.values()):
        raise bad("origins", "a table of paths with their files")
    if not isinstance(settings, list) or not all(isinstance(s, str) for s in settings):
        raise bad("settings", "a list of path=value")
    if not isinstance(files, list) or not all(
        isinstance(f, list) and len(f) == 2 and all(isinstance(part, str) for part in f) for f in files
    ):
        raise bad("files", "a list of names with their SHA-256")
    return {
        "draws": draws, "seed": seed, "level": level, "paper": paper, "settings": tuple(settings),
        "files": tuple((f[0], f[1]) for f in files), "name": str(name),
        "origins": origins,
    }  # fmt: skip
