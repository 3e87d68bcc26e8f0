"""Who the people are: named in the input, looked up, or worked out from which comparisons are mated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from misid.engine import DuckDBEngine, Engine
from misid.engine.seam import literal, quoted
from misid.ground.codes import note, problem
from misid.ground.errors import Findings, UsageError
from misid.scores.mapping import find_columns
from misid.scores.model import InputFile
from misid.scores.options import ReadOptions
from misid.scores.rows import Field, Rows, alike, column, truth
from misid.scores.tables import load, peek

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class People:
    """SQL for the people and for `mated`, over a relation of `Rows` followed by `joins`."""

    how: Literal["columns", "samples", "mated", "ids"]
    probe: str
    reference: str
    type: str
    mated: str
    joins: str = ""
    prefix: str = ""
    """What stands before an id of a probe in the keys of `samples_people` (how = "mated")."""
    inputs: tuple[InputFile, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def find_people(engine: Engine, rows: Rows, options: ReadOptions, findings: Findings) -> People:
    """The people of both sides: columns, else a table of samples, else mated pairs, else the ids themselves."""
    flag = truth(rows.mated) if rows.mated is not None else ""
    if rows.probe.person is not None and rows.reference.person is not None:
        probe, reference = alike(rows.probe.person, rows.reference.person)
        mated = flag or f"{probe.sql} = {reference.sql}"
        unread = note("W028", "leave --samples out, or the columns of people where the table is to be believed")
        return People(
            how="columns", probe=probe.sql, reference=reference.sql, type=probe.type, mated=mated,
            notes=(unread,) if options.samples is not None else (),
        )  # fmt: skip
    probe, reference = alike(rows.probe.sample, rows.reference.sample)
    if options.samples is not None:
        return _looked_up(engine, probe, reference, flag, options, findings)
    if flag:
        return _from_mated(engine, rows, probe, reference, flag, options)
    return People(
        how="ids",
        probe=probe.sql,
        reference=reference.sql,
        type=probe.type,
        mated=f"{probe.sql} = {reference.sql}",
        notes=(note("W003", "a comparison is mated where the id of the probe is that of the reference"),),
    )


def _looked_up(
    engine: Engine, probe: Field, reference: Field, flag: str, options: ReadOptions, findings: Findings
) -> People:
    nothing = People(how="samples", probe="NULL", reference="NULL", type="VARCHAR", mated="NULL")
    table = peek(engine, options.samples, findings, delimiter=options.delimiter)
    if table is None:
        return nothing
    found = find_columns(
        tuple(table.columns), {"sample": None, "person": options.person}, ("sample", "person"), table.label, findings
    )
    if len(found) < 2:
        return nothing
    relation = load(engine, table, "input_samples", findings, hash_inputs=options.hash_inputs)
    person = column(relation.columns, found["person"]).plain
    engine.keep(
        "samples_people",
        f"SELECT DISTINCT TRY_CAST({quoted(found['sample'])} AS {probe.type}) AS misid_sample, "
        f"{person.sql} AS misid_person FROM {quoted(relation.name)} WHERE {quoted(found['sample'])} IS NOT NULL",
    )
    one_row_each(engine, "samples_people", "misid_sample", relation.label, "person", findings)
    joins = (
        f" LEFT JOIN samples_people AS sp ON {probe.sql} = sp.misid_sample"
        f" LEFT JOIN samples_people AS sr ON {reference.sql} = sr.misid_sample"
    )
    return People(
        how="samples",
        probe="sp.misid_person",
        reference="sr.misid_person",
        type=person.type,
        mated=flag or "sp.misid_person = sr.misid_person",
        joins=joins,
        inputs=relation.inputs,
        mapping=tuple((f"{role} (samples)", name) for role, name in found.items()),
    )


def one_row_each(engine: Engine, table: str, key: str, label: str, what: str, findings: Findings) -> None:
    """Report keys of a kept table of distinct rows that stand in it more than once."""
    twice = engine.rows(
        f"SELECT CAST({quoted(key)} AS VARCHAR), count(*) OVER () FROM {quoted(table)} GROUP BY {quoted(key)} "
        "HAVING count(*) > 1 ORDER BY 1 LIMIT 5"
    )
    if twice:
        findings.add(
            problem(
                "E022",
                where=label,
                seen=f"{twice[0][0]!r} has two rows with a different {what}",
                allowed=f"one {what} each",
                remedy="correct the table",
                count=int(twice[0][1]),
                examples=tuple(repr(key) for key, _ in twice),
            )
        )


def _from_mated(engine: Engine, rows: Rows, probe: Field, reference: Field, flag: str, options: ReadOptions) -> People:
    """Samples tied by mated comparisons, directly or through others, are of one person; the rest of one each."""
    if not isinstance(engine, DuckDBEngine):
        raise UsageError(
            "who the people are would follow from all mated comparisons together, which stay on the cluster",
            remedy="name the columns (--probe-person, --reference-person) or give a table of samples (--samples)",
        )
    one_namespace = options.same_samples if options.same_samples is not None else rows.one_namespace
    if one_namespace is None:
        clash = engine.rows(
            f"SELECT count(*) FROM {quoted(rows.whole)} WHERE {probe.sql} = {reference.sql} AND NOT ({flag})"
        )
        one_namespace = clash[0][0] == 0
    prefixes = ("", "") if one_namespace else ("probe ", "reference ")
    keys = [
        f"{literal(prefix)} || CAST({f.sql} AS VARCHAR)" if prefix else f"CAST({f.sql} AS VARCHAR)"
        for prefix, f in zip(prefixes, (probe, reference), strict=True)
    ]
    engine.keep("mated_pairs", f"SELECT DISTINCT {keys[0]} AS a, {keys[1]} AS b FROM {quoted(rows.whole)} WHERE {flag}")
    engine.keep(
        "mated_samples",
        "SELECT misid_sample, row_number() OVER (ORDER BY misid_sample) - 1 AS n FROM "
        "(SELECT a AS misid_sample FROM mated_pairs UNION SELECT b FROM mated_pairs) WHERE misid_sample IS NOT NULL",
    )
    edges = engine.columns(
        "SELECT x.n AS a, y.n AS b FROM mated_pairs JOIN mated_samples AS x ON a = x.misid_sample "
        "JOIN mated_samples AS y ON b = y.misid_sample"
    )
    count = int(engine.columns("SELECT count(*) AS n FROM mated_samples")["n"][0])
    first = components(np.asarray(edges["a"], np.int64), np.asarray(edges["b"], np.int64), count)
    engine.connection.register("misid_components", {"n": np.arange(count, dtype=np.int64), "first": first})
    engine.keep(
        "samples_people",
        "SELECT s.misid_sample, f.misid_sample AS misid_person FROM misid_components JOIN mated_samples AS s USING (n) "
        "JOIN mated_samples AS f ON f.n = misid_components.first",
    )
    engine.connection.unregister("misid_components")
    joins = (
        f" LEFT JOIN samples_people AS sp ON {keys[0]} = sp.misid_sample"
        f" LEFT JOIN samples_people AS sr ON {keys[1]} = sr.misid_sample"
    )
    found = np.unique(first).size
    return People(
        how="mated",
        probe=f"coalesce(sp.misid_person, {keys[0]})",
        reference=f"coalesce(sr.misid_person, {keys[1]})",
        type="VARCHAR",
        mated=flag,
        joins=joins,
        prefix=prefixes[0],
        notes=(
            note(
                "W002",
                f"samples tied by mated comparisons make {found:,} people, every other sample is taken as a person of "
                "its own; where that is wrong, give probe_person and reference_person",
            ),
        ),
    )


def components(a: Ints, b: Ints, count: int) -> Ints:
    """Least member of each node's connected component.

    Parameters
    ----------
    a, b : (n_edges,) int
        Ends of the edges, in ``[0, count)``.
    count : int
        Number of nodes.

    Returns
    -------
    (count,) int

    Examples
    --------
    >>> import numpy as np
    >>> components(np.array([0, 3, 4]), np.array([1, 4, 5]), 6)
    array([0, 0, 2, 3, 3, 3])
    """
    label = np.arange(count, dtype=np.int64)
    while True:
        least = np.minimum(label[a], label[b])
        before = label.copy()
        # Hooking the roots, and not the nodes alone, halves the depth each time: chains of images end quickly.
        for end in (label[a], label[b], a, b):
            np.minimum.at(label, end, least)
        label = label[label]
        if np.array_equal(label, before):
            return label
