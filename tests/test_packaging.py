"""The shape of the package: what it exports, who may import whom, what it costs to load."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import misid

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "misid"
ROAD = (
    "ground", "evidence", "engine", "scores", "tally", "rates", "search", "backtest", "encounter", "cases", "report",
    "cli",
)  # fmt: skip
"""Folders import only from folders to their left."""

MODULES = sorted(SOURCE.rglob("*.py"))
MOST_LINES = 500
DEVELOPMENT = {"pandas", "pyarrow", "polars", "sklearn", "numba", "hypothesis", "pytest", "jsonschema"}
HEAVY = {"scipy.stats", "pandas", "sklearn", "pyarrow", "polars", "matplotlib"}


def _name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def _imports(path: Path) -> list[tuple[int, str]]:
    """(line, dotted name) of every import in a module, however deep, relative ones resolved."""
    found = []
    package = ["misid", *path.relative_to(SOURCE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            found += [(node.lineno, f"{stem}.{alias.name}") for alias in node.names]
    return found


def _in_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_public_names_are_these() -> None:
    assert sorted(misid.__all__) == [
        "__version__", "assess", "build_tally", "case", "check", "compute_rates", "merge_tallies", "open_scores",
        "project", "pseudonymise", "read_tally", "verify", "write_report", "write_tally",
    ]  # fmt: skip
    assert len(misid.__all__) <= 15


@pytest.mark.parametrize("name", misid.__all__)
def test_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(misid, name)
    assert name == "__version__" or value.__doc__
    assert name in dir(misid)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'embed'"):
        misid.embed  # noqa: B018


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_folders_import_only_leftwards(path: Path) -> None:
    folder = path.relative_to(SOURCE).parts[0]
    if folder not in ROAD:
        return
    place = ROAD.index(folder)
    # Published numbers stand on the ground floor alone, and are no part of how scores become rates.
    beside = {"evidence"} if folder in ("engine", "scores", "tally", "rates") else set()
    for line, name in _imports(path):
        parts = name.split(".")
        if parts[0] == "misid" and len(parts) > 1 and parts[1] in ROAD:
            assert parts[1] not in beside, f"{_name(path)}:{line} imports {name}"
            assert ROAD.index(parts[1]) <= place, f"{_name(path)}:{line} imports {name}, which is to its right"


def test_every_folder_is_on_the_road() -> None:
    folders = {path.relative_to(SOURCE).parts[0] for path in MODULES if path.parent != SOURCE}
    assert folders <= {*ROAD, "examples"}


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_modules_are_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{lines} lines: split it by meaning"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_development_packages_are_never_imported(path: Path) -> None:
    for line, name in _imports(path):
        assert name.split(".")[0] not in DEVELOPMENT, f"{_name(path)}:{line} imports {name}"
        # Sobol sequences are only there; the encounter loads them when it draws.
        sobol = name.startswith("scipy.stats.qmc") and _name(path).startswith("encounter/")
        assert sobol or not name.startswith("scipy.stats"), f"{_name(path)}:{line}: scipy.stats costs a second to load"


def test_package_works_without_development_packages() -> None:
    # jsonschema comes with Altair.
    blocked = sorted(DEVELOPMENT - {"jsonschema"})
    code = f"""
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocked())
import misid
for name in misid.__all__:
    getattr(misid, name)
from misid.cli.main import run
sys.exit(run(["doctor", "--quiet", "--format", "json"]))
"""
    assert '"misid"' in _in_python(code)


def test_import_is_cheap() -> None:
    loaded = set(_in_python("import misid, sys; print(*sys.modules)").split())
    assert not loaded & {"numpy", "duckdb", "typer", "rich", "altair"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_loads_neither_engine_nor_arrays(arguments: list[str]) -> None:
    code = f"import sys; from misid.cli.main import run; run({arguments}); print(*sys.modules)"
    loaded = set(_in_python(code).split())
    assert not loaded & {"numpy", "duckdb", "rich", "pydantic", "altair", "scipy", "misid.evidence", *HEAVY}


def test_help_is_quick() -> None:
    specification = importlib.util.spec_from_file_location("startup", ROOT / "benchmarks" / "startup.py")
    assert specification is not None
    assert specification.loader is not None
    startup = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(startup)
    # The quickest of a few: other work on the machine only ever adds.
    bare, asked = startup.cpu_seconds("-c", "pass", runs=5)[0], startup.cpu_seconds("-m", "misid", "-h", runs=5)[0]
    assert asked - bare < 0.15


def test_versions_agree() -> None:
    from importlib.metadata import version

    assert version("misid") == misid.__version__
    assert f"## {misid.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_wheel_holds_the_whole_package_and_the_command(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        [commands] = [archive.read(name).decode() for name in names if name.endswith("entry_points.txt")]
    sources = {path for path in SOURCE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert {path.relative_to(SOURCE.parent).as_posix() for path in sources} <= names
    assert "misid = misid.__main__:main" in commands
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert all(name.startswith("misid") for name in names)


def _locked(name: str) -> dict[str, str]:
    """Requirement with its marker, to version."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    found = re.findall(r"^([a-z0-9][\w.-]*)==(\S+)(?: ; (.*?))? \\$", text, re.MULTILINE)
    return {f"{package} ; {marker}": version for package, version, marker in found}


@pytest.mark.parametrize("name", ["main.lock", "dev.lock"])
def test_lock_has_a_hash_for_everything_and_names_no_host(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(blocks) > 20
    assert all("--hash=sha256:" in block for block in blocks)
    assert "http" not in text
    assert "index" not in text


def test_dev_lock_holds_the_main_one() -> None:
    assert _locked("main.lock").items() <= _locked("dev.lock").items()


def test_locks_hold_what_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[<>=\[; ]", requirement)[0] for requirement in requirements}

    groups = project["dependency-groups"]
    main = {key.split(" ")[0] for key in _locked("main.lock")}
    dev = {key.split(" ")[0] for key in _locked("dev.lock")}
    assert names(project["project"]["dependencies"] + groups["build"]) <= main
    assert names(groups["dev"]) <= dev
