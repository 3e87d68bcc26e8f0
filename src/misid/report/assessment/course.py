"""What happens on the way: the tree, the ways of being wrong, groups, policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from misid.encounter.model import WAYS, Branch, Estimate, Outcomes, PolicyResult
from misid.ground.text import sentence
from misid.report.assessment.drawn import Bar, Twig, axis_for, bars, tree
from misid.report.assessment.told import Told, named
from misid.report.figures.base import Figure
from misid.report.filing import (
    Block,
    Bullets,
    Code,
    Column,
    Paragraph,
    Picture,
    Quoted,
    Ref,
    Row,
    Section,
    SideBySide,
    Strong,
    Table,
    Words,
)
from misid.report.filing.model import said as as_text
from misid.report.palette import BLUE, VERMILLION

MOST_TWIGS = 38
"""Branches drawn: what a page holds."""

WAY_MEANS = {
    "stranger": "The person is not in the gallery; the search returns somebody else, and they are taken for them.",
    "another": "The person is in the gallery; the search returns somebody else.",
    "wrong_record": "The search returns the right person; the record says the opposite of the truth.",
    "wrong_use": "The search is right, about somebody who need not have been scanned.",
}


def the_tree(told: Told) -> Section:
    """The event tree of the lead policy, drawn."""
    root = told.assessment.trees[0].root
    drawn = _drawn(root)
    twigs = [
        Twig(
            depth=depth, label=branch.title, shown=told.said.estimate(f"{path}.people"),
            people=branch.people.value or 0.0, wrong=branch.wrong,
        )
        for path, depth, branch in drawn
    ]  # fmt: skip
    hidden = sum(1 for _ in root.walk()) - len(drawn)
    title = "What happens to the people scanned"
    description = "; ".join(f"{'– ' * t.depth}{t.label}: {as_text(t.shown)}" for t in twigs)
    figure = Figure(
        name="event-tree", title=title, description=description, caption="", columns=("path", *ESTIMATE, "wrong"),
        rows=tuple({"path": path, **estimate_row(b.people), "wrong": b.wrong} for path, b in _paths(root)),
        svg=tree(twigs).svg("event-tree", title, description, most=1.6),
    )  # fmt: skip
    left_out: Words = (
        ()
        if not hidden
        else ("Branches with the fewest people that are no error are not drawn; ", Code(figure.file), " has all.")
    )
    return Section("tree", "The tree", (
        Paragraph(("Every scan is one path from the top of ", Ref("event-tree"), " to an end. Numbers are people of ",
                   told.said.count("per"), " scanned, under ", named(told.lead.title), "; limits as above. What hangs "
                   "below a branch adds up to it in every draw, though not every middle value does.")),
        Picture(figure, words=(
            "Filled squares and bold words: a way of being wrong, or somebody wrongly held. Hollow circles: the rest. "
            "Thicker lines carry more people. ", left_out)),
    ))  # fmt: skip


ESTIMATE = tuple(f.name for f in fields(Estimate))


def estimate_row(estimate: Estimate) -> dict[str, object]:
    return {name: getattr(estimate, name) for name in ESTIMATE}


def _paths(branch: Branch, above: str = "") -> list[tuple[str, Branch]]:
    path = f"{above} > {branch.title}" if above else branch.title
    return [(path, branch), *(pair for child in branch.children for pair in _paths(child, path))]


def _drawn(root: Branch, place: str = "trees.0.root") -> list[tuple[str, int, Branch]]:
    """At most `MOST_TWIGS` branches as (place, depth, branch): the wrong ones and the largest, with all above them."""
    everything: list[tuple[str, int, Branch, tuple[str, ...]]] = []

    def walk(branch: Branch, at: str, depth: int, above: tuple[str, ...]) -> None:
        everything.append((at, depth, branch, above))
        for index, child in enumerate(branch.children):
            walk(child, f"{at}.children.{index}", depth + 1, (*above, at))

    walk(root, place, 0, ())
    # Errors weigh fifty times: a rare one is what the page is for.
    ranked = sorted(everything, key=lambda e: -(e[2].people.value or 0.0) * (50 if e[2].wrong else 1))
    kept: set[str] = set()
    for at, _, branch, above in ranked:
        wanted = {at, *above} - kept
        if len(kept) + len(wanted) <= MOST_TWIGS and ((branch.people.value or 0.0) > 0 or not above):
            kept |= wanted
    return [(at, depth, branch) for at, depth, branch, _ in everything if at in kept]


def ways(told: Told) -> Section:
    """The four ways of being wrong."""
    said, lead = told.said, told.lead.everybody
    rows = [
        Row((
            way.title[0].upper() + way.title[1:], WAY_MEANS.get(way.name, ""),
            said.estimate(f"{told.everybody()}.ways.{place}.happens"),
            said.estimate(f"{told.everybody()}.ways.{place}.wrongly_held"),
        ))
        for place, way in enumerate(lead.ways)
    ]  # fmt: skip
    rows.append(Row((
        "Held without any match", "Nobody was returned, or nobody scanned, and they are held all the same.", "no match",
        said.estimate(f"{told.everybody()}.held_without_match"),
    ), group=True))  # fmt: skip
    return Section("ways", f"The {_few(len(WAYS))} ways of being wrong", (
        Paragraph(
            "They have different causes and different remedies, and are kept apart here: a better engine does "
            "nothing about a wrong record, and nothing about a scan that need not have been."),
        Table(
            id="ways-table", title=("Ways of being wrong under ", named(told.lead.title)),
            caption=("Of ", said.count("per"), " scans, with ", said.level(f"{told.everybody()}.wrongly_held"),
                     " limits. Parts add up in every draw; their middle values need not."),
            columns=(Column("What goes wrong", width=1.3), Column("What it means", width=2),
                     Column("Happens to", "people", numeric=True),
                     Column("Wrongly held through it", "people", numeric=True)),
            rows=tuple(rows),
            file="tables/ways.csv",
        ),
    ))  # fmt: skip


def _few(number: int) -> str:
    return {2: "two", 3: "three", 4: "four", 5: "five"}.get(number, str(number))


def _held_of_slice(told: Told, path: str) -> Words:
    """Wrongly held, of 100,000 of the slice."""
    place = f"{path}.per_scanned.wrongly_held"
    record = told.said.at(place)
    if record["value"] is None:
        return ("not defined: ", Quoted(record["reason"]))
    return told.said.proportion(place, told.assessment.per)


def groups(told: Told) -> Section:
    """For whom: by status and by group."""
    said = told.said
    blocks: list[Block] = [
        Paragraph(("All numbers of this section are under ", named(told.lead.title), ". Each row counts ",
                   said.count("per"), " people of its own kind, so that small and large groups can be compared.")),
    ]  # fmt: skip
    for kind, title in (("by_status", "By what the people are"), ("by_group", "By demographic group")):
        outcomes = getattr(told.lead, kind)
        if not outcomes or (kind == "by_group" and len(outcomes) < 2):
            continue
        blocks += _slices(told, kind, title, outcomes)
    if len(told.lead.by_group) < 2:
        blocks.append(Paragraph("No demographic groups were given, so nothing is said about who bears the errors."))
    return Section("groups", "For whom", tuple(blocks))


def _slices(told: Told, kind: str, title: str, outcomes: Sequence[Outcomes]) -> list[Block]:
    said = told.said
    paths = [f"policies.0.{kind}.{place}" for place in range(len(outcomes))]
    order = sorted(range(len(outcomes)), key=lambda i: -(_top(outcomes[i].per_scanned.get("wrongly_held")) or 0.0))
    per = told.assessment.per
    rows = []
    for i in order:
        rate = outcomes[i].per_scanned.get("wrongly_held")
        scaled = [None if v is None else v * per for v in ((rate.value, rate.lo, rate.hi) if rate else (None,) * 3)]
        sought = outcomes[i].status in told.assessment.sought
        rows.append(Bar(
            label=outcomes[i].title, shown=_held_of_slice(told, paths[i]), value=scaled[0], lo=scaled[1], hi=scaled[2],
            ink=BLUE if sought else VERMILLION, marked=not sought,
        ))  # fmt: skip
    values = [v for r in rows for v in (r.lo, r.value, r.hi) if v is not None]
    overall = told.lead.everybody.wrongly_held.value
    unit = f"wrongly held, per {per:,} of each (logarithmic scale)"
    heading = f"Wrongly held: {title[0].lower()}{title[1:]}"
    description = "; ".join(f"{r.label}: {as_text(r.shown)}" for r in rows)
    name = f"held-{kind.replace('_', '-')}"
    figure = Figure(
        name=name, title=heading, description=description, caption="", columns=("title", *ESTIMATE),
        rows=tuple({"title": outcomes[i].title, **estimate_row(outcomes[i].per_scanned["wrongly_held"])}
                   for i in order if "wrongly_held" in outcomes[i].per_scanned),
        svg=bars(rows, axis_for(values), unit, reference=overall or None).svg(name, heading, description)
        if values else "",
        hole="nobody of them is held",
    )  # fmt: skip
    table = Table(
        id=f"{name}-table", title=title,
        caption=("Of ", said.count("per"), " scanned: how many are of the kind, and what happens to them. "
                 "Last column: of ", said.count("per"), " of the kind."),
        columns=(
            Column("Who", width=1.9), Column("Scanned", numeric=True), Column("Matched", numeric=True),
            Column("Strangers matched", "not in the gallery", numeric=True),
            Column("Wrongly held", numeric=True), Column("Wrongly held", "of as many of them", numeric=True),
        ),
        rows=tuple(
            Row((Quoted(outcomes[i].title), said.estimate(f"{paths[i]}.scanned"), said.estimate(f"{paths[i]}.matched"),
                 said.estimate(f"{paths[i]}.ways.{_place(outcomes[i], 'stranger')}.happens"),
                 said.estimate(f"{paths[i]}.wrongly_held"), _held_of_slice(told, paths[i])))
            for i in order
        ),
        file=f"tables/{'statuses' if kind == 'by_status' else 'groups'}.csv",
    )  # fmt: skip
    caption: Words = (
        "Mark and bar: middle value and limits. Dashed line: everybody. The highest upper limit is on top.",
        " People who are sought cannot be wrongly held, by definition: they are round and blue, and it is no finding."
        if kind == "by_status"
        else "",
    )
    return [Picture(figure, words=caption), table]


def _place(outcomes: Outcomes, way: str) -> int:
    return next(i for i, w in enumerate(outcomes.ways) if w.name == way)


def _top(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.hi


def policies(told: Told) -> Section:
    """Policies side by side."""
    a, said = told.assessment, told.said
    columns = (
        ("wrongly_held", "Wrongly held", "people"), ("found", "Found", "sought, and held"),
        ("not_found", "Not found", "sought, let go"), ("hours_wrongly_held", "Hours held", "of people wrongly held"),
        ("hours_of_others", "Hours", "of people let go"), ("images_kept", "Photographs kept", ""),
    )  # fmt: skip
    table = Table(
        id="policies-table", title="The policies on the same draws",
        caption=("Per ", said.count("per"), " scans, with ", said.level(f"{told.everybody()}.wrongly_held"),
                 " limits."),
        columns=(Column("Policy", width=1.7), *(Column(t, note, numeric=True, width=1.15) for _, t, note in columns)),
        rows=tuple(
            Row((Quoted(p.title), *(said.estimate(f"policies.{i}.everybody.{key}") for key, _, _ in columns)),
                marked=p.name == a.lead)
            for i, p in enumerate(a.policies)
        ),
        file="tables/policies.csv",
    )  # fmt: skip
    return Section("policies", "Policies side by side", (
        Paragraph("The same people, photographs and searches under each policy: what differs is only what is decided. "
                  "A policy that scans nobody is counted for the same people."),
        SideBySide((
            (_policy_figure(told, "wrongly_held", "People wrongly held"),),
            (_policy_figure(told, "found", "People found who are sought"),),
        )),
        table,
        *_kept(told),
        *_differences(told),
        Paragraph(Strong("What each policy says"), numbered=False),
        *(block for p in a.policies for block in _rules(told, p)),
    ))  # fmt: skip


def _kept(told: Told) -> list[Block]:
    """How long photographs are kept, where the scenario says."""
    if told.lead.everybody.image_years is None:
        return []
    return [Paragraph((
        "Photographs kept, times the years for which each is kept, under ", named(told.lead.title), ": ",
        told.said.estimate(f"{told.everybody()}.image_years"), " per ", told.said.count("per"), " scans.",
    ))]  # fmt: skip


def _rules(told: Told, policy: PolicyResult) -> list[Block]:
    """What a policy says."""
    about = (" ", Quoted(sentence(" ".join(policy.about.split())))) if policy.about else ()
    assumed = (" ", Quoted(sentence(policy.assumption))) if policy.assumption else ()
    return [
        Paragraph((
            Quoted(sentence(policy.title), strong=True), told.cited(policy.sources), about, assumed,
            " The first of these rules that fits decides:" if len(policy.rules) > 1 else "",
        )),
        Bullets(tuple(Quoted(rule) for rule in policy.rules)),
    ]  # fmt: skip


def _policy_figure(told: Told, measure: str, title: str) -> Picture:
    a = told.assessment
    rows = []
    for place, policy in enumerate(a.policies):
        estimate: Estimate = getattr(policy.everybody, measure)
        rows.append(Bar(
            label=policy.title, shown=told.said.estimate(f"policies.{place}.everybody.{measure}"), value=estimate.value,
            lo=estimate.lo, hi=estimate.hi, ink=VERMILLION if measure == "wrongly_held" else BLUE,
            marked=policy.name == a.lead,
        ))  # fmt: skip
    values = [v for r in rows for v in (r.lo, r.value, r.hi) if v is not None]
    description = "; ".join(f"{r.label}: {as_text(r.shown)}" for r in rows)
    name = f"policies-{measure.replace('_', '-')}"
    lead = getattr(told.lead.everybody, measure).value
    figure = Figure(
        name=name, title=f"{title}, by policy", description=description, caption="", columns=("policy", *ESTIMATE),
        rows=tuple({"policy": p.name, **estimate_row(getattr(p.everybody, measure))} for p in a.policies),
        svg=bars(rows, axis_for(values), f"people per {a.per:,} scans (logarithmic scale)", reference=lead or None)
        .svg(name, title, description) if values else "",
        hole="no policy gives a number",
    )  # fmt: skip
    return Picture(figure, words=(
        "Mark and bar: middle value and limits. Square and dashed line: ", named(told.lead.title),
        ". A bar that begins with an arrow goes on to none."))  # fmt: skip


def _differences(told: Told) -> list[Block]:
    a, said = told.assessment, told.said
    rows = [
        Row((
            Quoted(a.policy(d.policy).title), Quoted(d.title), said.estimate(f"differences.{i}.difference"),
            said.estimate(f"differences.{i}.ratio"), said.of_draws(f"differences.{i}.fewer"),
        ), group=i > 0 and a.differences[i - 1].policy != d.policy)
        for i, d in enumerate(a.differences) if d.measure in ("wrongly_held", "found")
    ]  # fmt: skip
    if not rows:
        return []
    return [
        Paragraph((
            "Limits of two policies may overlap although one is better in every draw: what is not known is the same "
            "for both. ", Ref("differences-table"), " therefore compares them draw by draw.")),
        Table(
            id="differences-table", title=("Differences from ", named(a.policy(a.lead).title), ", draw by draw"),
            columns=(Column("Policy", width=1.8), Column("Of what", width=1.2),
                     Column("Difference", "people per 100,000", numeric=True),
                     Column("Ratio", "one where alike", numeric=True),
                     Column("Fewer in", "share of draws", numeric=True)),
            rows=tuple(rows), file="tables/differences.csv",
        ),
    ]  # fmt: skip
