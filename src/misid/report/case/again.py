"""Computes a case again from its bundle."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from misid.cases import case
from misid.cases.file import without_paths
from misid.ground.codes import problem
from misid.ground.errors import BadInputError, Problem
from misid.ground.progress import ProgressLike
from misid.report.bundle.model import Bundle
from misid.report.case.write import ATTACHED, CASE, render


def files_again(bundle: Bundle, progress: ProgressLike) -> dict[str, bytes]:
    """The files of a case, made anew from what is in its bundle.

    Raises
    ------
    BadInputError
        The case in it is none, or its run is not one of a case.
    """
    seed, paper = bundle.run.get("seed", 0), bundle.run.get("paper", "letter")
    try:
        given = json.loads(bundle.files[CASE])
    except (KeyError, ValueError, RecursionError) as error:
        raise BadInputError([_problem(CASE, "no case in it", "the case as misid wrote it")]) from error
    if not isinstance(given, dict) or not isinstance(seed, int) or seed < 0 or paper not in ("letter", "a4"):
        raise BadInputError([_problem("run", "no run of a case", "a seed, and paper letter or a4")])
    if isinstance(given.get("search"), dict):
        # Whatever its paths say: what a bundle names is in the bundle.
        given = without_paths(given)
    with tempfile.TemporaryDirectory() as folder:
        for name in ATTACHED.values():
            if name in bundle.files:
                (Path(folder) / Path(name).name).write_bytes(bundle.files[name])
        result = case(given, folder=folder, seed=seed, progress=progress.stage)
    return render(result, paper=paper, progress=progress)


def _problem(where: str, seen: str, allowed: str) -> Problem:
    return problem("E110", where=where, seen=seen, allowed=allowed, remedy="ask for the bundle again")
