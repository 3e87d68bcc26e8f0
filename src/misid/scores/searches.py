"""The view of searches beside that of their candidates, the gallery, and whether all three agree."""

from __future__ import annotations

from misid.engine import Engine
from misid.engine.seam import literal
from misid.ground.codes import note, problem
from misid.ground.errors import Findings
from misid.ground.numbers import threshold_text
from misid.scores.groups import Groups, Raw
from misid.scores.model import COMPARISONS, SEARCHES, Gallery
from misid.scores.options import ReadOptions
from misid.scores.people import People, one_row_each
from misid.scores.rows import Rows, Searches


def search_source(people: People, groups: Groups, searches: Searches) -> str:
    """FROM of all searches as `r`, with people and groups under the names they have for comparisons."""
    person, joins = "misid_person", ""
    if not searches.has_people:
        key = f"{literal(people.prefix)} || CAST(misid_search AS VARCHAR)"
        person, joins = (
            f"coalesce(sp.misid_person, {key})",
            f" LEFT JOIN samples_people AS sp ON {key} = sp.misid_sample",
        )
    beside = "".join(f", misid_probe_{i} AS probe_{i}" for i in range(searches.n_attributes))
    source = (
        f"(SELECT misid_search AS probe, CAST({person} AS {people.type}) AS probe_person, misid_enrolled AS flag, "
        f"misid_failed AS failed{beside} FROM searches_rows{joins}) AS r"
    )
    return source + (f" LEFT JOIN {groups.table} AS pg ON r.probe_person = pg.person" if groups.table else "")


def reference_source(people: People, groups: Groups, searches: Searches) -> str:
    """FROM of all references as `r`, likewise."""
    beside = "".join(f", misid_reference_{i} AS reference_{i}" for i in range(searches.n_attributes))
    source = (
        "(SELECT misid_enrolled_reference AS reference, "
        f"CAST(misid_mate AS {people.type}) AS reference_person{beside} FROM references_rows) AS r"
    )
    return source + (f" LEFT JOIN {groups.table} AS rg ON r.reference_person = rg.person" if groups.table else "")


def groups_met(engine: Engine, people: People, groups: Groups, searches: Searches) -> tuple[set[Raw], set[Raw]]:
    """Groups of all searches and of all references, also of those that no candidate list shows."""
    if not groups.attributes:
        return set(), set()
    keys = ", ".join(groups.raw("probe"))
    probes = engine.rows(f"SELECT DISTINCT {keys} FROM {search_source(people, groups, searches)}")
    found: set[Raw] = set()
    if searches.has_references:
        keys = ", ".join(groups.raw("reference"))
        source = reference_source(people, groups, searches)
        found = {tuple(row) for row in engine.rows(f"SELECT DISTINCT {keys} FROM {source}")}
    return {tuple(row) for row in probes}, found


def refuse_disagreement(engine: Engine, rows: Rows, people: People, findings: Findings) -> None:
    """What the tables of searches, candidates and references say against one another."""
    searches = rows.searches
    if searches is None:
        return
    one_row_each(engine, "searches_rows", "misid_search", searches.label, "row", findings)
    if searches.has_references:
        one_row_each(
            engine,
            "references_rows",
            "misid_enrolled_reference",
            searches.references_label,
            "person or group",
            findings,
        )
    for code, known, key, what, remedy in (
        ("E025", "misid_known", "misid_search_id", "a search that is not in the table of searches", "--searches"),
        (
            "E027",
            "misid_in_gallery",
            "misid_reference_id",
            "a reference that is not in the table of references",
            "--references",
        ),
    ):
        _report(
            engine,
            code,
            f"SELECT {key} FROM {rows.whole} WHERE NOT {known}",
            rows.label,
            what,
            "only searches and references that their tables have",
            f"complete the table ({remedy})",
            findings,
        )
    allowed = "an id, and 1 or 0, true or false, yes or no, in every row"
    _report(
        engine,
        "E020",
        "SELECT misid_search FROM searches_rows WHERE misid_search IS NULL"
        + (" OR misid_person IS NULL" if searches.has_people else ""),
        searches.label,
        "a search without an id or a person",
        allowed,
        "complete the table of searches",
        findings,
    )
    if searches.has_references:
        _report(
            engine,
            "E020",
            "SELECT misid_enrolled_reference FROM references_rows WHERE misid_enrolled_reference IS NULL "
            "OR misid_mate IS NULL",
            searches.references_label,
            "a reference without an id or a person",
            allowed,
            "complete the table of references",
            findings,
        )
    empty = "misid_failed IS NULL" + (" OR misid_enrolled IS NULL" if searches.has_flag else "")
    _report(
        engine,
        "E019",
        f"SELECT misid_search FROM searches_rows WHERE {empty}",
        searches.label,
        "a search whose flags (mated, failed) are empty or unknown",
        allowed,
        "correct the columns",
        findings,
    )
    if searches.has_flag and searches.has_references and searches.has_people:
        _report(
            engine,
            "E022",
            "SELECT misid_search FROM searches_rows WHERE misid_enrolled <> (misid_person IN "
            "(SELECT misid_mate FROM references_rows))",
            searches.label,
            "the flag of mated searches contradicts the table of references",
            "1 exactly where the person has a reference",
            "leave the flag out, or correct one of the tables",
            findings,
        )


def refuse_undeclared(
    engine: Engine, options: ReadOptions, threshold: float | None, score_type: str, label: str, findings: Findings
) -> None:
    """Lists that are longer, or reach lower, than was declared."""
    if options.list_length is not None:
        _report(
            engine,
            "E026",
            f"SELECT probe FROM {COMPARISONS} GROUP BY probe HAVING count(*) > {options.list_length}",
            label,
            f"a list of more than {options.list_length} candidates",
            f"at most {options.list_length}, as declared",
            "declare the true length (--list-length)",
            findings,
        )
    if threshold is not None:
        bound = f"CAST({literal(float(threshold))} AS {score_type})"
        _report(
            engine,
            "E026",
            f"SELECT probe FROM {COMPARISONS} WHERE score < {bound}",
            label,
            "a candidate beyond the return threshold",
            f"none beyond {options.return_threshold}, as declared",
            "declare the true threshold (--return-threshold), or failure codes (--failure)",
            findings,
        )


def lists_end(
    engine: Engine, options: ReadOptions, gallery: Gallery, label: str, findings: Findings
) -> tuple[float | None, tuple[str, ...]]:
    """Where lists end for which no return threshold was declared: a score (similarity), and what is to be said of it.

    A list that is neither as long as it may be nor has the whole gallery was ended by something. If that was a
    threshold, it lies at or below every score returned: the lowest is taken, so that nothing above it is hidden.
    """
    longest = gallery.n_references if options.list_length is None else min(options.list_length, gallery.n_references)
    short, empty, searches = engine.rows(
        f"SELECT count(*) FILTER (n_candidates < {longest}), count(*) FILTER (n_candidates = 0), count(*) "
        f"FROM {SEARCHES} WHERE NOT failed"
    )[0]
    if not short:
        return None, ()
    if options.complete_lists:
        _report(
            engine,
            "E026",
            f"SELECT probe FROM {SEARCHES} WHERE NOT failed AND n_candidates < {longest}",
            label,
            "a search that did not return the whole gallery",
            f"{longest:,} candidates in every list, as declared (--complete-lists)",
            "declare what ends a list (--list-length, --return-threshold) instead",
            findings,
        )
        return None, ()
    lowest = engine.rows(f"SELECT min(score) FROM {COMPARISONS}")[0][0]
    if lowest is None:
        findings.add(
            problem(
                "E024",
                where="candidate lists",
                seen="no search returned a candidate, and no return threshold is declared",
                allowed="the score that a candidate must reach to be returned",
                remedy="--return-threshold T",
            )
        )
        return None, ()
    shown = -lowest if options.polarity == "distance" else lowest
    told = f"{short:,} of {searches:,} lists are shorter than {longest:,}"
    told += f", {empty:,} of them empty" if empty else ""
    told += (
        f", and no return threshold is declared; {threshold_text(shown)}, the least similar score in any list, "
        "is taken for it"
    )
    return float(lowest), (note("W026", told),)


def failed_searches(engine: Engine, searches: Searches) -> tuple[int, int] | None:
    """(failed, all) searches, where the table of searches says which failed."""
    if not searches.has_failures:
        return None
    failed, n = engine.rows(f"SELECT count(*) FILTER (failed), count(*) FROM {SEARCHES}")[0]
    return int(failed), int(n)


def _report(
    engine: Engine, code: str, select: str, where: str, seen: str, allowed: str, remedy: str, findings: Findings
) -> None:
    found = engine.rows(
        f"SELECT coalesce(CAST(id AS VARCHAR), '(empty)'), count(*) OVER () FROM ({select}) AS t(id) ORDER BY 1 LIMIT 5"
    )
    if found:
        findings.add(
            problem(
                code,
                where=where,
                seen=seen,
                allowed=allowed,
                remedy=remedy,
                count=int(found[0][1]),
                examples=tuple(repr(row[0]) for row in found),
            )
        )


def make_searches(engine: Engine, people: People, groups: Groups, searches: Searches, seen: set[Raw]) -> None:
    """The view `SEARCHES`: every search, with how many candidates it returned."""
    engine.keep(
        "search_candidates",
        f"SELECT probe AS misid_probe, count(*) AS n, count(*) FILTER (failed) AS n_failed "
        f"FROM {COMPARISONS} GROUP BY probe",
    )
    mated = "r.flag" if searches.has_flag else "r.probe_person IN (SELECT misid_mate FROM references_rows)"
    engine.view(
        SEARCHES,
        f"SELECT r.probe, r.probe_person, {groups.label('probe', seen)} AS probe_group, {mated} AS mated, "
        "coalesce(c.n, 0) AS n_candidates, (r.failed OR coalesce(c.n = c.n_failed, FALSE)) AS failed "
        f"FROM {search_source(people, groups, searches)} LEFT JOIN search_candidates AS c ON r.probe = c.misid_probe",
    )


def gallery_of(
    engine: Engine, people: People, groups: Groups, searches: Searches, options: ReadOptions, seen: set[Raw]
) -> Gallery:
    """References and their people: as the table of references has them, as counted, or as complete lists show."""
    if searches.has_references:
        rows = engine.rows(
            f"SELECT {groups.label('reference', seen)}, count(*), count(DISTINCT r.reference_person) FROM "
            f"{reference_source(people, groups, searches)} GROUP BY 1 ORDER BY 1"
        )
        n_people = engine.rows("SELECT count(DISTINCT misid_mate) FROM references_rows")[0][0]
        return Gallery(
            n_references=sum(row[1] for row in rows),
            n_people=n_people,
            by_group={row[0]: row[1] for row in rows} if groups.attributes else {},
        )
    if options.gallery is not None:
        return Gallery(n_references=options.gallery, n_people=options.gallery)
    n_references, n_people = engine.rows(
        f"SELECT count(DISTINCT reference), count(DISTINCT reference_person) FROM {COMPARISONS}"
    )[0]
    return Gallery(n_references=n_references, n_people=n_people)
