"""The tables of docs/coverage.md, from the lines the study left."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Line = dict[str, Any]

LAYOUTS = {
    "same": "same people on both sides",
    "bip": "two sets of people",
    "two probes": "two probes a person",
    "ragged": "comparisons missing unevenly",
    "mated": "mated",
}
GENERATORS = ("independent", "additive", "embedding", "quality")


def read(results: Path) -> list[Line]:
    return [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]


def percent(share: float, replicates: int) -> str:
    """With its Monte-Carlo standard error; where none or all held, the error of one more."""
    p = min(max(share, 1 / replicates), 1 - 1 / replicates)
    return f"{100 * share:.1f} ± {100 * (p * (1 - p) / replicates) ** 0.5:.1f}"


def _grid(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [" | ".join(header), " | ".join("---" for _ in header), *(" | ".join(r) for r in rows)]
    return "\n".join(f"| {line} |" for line in lines)


def _order(line: Line) -> tuple[Any, ...]:
    name = line["generator"]
    place = GENERATORS.index(name) if name in GENERATORS else 9
    return place, name, list(LAYOUTS).index(line["layout"]), line["people"], line["each"]


def _by_rate(lines: list[Line], study: str, measure: str) -> str:
    """A row a test, a column a true FMR: coverage, naive coverage, width against the naive."""
    chosen = [x for x in lines if x["study"] == study and x["measure"] == measure]
    points = sorted({x["at"] for x in chosen}, reverse=True)
    rows: dict[tuple[Any, ...], dict[float, Line]] = {}
    for x in chosen:
        rows.setdefault(_order(x), {})[x["at"]] = x
    body = []
    for key in sorted(rows):
        first = next(iter(rows[key].values()))
        cells = [first["generator"], LAYOUTS[first["layout"]], f"{first['people']:,}", f"{first['replicates']:,}"]
        for q in points:
            x = rows[key][q]
            truth = f"FPIR {x['truth']:.2g}: " if measure == "FPIR" else ""
            cells.append(
                f"{truth}**{percent(x['covered'], x['replicates'])}**, "
                f"{percent(x['naive_covered'], x['replicates'])}, {x['width_to_naive']:.2f}"
            )
        body.append(cells)
    return _grid(["generator", "layout", "people", "tests", *(f"FMR {q:.0e}" for q in points)], body)


def _worst(lines: list[Line]) -> str:
    body = []
    for name, keep in (
        ("FMR", lambda x: x["study"] == "rates" and x["measure"] == "FMR" and x["layout"] in ("same", "bip")),
        ("FPIR", lambda x: x["study"] == "rates" and x["measure"] == "FPIR" and x["layout"] in ("same", "bip")),
        ("FNMR", lambda x: x["study"] == "fnmr"),
        ("two probes a person, FMR and FPIR", lambda x: x["layout"] == "two probes"),
        ("comparisons missing unevenly, FMR", lambda x: x["layout"] == "ragged"),
        ("levels set by the test, FMR and FPIR", lambda x: x["study"] == "rungs"),
        ("EER", lambda x: x["measure"] == "EER"),
        ("FNMR at a target FMR", lambda x: x["measure"] == "FNMR at FMR"),
    ):
        cells = [x for x in lines if keep(x)]
        if not cells:
            continue
        low = min(cells, key=lambda x: x["covered"])
        naive = min(cells, key=lambda x: x["naive_covered"])
        upper = max(cells, key=lambda x: x["upper_failed"])
        mean = sum(x["covered"] for x in cells) / len(cells)
        where = f"{low['generator']}, {LAYOUTS[low['layout']]}, n = {low['people']:,}"
        where += f", at {low['at']:.0e}" if low["at"] else ""
        body.append([
            name, str(len(cells)), f"**{percent(low['covered'], low['replicates'])}**", where, f"{100 * mean:.1f}",
            percent(naive["naive_covered"], naive["replicates"]),
            "" if name == "EER" else percent(upper["upper_failed"], upper["replicates"]),
        ])  # fmt: skip
    return _grid(["quantity", "cells", "lowest coverage", "where", "mean coverage", "lowest naive coverage",
                  "one-sided 95 % bound failed at most"], body)  # fmt: skip


def _zero(lines: list[Line]) -> str:
    """The largest share of tests, over the expected counts tried, in which no error was seen and the bound failed."""
    rows: dict[tuple[Any, ...], dict[str, list[Line]]] = {}
    for x in lines:
        if x["study"] == "zero":
            rows.setdefault(_order(x), {}).setdefault(x["measure"], []).append(x)
    body = []
    for key in sorted(rows):
        first = rows[key]["FMR"][0]
        cells = [first["generator"], LAYOUTS[first["layout"]], f"{first['people']:,}", f"{first['replicates']:,}"]
        for measure in ("FMR", "FPIR"):
            for field in ("zero_failed", "zero_failed_naive"):
                worst = max(rows[key][measure], key=lambda x, f=field: x[f])  # type: ignore[misc]
                text = percent(worst[field], worst["replicates"])
                cells.append(f"**{text}**" if field == "zero_failed" else text)
        body.append(cells)
    header = ["generator", "layout", "people", "tests", "FMR, ours", "FMR, 3 in comparisons", "FPIR, ours",
              "FPIR, 3 in searches"]  # fmt: skip
    return _grid(header, body)


def _fnmr(lines: list[Line]) -> str:
    rows: dict[tuple[Any, ...], dict[float, Line]] = {}
    for x in lines:
        if x["study"] == "fnmr":
            rows.setdefault(_order(x), {})[round(x["truth"], 6)] = x
    points = sorted({q for r in rows.values() for q in r}, reverse=True)
    body = []
    for key in sorted(rows):
        first = next(iter(rows[key].values()))
        cells = [first["generator"], f"{first['people']:,}", str(first["each"]), f"{first['replicates']:,}"]
        for q in points:
            x = rows[key][q]
            cells.append(
                f"**{percent(x['covered'], x['replicates'])}**, {percent(x['naive_covered'], x['replicates'])}, "
                f"{x['width_to_naive']:.2f}"
            )
        body.append(cells)
    return _grid(["generator", "people", "mated each", "tests", *(f"FNMR {q:g}" for q in points)], body)


def _few(lines: list[Line], field: str) -> str:
    rows: dict[tuple[Any, ...], dict[tuple[str, float], Line]] = {}
    for x in lines:
        if x["study"] == "few":
            rows.setdefault(_order(x), {})[x["measure"], x["at"]] = x
    points = sorted({q for r in rows.values() for q in r}, key=lambda p: (p[0], -p[1]))
    body = []
    for key in sorted(rows):
        first = next(iter(rows[key].values()))
        cells = [first["generator"], str(first["people"]), str(first["each"]), f"{first['replicates']:,}"]
        cells += [percent(rows[key][q][field], rows[key][q]["replicates"]) for q in points]
        body.append(cells)
    return _grid(["generator", "probe people", "references", "tests", *(f"{m}, FMR {q:.0e}" for m, q in points)], body)


def _chosen(lines: list[Line]) -> str:
    rows: dict[tuple[Any, ...], dict[float | None, Line]] = {}
    for x in lines:
        if x["study"] == "chosen":
            rows.setdefault(_order(x), {})[x["at"]] = x
    body = []
    for key in sorted(rows):
        first = next(iter(rows[key].values()))
        cells = [first["generator"], LAYOUTS[first["layout"]], f"{first['people']:,}", str(first["each"]),
                 f"{first['replicates']:,}"]  # fmt: skip
        for q in (None, 1e-2, 1e-3, 1e-4):
            x = rows[key][q]
            bound = f", bound only {100 * x['bound_only']:.0f} %" if x["bound_only"] >= 0.005 else ""
            cells.append(
                f"**{percent(x['covered'], x['replicates'])}**, {percent(x['naive_covered'], x['replicates'])}{bound}"
            )
        body.append(cells)
    return _grid(["generator", "layout", "people", "mated each", "tests", "EER", "FNMR at FMR 1e-2", "at 1e-3",
                  "at 1e-4"], body)  # fmt: skip


TABLES: dict[str, Callable[[list[Line]], str]] = {
    "worst": _worst,
    "fmr": lambda lines: _by_rate([x for x in lines if x["layout"] in ("same", "bip")], "rates", "FMR"),
    "fpir": lambda lines: _by_rate([x for x in lines if x["layout"] in ("same", "bip")], "rates", "FPIR"),
    "zero": _zero,
    "fnmr": _fnmr,
    "two-probes-fmr": lambda lines: _by_rate([x for x in lines if x["layout"] == "two probes"], "rates", "FMR"),
    "two-probes-fpir": lambda lines: _by_rate([x for x in lines if x["layout"] == "two probes"], "rates", "FPIR"),
    "ragged": lambda lines: _by_rate([x for x in lines if x["layout"] == "ragged"], "rates", "FMR"),
    "rungs-fmr": lambda lines: _by_rate(lines, "rungs", "FMR"),
    "rungs-fpir": lambda lines: _by_rate(lines, "rungs", "FPIR"),
    "stress-fmr": lambda lines: _by_rate(lines, "stress", "FMR"),
    "stress-fpir": lambda lines: _by_rate(lines, "stress", "FPIR"),
    "few-covered": lambda lines: _few(lines, "covered"),
    "few": lambda lines: _few(lines, "upper_failed"),
    "chosen": _chosen,
}


def filled(page: str, lines: list[Line]) -> str:
    """The page with every marked table made anew."""

    def table(found: re.Match[str]) -> str:
        return f"<!-- table {found[1]} -->\n\n{TABLES[found[1]](lines)}\n\n<!-- end -->"

    return re.sub(r"<!-- table ([a-z-]+) -->.*?<!-- end -->", table, page, flags=re.DOTALL)


def write_tables(results: Path, page: Path) -> None:
    page.write_text(filled(page.read_text(encoding="utf-8"), read(results)), encoding="utf-8")
