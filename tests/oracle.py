"""Every table of a tally by brute force: an independent oracle for the builder, and input for tests of rates.

Written from the column descriptions in `misid.tally.model.TABLES` alone. Dense and slow on purpose.
Decisions that the descriptions leave open, and that are taken here:

- a row whose values would all be 0 is left out (`canonical` drops such rows before tallies are compared);
- a search of a full-score test is a probe sample; it is mated when a mated comparison was tried, and
  counts towards FPIR when a non-mated one was, also where these failed;
- "failed in every comparison" is over all comparisons of the probe, mated or not;
- galleries are counted in references with a completed comparison (of a probe that failed throughout: tried);
  the median is the lower one;
- a mate that failed or was not returned has rank 101 and bin -1;
- a candidate list is censored below its last score when it is full, else below the return threshold; one with the
  whole gallery is not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from misid.ground.rate import ALL
from misid.tally.model import FNIR_RANKS, MAX_RANK, N_BLOCKS, NO_BIN, TABLES, Floats, Label, Origin, Table, Tally

KEYS: dict[str, tuple[str, ...]] = {
    "counts": ("probe_group", "reference_group", "mated", "bin"),
    "failed": ("probe_group", "reference_group", "mated"),
    "nonmated_design": ("probe_label", "reference_label"),
    "nonmated_moments": ("probe_label", "reference_label", "level"),
    "mated_design": ("label",),
    "mated_moments": ("label", "level"),
    "search_design": ("label", "mated"),
    "best_nonmated": ("probe_group", "bin"),
    "search_moments": ("label", "level"),
    "mates": ("probe_group", "rank", "bin"),
    "mate_moments": ("label", "level", "rank"),
    "spectrum": ("search", "probe_group", "reference_group", "block", "level"),
    "spectrum_design": ("probe_group", "reference_group"),
    "blocks": ("block", "reference_group"),
    "censoring": ("probe_group", "mated", "bin"),
}
"""Columns that name a row; the others are its values."""


def labels_of(attributes: Sequence[str], joint: Sequence[tuple[str, ...]]) -> tuple[Label, ...]:
    """The margin and every value of every attribute."""
    labels = [Label(name=ALL, attribute="", members=tuple(range(len(joint))))]
    for a, attribute in enumerate(attributes):
        for value in sorted({combination[a] for combination in joint}):
            members = tuple(g for g, combination in enumerate(joint) if combination[a] == value)
            labels.append(Label(name=value, attribute=attribute, members=members))
    return tuple(labels)


def label_pairs(labels: Sequence[Label]) -> list[tuple[int, int]]:
    """Pairs of labels that have rows: with the margin on either side, or of one attribute."""
    return [
        (a, b)
        for a, la in enumerate(labels)
        for b, lb in enumerate(labels)
        if a == 0 or b == 0 or la.attribute == lb.attribute
    ]


def _table(name: str, rows: Sequence[Mapping[str, int]]) -> Table:
    return {column: np.array([row[column] for row in rows], dtype=np.int64) for column in TABLES[name]}


def _squares(counts: Counter[Any]) -> int:
    return sum(v * v for v in counts.values())


def _products(a: Counter[Any], b: Counter[Any]) -> int:
    return sum(v * b[k] for k, v in a.items())


def _pairs(rows: Sequence[int], pp: Sequence[Any], rp: Sequence[Any]) -> Counter[frozenset[Any]]:
    return Counter(frozenset((pp[i], rp[i])) for i in rows)


def oracle_tally(
    probe: Sequence[Any],
    reference: Sequence[Any],
    probe_person: Sequence[Any],
    reference_person: Sequence[Any],
    score: Sequence[float],
    *,
    edges: Sequence[float] | Floats,
    levels: Sequence[float] | Floats | None = None,
    thresholds: Sequence[float] | Floats = (),
    mated: Sequence[bool] | None = None,
    failed: Sequence[bool] | None = None,
    probe_group: Sequence[int] | None = None,
    reference_group: Sequence[int] | None = None,
    attributes: Sequence[str] = (),
    joint: Sequence[tuple[str, ...]] = ((),),
    labels: Sequence[Label] | None = None,
    spectrum_from: int = 0,
    block_of: Mapping[Any, int] | None = None,
    searches: Mapping[str, Sequence[Any]] | None = None,
    list_length: int | None = None,
    return_threshold: float | None = None,
    gallery: tuple[int, int] | None = None,
    polarity: str = "similarity",
    score_type: str = "DOUBLE",
    acquisition: tuple[int, int] | None = None,
    enrolment: tuple[int, int] | None = None,
) -> Tally:
    """A tally of comparisons (or of candidates, when `searches` is given), table by table.

    Parameters
    ----------
    probe, reference, probe_person, reference_person, score : (n,)
        One entry a comparison; `score` is a similarity, NaN where failed.
    edges, levels, thresholds : ascending floats
        ``edges[0]`` is -inf; levels (default: all edges) and thresholds are edges.
    mated, failed : (n,) bool, default: persons equal; score is NaN
    probe_group, reference_group : (n,) index into `joint`, default 0
    labels : default `labels_of(attributes, joint)`
    spectrum_from : first level of the spectrum
    block_of : block of each reference person, default: position among the sorted people modulo 20
    searches : columns probe, probe_person, probe_group, mated, failed, one entry a search
        Makes the test one of candidate lists; `gallery` is then (references, people).
    """
    n = len(score)
    pr, rf, pp, rp = list(probe), list(reference), list(probe_person), list(reference_person)
    sc = np.asarray(score, dtype=np.float64)
    fl = np.isnan(sc) if failed is None else np.asarray(failed, dtype=bool)
    mt = [a == b for a, b in zip(pp, rp, strict=True)] if mated is None else [bool(m) for m in mated]
    pg = [0] * n if probe_group is None else [int(g) for g in probe_group]
    rg = [0] * n if reference_group is None else [int(g) for g in reference_group]
    ed = np.asarray(edges, dtype=np.float64)
    lv = ed if levels is None else np.asarray(levels, dtype=np.float64)
    names = tuple(labels) if labels is not None else labels_of(attributes, joint)
    members = [frozenset(label.members) for label in names]
    bins = np.where(fl, NO_BIN, np.searchsorted(ed, np.where(fl, 0.0, sc), side="right") - 1)
    rows: dict[str, list[dict[str, int]]] = defaultdict(list)
    every = range(n)

    def add(name: str, keys: Sequence[int], values: Mapping[str, int]) -> None:
        rows[name].append({**dict(zip(KEYS[name], (int(k) for k in keys), strict=True)), **values})

    # Comparisons by bin, and failures.
    for keys, count in sorted(Counter((pg[i], rg[i], int(mt[i]), int(bins[i])) for i in every if not fl[i]).items()):
        add("counts", keys, {"count": count})
    for keys3, count in sorted(Counter((pg[i], rg[i], int(mt[i])) for i in every if fl[i]).items()):
        add("failed", keys3, {"count": count})

    # Comparisons of two people, by pairs of labels.
    for a, b in label_pairs(names):
        cell = [i for i in every if not mt[i] and not fl[i] and pg[i] in members[a] and rg[i] in members[b]]
        as_probe, as_reference = Counter(pp[i] for i in cell), Counter(rp[i] for i in cell)
        add("nonmated_design", (a, b), {
            "comparisons": len(cell),
            "probe_people": len(as_probe),
            "reference_people": len(as_reference),
            "people": len(as_probe.keys() | as_reference.keys()),
            "sum_r2": _squares(as_probe),
            "sum_c2": _squares(as_reference),
            "sum_rc": _products(as_probe, as_reference),
            "sum_p2": _squares(_pairs(cell, pp, rp)),
        })  # fmt: skip
        for at, level in enumerate(lv):
            above = [i for i in cell if sc[i] >= level]
            r, c = Counter(pp[i] for i in above), Counter(rp[i] for i in above)
            add("nonmated_moments", (a, b, at), {
                "exceed": len(above),
                "sum_r2": _squares(r),
                "sum_c2": _squares(c),
                "sum_rc": _products(r, c),
                "sum_p2": _squares(_pairs(above, pp, rp)),
                "sum_rm": _products(r, as_probe),
                "sum_cm": _products(c, as_reference),
            })  # fmt: skip

    # Comparisons of one person, by label.
    for a in range(len(names)):
        cell = [i for i in every if mt[i] and not fl[i] and pg[i] in members[a]]
        k = Counter(pp[i] for i in cell)
        add("mated_design", (a,), {"comparisons": len(cell), "people": len(k), "sum_k2": _squares(k)})
        for at, level in enumerate(lv):
            e = Counter(pp[i] for i in cell if sc[i] < level)
            add("mated_moments", (a, at), {
                "errors": e.total(), "sum_e2": _squares(e), "sum_ek": _products(e, k),
            })  # fmt: skip

    # Searches.
    by_probe: dict[Any, list[int]] = defaultdict(list)
    for i in every:
        by_probe[pr[i]].append(i)
    tests: list[tuple[Any, Any, int, bool, bool, bool]] = []  # probe, person, group, mated, non-mated, failed
    if searches is None:
        for p, mine in by_probe.items():
            has_mate, has_other = any(mt[i] for i in mine), any(not mt[i] for i in mine)
            tests.append((p, pp[mine[0]], pg[mine[0]], has_mate, has_other, all(fl[i] for i in mine)))
    else:
        for s, p in enumerate(searches["probe"]):
            m = bool(searches["mated"][s])
            tests.append((p, searches["probe_person"][s], int(searches["probe_group"][s]), m, not m,
                          bool(searches["failed"][s])))  # fmt: skip
    others = {t[0]: [i for i in by_probe[t[0]] if not mt[i] and not fl[i]] for t in tests}
    mates = {t[0]: [i for i in by_probe[t[0]] if mt[i] and not fl[i]] for t in tests}

    def searched(p: Any, kind: int) -> int:
        if gallery is not None:
            return gallery[0]
        tried = [i for i in by_probe[p] if kind == 1 or not mt[i]]
        completed = [i for i in tried if not fl[i]]
        return len(completed or tried)

    best: Counter[tuple[int, int]] = Counter()
    mate_table: Counter[tuple[int, int, int]] = Counter()
    rank_of: dict[Any, int] = {}
    mate_score: dict[Any, float] = {}
    censored: Counter[tuple[int, int, int]] = Counter()
    for p, _, g, is_mated, counts_fpir, probe_failed in tests:
        if counts_fpir:
            best[g, max((int(bins[i]) for i in others[p]), default=NO_BIN)] += 1
        if is_mated:
            mate_score[p] = max((float(sc[i]) for i in mates[p]), default=-np.inf)
            ahead = sum(1 for i in others[p] if sc[i] >= mate_score[p])
            rank_of[p] = min(1 + ahead, MAX_RANK + 1) if mates[p] else MAX_RANK + 1
            mate_table[g, rank_of[p], max((int(bins[i]) for i in mates[p]), default=NO_BIN)] += 1
        if searches is not None:
            given = [i for i in by_probe[p] if not fl[i]]
            listed = len(by_probe[p])
            below: float | None = None
            if not probe_failed and not (gallery is not None and listed >= gallery[0]):
                if list_length is not None and listed >= list_length:
                    below = min(float(sc[i]) for i in given)
                elif return_threshold is not None:
                    below = return_threshold
            b = NO_BIN if below is None else int(np.searchsorted(ed, below, side="right") - 1)
            censored[g, int(is_mated), b] += 1
    for key2, count in sorted(best.items()):
        add("best_nonmated", key2, {"count": count})
    for key3, count in sorted(mate_table.items()):
        add("mates", key3, {"count": count})
    for key3, count in sorted(censored.items()):
        add("censoring", key3, {"count": count})

    for a in range(len(names)):
        for kind in (0, 1):
            mine_of = [t for t in tests if t[2] in members[a] and (t[3] if kind else t[4])]
            if not mine_of:
                continue
            k = Counter(t[1] for t in mine_of)
            sizes = sorted(searched(t[0], kind) for t in mine_of)
            add("search_design", (a, kind), {
                "searches": len(mine_of),
                "failed": sum(t[5] for t in mine_of),
                "people": len(k),
                "sum_k2": _squares(k),
                "gallery_min": sizes[0],
                "gallery_median": sizes[(len(sizes) - 1) // 2],
                "gallery_max": sizes[-1],
            })  # fmt: skip
            for at, level in enumerate(lv):
                if kind == 0:
                    hits: Counter[Any] = Counter()
                    alone: Counter[Any] = Counter()
                    pairs: Counter[frozenset[Any]] = Counter()
                    exceed = 0
                    for p, person, *_ in mine_of:
                        above = [i for i in others[p] if sc[i] >= level]
                        exceed += len(above)
                        hits[person] += bool(above)
                        if len({rp[i] for i in above}) == 1:
                            alone[rp[above[0]]] += 1
                            pairs[frozenset((person, rp[above[0]]))] += 1
                    if gallery is None:
                        met = {rp[i] for t in mine_of for i in others[t[0]]}
                    add("search_moments", (a, at), {
                        "hits": hits.total(),
                        "exceed": exceed,
                        "sum_a2": _squares(hits),
                        "sum_ak": _products(hits, k),
                        "sum_d2": _squares(alone),
                        "sum_d": alone.total(),
                        "sum_q2": _squares(pairs),
                        "sum_ad": _products(hits, alone),
                        "sum_kd": _products(k, alone),
                        "references": len(met) if gallery is None else gallery[1],
                    })  # fmt: skip
                else:
                    for rank in FNIR_RANKS:
                        e = Counter(
                            t[1] for t in mine_of
                            if not mates[t[0]] or rank_of[t[0]] > rank or mate_score[t[0]] < level
                        )  # fmt: skip
                        add("mate_moments", (a, at, rank), {
                            "errors": e.total(), "sum_e2": _squares(e), "sum_ek": _products(e, k),
                        })  # fmt: skip

    # The spectrum, and the blocks of references for the jackknife over them.
    people_r = sorted(set(rp), key=str)
    block = dict(block_of) if block_of is not None else {q: j % N_BLOCKS for j, q in enumerate(people_r)}
    made: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    reached: Counter[tuple[int, int, int, int, int]] = Counter()
    for s, (p, _, g, _, counts_fpir, _) in enumerate(tests):
        if not counts_fpir:
            continue
        for h in sorted({rg[i] for i in by_probe[p] if not mt[i]}):
            made[g, h][0] = sum(1 for t in tests if t[2] == g and t[4])
            made[g, h][1] += sum(1 for i in others[p] if rg[i] == h)
        for i in others[p]:
            level_index = int(np.searchsorted(lv, sc[i], side="right") - 1)
            if level_index >= spectrum_from:
                reached[s, g, rg[i], block[rp[i]], level_index] += 1
    for key5, count in sorted(reached.items()):
        add("spectrum", key5, {"count": count})
    for key2, (n_searches, n_made) in sorted(made.items()):
        add("spectrum_design", key2, {"searches": n_searches, "comparisons": n_made})
    seen = {(rf[i], rp[i], rg[i]) for i in every}
    for bl, h in sorted({(block[q], h) for _, q, h in seen}):
        here = [(r, q) for r, q, g in seen if block[q] == bl and g == h]
        add("blocks", (bl, h), {"people": len({q for _, q in here}), "references": len({r for r, _ in here})})

    searchers = {t[0]: t[1] for t in tests}
    return Tally(
        kind="comparisons" if searches is None else "candidates",
        edges=ed,
        thresholds=np.asarray(sorted(thresholds), dtype=np.float64),
        levels=lv,
        spectrum_from=spectrum_from,
        attributes=tuple(attributes),
        joint=tuple(joint),
        labels=names,
        tables={
            name: _table(name, [r for r in rows[name] if any(v for c, v in r.items() if c not in KEYS[name])])
            for name in TABLES
        },
        people={
            "probe": len(set(searchers.values())),
            "reference": gallery[1] if gallery else len(set(rp)),
            "any": len(set(searchers.values()) | set(rp)),
            "probes": len(searchers),
            "references": gallery[0] if gallery else len(set(rf)),
        },
        origin=Origin(
            misid_version="0", engine="oracle", engine_version="0", polarity=polarity, score_type=score_type,  # type: ignore[arg-type]
            failure_codes=(), inputs=(), refused=(), queries=(),
        ),
        list_length=list_length,
        return_threshold=return_threshold,
        gallery=gallery[0] if gallery else None,
        acquisition=acquisition,
        enrolment=enrolment,
    )  # fmt: skip


def canonical(tally: Tally) -> dict[str, list[Any]]:
    """Every table as sorted rows without all-zero ones; the spectrum as a multiset of searches."""
    found: dict[str, list[Any]] = {}
    for name, keys in KEYS.items():
        table = tally.tables[name]
        values = [c for c in TABLES[name] if c not in keys]
        found[name] = sorted(
            tuple(int(table[c][i]) for c in TABLES[name])
            for i in range(len(table[keys[0]]))
            if any(table[v][i] for v in values)
        )
    by_search: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for search, *rest in found["spectrum"]:
        by_search[search].append(tuple(rest))
    found["spectrum"] = sorted(sorted(vector) for vector in by_search.values())
    return found


def assert_same(ours: Tally, oracle: Tally) -> None:
    """Raise with the first rows that differ."""
    ours_rows, oracle_rows = canonical(ours), canonical(oracle)
    for name in TABLES:
        extra = [r for r in ours_rows[name] if r not in oracle_rows[name]]
        lacking = [r for r in oracle_rows[name] if r not in ours_rows[name]]
        if ours_rows[name] != oracle_rows[name]:
            raise AssertionError(f"{name} {tuple(TABLES[name])}: only ours {extra[:5]}, only oracle {lacking[:5]}")
