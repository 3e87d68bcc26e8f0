"""Candidate lists: every search that was made, what each returned, and what it was searched against."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from misid.engine import Engine
from misid.engine.seam import quoted
from misid.ground.codes import note, problem
from misid.ground.errors import Findings, UsageError
from misid.scores.mapping import (
    ATTRIBUTES,
    DISTANCES,
    PROBE_WORDS,
    REFERENCE_WORDS,
    find_columns,
    folded,
    left_out,
    own_side,
)
from misid.scores.options import ReadOptions
from misid.scores.rows import Field, Rows, Searches, Side, alike, column, truth
from misid.scores.tables import Relation, Table, load, peek

CANDIDATE_ROLES = ("probe", "reference", "reference_person", "score", "rank", "mated")


def read_lists(engine: Engine, source: Any, options: ReadOptions, findings: Findings) -> Rows:
    """Rows of the candidates table, with the people of both sides from the tables of searches and references."""
    _declared(options, findings)
    if options.samples is not None:
        raise UsageError(
            "a table of samples does not go with candidate lists",
            remedy="put the person into the tables of searches and references",
        )
    tables = {"candidates": peek(engine, source, findings, delimiter=options.delimiter)}
    for name, other in (("searches", options.searches), ("references", options.references)):
        if other is not None:
            tables[name] = peek(engine, other, findings, delimiter=options.delimiter)
    findings.raise_if_any()
    candidates, searches, references = (tables.get(name) for name in ("candidates", "searches", "references"))
    if candidates is None or searches is None:
        raise UsageError("the tables of candidates or searches could not be read", remedy="misid check says why")
    of_candidate = find_columns(
        tuple(candidates.columns),
        {role: getattr(options, role) for role in CANDIDATE_ROLES},
        ("probe", "reference", "score"),
        candidates.label,
        findings,
    )
    of_search = _roles(
        searches,
        {
            "probe": options.probe,
            "search_person": options.person or options.probe_person,
            "enrolled": options.mated,
            "failed": None,
        },
        ("probe",),
        findings,
    )
    of_reference = (
        {}
        if references is None
        else _roles(
            references,
            {
                "reference": options.reference,
                "enrolled_person": options.person or options.reference_person,
            },
            ("reference", "enrolled_person"),
            findings,
        )
    )
    findings.raise_if_any()
    _decidable(candidates, searches, of_candidate, of_search, references, findings)
    findings.raise_if_any()

    read = {
        name: load(
            engine,
            table,
            f"input_{name}",
            findings,
            hash_inputs=options.hash_inputs,
            may_be_empty=name == "candidates",
            numbers={of_candidate["score"]: options.score_type or "DOUBLE"} if name == "candidates" else None,
        )
        for name, table in tables.items()
        if table is not None
    }
    findings.raise_if_any()
    return _joined(engine, read, of_candidate, of_search, of_reference, options, findings)


def _declared(options: ReadOptions, findings: Findings) -> None:
    missing = []
    if options.searches is None:
        missing.append(("a table of all searches", "--searches searches.csv: searches that returned nothing count too"))
    if not options.complete_lists and options.list_length is None and options.return_threshold is None:
        missing.append(
            (
                "the length of a list or the threshold for being returned",
                "--list-length 50, --return-threshold 0.4 or both; --complete-lists where nothing was cut off",
            )
        )
    if options.references is None and options.gallery is None and not options.complete_lists:
        missing.append(("the gallery", "--references references.csv, or --gallery N"))
    for what, remedy in missing:
        findings.add(
            problem(
                "E024",
                where="candidate lists",
                seen=f"{what} is not declared",
                allowed=f"{what}",
                remedy=remedy,
            )
        )


def _roles(table: Table, wanted: dict[str, str | None], needed: Iterable[str], findings: Findings) -> dict[str, str]:
    """As `find_columns`, but a name declared for another table need not be in this one."""
    here = {role: name if name in table.columns else None for role, name in wanted.items()}
    return find_columns(tuple(table.columns), here, needed, table.label, findings)


def _decidable(
    candidates: Table,
    searches: Table,
    of_candidate: dict[str, str],
    of_search: dict[str, str],
    references: Table | None,
    findings: Findings,
) -> None:
    """Whether it can be told which searches are mated, and which candidate is the mate."""
    if "enrolled" not in of_search and (references is None or "search_person" not in of_search):
        findings.add(
            problem(
                "E024",
                where=f"{searches.label}: nothing says which searches are mated",
                seen=f"the columns {', '.join(searches.columns)}"
                + (" and no table of references" if references is None else ""),
                allowed="a column with 1 where the person is in the gallery (mated, enrolled), or the person of each "
                "search and a table of references with theirs",
                remedy="--mated COLUMN, or --references references.csv and --person COLUMN",
            )
        )
    known = "reference_person" in of_candidate or references is not None
    if not (known and "search_person" in of_search) and "mated" not in of_candidate:
        findings.add(
            problem(
                "E024",
                where=f"{candidates.label}: nothing says which candidate is the mate",
                seen=f"the columns {', '.join(candidates.columns)}",
                allowed="the person of each search and of each reference, or a column with 1 for the mate",
                remedy="--references references.csv, --reference-person COLUMN, or --mated COLUMN",
            )
        )


def _joined(
    engine: Engine,
    read: dict[str, Relation],
    of_candidate: dict[str, str],
    of_search: dict[str, str],
    of_reference: dict[str, str],
    options: ReadOptions,
    findings: Findings,
) -> Rows:
    candidates, searches, references = read["candidates"], read["searches"], read.get("references")
    fields = {role: column(candidates.columns, name) for role, name in of_candidate.items()}
    probes = {role: column(searches.columns, name) for role, name in of_search.items()}
    enrolled = {} if references is None else {r: column(references.columns, n) for r, n in of_reference.items()}
    search_key, probe_key = alike(fields["probe"], probes["probe"])
    reference_key, enrolled_key = alike(fields["reference"], enrolled.get("reference", fields["reference"]))
    people = [
        f for f in (probes.get("search_person"), fields.get("reference_person"), enrolled.get("enrolled_person")) if f
    ]
    person_type = people[0].plain.type if people and len({f.plain.type for f in people}) == 1 else "VARCHAR"

    def person(field: Field | None) -> str:
        return "NULL" if field is None else f"CAST({field.plain.sql} AS {person_type})"

    groups_of_searches = _attributes(searches, of_search, PROBE_WORDS, options)
    groups_of_references = {} if references is None else _attributes(references, of_reference, REFERENCE_WORDS, options)
    attributes = tuple(groups_of_searches) if options.subjects is None else ()
    as_searches = ", ".join(
        [
            f"{probe_key.sql} AS misid_search",
            f"{person(probes.get('search_person'))} AS misid_person",
            f"{truth(probes['enrolled']) if 'enrolled' in probes else 'NULL'} AS misid_enrolled",
            f"{truth(probes['failed']) if 'failed' in probes else 'FALSE'} AS misid_failed",
        ]
        + [f"{_text(searches, groups_of_searches[a])} AS misid_probe_{i}" for i, a in enumerate(attributes)]
    )
    engine.keep("searches_rows", f"SELECT {as_searches} FROM {quoted(searches.name)}")
    if references is not None:
        as_references = ", ".join(
            [f"{enrolled_key.sql} AS misid_enrolled_reference", f"{person(enrolled['enrolled_person'])} AS misid_mate"]
            + [
                f"{_text(references, groups_of_references.get(a))} AS misid_reference_{i}"
                for i, a in enumerate(attributes)
            ]
        )
        engine.keep("references_rows", f"SELECT DISTINCT {as_references} FROM {quoted(references.name)}")
    owner = person(fields.get("reference_person"))
    notes: tuple[str, ...] = ()
    joins = f" LEFT JOIN searches_rows ON {search_key.sql} = misid_search"
    if references is not None:
        joins += f" LEFT JOIN references_rows ON {reference_key.sql} = misid_enrolled_reference"
        owner = f"coalesce({owner}, misid_mate)" if "reference_person" in fields else "misid_mate"
    elif "reference_person" not in fields and "search_person" in probes:
        # Candidates that are nobody's mate in these lists are each somebody else.
        flag = truth(fields["mated"])
        engine.keep(
            "references_rows",
            f"SELECT {reference_key.sql} AS misid_enrolled_reference, CAST(min(misid_person) AS VARCHAR) AS misid_mate "
            f"FROM {quoted(candidates.name)} JOIN searches_rows ON {search_key.sql} = misid_search "
            f"WHERE {flag} GROUP BY 1",
        )
        joins += f" LEFT JOIN references_rows ON {reference_key.sql} = misid_enrolled_reference"
        owner = f"coalesce(misid_mate, 'reference ' || CAST({reference_key.sql} AS VARCHAR))"
        person_type = "VARCHAR"
        notes = (note("W002", "a candidate that is nobody's mate in these lists was taken as a person of its own"),)
    if "search_person" not in probes:
        notes += (note("W004", "the table of searches names no people; searches are tied by their mates only"),)
    if options.references is None and options.gallery is not None:
        notes += (note("W005", f"{options.gallery:,} references, each taken as one person"),)
    # What the searches have is a group, also where the references lack it.
    of_either = _named(searches, of_search, PROBE_WORDS)
    beside = of_either | ({} if references is None else _named(references, of_reference, REFERENCE_WORDS))
    notes += left_out(of_either, beside, options, any_name=False)
    extra = [f"misid_probe_{i}" for i in range(len(attributes))]
    extra += [
        f"misid_reference_{i}" if references is not None else f"NULL AS misid_reference_{i}"
        for i in range(len(attributes))
    ]
    engine.view(
        "input_lists",
        f"SELECT {search_key.sql} AS misid_search_id, {reference_key.sql} AS misid_reference_id, "
        f"misid_search IS NOT NULL AS misid_known, "
        + ("misid_enrolled_reference IS NOT NULL" if references is not None else "TRUE")
        + f" AS misid_in_gallery, CAST(misid_person AS {person_type}) AS misid_probe_person, "
        f"{owner} AS misid_reference_person, "
        f"{fields['score'].sql} AS misid_score, {fields['rank'].sql if 'rank' in fields else 'NULL'} AS misid_rank, "
        f"{truth(fields['mated']) if 'mated' in fields else 'NULL'} AS misid_mated"
        + "".join(f", {sql}" for sql in extra)
        + f" FROM {quoted(candidates.name)}{joins}",
    )
    has_people = "search_person" in probes
    mated = Field(sql="misid_mated", type="BOOLEAN") if "mated" in fields else None
    mapping = [*of_candidate.items()]
    mapping += [(f"{role.replace('search_person', 'person')} (searches)", name) for role, name in of_search.items()]
    mapping += [
        (f"{role.replace('enrolled_person', 'person')} (references)", name) for role, name in of_reference.items()
    ]
    mapping += [
        (f"group {a}", groups_of_searches[a] + (f" and {groups_of_references[a]}" if a in groups_of_references else ""))
        for a in attributes
    ]
    return Rows(
        kind="candidates",
        label=candidates.label,
        whole="input_lists",
        parts=("input_lists",),
        probe=Side(
            sample=Field(sql="misid_search_id", type=search_key.type),
            person=Field(sql="misid_probe_person", type=person_type) if has_people else None,
            attributes={a: Field(sql=f"misid_probe_{i}", type="VARCHAR") for i, a in enumerate(attributes)},
        ),
        reference=Side(
            sample=Field(sql="misid_reference_id", type=reference_key.type),
            person=Field(sql="misid_reference_person", type=person_type) if has_people else None,
            attributes={a: Field(sql=f"misid_reference_{i}", type="VARCHAR") for i, a in enumerate(attributes)},
        ),
        score=Field(sql="misid_score", type=fields["score"].type),
        mated=mated,
        rank=Field(sql="misid_rank", type="VARCHAR"),
        one_namespace=False,
        part_files=(len(candidates.inputs),),
        inputs=candidates.inputs + searches.inputs + (references.inputs if references else ()),
        mapping=tuple(mapping),
        notes=notes,
        distance_by_name=folded(of_candidate["score"]) in DISTANCES,
        searches=Searches(
            label=searches.label,
            references_label=references.label if references else "",
            has_flag="enrolled" in probes,
            flag_sql=probes["enrolled"].sql if "enrolled" in probes else "",
            has_failures="failed" in probes,
            has_people=has_people,
            has_references=references is not None,
            n_attributes=len(attributes),
        ),
    )


def _attributes(table: Relation, taken: dict[str, str], words: tuple[str, ...], options: ReadOptions) -> dict[str, str]:
    """Attributes in a table of searches or references: called plainly, or with the side before or after."""
    named = _named(table, taken, words)
    if options.groups is not None:
        return {a: named.get(a, named.get(a.lower(), "")) for a in options.groups if a.lower() in named}
    known = {folded(a) for a in ATTRIBUTES}
    return {name: found for name, found in named.items() if folded(name) in known}


def _named(table: Relation, taken: dict[str, str], words: tuple[str, ...]) -> dict[str, str]:
    free = [name for name in table.columns if name not in taken.values()]
    return {name.lower(): name for name in free} | own_side(free, words)


def _text(table: Relation, name: str | None) -> str:
    return "CAST(NULL AS VARCHAR)" if not name else f"CAST({quoted(name)} AS VARCHAR)"
