"""Plain data as TOML, for files that `tomllib` reads back to the same data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(table: Mapping[str, Any]) -> str:
    """A table as a TOML document: the same text for the same table.

    Parameters
    ----------
    table : mapping
        Of strings, numbers, booleans, lists and tables; a table within a list is written on one line.

    Raises
    ------
    TypeError
        For what TOML has no word for, None among them.

    Examples
    --------
    >>> print(toml_text({"title": "A", "search": {"fpir": {"value": 0.003}, "model": "published"}}), end="")
    title = "A"
    <BLANKLINE>
    [search]
    model = "published"
    <BLANKLINE>
    [search.fpir]
    value = 0.003
    """
    return "\n".join(_lines(table, ())).strip("\n") + "\n"


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    tables = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    heading = ["", f"[{'.'.join(map(_key, path))}]"] if path and (plain or not tables) else []
    lines = heading + [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    for key, value in tables.items():
        lines += _lines(value, (*path, key))
    return lines


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def _string(text: str) -> str:
    # JSON's escapes are TOML's too; only DEL has to be escaped here and not there.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)  # inf and nan are TOML's words too
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    raise TypeError(f"{type(value).__name__} has no place in TOML")
