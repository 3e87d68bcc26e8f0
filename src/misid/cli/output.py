"""Prints records that are not rates: what was checked, what the doctor found, what a tally holds."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from misid.cli.options import Format
from misid.ground.visible import json_text, visible, write_csv

if TYPE_CHECKING:
    from misid.tally import Tally


def print_records(records: Sequence[dict[str, Any]], form: Format) -> None:
    """Print records with the same keys on standard output: a table for people, or for machines."""
    from misid.ground.text import finite

    columns = list(records[0]) if records else []
    if form == "json":
        print_json([finite(record) for record in records])
    elif form == "csv":
        write_csv([{key: _cell(value) for key, value in record.items()} for record in records], columns, sys.stdout)
    elif form == "md":
        _print_markdown(columns, records)
    else:
        _print_table(columns, records)


def print_json(data: Any) -> None:
    """Print plain data as JSON on standard output."""
    sys.stdout.write(json_text(data))


def print_facts(record: dict[str, Any]) -> None:
    """Print one record on standard output for a person, a fact a line; what is not known is left out."""
    told = {key.replace("_", " "): _text(value) for key, value in record.items()}
    width = max(map(len, told))
    print_text("".join(f"{key:<{width}}  {visible(text)}\n" for key, text in told.items() if text))


def print_text(text: str) -> None:
    """Print lines for a person on standard output; what a terminal would act on is shown as escapes."""
    sys.stdout.write(visible(text, lines=True))


def tally_record(path: Path, tally: Tally) -> dict[str, Any]:
    """What a tally that was written holds."""
    counts = tally.tables["counts"]
    mated = counts["mated"] == 1
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "kind": tally.kind,
        "mated": int(counts["count"][mated].sum()),
        "nonmated": int(counts["count"][~mated].sum()),
        "failed": int(tally.tables["failed"]["count"].sum()),
        "people": tally.people["any"],
        "groups": [label.name for label in tally.labels],
        "thresholds": [0.0 - t if tally.origin.polarity == "distance" else t for t in tally.thresholds.tolist()],
        "warnings": list(tally.warnings),
    }


def _cell(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(_cell(value))


def _print_markdown(columns: list[str], records: Sequence[dict[str, Any]]) -> None:
    if not records:
        return
    from misid.ground.text import markdown_row

    lines = [markdown_row(columns), "|" + " --- |" * len(columns) + "\n"]
    lines += [markdown_row(map(_text, record.values())) for record in records]
    sys.stdout.write("".join(lines))


def _print_table(columns: list[str], records: Sequence[dict[str, Any]]) -> None:
    from misid.ground.fitted import print_fitted

    said = [column for column in columns if any(_text(record[column]) for record in records)]
    rows = [{column.replace("_", " "): _text(record[column]) for column in said} for record in records]
    if rows and said:
        print_fitted(rows, sys.stdout)
