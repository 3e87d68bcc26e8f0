"""How the answer moves: with the gallery, with repeated scans, with each input; what would have to be true; claims."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from misid.encounter.model import BreakPoint, Claim, Projection, Sensitivity
from misid.report.assessment.course import ESTIMATE, estimate_row
from misid.report.assessment.drawn import Swing, tornado
from misid.report.assessment.said import amount
from misid.report.assessment.told import Told, named, sentence
from misid.report.figures.base import Figure, data, decades, finished, log_domain, proportion_axis, sized
from misid.report.filing import (
    Block,
    Bullets,
    Callout,
    Code,
    Column,
    Paragraph,
    Picture,
    Quoted,
    Ref,
    Row,
    Section,
    Strong,
    Table,
    Value,
    Words,
)
from misid.report.filing.model import said as as_text
from misid.report.palette import BLUE

VERDICTS = {
    "supported": "Supported by what is known",
    "contradicted": "Contradicted by what is known",
    "not decidable": "Not decidable with what is known",
}
SIDES = {
    "below": "below this",
    "above": "above this",
    "always": "whatever it is",
    "never": "at no value of it",
}
MOST_DRIVERS = 10


def projection(told: Told) -> Section:
    """FPIR over the gallery; what a search does; the same people scanned again."""
    a = told.assessment
    blocks: list[Block] = []
    if a.projection:
        blocks += _fan(told, a.projection)
    else:
        blocks.append(
            Paragraph("The search model of this scenario answers for one gallery only; nothing is projected.")
        )
    return Section(
        "projection", "How often a search errs, and at which gallery", (*blocks, *_search(told), *_repeated(told))
    )


def _fan(told: Told, points: Sequence[Projection]) -> list[Block]:
    said = told.said
    rows = [{"gallery": p.gallery, **estimate_row(p.fpir)} for p in points]
    title = "False positive identification rate (FPIR) over the size of the gallery"
    words = [f"{p.gallery:,.0f} images: {as_text(said.estimate(f'projection.{i}.fpir'))}" for i, p in enumerate(points)]
    figure = finished(
        _fan_chart(rows) if any(p.fpir.value for p in points) else None,
        name="fpir-over-gallery", title=title, description="; ".join(words), caption="",
        columns=("gallery", *ESTIMATE), rows=rows, hole="no gallery has a rate above 0",
    )  # fmt: skip
    table = Table(
        id="projection-table", title=title,
        caption="Searches of people who are not in the gallery: how many return somebody.",
        columns=(Column("Images in the gallery"), Column("Searches that return somebody", numeric=True, width=2)),
        rows=tuple(
            Row((said.count(f"projection.{i}.gallery"), said.estimate(f"projection.{i}.fpir")))
            for i in _spread(len(points), 9)
        ),
        file="tables/projection.csv",
    )  # fmt: skip
    return [
        Paragraph(
            "FPIR is how often a search of somebody who is not in the gallery returns a wrong person all the same. "
            "How fast it grows with the gallery has been measured for no gallery of this size: the band is wide "
            "because the growth is an input with a range, not because of chance. Everybody, without relatives."),
        Picture(figure, words=("Line: the middle of the draws. Band: ", said.level("projection.0.fpir"),
                               " of them. Both scales are logarithmic.")),
        table,
    ]  # fmt: skip


def _spread(number: int, most: int) -> list[int]:
    """At most so many places, evenly taken, the first and the last among them."""
    if number <= most:
        return list(range(number))
    return sorted({round(i * (number - 1) / (most - 1)) for i in range(most)})


def _fan_chart(rows: Sequence[dict[str, Any]]) -> alt.TopLevelMixin:
    known = [r for r in rows if r["value"]]
    domain = log_domain([v for r in known for v in (r["lo"], r["value"], r["hi"]) if v])
    drawn = [{**r, "lo": max(r["lo"] or 0.0, domain[0])} for r in known]
    galleries = [r["gallery"] for r in known]
    x = alt.X(
        "gallery:Q", scale=alt.Scale(type="log", domain=[min(galleries), max(galleries)], nice=False),
        axis=alt.Axis(
            title="images in the gallery", values=decades((min(galleries), max(galleries)), 6), labelFlush=False,
            labelExpr="datum.value >= 1e9 ? format(datum.value / 1e9, '~g') + ' billion' : datum.value >= 1e6 ? "
            "format(datum.value / 1e6, '~g') + ' million' : format(datum.value, ',')",
        ),
    )  # fmt: skip
    axis = proportion_axis("searches that return a wrong person", domain)
    base = alt.Chart(data(drawn))
    return sized(alt.layer(
        base.mark_area(color=BLUE.light, opacity=0.22).encode(x=x, y=alt.Y("lo:Q", **axis), y2="hi:Q"),
        base.mark_line(color=BLUE.light, strokeWidth=2).encode(x=x, y=alt.Y("value:Q", **axis)),
    ))  # fmt: skip


def _search(told: Told) -> list[Block]:
    a, said = told.assessment, told.said
    if not a.search:
        return []
    return [
        Paragraph((
            "What one search does at the gallery of the scenario. Its errors differ by group and by photograph: ",
            Ref("search-table"), ". FNIR is how often somebody who is in the gallery is not returned.")),
        Table(
            id="search-table", title="One search, by group and photograph",
            columns=(Column("Whose, and which photograph", width=1.6),
                     Column("Wrong person returned", "FPIR: not in the gallery", numeric=True, width=1.3),
                     Column("Right person missed", "FNIR: in the gallery", numeric=True, width=1.3),
                     Column("Another returned first", "in the gallery", numeric=True, width=1.3)),
            rows=tuple(
                Row((Quoted(s.title), said.estimate(f"search.{i}.fpir"), said.estimate(f"search.{i}.fnir"),
                     said.estimate(f"search.{i}.another_first")), marked=s.group is None and s.quality is None)
                for i, s in enumerate(a.search)
            ),
            file="tables/search.csv",
        ),
    ]  # fmt: skip


def _repeated(told: Told) -> list[Block]:
    a, said = told.assessment, told.said
    if not a.repeated:
        return []
    return [
        Paragraph(
            "Errors fall on the same people again: who resembles somebody in the gallery once does so the next time. "
            "So many scans of one person err less often than so many scans of as many people, and always on the same "
            "few."),
        Table(
            id="repeated-table", title="The same people scanned again",
            caption=("Of ", said.count("per"), " people who are not in the gallery: matched at least once."),
            columns=(Column("Scans of each person", width=1.2), Column("Matched at least once", numeric=True),
                     Column("If errors fell anywhere", "by chance each time", numeric=True)),
            rows=tuple(
                Row((said.count(f"repeated.{i}.scans"), said.estimate(f"repeated.{i}.stranger_matched"),
                     said.estimate(f"repeated.{i}.if_independent")))
                for i in range(len(a.repeated))
            ),
            file="tables/repeated.csv",
        ),
    ]  # fmt: skip


def sensitivity(told: Told) -> Section:
    """Which input moves the answer most."""
    found = told.assessment.sensitivity
    if not found:
        return Section("sensitivity", "Which assumption moves the answer most", (
            Paragraph("Every input is one number, so nothing is not known and nothing can be ranked."
                      if all(i.lo == i.hi for i in told.assessment.inputs)
                      else "The scenario asks for no ranking of its inputs."),
        ))  # fmt: skip
    blocks: list[Block] = [
        Paragraph(
            "Inputs ranked by how much of the spread of the answer each explains by itself. Whoever wants a narrower "
            "answer must find out the first ones; the last ones do not matter."
        )
    ]
    for place, item in enumerate(found):
        blocks += _ranked(told, place, item)
    return Section("sensitivity", "Which assumption moves the answer most", tuple(blocks))


def _ranked(told: Told, place: int, item: Sensitivity) -> list[Block]:
    said = told.said
    drivers = item.drivers[:MOST_DRIVERS]
    at = f"sensitivity.{place}"

    def number(path: str) -> Value:
        if item.unit == "probability":
            return said.share(path)
        return said.plain(path)

    swings = [
        Swing(label=d.title, shown=said.portion(f"{at}.drivers.{i}.first"), at_lo=d.at_lo, at_hi=d.at_hi)
        for i, d in enumerate(drivers)
    ]
    title = f"What moves: {item.title}"
    description = "; ".join(f"{d.title}: {amount(d.at_lo)} where low, {amount(d.at_hi)} where high" for d in drivers)
    name = f"tornado-{place + 1}"
    columns = (
        "paths",
        "title",
        "first",
        "first_lo",
        "first_hi",
        "total",
        "total_lo",
        "total_hi",
        "at_lo",
        "at_hi",
        "solidity",
    )
    figure = Figure(
        name=name, title=title, description=description, caption="", columns=columns,
        rows=tuple({key: getattr(d, key) for key in columns} for d in item.drivers),
        svg=tornado(swings, item.middle, item.title).svg(name, title, description) if drivers else "",
        hole="no input moves it",
    )  # fmt: skip
    return [
        Picture(figure, words=(
            "Each line: the middle answer where this input is near its lowest (hollow) and near its highest (filled), "
            "the others as they are. Dashed: ", number(f"{at}.middle"), ". Right: the share of the spread that the "
            "input explains by itself.")),
        Table(
            id=f"{name}-table", title=title, caption=(Quoted(sentence(item.method)),),
            columns=(Column("Input", width=2), Column("By itself", "share of the spread", numeric=True),
                     Column("With others", "share of the spread", numeric=True),
                     Column("Answer where low", numeric=True), Column("where high", numeric=True),
                     Column("How solid")),
            rows=tuple(
                Row((Quoted(d.title), _index(told, f"{at}.drivers.{i}", "first"),
                     _index(told, f"{at}.drivers.{i}", "total"),
                     number(f"{at}.drivers.{i}.at_lo"), number(f"{at}.drivers.{i}.at_hi"), Quoted(d.solidity)))
                for i, d in enumerate(drivers)
            ),
            file=f"tables/sensitivity-{place + 1}.csv",
        ),
        *([Callout("To be read with this ranking:", tuple(Quoted(sentence(w)) for w in item.warnings))]
          if item.warnings else []),
    ]  # fmt: skip


def _index(told: Told, path: str, which: str) -> Words:
    said = told.said
    if said.at(f"{path}.{which}") is None:
        return "not computed"
    value = said.portion(f"{path}.{which}")
    if said.at(f"{path}.{which}_lo") is None or said.at(f"{path}.{which}_hi") is None:
        return value
    return (value, " (", said.portion(f"{path}.{which}_lo"), " to ", said.portion(f"{path}.{which}_hi"), ")")


def break_even(told: Told) -> Section:
    """What would have to be true."""
    a, said = told.assessment, told.said
    blocks: list[Block] = []
    for place, item in enumerate(a.break_even):
        at = f"break_even.{place}"
        blocks += [
            Paragraph((
                Quoted(sentence(item.asks), strong=True), " It is true in ", said.portion(f"{at}.share_true"),
                " of the draws (", Quoted(item.wanted), ").", "" if item.points else " No single input decides it.",
            )),
        ]  # fmt: skip
        if item.points:
            blocks.append(_points(told, at, place, item.points))
        if item.together:
            blocks.append(Paragraph(Quoted(sentence(item.together))))
    if not blocks:
        blocks.append(Paragraph("The scenario asks for nothing that would have to be true."))
    else:
        blocks.insert(0, Paragraph(
            "One input at a time is moved, the others stay at their middle; the value at which the answer turns is "
            "given. Whether that value is plausible is a question of fact, not of computing."))  # fmt: skip
    return Section("break-even", "What would have to be true", tuple(blocks))


def _points(told: Told, at: str, place: int, points: Sequence[BreakPoint]) -> Table:
    rows = []
    for i, point in enumerate(points):
        value: Words = told.said.shown(f"{at}.points.{i}.value", amount) if point.value is not None else "no value"
        rows.append(Row((
            Quoted(point.title), value, SIDES.get(point.side, point.side), Quoted(point.said), Quoted(point.solidity)
        )))  # fmt: skip
    return Table(
        id=f"break-even-{place + 1}", title="The value of each input at which it turns",
        columns=(Column("Input", width=1.8), Column("Turns at", numeric=True), Column("It is true", width=1.1),
                 Column("In words", width=1.8), Column("How solid the input is", width=1.1)),
        rows=tuple(rows), file=f"tables/break-even-{place + 1}.csv",
    )  # fmt: skip


def claims(told: Told) -> Section:
    """Claims and their answers."""
    a = told.assessment
    blocks: list[Block] = [
        block for place, claim in enumerate(a.claims) for block in _claim(told, f"claims.{place}", place, claim)
    ]
    if not blocks:
        blocks = [Paragraph("The scenario holds no claim to be answered.")]
    else:
        blocks.insert(0, Paragraph(
            "A claim is supported where it holds in nearly all draws, contradicted where it holds in hardly any, and "
            "not decidable in between: then the inputs named below would have to be known."))  # fmt: skip
    return Section("claims", "What is claimed, and what is known of it", tuple(blocks))


def _claim(told: Told, at: str, place: int, claim: Claim) -> list[Block]:
    said = told.said
    titles = {i.path: i.title for i in told.assessment.inputs}
    blocks: list[Block] = [
        Paragraph((
            "Claim: ", named(claim.says), told.cited(claim.sources), " Tested as: ", Quoted(claim.test), ", under ",
            told.policy_title(claim.policy), ". Answer: ", Strong(VERDICTS.get(claim.verdict, claim.verdict)), ".",
            *((" ", Quoted(sentence(claim.reason))) if claim.reason else ()),
        )),
        Table(
            id=f"claim-{place + 1}", title="The claim, for each",
            columns=(Column("For whom", width=1.6), Column("What is known", numeric=True, width=1.5),
                     Column("It holds in", "share of draws", numeric=True), Column("Answer", width=1.4)),
            rows=tuple(
                Row((Quoted(part.title), said.estimate(f"{at}.parts.{i}.estimate"),
                     said.portion(f"{at}.parts.{i}.share_true"), VERDICTS.get(part.verdict, part.verdict)))
                for i, part in enumerate(claim.parts)
            ),
            file=f"tables/claim-{place + 1}.csv",
        ),
    ]  # fmt: skip
    if claim.decided_by:
        blocks += [
            Paragraph("What would decide it, the strongest first:", numbered=False),
            Bullets(tuple((Quoted(titles.get(path, path)), " (", Code(path), ")") for path in claim.decided_by)),
        ]
    return blocks
