"""``misid doctor``: does everything misid stands on work here?"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from misid import __version__
from misid.cli.options import OutputFormat
from misid.cli.output import print_records
from misid.cli.plumbing import command
from misid.cli.talk import Talk
from misid.ground.errors import EngineError

LEAST_FREE = 1 << 30
"""Bytes of scratch space under which a large tally is likely to fail."""

PARTS = ("duckdb", "numpy", "scipy", "pydantic", "jinja2", "altair", "vl-convert-python", "typer", "rich")

READERS = ("pyarrow", "polars", "pandas")
"""Not needed; where they are installed, their objects can be handed to misid from Python."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing looked at."""

    what: str
    status: Literal["ok", "absent", "low", "fails"]
    found: str
    remedy: str = ""


@command(
    "doctor",
    example=("misid doctor", "misid doctor --format json"),
)
def doctor(*, form: OutputFormat = "table", talk: Talk) -> int:
    """Show versions, engines, memory and scratch space, and try each part for real.

    Ends with exit code 5 if a part that misid needs does not work.
    """
    findings = [
        Finding(what="misid", status="ok", found=__version__),
        Finding(what="python", status="ok", found=f"{platform.python_implementation()} {platform.python_version()}"),
        Finding(what="system", status="ok", found=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"),
        *(_version_of(part, needed=True) for part in PARTS),
        *(_version_of(part, needed=False) for part in READERS),
        _memory(),
        _scratch(),
        _tried("engine duckdb: count a Parquet file", _try_duckdb),
        _tried("chart to SVG", _try_chart),
        _tried("published numbers", _try_evidence),
    ]
    print_records([asdict(finding) for finding in findings], form)
    failed = [finding for finding in findings if finding.status == "fails"]
    for finding in failed:
        talk.say(f"{finding.what}: {finding.found}\n  try: {finding.remedy}")
    return EngineError.exit_code if failed else 0


def _version_of(part: str, *, needed: bool) -> Finding:
    try:
        return Finding(what=part, status="ok", found=version(part))
    except PackageNotFoundError:
        remedy = f"pip install {part}"
        if needed:
            return Finding(what=part, status="fails", found="not installed", remedy=remedy)
        return Finding(what=part, status="absent", found="not installed; needed for its own objects", remedy=remedy)


def _memory() -> Finding:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return Finding(what="memory", status="ok", found="this system does not say")
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Finding(what="memory", status="ok", found=f"{total / 1e9:.1f} GB in all")


def _scratch() -> Finding:
    place = tempfile.gettempdir()
    free = shutil.disk_usage(place).free
    found = f"{free / 1e9:.1f} GB free in {place}"
    if free < LEAST_FREE:
        return Finding(what="scratch space", status="low", found=found, remedy="TMPDIR=/a/larger/disk misid ...")
    return Finding(what="scratch space", status="ok", found=found)


def _tried(what: str, trial: Callable[[], str]) -> Finding:
    try:
        return Finding(what=what, status="ok", found=trial())
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return Finding(
            what=what,
            status="fails",
            found=f"{type(error).__name__}: {error}",
            remedy=f"{Path(sys.executable).name} -m pip install --force-reinstall misid",
        )


def _try_duckdb() -> str:
    from misid.engine import DuckDBEngine
    from misid.engine.seam import literal

    with DuckDBEngine() as engine:
        file = str(engine.scratch / "trial.parquet")
        engine.execute(f"COPY (SELECT range % 10 AS score FROM range(1000)) TO {literal(file)} (FORMAT parquet)")
        counts = engine.columns(f"SELECT score, count(*) AS n FROM read_parquet({literal(file)}) GROUP BY score")
        if int(counts["n"].sum()) != 1000 or len(counts["score"]) != 10:
            raise EngineError("DuckDB counted a thousand rows wrongly")
        return f"works (DuckDB {engine.version})"


def _try_chart() -> str:
    import vl_convert

    specification = {
        "data": {"values": [{"x": 1, "y": 2}, {"x": 2, "y": 3}]},
        "mark": "line",
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": "y", "type": "quantitative"},
        },
    }
    drawn = vl_convert.vegalite_to_svg(specification)
    if "<svg" not in drawn:
        raise EngineError("the chart converter gave no SVG")
    return f"works ({len(drawn):,} characters)"


def _try_evidence() -> str:
    from misid.evidence import load

    library = load()
    return f"works ({len(library)} facts, {len(library.sources)} sources)"
