"""Tables of docs/benchmarks.md from the figures kept, each put between its own pair of marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from measure import HERE, exponent
from peers import ASKED
from plot import plot

DOCS = HERE.parent / "docs"
PAGE = DOCS / "benchmarks.md"
PLOT = DOCS / "img" / "benchmarks.svg"

NAMES = {
    "question": "**misid**, the same question, with limits",
    "whole": "**misid**, everything: all rates of eight groups, with limits",
    "decode": "the columns decoded, nothing counted",
    "bare_histogram": "bare `GROUP BY` of score bins; reads no ids",
    "bare_columns": "bare `GROUP BY`s over all columns",
    "check": "the check before it: open, fingerprint, find what is wrong",
    "tally": "the tally of eight groups: open, fingerprint, count, write",
    "rates": "every rate with limits, from that tally",
    "scikit_learn": "scikit-learn",
    "bob_measure": "bob.measure",
    "pyeer": "PyEER",
    "pyllr": "PYLLR (convex hull)",
    "awslabs": "cimat (awslabs)",
    "people": "**misid**",
    "interpreter": "a bare Python interpreter",
    "help": "`misid --help`",
    "engine": "DuckDB loaded and asked for 1",
    "report": "`misid report`, HTML, PDF, JSON and CSV, from a tally, with its projection",
    "assess": "`misid assess street-stop`, all its files",
    "projection": "projection of 100,000 searches of 64 groups: fit and 65 questions",
    "encounter_tree": "event tree: 1,000,000 draws, 8 groups, 6 policies",
    "encounter_people": "1,000,000 people made, scanned and decided on",
    "encounter_searches": "1,000,000 searches of 200 million by order statistics",
}
PEERS = ("question", "whole", "scikit_learn", "bob_measure", "pyeer", "pyllr")
LIMITS = ("decode", "bare_histogram", "bare_columns", "check", "tally", "rates")
GROWING = ("question", "check", "tally", "whole")
Results = Mapping[str, Any]


def write_pages(found: Results) -> None:
    """Put every table into the page, and draw the plot."""
    text = PAGE.read_text(encoding="utf-8")
    tables = {
        "conditions": conditions(found),
        "question": question(found["scores"]),
        "answers": answers(found["scores"]),
        "asked": asked(found),
        "people": people(found["people"]),
        "limits": limits(found["scores"]),
        "tenth": tenth(found),
        "growth": growth(found["scores"]),
        "costs": costs(found["scores"]),
        "commands": commands(found["commands"]),
    }
    for name, table in tables.items():
        before, mark, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- end {name} -->")
        if not (mark and end):
            raise ValueError(f"{PAGE} has no marks <!-- {name} --> and <!-- end {name} -->")
        text = f"{before}{mark}{table}\n{end}{after}"
    PAGE.write_text(text, encoding="utf-8")
    PLOT.write_text(plot(found["scores"]), encoding="utf-8")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    """Three digits that mean something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def conditions(found: Results) -> str:
    said = found["conditions"]
    versions = ", ".join(f"{name} {version}" for name, version in said["versions"].items())
    rounds = ", ".join(f"{turns:.0f} at {int(size):,}" for size, turns in _rounds(found["scores"]).items())
    return (
        f"Measured on {said['date']} on {said['cores']} cores ({said['machine']}), CPython {said['python']}, "
        f"{versions}. Jobs take turns, and the median of each is given; rounds, at least: {rounds} comparisons. Load "
        f"average {min(said['load']):.1f} to {max(said['load']):.1f}, this run included: where that is more than "
        f"{said['cores']}, other work took part of the machine, wall time is longer by several times, and processor "
        "time by up to a half. Each figure is of a whole process, from the start of its interpreter to its end; a peak "
        "below 20 MB cannot be told, for that is what the process has that starts them."
    )


def _rounds(scores: Results) -> dict[str, float]:
    """Rounds of each size: the fewest of any job."""
    measured = {
        size: [job["rounds"] for job in jobs.values() if isinstance(job, dict)] for size, jobs in scores.items()
    }
    return {size: min(turns) for size, turns in measured.items() if turns}


def question(scores: Results) -> str:
    rows = []
    for size, jobs in scores.items():
        ours = jobs.get("question")
        for name in PEERS:
            one = jobs.get(name)
            if one is None:
                continue
            if isinstance(one, str):
                rows.append([f"{int(size):,}", NAMES[name], one, "", "", "", "", ""])
                continue
            own = f"{one['own']:.2f}" if "own" in one else ""
            ratios = [f"{one[what] / ours[what]:.2f}" for what in ("wall", "cpu", "peak_mb")]
            took = [f"{one['wall']:.2f}", f"{one['cpu']:.2f}", own, f"{one['peak_mb']:.0f}"]
            rows.append([f"{int(size):,}", NAMES[name], *took, " / ".join(ratios)])
    head = ["comparisons", "package", "wall s", "processor s", "of it in its own functions, wall s", "peak MB"]
    return table([*head, "wall / processor / peak over misid's"], rows)


def answers(scores: Results) -> str:
    rows = []
    for size, jobs in scores.items():
        for name in PEERS:
            one = jobs.get(name)
            if isinstance(one, dict) and "eer" in one:
                rows.append([f"{int(size):,}", NAMES[name], f"{one['eer']:.6f}", f"{one['fnmr']:.6f}"])
    return table(["comparisons", "package", "EER", "FNMR at FMR 1e-4"], rows)


def asked(found: Results) -> str:
    versions = found["conditions"]["peers"]
    return table(
        ["package", "version", "asked"],
        [[distribution, versions.get(name, "not installed"), what] for name, (distribution, what) in ASKED.items()],
    )


def people(found: Results) -> str:
    rows = []
    for n, jobs in found.items():
        for name in ("people", "awslabs"):
            one = jobs[name]
            if isinstance(one, str):
                rows.append([n, NAMES[name], one, "", "", "", ""])
                continue
            ends = [f"{one[f'{rate}_lo']:.4f} to {one[f'{rate}_hi']:.4f}" for rate in ("fmr", "fnmr")]
            rows.append([n, NAMES[name], *(f"{one[w]:.2f}" for w in ("wall", "cpu")), f"{one['peak_mb']:.0f}", *ends])
    return table(["people", "package", "wall s", "processor s", "peak MB", "FMR", "FNMR"], rows)


def limits(scores: Results) -> str:
    rows = []
    for size, jobs in scores.items():
        for name in LIMITS:
            one = jobs.get(name)
            if isinstance(one, dict):
                bare = jobs["bare_columns"]
                ratios = [f"{one[what] / bare[what]:.2f}" for what in ("wall", "cpu")]
                took = [f"{one['wall']:.2f}", f"{one['cpu']:.2f}", f"{one['peak_mb']:.0f}"]
                rows.append([f"{int(size):,}", NAMES[name], *took, " / ".join(ratios)])
    return table(
        ["comparisons", "job", "wall s", "processor s", "peak MB", "wall / processor over bare `GROUP BY`s"], rows
    )


def tenth(found: Results) -> str:
    """At ten million comparisons: a tenth of the best of the others, and what cannot be undercut."""
    jobs = found["scores"].get(str(10**7), {})
    others = {name: jobs[name] for name in PEERS[2:] if isinstance(jobs.get(name), dict)}
    rows = []
    for what, unit in (("wall", "wall s"), ("cpu", "processor s"), ("peak_mb", "peak MB")):
        best = min(others, key=lambda name: others[name][what], default=None)
        if best is None:
            continue
        floor, start = jobs["decode"], found["commands"].get("engine")
        rows.append([
            unit, f"{number(others[best][what])} ({NAMES[best]})", number(others[best][what] / 10),
            number(start[what]) if isinstance(start, dict) else "", number(floor[what]), number(jobs["question"][what]),
            f"{others[best][what] / jobs['question'][what]:.1f}",
        ])  # fmt: skip
    head = ["", "best of the others", "a tenth of it", "Python and DuckDB loaded", NAMES["decode"]]
    return table([*head, "misid, the same question", "best of the others over misid"], rows)


def costs(scores: Results) -> str:
    """Core-hours of larger tests, by a straight line through the two largest sizes measured."""
    rows = []
    for name in ("question", "tally"):
        sizes = sorted(int(n) for n, jobs in scores.items() if isinstance(jobs.get(name), dict))
        if len(sizes) < 2 or sizes[-1] < 10**7:
            continue
        low, high = sizes[-2:]
        at_low, at_high = (scores[str(n)][name]["cpu"] for n in (low, high))
        each = (at_high - at_low) / (high - low)
        fixed = at_high - each * high
        for n in (10**10, 10**12):
            seconds = fixed + each * n
            rows.append([
                NAMES[name].replace("**", ""), f"{n:,}",
                f"{fixed:.1f} + ({at_high:.1f} - {at_low:.1f}) / {high - low:,} x {n:,} = {seconds:,.0f} s",
                number(seconds / 3600),
            ])  # fmt: skip
    return table(["job", "comparisons", "processor seconds", "core-hours"], rows)


def growth(scores: Results) -> str:
    rows = []
    for name in GROWING:
        mine = {int(n): jobs[name] for n, jobs in scores.items() if isinstance(jobs.get(name), dict)}
        for low, high in ((10**6, 10**7), (10**7, 10**8), (10**8, 10**9), (10**6, 10**8)):
            powers = [exponent(mine, what, low=low, high=high) for what in ("wall", "cpu", "peak_mb")]
            if powers[0] is not None:
                rows.append([NAMES[name], f"{low:,} to {high:,}", *(f"{p:.2f}" for p in powers if p is not None)])
    return table(["job", "comparisons", "wall", "processor", "peak"], rows)


def commands(found: Results) -> str:
    rows = []
    for name, one in found.items():
        if name == "bandwidth" or isinstance(one, str):
            continue
        own = next((f"{one[key]:.3f}" for key in ("own", "total_s") if key in one), "")
        rows.append([NAMES[name], f"{one['wall']:.2f}", f"{one['cpu']:.2f}", own, f"{one['peak_mb']:,.0f}"])
    text = table(["job", "wall s", "processor s", "of it the job itself, wall s", "peak MB"], rows)
    fast = found.get("bandwidth")
    if isinstance(fast, dict):
        text += (
            f"\n\nOne core reads {fast['read_gb_s']:.1f} GB of memory a second here and takes the SHA-256 of "
            f"{fast['sha256_gb_s']:.2f} GB."
        )
    return text
