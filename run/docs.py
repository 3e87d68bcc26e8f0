"""Writes the pages of docs/ that are made from the package; `PAGES` lists them.

Run it after a change to a command, a code, a published number or a scenario: ``python run/docs.py``. The tests compare.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from misid.encounter.scenario import Scenario
    from misid.evidence import Fact, Source

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
        "counted (E061 to E064: a library of [published numbers](evidence.md) is not loaded). W: a warning, they "
        "are counted and the result says so. Codes are never given another meaning.",
        "",
        "| code | name | meaning |",
        "| --- | --- | --- |",
        *codes,
        "",
    ])  # fmt: skip


def evidence_page() -> str:
    """docs/evidence.md."""
    from misid.evidence import load
    from misid.evidence.words import CONFIDENCE, READ

    library = load()
    parts = [
        "# Published numbers",
        f"{len(library)} facts from {len(library.sources)} sources: what has been published on face searches at this "
        "scale, and on the people and records around them. They come with misid, in its own words, with the numbers, "
        "dates, titles and addresses of their sources. `misid evidence list` and `misid evidence show ID` print "
        "them, and from Python:",
        "<!-- run -->\n```python\nfrom misid.evidence import load\n\nlibrary = load()\n"
        'fact = library["fnir-nec010-visakiosk"]\nprint(fact.number, fact.given["gallery"], fact.source.title)\n'
        'print(fact)\nfor found in library.search("kiosk nec"):\n    print(found.id, found.said)\n```',
        "A proportion is a number from 0 to 1. What lies beside a number, in brackets, is what is said there "
        "(quartiles, two years, the best of them), and hardly ever a confidence interval. "
        "[What could not be verified](#not-verified) is kept apart and never loads as a number; "
        "[conflicts between sources](#conflicts) are records too, and a fact in one says so. Nothing here was read "
        "on the live web: each number was read in a stored copy, and the record says how near to its source that was.",
        _words("read from", READ),
        _words("confidence", CONFIDENCE),
        "## Conflicts",
    ]
    for conflict in library.conflicts:
        facts = ", ".join(f"[{id_}](#{id_})" for id_ in conflict.facts)
        parts += [
            f"### {conflict.id}",
            f"**{_plain(conflict.question)}.** {_plain(conflict.differs)} **What to do:** {_plain(conflict.advice)}",
            f"Facts: {facts}.",
        ]
    for topic, facts_of_it in library.by_topic.items():
        parts += [f"## {topic}", _plain(library.topics[topic])]
        for fact in facts_of_it:
            parts += [f"### {fact.id}", *_fact(fact)]
    parts += ["## Not verified", "None of these is a number that misid uses. Each says what would settle it."]
    for claim in library.unverified:
        parts += [
            f"### {claim.id}",
            f"{_plain(claim.quantity)}: {_plain(claim.claim)}. {_plain(claim.why)} {_plain(claim.remedy)}",
        ]
    parts.append("## Sources")
    for source in library.sources:
        parts += [f"### {source.id}", *_source(source)]
    return "\n\n".join(parts) + "\n"


def scenarios_page() -> str:
    """docs/scenarios.md."""
    from misid.encounter.ready import ready

    scenarios = list(ready())
    rows = [
        f"| [{one.name}](#{one.name}) | {_plain(one.form.title)} | {len(one.policies)} | {len(one.parameters)} | "
        f"{sum(not each.stated.source for each in one.parameters.values())} |"
        for one in scenarios
    ]
    parts = [
        "# Ready scenarios",
        "Scenarios that come with misid. `misid scenarios list` lists them, `misid scenarios show NAME` prints one, "
        "`misid scenarios new --extends NAME -o FILE.toml` starts your own from one, and `misid scenarios check "
        "FILE` says whether it holds together. Every key is explained in [the scenario file](scenario-format.md), "
        "every shape in [uncertainty](uncertainty.md), and every source in [published numbers](evidence.md). This "
        "page is made from the files.",
        "A number without a source is an assumption, and says why. It stays visible in every report, and the ranking "
        "of inputs says how much hangs on it.",
        "\n".join(
            ["| name | what | policies | numbers | of them assumed only |", "| --- | --- | --- | --- | --- |", *rows]
        ),
    ]
    for one in scenarios:
        parts += _scenario(one)
    return "\n\n".join(parts) + "\n"


def _scenario(one: Scenario) -> list[str]:
    form, own = one.form, one.document.files[0][0]
    bases = [name.removesuffix(".toml") for name, _ in one.document.files[1:]]
    parts = [f"## {one.name}", f"**{_plain(form.title)}.** {_plain(' '.join(form.about.split()))}"]
    parts.append(f"People: {_plain(form.population)}.")
    if bases:
        parts.append(f"Extends [{bases[0]}](#{bases[0]}): what is not here is as there.")
    for heading, texts in (
        ("What was measured", form.measured), ("What was not", form.not_measured), ("Beware", form.caveats),
    ):  # fmt: skip
        if texts and not bases:
            parts.append("\n".join([f"{heading}:", "", *(f"- {_plain(text)}" for text in texts)]))
    policies = [
        f"- `{name}`: {_plain(policy.title)}{' (leads the report)' if name == form.lead else ''}"
        for name, policy in form.policies.items()
        if not bases or one.document.place(f"policies.{name}").startswith(own)
    ]
    if policies:
        parts.append("\n".join(["Policies" + (" beside those of its base:" if bases else ":"), "", *policies]))
    asked = [
        *((f"claims.{name}", f"claim: {claim.says}") for name, claim in form.claims.items()),
        *((f"break_even.{name}", claim.asks) for name, claim in form.break_even.items()),
    ]
    asked = [(path, text) for path, text in asked if not bases or one.document.place(path).startswith(own)]
    if asked:
        parts.append("\n".join(["Asked:", "", *(f"- {_plain(text)}" for _, text in asked)]))
    numbers = [each for each in one.parameters.values() if one.document.place(each.path).startswith(own)]
    if numbers:
        lines = ["| number | value or range | from |", "| --- | --- | --- |"]
        for each in numbers:
            sources = [f"[{id_}](evidence.md#{id_})" for id_ in each.stated.source]
            said = "; ".join(_plain(text) for text in (each.stated.assumption, each.stated.note) if text)
            origin = ", ".join(sources) + (": " if sources and said else "") + said
            assumed = "" if sources else "**assumption**: "
            what = f"{_plain(each.title)}<br>`{each.path}`"
            lines.append(f"| {what} | {_plain(each.shape.said())} | {assumed}{origin} |")
        parts.append("\n".join(lines))
    return parts


def _words(heading: str, words: dict[str, str]) -> str:
    return "\n".join([f"| {heading} | meaning |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in words.items())])


def _plain(text: str) -> str:
    """Text in which Markdown finds nothing to do."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", text)


def _fact(fact: Fact) -> list[str]:
    numbers = [f"{name} {value:,}" for name, value in (("lo", fact.lo), ("hi", fact.hi)) if value is not None]
    shown = [*(numbers if fact.shape == "number" else []), *([fact.limits] if fact.limits else [])]
    limits = f" ({_plain('; '.join(shown))})" if shown else ""
    units = f" {fact.units}" if fact.units in ("proportion", "ratio", "index", "count") else ""
    read = f"read from: {fact.read}" + (f" ({fact.read_where})" if fact.read_where else "")
    lines = [
        f"{_plain(fact.quantity)}: **{_plain(fact.said)}**{units}{limits}.",
        f"Scope: {_plain(fact.population)}.",
    ]
    if fact.note:
        lines.append(_plain(fact.note))
    lines.append(
        f"[{_plain(fact.source.publisher)}](#{fact.source.id}), {_plain(fact.source.date)}; "
        f"{fact.source.kind}; confidence {fact.confidence}; {_plain(read)}."
    )
    if fact.conflicts:
        lines.append("In conflict: " + ", ".join(f"[{id_}](#{id_})" for id_ in fact.conflicts) + ".")
    return lines


def _source(source: Source) -> list[str]:
    address = f"<{source.link}>" if source.link else source.no_url
    lines = [f"{_plain(source.title)}. {_plain(source.publisher)}, {_plain(source.date)}. {address}"]
    if source.original_url:
        # Where it was read, and not for opening.
        lines.append(f"What was read is a copy or a summary at `{source.url}`.")
    if source.note:
        lines.append(_plain(source.note))
    return lines


def backtests_page() -> str:
    """docs/backtests.md: what the command prints."""
    from misid.cli.main import run

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        run(["backtest", "--quiet", "--format", "md"])
    return printed.getvalue()


PAGES = {
    "backtests.md": backtests_page,
    "cli.md": cli_page,
    "codes.md": codes_page,
    "evidence.md": evidence_page,
    "scenarios.md": scenarios_page,
}


def write_schemas() -> None:
    """The published JSON schemas: of a case file; of an assessment, with its copy in the package."""
    from misid.cases import file as cases
    from misid.report.assessment.schema import FILE, schema_text

    (DOCS / "schema" / cases.SCHEMA_FILE).write_text(cases.schema_text(), encoding="utf-8")
    for folder in (DOCS / "schema", DOCS.parent / "src" / "misid" / "report"):
        (folder / FILE).write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
    write_schemas()
