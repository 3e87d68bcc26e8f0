"""The documentation says what the code does, and is built with every warning an error."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
from markdown_it import MarkdownIt

from misid.cli.plumbing import COMMANDS

ROOT = Path(__file__).parent.parent
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])
MARK = "<!-- run -->"


def _generator() -> ModuleType:
    specification = importlib.util.spec_from_file_location("generated_docs", ROOT / "run" / "docs.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


GENERATOR = _generator()


def _page(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("name", sorted(GENERATOR.PAGES))
def test_generated_page_is_up_to_date(name: str) -> None:
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert written == GENERATOR.PAGES[name](), "run: python run/docs.py"


def test_every_command_and_option_is_documented() -> None:
    from typer.main import get_command

    from misid.cli.plumbing import app

    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    group = get_command(app)
    for name in COMMANDS:
        section = page.partition(f"## misid {name}\n")[2].partition("\n## ")[0]
        assert section, name
        for parameter in group.get_command(None, name).params:  # type: ignore[attr-defined]
            for option in parameter.opts if parameter.param_type_name == "option" else ():
                assert re.search(rf"(?<![\w-]){option}(?![\w-])", section), f"misid {name} {option}"
                assert parameter.help, f"misid {name} {option} has no help"


def test_every_code_the_source_gives_is_registered() -> None:
    from misid.ground.codes import CODES

    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    given = set(re.findall(r"[\"']([EW]\d{3})[\"']", source))
    assert given == set(CODES)
    assert len({slug for slug, _ in CODES.values()}) == len(CODES)
    for code, slug in re.findall(r'code="([EW]\d{3})",\s*slug="([^"]+)"', source):
        assert CODES[code][0] == slug


def test_every_page_is_listed() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for path in (ROOT / "docs").rglob("*.md"):
        if path.name != "index.md":
            assert f"({path.relative_to(ROOT / 'docs').as_posix()}" in index, f"{path.name} is not in docs/index.md"


def _anchors(path: Path) -> set[str]:
    tokens = MarkdownIt().parse(path.read_text(encoding="utf-8"))
    titles = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.replace("`", "").lower()).strip().replace(" ", "-") for title in titles}


def _links(path: Path) -> Iterator[str]:
    for token in MarkdownIt().enable("table").parse(path.read_text(encoding="utf-8")):
        for child in token.children or ():
            target = child.attrs.get("href") or child.attrs.get("src")
            if target is not None:
                yield str(target)


@pytest.mark.parametrize("path", PAGES, ids=_page)
def test_links_lead_somewhere(path: Path) -> None:
    for target in _links(path):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        place = (path.parent / name).resolve() if name else path
        assert place.exists(), f"{_page(path)} links to {target}"
        if anchor:
            assert anchor in _anchors(place), f"{_page(path)} links to {target}"


def test_site_builds_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "index.html").is_file()


def _marked_blocks() -> list[tuple[str, str, str]]:
    """(page and number, language, code) of every code block below a "run" mark."""
    found = []
    for path in PAGES:
        tokens = MarkdownIt().parse(path.read_text(encoding="utf-8"))
        for number, (before, token) in enumerate(pairwise(tokens)):
            if token.type == "fence" and before.type == "html_block" and before.content.strip() == MARK:
                found.append((f"{_page(path)}:{number}", token.info, token.content))
    return found


@pytest.mark.parametrize(
    ("language", "code"), [(a, b) for _, a, b in _marked_blocks()], ids=[i for i, _, _ in _marked_blocks()]
)
def test_marked_blocks_run(language: str, code: str, lab: Path) -> None:
    if language == "python":
        command = [sys.executable, "-W", "error", "-c", code]
    else:
        # The command beside this Python, not one that happens to be installed elsewhere.
        shell = 'misid() { "$PYTHON" -m misid "$@"; }\n'
        command = ["sh", "-euc", shell + code]
    done = subprocess.run(
        command, cwd=lab, capture_output=True, text=True, check=False, env={**_environment(), "PYTHON": sys.executable}
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _environment() -> dict[str, str]:
    import os

    return dict(os.environ)


def test_every_option_that_a_remedy_names_exists() -> None:
    known = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")))
    for path in sorted((ROOT / "src" / "misid").rglob("*.py")):
        text = re.sub(r"pip install .*", "", path.read_text(encoding="utf-8"))
        for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text):
            assert flag in known, f"{path.relative_to(ROOT)} names {flag}, which no command has"
