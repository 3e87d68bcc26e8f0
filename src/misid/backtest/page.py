"""The page of the documentation on back-tests; ``misid backtest --format md`` prints it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from misid.backtest.data import RULE_CHANGED, Shipped, shipped
from misid.backtest.model import Scored, Study
from misid.backtest.run import Result, Summary, summary_of
from misid.backtest.text import (
    held_text,
    outcome_text,
    said_text,
    summary_row,
)
from misid.evidence import Source
from misid.evidence.words import READ
from misid.ground.numbers import significant

MANY = 40
"""Tasks of a study from which only those that failed are listed, beside a count by group."""


def page(result: Result) -> str:
    """The page, in Markdown.

    Parameters
    ----------
    result : Result
        Of the studies that misid ships.
    """
    ours = shipped()
    field = [s for study in result.studies if not study.id.startswith("nist") for s in result.scored[study.id]]
    nist = [s for study in result.studies if study.id.startswith("nist") for s in result.scored[study.id]]
    parts = [
        "# Back-tests",
        _opening(result, summary_of(field)),
        _counts(result, field, nist),
        "## How it is done",
        _HOW,
        "## By study",
        _table(
            [
                {"study": f"[{row['study']}](#{row['study']})", **{k: v for k, v in row.items() if k != "study"}}
                for row in (summary_row(study.id, result.of(study)) for study in result.studies)
            ]
        ),
        "Log score: mean of the natural log of the probability that was given to what happened, where the usual "
        "prediction gives one too; nearer to 0 is better. The usual prediction adds counts up, takes all units as "
        "alike, "
        "and FPIR as linear in the watch list.",
        "## What the first sealing taught",
        *_first(ours),
        "## What failed",
        _failed(result),
        "## What was refused",
        _refused(result),
        "## Every study",
    ]
    for study in result.studies:
        parts += [f"### {study.id}", *_study(study, result)]
    parts += [
        "## What could not be made a task",
        "\n".join(f"- {_plain(what)}: {_plain(why)}." for what, why in ours.unused),
        "## Your own deployments",
        _YOURS,
        "## Sources",
        _READ_NOTE,
        *(line for source in ours.sources.values() for line in _source(source)),
    ]
    return "\n\n".join(parts) + "\n"


def _opening(result: Result, field: Summary) -> str:
    every = result.summary
    blind = summary_of([s for study in result.studies if study.blind for s in result.scored[study.id]])
    return (
        f"Do the search models hold for what they were not made from? {every.tasks} questions about real deployments "
        f"and tests were put to rules that are given only what came before. Of {every.intervals} intervals meant to "
        "hold "
        f"95 times in 100, **{every.held} held** ({100 * (every.coverage or 0):.0f} in 100): {field.held} of "
        f"{field.intervals} "
        f"about deployments and tests in use, {every.held - field.held} of {every.intervals - field.intervals} about "
        "one "
        f"more algorithm in NIST's tables. {every.refused} questions were refused. Of the {blind.intervals} intervals "
        f"whose rules were fixed before whoever wrote them had read the outcomes, and stand as they were, {blind.held} "
        "held. [The first sealing](#what-the-first-sealing-taught) did worse."
    )


def _counts(result: Result, field: Sequence[Scored], nist: Sequence[Scored]) -> str:
    rows = [
        summary_row("all", result.summary),
        summary_row("deployments and tests in use", summary_of(field)),
        summary_row("one more algorithm at NIST", summary_of(nist)),
    ]
    scores = ("study", "log score", "usual log score")
    said = _table([{"what": row["study"], **{k: v for k, v in row.items() if k not in scores}} for row in rows])
    mean = result.mean_coverage
    each = "" if mean is None else f" Each study counted once, {100 * mean:.0f} in 100 held."
    return (
        f"{said}\n\nThe intervals are wide, and that is a result: median hi/lo is the middle ratio of their ends (for "
        "a "
        "count, of hi + ½ to lo + ½). Where little is known of how places differ, it is in the thousands, and an "
        "interval "
        f"that wide holds easily.{each} Tasks of one study share their data, and ten months of the Metropolitan "
        "Police are "
        "predicted twice, by hours and by faces: they do not fail independently of each other."
    )


_HOW = (
    "- A **study** declares which records are predicted, from which, by which rule (`studies.toml` in the package). A "
    "**task** is one question of a study, with one outcome.\n"
    "- What predicts is given the conditions of the task (place, hours, watch list, threshold) and whole records from "
    "before it. Its outcome is in neither: the object that holds outcomes gives them out once, for all tasks, and only "
    "against the ledger of predictions. A test changes outcomes and finds every prediction made before them the same.\n"
    "- The SHA-256 of each prediction is taken before its outcome is read. `misid backtest --predictions --format "
    "json` "
    "prints predictions with their hashes and stops there; `seals.csv` in the package holds the hashes, and a test "
    "compares them.\n"
    "- Hours and faces of the time predicted are taken as given; only the false alerts are predicted.\n"
    "- **Held out** is not later in time: where one publication holds all records, what is predicted is kept from the "
    "rule, and nothing else.\n"
    "- Who wrote the methods had seen many of these outcomes. The prior for how deployments differ was chosen by "
    "people "
    "who knew those of the Metropolitan Police and South Wales. Each study says what had been seen when its rule was "
    "fixed."
)

_YOURS = (
    "`misid backtest --deployments FILE.csv` predicts each of your deployments from those before it, at the same "
    "threshold and for the same group, as soon as three are there. Columns as for `misid project --deployments`, with "
    "`date_start` in every row: [the search model](search-model.md#from-deployments)."
)

_READ_NOTE = (
    "Nothing was read on the live web. Read from: "
    + "; ".join(f"{name}, {meaning}" for name, meaning in READ.items() if name in ("file", "page", "excerpt", "copy"))
    + "."
)

_CHANGES = (
    "Three rules were changed after the outcomes had been read, none by turning a number until it fit:\n\n"
    "1. Algorithms of one developer are not independent. A developer now counts once, and spreads are those between "
    "developers.\n"
    "2. The tables had been halved by name. Each developer is now predicted from all others, which uses all of them.\n"
    "3. A ratio of groups measured in one test was carried to other groups and other photographs: Black women in US "
    "mugshots to women from West Africa, people from West Africa to Black people in the UK. For women from West Africa "
    "it was too low for {women} of {all_women} algorithms; for Black people, and for Black women, at the UK's Police "
    "National Database it was too low as well. One test does not show how ratios differ between tests, as one "
    "deployment does not predict the next; so this is now refused, and three tasks on the median algorithm stand for "
    "{one_by_one} on single ones.\n\n"
    "The studies with changed rules say so; their shares are not those of rules fixed beforehand. The rules of all "
    "other studies stand as they were first sealed, with the same numbers."
)


def _first(ours: Shipped) -> list[str]:
    rows = ours.first
    intervals = [row for row in rows if row["status"] == "ok"]
    given = Counter(row["study"] for row in intervals)
    held = Counter(row["study"] for row in intervals if row["held"] == "1")
    tasks = Counter(row["study"] for row in rows)
    changed = [study for study in tasks if any(_changed(ours, row) for row in rows if row["study"] == study)]
    all_given, all_held = sum(given.values()), sum(held.values())
    table = _table(
        [
            {"study": study, "tasks": tasks[study], "95 % intervals": given[study], "held": held[study],
             "share": f"{held[study] / given[study]:.2f}" if given[study] else None}
            for study in changed
        ]
    )  # fmt: skip
    return [
        f"On 2026-11-27, {len(rows)} predictions were sealed with rules that were fixed before. Then the outcomes "
        "were read: "
        f"of {all_given} intervals, {all_held} held ({100 * all_held / all_given:.0f} in 100), fewer than the 95 that "
        "they "
        "promised. `first.csv` in the package holds every one of them. The studies that fell short:",
        table,
        _CHANGES.format(
            women=sum(float(row["outcome"]) > float(row["hi"]) for row in rows if row["study"] == _WOMEN),
            all_women=tasks[_WOMEN], one_by_one=sum(n for study, n in tasks.items() if study.startswith(_RATIOS)),
        ),
    ]  # fmt: skip


_RATIOS = "nist-1to1-"
_WOMEN = f"{_RATIOS}west-africa-f"


def _changed(ours: Shipped, row: Mapping[str, str]) -> bool:
    return row["task"] not in ours.seals or ours.seals[row["task"]].note == RULE_CHANGED


def _failed(result: Result) -> str:
    rows = [
        {
            "task": _plain(one.prediction.task), "predicted": said_text(one.prediction), "happened": outcome_text(one),
            "what is known of why": _plain(one.reason) or "not known",
        }
        for one in result.all
        if one.held is False
    ]  # fmt: skip
    return _table(rows)


def _refused(result: Result) -> str:
    rows = [
        {
            "task": _plain(one.prediction.task), "why": _plain(one.prediction.reason),
            "what would suffice": _plain(one.prediction.needed), "happened": outcome_text(one),
        }
        for one in result.all
        if one.held is None
    ]  # fmt: skip
    return _table(rows)


def _study(study: Study, result: Result) -> list[str]:
    scored = result.scored[study.id]
    order = {"date": "forward in time", "listed": "in the order of the table", "held out": "held out"}[study.order]
    kind = study.kind if study.order != "held out" and study.kind == order else f"{study.kind}, {order}"
    first = scored[0].prediction
    lines = [
        f"**{_plain(study.title)}.** {kind[:1].upper()}{kind[1:]}. {_plain(study.fixed)}",
    ]
    if first.method:
        assumed = "; ".join(dict.fromkeys(text for one in scored[:1] for text in one.prediction.assumptions))
        method = _plain(first.method[:1].upper() + first.method[1:])
        lines.append(f"{method}. {'First task: ' + _plain(assumed) + '.' if assumed else ''}".strip())
    if len(scored) > MANY:
        lines += [_by_group(scored, result, study), "The tasks that failed are listed above; `--tasks` prints all."]
    elif len(scored) > 1 or first.status != "refused":
        lines.append(_table([_row(one) for one in scored]))
    else:
        lines.append(f"Refused: {_plain(first.reason)}. It was {outcome_text(scored[0])}.")
    return lines


def _by_group(scored: Sequence[Scored], result: Result, study: Study) -> str:
    conditions = {record.given.id: record.given for record in shipped().records}
    groups: dict[str, list[Scored]] = {}
    for one in scored:
        name = conditions[one.prediction.task.removeprefix(f"{study.id}.")].group or "everybody"
        groups.setdefault(name, []).append(one)
    return _table(
        [
            {
                "group": name, "tasks": len(mine), "95 % intervals": summary_of(mine).intervals,
                "held": summary_of(mine).held,
                "median hi/lo": significant(summary_of(mine).width or 0.0),
            }
            for name, mine in sorted(groups.items())
        ]
    )  # fmt: skip


def _row(one: Scored) -> dict[str, Any]:
    plain, failed = one.prediction.plain, "" if one.plain_held else " (failed)"
    return {
        "task": _plain(one.prediction.asked.rpartition(": ")[2]),
        "predicted": said_text(one.prediction),
        "happened": outcome_text(one),
        "": held_text(one),
        "hi/lo": None if one.width is None else significant(one.width),
        "usual": None if plain is None else f"{plain[0]:,.0f} to {plain[1]:,.0f}{failed}",
        "sealed": f"`{one.sha256[:12]}`",
    }


def _table(rows: Sequence[dict[str, Any]]) -> str:
    kept = [key for key in rows[0] if any(row[key] not in (None, "") for row in rows)] if rows else []
    lines = ["| " + " | ".join(kept) + " |", "|" + " --- |" * len(kept)]
    for row in rows:
        lines.append("| " + " | ".join("" if row[key] is None else str(row[key]) for key in kept) + " |")
    return "\n".join(lines)


def _source(source: Source) -> list[str]:
    address = f"<{source.link}>" if source.link else _plain(source.no_url)
    where = f" ({_plain(source.read_where)})" if source.read_where else ""
    note = f" {_plain(source.note)}" if source.note else ""
    return [
        f"- {_plain(source.title)}. {_plain(source.publisher)}, {_plain(source.date)}. {address}. "
        f"Read from: {source.read}{where}.{note}"
    ]


def _plain(text: str) -> str:
    """Text in which Markdown finds nothing to do."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", text)
