"""The page and the figure of the calibration study: summaries of its lines."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from misid.rates.calibration import cllr, pool_adjacent_violators
from tests.cases.calibration_study import COLUMNS, NONE, RIGHT, UNKNOWN

Floats = npt.NDArray[np.float64]
BINS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99, 1.0)
STRONG = 100.0
JUDGED = (("oracle", "oracle_lr"), ("p", "lr"), ("match_p", None))
WORDS = {"oracle": "truth known", "p": "score, from a test", "match_p": "match only, from a test"}
WANTED = (0.9, 1.1)


def columns(rows: Sequence[Sequence[float]]) -> dict[str, Floats]:
    table = np.array(rows, dtype=float)
    return {name: table[:, k] for k, name in enumerate(COLUMNS)}


def slope(p: Floats, y: Floats) -> tuple[float, float] | None:
    """Slope of the outcome's log odds on those stated, and its standard error; None where nothing is wrong or right."""
    x = np.log(np.clip(p, 1e-6, 1 - 1e-6) / np.clip(1 - p, 1e-6, 1))
    design = np.stack([np.ones_like(x), x], axis=1)
    b = np.array([0.0, 1.0])
    if len(set(y.tolist())) < 2 or np.ptp(x) < 1e-9:
        return None
    for _ in range(50):
        q = 1 / (1 + np.exp(-design @ b))
        information = (design * (q * (1 - q))[:, None]).T @ design
        b = b + np.linalg.solve(information + 1e-9 * np.eye(2), design.T @ (y - q))
    return float(b[1]), float(np.sqrt(np.linalg.inv(information)[1, 1]))


def costs(lr: Floats, enrolled: Floats) -> tuple[float, float]:
    """Cllr, and the least that any rising transformation of the same ratios has."""
    log_lr = np.log(np.clip(lr, 1e-12, 1e12))
    on = enrolled == 1
    values, place = np.unique(log_lr, return_inverse=True)
    mated = np.bincount(place[on], minlength=len(values))
    nonmated = np.bincount(place[~on], minlength=len(values))
    starts, m, n = pool_adjacent_violators(mated, nonmated)
    with np.errstate(divide="ignore"):
        block = np.log(m / m.sum()) - np.log(n / n.sum())
    best = block[np.searchsorted(starts, np.arange(len(values)), side="right") - 1]
    one = np.ones(1)
    plain = cllr(log_lr[on], np.ones(int(on.sum())), log_lr[~on], np.ones(int((~on).sum())))
    least = cllr(best, mated.astype(float), best, nonmated.astype(float))
    return plain, least if one.size else plain


def summary(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A record a generator."""
    grouped: dict[str, list[list[float]]] = defaultdict(list)
    tests: dict[str, int] = defaultdict(int)
    for line in lines:
        grouped[line["generator"]] += line["rows"]
        tests[line["generator"]] += 1
    return [_one(name, tests[name], columns(rows)) for name, rows in grouped.items()]


def _one(name: str, tests: int, c: dict[str, Floats]) -> dict[str, Any]:
    returned = c["returned"] != NONE
    y = (c["returned"] == RIGHT).astype(float)
    record: dict[str, Any] = {
        "generator": name, "tests": tests, "cases": len(y), "returned": int(returned.sum()),
        "right": float(y[returned].mean()),
    }  # fmt: skip
    for key, ratio in JUDGED:
        used = returned & (c[key] != UNKNOWN)
        found = slope(c[key][used], y[used])
        record[key] = {
            "cases": int(used.sum()), "mean": float(c[key][used].mean()), "right": float(y[used].mean()),
            "slope": None if found is None else found[0], "slope_se": None if found is None else found[1],
            "bins": _bins(c[key][used], y[used]),
        }  # fmt: skip
        if ratio is not None:
            plain, least = costs(c[ratio], c["enrolled"])
            on = c["enrolled"] == 1
            record[key].update(
                cllr=plain, cllr_min=least, against=float((c[ratio][on] < 1).mean()),
                for_=float((c[ratio][~on] > 1).mean()), strongly_for=float((c[ratio][~on] > STRONG).mean()),
                strongly_against=float((c[ratio][on] < 1 / STRONG).mean()),
            )  # fmt: skip
            record[key]["tippett"] = _tippett(c[ratio], c["enrolled"])
    inside = (c["p_lo"] <= c["bounded_oracle"] + 1e-9) & (c["bounded_oracle"] <= c["p_hi"] + 1e-9)
    record["held"] = float(inside[returned].mean())
    used = returned & (c["match_p"] != UNKNOWN)
    alone = (c["match_lo"] <= c["bounded_match"] + 1e-9) & (c["bounded_match"] <= c["match_hi"] + 1e-9)
    record["match_held"] = float(alone[used].mean())
    record["refused"] = float(1 - used.sum() / max(returned.sum(), 1))
    return record


def _bins(p: Floats, y: Floats) -> list[dict[str, float]]:
    place = np.clip(np.digitize(p, BINS) - 1, 0, len(BINS) - 2)
    return [
        {"from": BINS[b], "to": BINS[b + 1], "cases": int((place == b).sum()), "stated": float(p[place == b].mean()),
         "seen": float(y[place == b].mean())}
        for b in range(len(BINS) - 1) if (place == b).any()
    ]  # fmt: skip


def _tippett(lr: Floats, enrolled: Floats) -> list[list[float]]:
    """log10 LR, share of enrolled and of others with a higher one."""
    at = np.linspace(-3, 4, 71)
    log_lr = np.log10(np.clip(lr, 1e-12, 1e12))
    on = enrolled == 1
    return [[float(x), float((log_lr[on] >= x).mean()), float((log_lr[~on] >= x).mean())] for x in at]


def figure(records: list[dict[str, Any]]) -> str:
    """Tippett curves and reliability, all generators, as SVG."""
    import altair as alt
    import vl_convert

    curves = [
        {"x": x, "share": share, "who": who, "generator": r["generator"]}
        for r in records
        for x, on, off in r["p"]["tippett"]
        for who, share in (("enrolled", on), ("not enrolled", off))
    ]
    points = [
        {"stated": b["stated"], "seen": b["seen"], "cases": b["cases"], "generator": r["generator"]}
        for r in records
        for b in r["p"]["bins"]
        if b["cases"] >= 30
    ]
    tippett = (
        alt.Chart(alt.InlineData(values=curves), title="Tippett: share with at least this likelihood ratio")
        .mark_line(strokeWidth=1.2)
        .encode(
            x=alt.X("x:Q", title="log10 of the likelihood ratio for being in the gallery"),
            y=alt.Y("share:Q", title="share of cases", scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("who:N", title=None, scale=alt.Scale(range=["#0060a8", "#c04000"])),
            strokeDash=alt.StrokeDash("who:N", title=None),
            detail="generator:N",
        )
        .properties(width=330, height=260)
    )
    line = alt.Chart(alt.InlineData(values=[{"x": 0, "y": 0}, {"x": 1, "y": 1}])).mark_line(
        color="#888888", strokeDash=[4, 3]
    )
    reliability = (
        line.encode(x="x:Q", y="y:Q")
        + alt.Chart(alt.InlineData(values=points), title="Reliability: right among so many stated")
        .mark_point(filled=True, size=45, opacity=0.85)
        .encode(
            x=alt.X("stated:Q", title="probability stated (mean of the cases in a band)"),
            y=alt.Y("seen:Q", title="share that was right"),
            shape=alt.Shape("generator:N", title=None),
            color=alt.Color("generator:N", title=None),
        )
    ).properties(width=330, height=260)
    chart = alt.hconcat(tippett, reliability).resolve_scale(color="independent", shape="independent")
    return str(vl_convert.vegalite_to_svg(chart.configure(background="white").to_json()))


def _s(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _slope(record: dict[str, Any]) -> str:
    if record["slope"] is None:
        return "all right"
    return f"{record['slope']:.2f} ± {record['slope_se']:.2f}"


def page(records: list[dict[str, Any]]) -> str:
    """docs/case-calibration.md."""
    cases = sum(r["cases"] for r in records)
    fewest = min(r["cases"] for r in records)
    oracle = [
        "| simulated engine | cases | returned | right | slope | stated | Cllr | Cllr − min | misleading against "
        "| for |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    used = [oracle[0], oracle[1]]
    held = [
        "| simulated engine | score: slope | interval held | match only: slope | interval held | match only refused |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for r in records:
        for key, rows in (("oracle", oracle), ("p", used)):
            o = r[key]
            rows.append(
                f"| {r['generator']} | {r['cases']:,} | {r['returned']:,} | {_s(r['right'], 3)} | {_slope(o)} | "
                f"{_s(o['mean'], 3)} | {_s(o['cllr'], 3)} | {_s(o['cllr'] - o['cllr_min'], 3)} | "
                f"{100 * o['against']:.2f} % | "
                f"{100 * o['for_']:.2f} % |"
            )
        held.append(
            f"| {r['generator']} | {_slope(r['p'])} | {100 * r['held']:.0f} % | {_slope(r['match_p'])} | "
            f"{100 * r['match_held']:.0f} % | {100 * r['refused']:.0f} % |"
        )
    worst = max(r["p"]["strongly_for"] for r in records)
    return PAGE.format(
        cases=f"{cases:,}", fewest=f"{fewest:,}", engines=len(records), tests=sum(r["tests"] for r in records),
        oracle="\n".join(oracle), used="\n".join(used), held="\n".join(held), strong=f"{100 * worst:.2f} %",
        inside=_inside(records, "oracle"), inside_used=_inside(records, "p"),
    )  # fmt: skip


def _inside(records: list[dict[str, Any]], key: str) -> str:
    lo, hi = WANTED
    known = [r for r in records if r[key]["slope"] is not None]
    good = [
        r for r in known
        if lo <= r[key]["slope"] + 2 * r[key]["slope_se"] and r[key]["slope"] - 2 * r[key]["slope_se"] <= hi
    ]  # fmt: skip
    return f"{len(good)} of {len(known)}"


PAGE = """# How often likelihood ratios and probabilities of a case hold

Made by `python -m tests.cases.calibration_study`; the figures below are from
[docs/data/case-calibration.json](data/case-calibration.json). What is computed is described in [The case](case.md).

{cases} simulated cases, at least {fewest} for each of {engines} simulated engines whose truth is known by another
route. A case is one search of a gallery of 100,000, 1 million, 10 million or 200 million by a person who is enrolled
with a chance between 5 and 95 in 100, at the threshold at which 5 in 100 searches by people who are not enrolled
return somebody. Each case is judged three times:

- **truth known**: from the score, with the engine's own probabilities. This shows what the formulas are worth.
- **score, from a test**: from the score, with nothing but a simulated test of 500 people of that engine ({tests}
  tests in all): tail and person-to-person differences are fitted and projected, mated scores are smoothed. This shows
  what the numbers are worth in use.
- **match only, from a test**: the same test, and only that somebody was returned.

**Slope** is that of the outcome (right or not) on the log odds stated, by logistic regression over cases in which
somebody was returned, ± one standard error: 1 is calibrated; below 1, stated probabilities are too sure. **Stated**
is the mean probability stated, to be compared with **right**. **Cllr** is the cost in bits of the likelihood ratio
for "in the gallery" against "not in the gallery", over all searches; **Cllr − min** is the part of it that is for
want of calibration. **Misleading against**: of enrolled people, those with a ratio below 1; **for**: of people not
enrolled, those with a ratio above 1.

## Truth known

{oracle}

{inside} slopes are within two standard errors of 0.9 to 1.1. Evidence misleads at these rates even when everything is
known: an enrolled person can be missed, and a stranger can be found. That is what the ratio says, and no fault of it.

## Score, from a test of 500 people

{used}

{inside_used} slopes are within two standard errors of 0.9 to 1.1. No ratio is stated above 501 or below 1/501, the
bounds of such a test; at most {strong} of the people who were not enrolled got one above 100.

![Tippett curves and reliability, all engines](img/case-calibration.svg)

Left: the share of cases whose ratio is at least so high, one pair of curves an engine. Right: of the cases with about
such a probability, those in which the person returned was right; bands with 30 cases or more.

## Why the interval is given and not the estimate alone

{held}

**Interval held**: how often the interval of the probability holds what the truth gives, bounded likewise. The
estimates of one test are all wrong together: one test of 500 people knows FPIR at 200 million within one to three
powers of ten, and every case judged by that test shares its error. With match or no match alone nothing else tells
cases apart but the prior, so that this shared error flattens the slope. The interval holds that error. A case
therefore states the interval first, and no estimate where nothing prefers one.

- **d-kin-multi** has brothers, sisters and twins in the gallery that the test did not have and that the case was not
  told of: probabilities are too high by that. Told of them, match or no match holds
  (`tests/cases/test_brute_force.py`).
- **a-iid-logit** has a tail so heavy that a test of 500 people takes it for lighter, as in [How often projections
  hold](projection-study.md).
- **f-quality** has bad photographs whose mated scores are low and whose false matches are many. The formula for the
  score takes the two as independent, given nothing else; a case with such a photograph should say so (`capture`).
- The engines named c-embed have mated scores from an old photograph, since otherwise no mated score would come near a
  stranger's.
"""


def write(lines: list[dict[str, Any]], data: Path, target: Path) -> None:
    """The summary, the page and the figure."""
    records = summary(lines)
    data.parent.mkdir(parents=True, exist_ok=True)
    data.write_text(json.dumps([_short(r) for r in records], indent=1) + "\n", encoding="utf-8")
    (target.parent / "img" / "case-calibration.svg").write_text(figure(records) + "\n", encoding="utf-8")
    target.write_text(page(records), encoding="utf-8")


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {k: _short(v) for k, v in value.items()}
    return [_short(v) for v in value] if isinstance(value, list) else value
