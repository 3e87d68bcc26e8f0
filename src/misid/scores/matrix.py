"""Matrices of scores with ids of references on the upper edge and of probes on the left one."""

from __future__ import annotations

from dataclasses import replace

from misid.engine import DuckDBEngine
from misid.engine.seam import literal, quoted
from misid.ground.codes import problem
from misid.ground.errors import EngineError, Findings
from misid.ground.given import WHOLE_NUMBERS
from misid.scores.exact import furthest_in, refuse_rounded_text
from misid.scores.model import InputFile
from misid.scores.options import ReadOptions
from misid.scores.rows import Field, Rows, Side
from misid.scores.sniff import NotReadableError, TextLayout
from misid.scores.tables import fingerprint, unreadable
from misid.scores.text import report_rejects, select_text

BLOCK = 2_000
"""Columns turned into rows at a time: the engine holds this many columns of some thousand rows in memory."""


def read_matrix(engine: DuckDBEngine, layout: TextLayout, options: ReadOptions, findings: Findings) -> Rows:
    """Rows of a matrix, turned by the engine and kept there; no cell passes through Python.

    The same id on both edges is the same person, not the same sample.
    """
    where = str(layout.path)
    if layout.header is None or layout.delimiter is None:
        raise NotReadableError(
            problem(
                "E016",
                where=where,
                seen="no ids on the edges",
                allowed="a first line with the ids of the references and a first column with those of the probes",
                remedy="write the ids on both edges",
            )
        )
    header = layout.header
    if layout.rows and len(layout.rows[0]) == len(header) + 1:
        # Written by R: no corner above the column of ids.
        header = ("", *header)
        layout = replace(layout, header=header, n_columns=len(header))
    references = header[1:]
    repeated = (
        sorted({name for name in references if references.count(name) > 1})
        if len(set(references)) < len(references)
        else []
    )
    if repeated:
        _twice(where + ":1", "the upper edge", repeated, findings)
    if any(not name for name in references):
        findings.add(
            problem(
                "E020",
                where=f"{where}:1",
                seen="an empty id on the upper edge",
                allowed="an id for every column",
                remedy="complete the ids",
                count=sum(not name for name in references),
            )
        )
    findings.raise_if_any()
    number = options.score_type or "DOUBLE"
    names = ["probe", *(str(i) for i in range(1, len(header)))]
    numbers = dict.fromkeys(names[1:], number)
    engine.execute(f"CREATE OR REPLACE TABLE matrix_cells (probe VARCHAR, place INTEGER, score {number})")
    words = False
    try:
        for start in range(1, len(names), BLOCK):
            while True:
                block = names[start : start + BLOCK]
                select = select_text(layout, names, numbers, words=words, only=("probe", *block))
                engine.execute(
                    f"INSERT INTO matrix_cells SELECT probe, CAST(place AS INTEGER), score FROM ({select}) "
                    f"UNPIVOT INCLUDE NULLS (score FOR place IN ({', '.join(quoted(name) for name in block)}))"
                )
                again = report_rejects(engine, layout, names, findings, ragged="E016", labels=header)
                findings.raise_if_any()
                if not again or words:
                    break
                words = True
                engine.execute(f"DELETE FROM matrix_cells WHERE place >= {start}")
    except EngineError as error:
        raise unreadable(where, error, layout) from error
    if furthest_in(engine, "matrix_cells", ("score",)) >= WHOLE_NUMBERS:
        refuse_rounded_text(layout, range(1, len(header)), findings)
        findings.raise_if_any()
    engine.execute("CREATE OR REPLACE TABLE matrix_references (place INTEGER, reference VARCHAR)")
    for start in range(0, len(references), BLOCK):
        values = ", ".join(
            f"({start + i + 1}, {literal(name)})" for i, name in enumerate(references[start : start + BLOCK])
        )
        engine.execute(f"INSERT INTO matrix_references VALUES {values}")
    engine.view("input_scores", "SELECT probe, reference, score FROM matrix_cells JOIN matrix_references USING (place)")
    counts = engine.execute(
        "SELECT probe, count(*) OVER () FROM matrix_cells WHERE place = 1 GROUP BY probe HAVING count(*) > 1 "
        "ORDER BY 1 LIMIT 5"
    ).fetchall()
    if counts:
        _twice(where, "the left edge", [str(row[0]) for row in counts], findings, int(counts[0][1]))
    n_rows = engine.execute("SELECT count(*) FROM matrix_cells").fetchone()
    path = layout.path
    return Rows(
        kind="comparisons",
        label=where,
        whole="input_scores",
        parts=("input_scores",),
        probe=Side(sample=Field(sql="probe", type="VARCHAR"), person=None, attributes={}),
        reference=Side(sample=Field(sql="reference", type="VARCHAR"), person=None, attributes={}),
        score=Field(sql="score", type=number),
        mated=None,
        one_namespace=False,
        inputs=(
            InputFile(
                label=where,
                kind="matrix",
                rows=n_rows[0] if n_rows else 0,
                n_bytes=path.stat().st_size,
                sha256=fingerprint(path) if options.hash_inputs else "",
            ),
        ),
        mapping=(("probe", "left edge"), ("reference", "upper edge"), ("score", "cells")),
    )


def _twice(where: str, edge: str, ids: list[str], findings: Findings, count: int | None = None) -> None:
    findings.add(
        problem(
            "E015",
            where=f"{where}: {edge}",
            seen=f"{ids[0]!r} more than once",
            allowed="each id once on an edge",
            remedy="give samples ids of their own, and a table of samples that says whose they are (--samples)",
            count=len(ids) if count is None else count,
            examples=tuple(map(repr, ids)),
        )
    )
