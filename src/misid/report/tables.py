"""Every table and figure as CSV."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from misid.ground.text import RECORD_KEYS, record
from misid.ground.visible import write_csv
from misid.rates.model import Differential
from misid.report.document import CheckLine, ReportDocument, TableFile, plain
from misid.report.facts import GroupFacts
from misid.report.figures.base import Figure, Row
from misid.report.lead import OperatingPoint
from misid.search.text import RECORD_KEYS as ANSWER_KEYS


@dataclass(frozen=True, kw_only=True)
class CsvTable:
    """A table to be written beside the page."""

    file: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def text(self) -> str:
        """The file's text."""
        stream = io.StringIO()
        write_csv([plain(row) for row in self.rows], self.columns, stream)
        return stream.getvalue()

    def listed(self) -> TableFile:
        """How report.json names it."""
        return TableFile(file=self.file, title=self.title, columns=self.columns, rows=len(self.rows))


def tables_of(document: ReportDocument, figures: Sequence[Figure]) -> tuple[CsvTable, ...]:
    """The tables of the page, then the data of each figure."""
    made = (
        _table("rates", "All rates", RECORD_KEYS, [_flat(record(r)) for r in document.rates.records]),
        _table("operating-points", "Rates at each threshold", _POINT_COLUMNS,
               [_point(document, p) for p in document.answer.points]),
        _table("test", "What was measured", ("what", "value"), _facts(document)),
        _table("groups", "How much of the test is behind each group", _names(GroupFacts),
               [asdict(g) for g in document.test.groups]),
        _table("checks", "Problems found in the input", _names(CheckLine), [asdict(c) for c in document.checks]),
        _table("refused", "Rows left out", ("reason", "rows"),
               [{"reason": r, "rows": n} for r, n in document.origin.refused]),
        _table("differentials", "Differences between groups", _names(Differential),
               [_flat(asdict(d)) for d in document.rates.differentials]),
        _table("calibration", "Calibration of scores", _CALIBRATION_COLUMNS, _calibration(document)),
        _table("projection", "FPIR at larger galleries", ANSWER_KEYS,
               [] if document.projection is None else [_flat(a.to_dict()) for a in document.projection.named]),
        _table("inputs", "Inputs", _input_columns(document), _inputs(document)),
    )  # fmt: skip
    return made + tuple(
        CsvTable(file=figure.file, title=figure.title, columns=figure.columns, rows=figure.rows) for figure in figures
    )


_POINT_COLUMNS = (
    "threshold", "asked",
    *(f"{m}{part}" for m in ("fmr", "fnmr", "fpir", "fnir") for part in ("", "_lo", "_hi", "_status")),
)  # fmt: skip
_CALIBRATION_COLUMNS = ("status", "cllr", "cllr_min", "cllr_logistic", "slope", "intercept")


def _table(name: str, title: str, columns: Sequence[str], rows: Sequence[Row]) -> CsvTable:
    return CsvTable(file=f"tables/{name}.csv", title=title, columns=tuple(columns), rows=tuple(rows))


def _names(of: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(of))


def _flat(row: Row) -> Row:
    return {key: "; ".join(value) if isinstance(value, list | tuple) else value for key, value in row.items()}


def _point(document: ReportDocument, point: OperatingPoint) -> Row:
    asked = "; ".join(f"{measure} at most {target!r}" for measure, target in point.asked)
    row: Row = {"threshold": point.threshold, "asked": asked}
    for name in ("fmr", "fnmr", "fpir", "fnir"):
        index = getattr(point, name)
        rate = None if index is None else document.rates.records[index]
        row[name] = None if rate is None else rate.estimate
        row[f"{name}_lo"] = None if rate is None else rate.lo
        row[f"{name}_hi"] = None if rate is None else rate.hi
        row[f"{name}_status"] = None if rate is None else rate.status
    return row


def _facts(document: ReportDocument) -> list[Row]:
    facts = plain(document.test)
    return [
        {"what": key, "value": "; ".join(str(v) for v in value) if isinstance(value, list) else value}
        for key, value in facts.items()
        if key != "groups"
    ]


def _calibration(document: ReportDocument) -> list[Row]:
    calibration = document.rates.calibration
    return [] if calibration is None else [{key: getattr(calibration, key) for key in _CALIBRATION_COLUMNS}]


def _inputs(document: ReportDocument) -> list[Row]:
    # A sum of tallies may hold inputs with and without a field.
    return [{key: item.get(key) for key in _input_columns(document)} for item in document.origin.inputs]


def _input_columns(document: ReportDocument) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for item in document.origin.inputs for key in item)) or ("kind",)
