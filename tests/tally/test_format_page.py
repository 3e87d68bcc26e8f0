"""The specification lists the tables that the code writes."""

from __future__ import annotations

from pathlib import Path

from misid.tally.model import TABLES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tally-format.md"


def rendered() -> str:
    lines = []
    for name, columns in TABLES.items():
        lines += [f"### {name}.csv", "", "| column | meaning |", "|---|---|"]
        lines += [f"| `{column}` | {meaning} |" for column, meaning in columns.items()]
        lines += [""]
    return "\n".join(lines)


def test_every_table_is_specified() -> None:
    """`python -m tests.tally.test_format_page` writes the page anew."""
    text = PAGE.read_text()
    start, end = text.index("<!-- tables -->\n"), text.index("<!-- end tables -->")
    assert text[start:end] == "<!-- tables -->\n" + rendered() + "\n"


if __name__ == "__main__":
    text = PAGE.read_text()
    start, end = text.index("<!-- tables -->\n"), text.index("<!-- end tables -->")
    PAGE.write_text(text[:start] + "<!-- tables -->\n" + rendered() + "\n" + text[end:])
