"""An engine that holds no data and answers whatever the fuzzer says, as an engine may.

What misid reads of a table is what its engine tells: names and types of columns, counts, a few values, the lines that
did not fit. A real engine takes a millisecond and more for each answer; this one takes none, and says what no real
one has said yet. It keeps to what SQL promises: as many values in a row as were asked for, whole numbers for counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from misid.engine import Columns, DuckDBEngine
from misid.ground.errors import EngineError

NAMES = (
    "probe", "reference", "score", "mated", "probe_person", "reference_person", "probe_sex", "reference_sex", "rank",
    "similarity", "distance", "Probe ID", "query", "ref", "label", "group", "probe_", "_reference", "query_sex",
    'x"; DROP TABLE comparisons; --', "it's", "a\x1fb", "\u202e", "<script>", "column 1", "SELECT", "\ud800", "É", "",
    "x" * 300, "probe_é", "reference_é", "PROBE", "sample1", "sample2",
)  # fmt: skip
TYPES = (
    "VARCHAR", "DOUBLE", "FLOAT", "INTEGER", "BIGINT", "BOOLEAN", "HUGEINT", "UBIGINT", "DECIMAL(18,3)", "BLOB", "UUID",
    "DATE", "TIMESTAMP WITH TIME ZONE", "INTERVAL", "ENUM('a', 'b')", "STRUCT(a INTEGER, b VARCHAR)", "INTEGER[]",
    "MAP(VARCHAR, DOUBLE)", "UNION(a INTEGER)", '"NULL"', "BIT", "TIME", "INTEGER[3]", "JSON", "VARIANT", "GEOMETRY",
)  # fmt: skip
TEXTS = (
    None,
    "a",
    "b",
    "",
    " ",
    "f",
    "m",
    "a\x1fb",
    "0,5",
    "NA",
    "x" * 300,
    "'",
    '"',
    "\u202e",
    "1",
    "nan",
    "a,b",
    'a,"b',
)
COUNTS = (0, 1, 2, 3, 12, 100, 10_000, 2**31, 2**53, 2**63)
REJECTS = (
    "CAST", "MISSING COLUMNS", "TOO MANY COLUMNS", "UNQUOTED VALUE", "LINE SIZE OVER MAXIMUM", "INVALID ENCODING",
    "INVALID STATE",
)  # fmt: skip
SAID = (
    "Out of Memory Error: x",
    "IO Error: GZIP",
    "Invalid Input Error: \nx",
    "",
    "no space left",
    "Conversion\nError",
)
ENDS = (1, 0, None, -(2**60) - 1, 2**53, 1e300)

ROWS = re.compile(r"SELECT\s+(DISTINCT\s+)?", re.IGNORECASE)


class _Reply:
    """What a cursor gives."""

    def __init__(self, rows: list[tuple[Any, ...]]) -> None:
        self._rows = rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows[0] if self._rows else None


class _Connection:
    """Objects may be registered, and nothing comes of it."""

    def register(self, name: str, source: Any) -> None: ...

    def unregister(self, name: str) -> None: ...

    def close(self) -> None: ...


class AnsweringEngine(DuckDBEngine):
    """Answers from bytes; every byte is one choice, and after the last all choices are 0.

    Parameters
    ----------
    data : bytes
    """

    def __init__(self, data: bytes) -> None:
        self.version = "0"
        self.log: list[str] = []
        self._files, self._kinds = {}, {}
        self.connection = _Connection()  # type: ignore[assignment]
        self._tidy: Callable[[], object] = lambda: None
        self._data, self._at = data, 0

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def _one(self, of: tuple[Any, ...]) -> Any:
        return of[self._byte() % len(of)]

    def execute(self, statement: str) -> Any:
        if self._byte() == 255:
            raise EngineError(f"DuckDB: {self._one(SAID)}", remedy="x")
        return _Reply(self._answer(statement) if ROWS.match(statement) else [])

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        return list(self.execute(select).fetchall())

    def described(self, select: str) -> dict[str, str]:
        self.execute("DESCRIBE")
        if self._byte() % 4:
            # Near to a table of scores, so that what comes after the names is reached.
            names = list(NAMES[: 3 + self._byte() % 6])
        else:
            names = [self._one(NAMES) for _ in range(1 + self._byte() % 8)]
        types = {"score": "DOUBLE", "mated": "INTEGER"} if self._byte() % 2 else {}
        return {name: types.get(name, "VARCHAR") if types else self._one(TYPES) for name in dict.fromkeys(names)}

    def columns(self, select: str, *, logged: bool = True) -> Columns:
        if logged:
            self.log.append(select)
        self.execute("")
        # Who the people are: pairs of samples below their number. Nothing else brings columns while a table is opened.
        if " AS a, y.n AS b" in select:
            n = self._byte() % 6
            return {name: np.array([self._byte() % 4 for _ in range(n)], dtype=np.int64) for name in ("a", "b")}
        return {"n": np.array([4])}

    def _answer(self, select: str) -> list[tuple[Any, ...]]:
        if "error_type" in select:
            return [self._reject() for _ in range(self._byte() % 4)]
        asked = _asked(select)
        if all(each.startswith(("count(", "(SELECT")) for each in asked):
            return [self._counts(asked)]
        if all(each.startswith(("min(", "max(")) for each in asked):
            # A row however few there are: the ends of the scores, NULL where there are none.
            return [tuple(self._one(ENDS) for _ in asked)]
        keys = [each for each in asked if not each.startswith("count(")]
        return [(*(self._one(TEXTS) for _ in keys), *self._counts(asked[len(keys) :])) for _ in range(self._byte() % 4)]

    def _counts(self, asked: list[str]) -> tuple[int, ...]:
        """Of all rows, then of some of them: no part is more than the whole, and most are all of it."""
        whole = self._one(COUNTS)
        parts = (self._one(COUNTS) if "FILTER" in each or self._byte() % 16 == 15 else whole for each in asked)
        return tuple(min(part, whole) for part in parts)

    def _reject(self) -> tuple[Any, ...]:
        index = (None, 1, 2, 3, 9)
        return self._one(REJECTS), self._one(TEXTS), self._one(COUNTS), self._one(index), self._one(TEXTS)


def _asked(select: str) -> list[str]:
    """The expressions between SELECT and FROM."""
    found, depth, quote, begin = [], 0, "", 0
    text = ROWS.sub("", select, count=1)
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif depth == 0 and (sign == "," or text.startswith(" FROM ", place)):
            found.append(text[begin:place].strip())
            begin = place + 1
            if sign != ",":
                return found
    return [*found, text[begin:].strip()]
