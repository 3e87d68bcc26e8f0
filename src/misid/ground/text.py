"""Rates as a person reads them, and as a machine does: the words and tables of the report and the command line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal, TextIO

from misid.ground.errors import UsageError
from misid.ground.measures import measure
from misid.ground.numbers import (
    at_target,
    count,
    denominator,
    one_in,
    out_of,
    percent,
    significant,
    threshold_text,
    whole,
    whole_limits,
)
from misid.ground.rate import ALL, Rate
from misid.ground.visible import json_text, visible, write_csv

Format = Literal["table", "json", "csv", "md"]
FORMATS: tuple[Format, ...] = ("table", "json", "csv", "md")

RECORD_KEYS = (
    "measure", "probe_group", "reference_group", "threshold", "target", "rank", "gallery",
    "estimate", "lo", "hi", "level", "method", "errors", "trials", "people", "status",
    "effective_people", "warnings",
)  # fmt: skip
"""Keys of a rate's record, in the order in which every command prints them."""


def record(rate: Rate) -> dict[str, Any]:
    """A rate as plain data, keys in the order of `RECORD_KEYS`."""
    fields = rate.to_dict()
    return {key: fields[key] for key in RECORD_KEYS}


def _unknown(rate: Rate) -> str:
    """Why there is no estimate, in the words of its status."""
    words = measure(rate.measure)
    if rate.status == "undefined":
        if rate.trials:  # there were some, and still a part is missing: only the reason helps
            return f"cannot be computed: {rate.warnings[0] if rate.warnings else 'a part of it is not known'}"
        undeclared = rate.trials is None or rate.measure in ("fta", "fte")
        if undeclared and rate.warnings:
            return f"cannot be computed: {rate.warnings[0]}"
        return f"cannot be computed: 0 {words.trials}"
    if rate.status == "censored":
        return "not known: the candidate lists end before this could be seen"
    reason = rate.warnings[0] if rate.warnings else "the data cannot carry it"
    return f"not answered: {reason}"


def _seen(rate: Rate) -> str:
    """What was counted, where only limits can be given."""
    words = measure(rate.measure)
    seen = "none" if not rate.errors else count(rate.errors)
    trials = words.trials if rate.trials is None else f"{count(rate.trials)} {words.trials}"
    people = "" if rate.people is None else f" among {count(rate.people)} people"
    return f"{seen} seen in {trials}{people}"


def _bound(rate: Rate) -> str:
    """The limits alone: "below 1 in 1,700 (95 %)", or both where the lower one says something."""
    level = percent(rate.level)
    if rate.hi is None:
        return "no bound can be given"
    if rate.measure == "selectivity":
        return f"below {significant(rate.hi)} per search ({level})"
    if rate.hi >= 1:
        return f"above {at_target(rate.lo)} ({level})" if rate.lo else f"the limits exclude nothing ({level})"
    if not rate.lo:
        return f"below {one_in(rate.hi)} ({level})"
    size = denominator(rate.hi)
    return f"between {out_of(rate.lo, size)} and {out_of(rate.hi, size)} in {size:,} ({level})"


def sentence(text: str) -> str:
    """A text as a sentence: with a capital and a full stop.

    Examples
    --------
    >>> sentence("no test exists"), sentence("Is it?"), sentence("so says “No.”"), sentence("it is “measured”")
    ('No test exists.', 'Is it?', 'So says “No.”', 'It is “measured”.')
    """
    text = text.strip()
    return f"{text[0].upper()}{text[1:]}{'' if text.rstrip('”')[-1:] in tuple('.?!') else '.'}" if text else text


def rate_text(rate: Rate) -> str:
    """A rate on one line: estimate with limits, or the bound, or why there is none.

    Parameters
    ----------
    rate : Rate

    Returns
    -------
    str
        Never "0.0 %": no errors seen gives what was looked at and an upper bound.

    Examples
    --------
    >>> rate_text(Rate(measure="fpir", estimate=2.3e-4, lo=1.1e-4, hi=4.8e-4))
    '2.3 in 10,000 (95 % 1.1–4.8)'
    >>> rate_text(Rate(measure="fmr", estimate=0.0, lo=0.0, hi=5.8e-4, errors=0, trials=5160, people=516,
    ...                status="bound"))
    'none seen in 5,160 non-mated comparisons among 516 people; below 1 in 1,700 (95 %)'
    >>> rate_text(Rate(measure="fpir", trials=0, status="undefined"))
    'cannot be computed: 0 non-mated searches'
    """
    if rate.measure == "cmc" and (rate.status == "bound" or rate.estimate == 1):
        return f"misses: {rate_text(_misses(rate))}"
    if rate.measure == "selectivity" and rate.status == "bound" and rate.errors is None:
        return f"not counted at this very threshold; {_bound(rate)}"
    if rate.status == "bound" or (rate.status == "ok" and rate.estimate == 0):
        return f"{_seen(rate)}; {_bound(rate)}"
    if rate.measure == "cmc" and rate.status == "censored" and rate.lo is not None:
        return f"misses: {rate_text(_misses(rate))}"
    if rate.status == "censored" and rate.hi is not None and rate.hi < 1:
        return f"not known exactly: the candidate lists end too early; {_bound(rate)}"
    if rate.measure == "selectivity" and rate.status == "censored" and rate.lo:
        least = f"above {significant(rate.lo)} per search ({percent(rate.level)})"
        return f"not known exactly: the candidate lists end too early; {least}"
    if rate.estimate is None or rate.status in ("undefined", "refused", "censored"):
        return _unknown(rate)
    if rate.measure == "selectivity":
        value, unit = significant(rate.estimate), " per search"
        limits = None if rate.lo is None or rate.hi is None else f"{significant(rate.lo)}–{significant(rate.hi)}"
    else:
        size = denominator(rate.estimate)
        value, unit = out_of(rate.estimate, size), f" in {size:,}"
        limits = None if rate.lo is None or rate.hi is None else f"{out_of(rate.lo, size)}–{out_of(rate.hi, size)}"
    return f"{value}{unit} ({f'{percent(rate.level)} {limits}' if limits else 'limits not known'})"


def _misses(rate: Rate) -> Rate:
    """A CMC rate (a share of searches that succeed) as the share that do not: its `errors` are those already."""
    estimate, lo, hi = (None if value is None else 1.0 - value for value in (rate.estimate, rate.hi, rate.lo))
    return replace(rate, measure="fnir", estimate=estimate, lo=lo, hi=hi)


def natural(rate: Rate, size: int | None = None) -> str:
    """A rate as a sentence in natural frequencies.

    Parameters
    ----------
    rate : Rate
    size : int, optional
        Denominator; by default the smallest power of ten of which the rate is two or more.

    Returns
    -------
    str

    Examples
    --------
    >>> natural(Rate(measure="fpir", estimate=3.1e-4, lo=1.2e-4, hi=8.1e-4))
    'Of 10,000 searches of people who are not in the gallery, about 3 (95 %: 1–9) return somebody.'
    """
    words = measure(rate.measure)
    event = words.event
    if rate.measure == "cmc" and (rate.status != "ok" or rate.estimate == 1):
        return natural(_misses(rate), size)
    if rate.measure == "cmc" and rate.rank is not None:
        event = "return them first" if rate.rank == 1 else f"return them among the first {rate.rank}"
    if rate.measure == "fnir" and rate.rank is not None:
        event = "do not return them first" if rate.rank == 1 else f"do not return them among the first {rate.rank}"
    if rate.status == "bound" or (rate.status == "ok" and rate.estimate == 0):
        text = _seen(rate)
        return f"{text[0].upper()}{text[1:]}; the rate is {_bound(rate)}."
    if rate.estimate is None or rate.status != "ok":
        text = rate_text(rate)
        return f"{words.short}: {text}."
    size = size or denominator(rate.estimate, at_least=2.0)
    limits = ""
    if rate.lo is not None and rate.hi is not None:
        limits = f" ({percent(rate.level)}: {'–'.join(whole_limits(rate.lo, rate.hi, size))})"
    if rate.measure == "selectivity":
        return f"In {size:,} {words.of}, about {whole(rate.estimate, size)}{limits} {event}."
    return f"Of {size:,} {words.of}, about {whole(rate.estimate, size)}{limits} {event}."


def rates_table(records: Iterable[Rate]) -> list[dict[str, str]]:
    """Rates as rows of text; columns that say nothing in any row are left out.

    Returns
    -------
    list of dict
        Column heading to text, the same headings in every row.
    """
    rates = list(records)
    rows = [
        {
            "rate": measure(r.measure).short,
            "probe group": r.probe_group,
            "reference group": r.reference_group,
            "threshold": "" if r.threshold is None else threshold_text(r.threshold),
            "asked for": "" if r.target is None else f"≤ {at_target(r.target)}",
            "rank": "" if r.rank is None else str(r.rank),
            "gallery": "" if r.gallery is None else count(r.gallery),
            "value": rate_text(r),
            "errors": "" if r.errors is None else count(r.errors),
            "trials": "" if r.trials is None else count(r.trials),
            "people": "" if r.people is None else count(r.people),
            "status": r.status,
        }
        for r in rates
    ]
    silent = {"probe group": ALL, "reference group": ALL, "threshold": "", "asked for": "", "rank": "", "gallery": ""}
    dropped = {key for key, nothing in silent.items() if all(row[key] == nothing for row in rows)}
    return [{key: text for key, text in row.items() if key not in dropped} for row in rows]


def print_rates(
    records: Iterable[Rate],
    format: Format = "table",  # noqa: A002 - the option is called --format
    stream: TextIO | None = None,
) -> None:
    """Print rates: a table for people, or records for machines.

    Parameters
    ----------
    records : iterable of Rate
    format : "table", "json", "csv" or "md"
    stream : text file, default standard output

    Raises
    ------
    UsageError
        If the format is none of these.
    """
    import sys

    stream = stream or sys.stdout
    rates = list(records)
    if format == "json":
        stream.write(json_text([finite(record(r)) for r in rates]))
    elif format == "csv":
        flat = [{**record(r), "warnings": "; ".join(r.warnings)} for r in rates]
        write_csv(flat, RECORD_KEYS, stream)
    elif format == "md":
        _print_markdown(rates_table(rates), stream)
    elif format == "table":
        _print_rich(rates, stream)
    else:
        raise UsageError(f"format {format!r} is not known", remedy=f"--format {'|'.join(FORMATS)}")


def finite(value: Any) -> Any:
    """Plain data that JSON can carry: infinities become the strings "Infinity" and "-Infinity", NaN null."""
    if isinstance(value, float) and not -float("inf") < value < float("inf"):
        return None if value != value else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def _print_markdown(rows: list[dict[str, str]], stream: TextIO) -> None:
    if not rows:
        return
    stream.write("| " + " | ".join(rows[0]) + " |\n|" + " --- |" * len(rows[0]) + "\n")
    for row in rows:
        stream.write(markdown_row(row.values()))


def markdown_row(cells: Iterable[str]) -> str:
    """A row of a Markdown table, whatever its cells hold."""
    plain = (visible(text.replace("\n", " ")).replace("\\", "\\\\").replace("|", "\\|") for text in cells)
    return "| " + " | ".join(plain) + " |\n"


_NUMERIC = frozenset({"threshold", "rank", "gallery", "errors", "trials", "people"})
_COUNTED = ("status", "people", "trials", "errors")
"""Columns that narrow terminals do without, the first first: what a value's words say too, then what was counted."""

_WANTED, _LEAST = 32, 24
"""Widths of a value: most stand on one line; it and its limits stand on two."""


def _print_rich(rates: list[Rate], stream: TextIO) -> None:
    from rich.text import Text

    from misid.ground.console import console_on
    from misid.ground.fitted import print_fitted

    # A target that was refused has no threshold, and so no place among the rates: it is a note, once.
    answered = [r for r in rates if r.status != "refused" or r.target is None or r.threshold is not None]
    shown = answered or rates
    rows = rates_table(shown) or [{"rate": "", "value": ""}]
    # A gallery that is the same in all rows tells none of them apart; a threshold says which target it is for.
    one_gallery = len({row["gallery"] for row in rows if row.get("gallery")}) == 1
    spare = {key: _WANTED if key in _COUNTED else _LEAST for key in (*_COUNTED, "gallery", "asked for")}
    if not one_gallery:
        del spare["gallery"]
    left_out = print_fitted(rows, stream, numeric=_NUMERIC, spare=spare, main="value")
    console = console_on(stream)
    if left_out:
        said = f"not shown on so narrow a terminal: {', '.join(left_out)}; --format csv and --format json have them"
        console.print(Text(f"note: {said}"))
    values = "\n".join(row["value"] for row in rows)
    for warning in dict.fromkeys(w for r in shown for w in r.warnings if w not in values):
        console.print(Text(f"note: {visible(warning)}"))
    if answered:
        for warning in dict.fromkeys(w for r in rates if r.status == "refused" for w in r.warnings):
            console.print(Text(f"not answered: {visible(warning)}"))
