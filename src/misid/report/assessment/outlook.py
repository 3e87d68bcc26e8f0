"""How the answer moves: with the gallery, with repeated scans, with each input; what would have to be true; claims."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from misid.encounter.model import BreakEven, Claim, Projection, Sensitivity
from misid.ground.text import sentence
from misid.report.assessment.course import ESTIMATE, estimate_row
from misid.report.assessment.drawn import Swing, tornado
from misid.report.assessment.said import amount
from misid.report.assessment.told import Told, named
from misid.report.figures.base import Figure, data, finished, log_domain, proportion_axis, round_values, sized
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
    Unbroken,
    Value,
    Words,
)
from misid.report.filing.model import said as as_text
from misid.report.palette import BLUE, TEXT

VERDICTS = {
    "supported": "Supported by the inputs as stated",
    "contradicted": "Contradicted by the inputs as stated",
    "not decidable": "Not decidable with the inputs as stated",
}
SIDES = {
    "below": "below this",
    "above": "above this",
    "within": "between these",
    "outside": "outside these",
    "always": "whatever it is",
    "never": "at no value of it",
    "undefined": "not defined",
}
MOST_DRIVERS = 10
FEW_POINTS = 6


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
    rows = [{"gallery": p.gallery, "growth": p.growth, **estimate_row(p.fpir)} for p in points]
    title = "False positive identification rate (FPIR) over the size of the gallery"
    drawn = [i for i, p in enumerate(points) if p.growth is None]
    growths = sorted({p.growth for p in points if p.growth is not None})
    words = [f"{points[i].gallery:,.0f} images: {as_text(said.estimate(f'projection.{i}.fpir'))}" for i in drawn]
    figure = finished(
        _fan_chart(rows, growths) if any(points[i].fpir.value for i in drawn) else None,
        name="fpir-over-gallery", title=title, description="; ".join(words), caption="",
        columns=("gallery", "growth", *ESTIMATE), rows=rows, hole="no gallery has a rate above 0",
    )  # fmt: skip
    # Without it the columns seem to contradict one another at the gallery of the published test.
    shared = any(item.path == "search.images_that_count" and item.said != "1" for item in told.assessment.inputs)
    at = {(p.gallery, p.growth): i for i, p in enumerate(points)}
    first = {g: at[points[drawn[0]].gallery, g] for g in growths}
    table = Table(
        id="projection-table", title=title,
        caption="Searches of people who are not in the gallery: how many return somebody."
        + (" Growth is reckoned from the people of the published test, and only a share of the images counts as "
           "separate people: so the columns differ at its own size too." if shared else ""),
        columns=(
            Column("Images in the gallery"), Column("Growth as in the scenario", numeric=True, width=1.4),
            *(Column(_growth(told, first[g]), numeric=True, width=1.4) for g in growths),
        ),
        rows=tuple(
            Row((said.number(f"projection.{drawn[i]}.gallery", 3),
                 *(said.estimate(f"projection.{at[points[drawn[i]].gallery, g]}.fpir") for g in (None, *growths))))
            for i in _spread(len(drawn), 7)
        ),
        file="tables/projection.csv",
    )  # fmt: skip
    lines = tuple(
        (f"; {dash}: ", _growth(told, first[g])) for g, (dash, _) in zip(growths, _DASHES, strict=False)
    )  # fmt: skip
    return [
        Paragraph(
            "FPIR is how often a search of somebody who is not in the gallery returns a wrong person all the same. "
            "How fast it grows with the gallery has been measured for no gallery of this size: the band is wide "
            "because the growth is an input with a range, not because of chance. Everybody, without relatives."),
        Picture(figure, words=("Thick line and band: the middle and ", said.level(f"projection.{drawn[0]}.fpir"),
                               " of the draws", lines, ". Both scales are logarithmic.")),
        table,
    ]  # fmt: skip


_DASHES = (("dotted", [1, 3]), ("dashed", [6, 3]), ("dash and dot", [8, 3, 2, 3]))


def _growth(told: Told, index: int) -> Words:
    growth = told.assessment.projection[index].growth
    if growth in (0.0, 1.0):
        return "No growth" if growth == 0.0 else "Growth as the gallery grows"
    return ("Growth with exponent ", told.said.shown(f"projection.{index}.growth", lambda v: f"{v:g}"))


def _spread(number: int, most: int) -> list[int]:
    """At most so many places, evenly taken, the first and the last among them."""
    if number <= most:
        return list(range(number))
    return sorted({round(i * (number - 1) / (most - 1)) for i in range(most)})


def _fan_chart(rows: Sequence[dict[str, Any]], growths: Sequence[float]) -> alt.TopLevelMixin:
    known = [r for r in rows if r["value"]]
    free = [r for r in known if r["growth"] is None]
    domain = log_domain([v for r in free for v in (r["lo"], r["value"], r["hi"]) if v])
    galleries = [r["gallery"] for r in free]
    x = alt.X(
        "gallery:Q", scale=alt.Scale(type="log", domain=[min(galleries), max(galleries)], nice=False),
        axis=alt.Axis(
            title="images in the gallery", values=round_values(min(galleries), max(galleries))[1:-1:2],
            labelFlush=False,
            labelExpr="datum.value >= 1e9 ? format(datum.value / 1e9, '~g') + ' billion' : datum.value >= 1e6 ? "
            "format(datum.value / 1e6, '~g') + ' million' : format(datum.value, ',')",
        ),
    )  # fmt: skip
    axis = proportion_axis("searches that return a wrong person", domain)
    band = alt.Chart(data([{**r, "lo": max(r["lo"] or 0.0, domain[0])} for r in free]))
    layers = [
        band.mark_area(color=BLUE.light, opacity=0.22).encode(x=x, y=alt.Y("lo:Q", **axis), y2="hi:Q"),
        band.mark_line(color=BLUE.light, strokeWidth=2.4).encode(x=x, y=alt.Y("value:Q", **axis)),
    ]
    for growth, (_, dash) in zip(growths, _DASHES, strict=False):
        fixed = alt.Chart(data([r for r in known if r["growth"] == growth]))
        line = fixed.mark_line(color=TEXT.light, strokeWidth=1.3, strokeDash=dash, clip=True)
        layers.append(line.encode(x=x, y=alt.Y("value:Q", **axis)))
    return sized(alt.layer(*layers), width=360, height=280)


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
                for i in _spread(len(a.repeated), 8)
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
            "Inputs ranked by the share of the answer's spread that they take part in, alone and with others. Whoever "
            "wants a narrower answer must find out the first ones. Shares are estimates: where the share alone is "
            "above the share with others, that is their sampling error."
        )
    ]
    for place, item in enumerate(found):
        blocks += _ranked(told, place, item)
    return Section("sensitivity", "Which assumption moves the answer most", tuple(blocks))


def _ranked(told: Told, place: int, item: Sensitivity) -> list[Block]:
    said, at = told.said, f"sensitivity.{place}"
    drivers = item.drivers[:MOST_DRIVERS]
    if not drivers or item.middle is None:
        return [Paragraph((Quoted(item.title), ": ", Quoted(sentence(item.reason or "no input moves it"))))]
    # A probability is of one person; people read it of as many as everywhere else.
    times = told.assessment.per if item.unit == "probability" else 1
    unit = f"{item.title}, per {times:,}" if times > 1 else f"{item.title} ({item.unit})"

    def number(path: str) -> Value:
        return said.shown(path, lambda v: amount(v * times))

    swings = [
        Swing(
            label=d.title,
            shown=_share_of_spread(told, f"{at}.drivers.{i}"),
            at_lo=d.at_lo * times,
            at_hi=d.at_hi * times,
        )
        for i, d in enumerate(drivers)
    ]
    title = f"What moves: {item.title}"
    description = "; ".join(f"{s.label}: {amount(s.at_lo)} where low, {amount(s.at_hi)} where high" for s in swings)
    name = f"tornado-{place + 1}"
    columns = (
        "paths", "title", "first", "first_lo", "first_hi", "total", "total_lo", "total_hi", "end", "lo", "hi", "at_lo",
        "at_hi", "solidity",
    )  # fmt: skip
    figure = Figure(
        name=name, title=title, description=description, caption="", columns=columns,
        rows=tuple({key: getattr(d, key) for key in columns} for d in item.drivers),
        svg=tornado(swings, item.middle * times, unit).svg(name, title, description),
    )  # fmt: skip
    return [
        Picture(figure, words=(
            "Each line: the middle answer where this input is near its lowest (hollow) and near its highest (filled), "
            "the others as they are. Dashed: ", number(f"{at}.middle"), ". Right: the share of the spread that is "
            "the input's, alone and together with others.")),
        Table(
            id=f"{name}-table", title=title,
            caption=(Quoted(unit), ". ", Quoted(sentence(item.method))),
            columns=(Column("Input", width=2), Column("Alone", "share of the spread", numeric=True),
                     Column("And with others", "share of the spread", numeric=True),
                     Column("Answer where low", "input in brackets", numeric=True),
                     Column("Answer where high", "input in brackets", numeric=True),
                     Column("How solid")),
            rows=tuple(
                Row((Quoted(d.title), _index(told, f"{at}.drivers.{i}", "first"),
                     _index(told, f"{at}.drivers.{i}", "total"),
                     (number(f"{at}.drivers.{i}.at_lo"), " ", Unbroken(("(", said.plain(f"{at}.drivers.{i}.lo"), ")"))),
                     (number(f"{at}.drivers.{i}.at_hi"), " ", Unbroken(("(", said.plain(f"{at}.drivers.{i}.hi"), ")"))),
                     Quoted(d.solidity)))
                for i, d in enumerate(drivers)
            ),
            file=f"tables/sensitivity-{place + 1}.csv",
        ),
        *([Callout("To be read with this ranking:", tuple(Quoted(sentence(w)) for w in item.warnings))]
          if item.warnings else []),
    ]  # fmt: skip


def _share_of_spread(told: Told, path: str) -> Value:
    return told.said.portion(f"{path}.{'first' if told.said.at(f'{path}.total') is None else 'total'}")


def _index(told: Told, path: str, which: str) -> Words:
    said = told.said
    if said.at(f"{path}.{which}") is None:
        return "not computed"
    value = said.portion(f"{path}.{which}")
    if said.at(f"{path}.{which}_lo") is None or said.at(f"{path}.{which}_hi") is None:
        return value
    ends = (said.portion(f"{path}.{which}_lo"), " to ", said.portion(f"{path}.{which}_hi"))
    return (value, " ", Unbroken(("(", *ends, ")")))


def break_even(told: Told) -> Section:
    """What would have to be true."""
    a, said = told.assessment, told.said
    blocks: list[Block] = []
    for place, item in enumerate(a.break_even):
        at = f"break_even.{place}"
        blocks += [
            Paragraph((
                Quoted(sentence(item.asks), strong=True), " It is true in ", said.of_draws(f"{at}.share_true"),
                " of the draws (", Quoted(item.wanted), ").", "" if item.points else " No single input decides it.",
            )),
        ]  # fmt: skip
        if item.points:
            blocks += _points(told, at, place, item)
        if item.together:
            blocks.append(Paragraph(Quoted(sentence(item.together))))
    if not blocks:
        blocks.append(Paragraph("The scenario asks for nothing that would have to be true."))
    else:
        blocks.insert(0, Paragraph(
            "One input at a time is held at a value while the others vary over their ranges; the value at which the "
            "answer turns is given. "
            "Whether that value is plausible is a question of fact, not of computing."))  # fmt: skip
    return Section("break-even", "What would have to be true", tuple(blocks))


def _points(told: Told, at: str, place: int, item: BreakEven) -> list[Block]:
    """The inputs that can bring it about, and the nearest of those that cannot."""
    said, unit = told.said, told.said.at("per")

    def near(i: int) -> float:
        reached = item.points[i].at_best
        return math.inf if reached is None else reached if "below" in item.wanted else -reached

    never = sorted((i for i, p in enumerate(item.points) if p.side == "never"), key=near)
    shown = [i for i, p in enumerate(item.points) if p.side != "never"]
    shown += never[: max(0, FEW_POINTS - len(shown))]
    rows = []
    for i in shown:
        point, here = item.points[i], f"{at}.points.{i}"
        values = [said.plain(f"{here}.values.{k}") for k in range(len(point.values))]
        turns: Words = said.plain(f"{here}.value") if point.value is not None else "no value"
        if len(values) > 1:
            turns = (values[0], *(part for v in values[1:] for part in (", ", v)))
        best: Words = "not computed"
        if point.at_best is not None:
            best = said.shown(f"{here}.at_best", lambda v: amount(v * unit))
        rows.append(Row((
            Quoted(point.title), turns, SIDES.get(point.side, point.side), best, Quoted(sentence(point.said)),
            Quoted(point.solidity),
        )))  # fmt: skip
    blocks: list[Block] = [Table(
        id=f"break-even-{place + 1}", title="The value of each input at which it turns",
        columns=(
            Column("Input", width=1.8), Column("Turns at", numeric=True), Column("It is true", width=1.1),
            Column("Best that this input can do", ("per ", said.count("per")), numeric=True, width=1.1),
            Column("In words", width=1.6), Column("How solid the input is"),
        ),
        rows=tuple(rows), file=f"tables/break-even-{place + 1}.csv",
    )]  # fmt: skip
    if never:
        blocks.append(Paragraph((
            "No value of ", said.count(f"{at}.points.#side=never"), " of the ", said.count(f"{at}.points.#"),
            " inputs that are ranges would make it true by itself; the table has the nearest of them, the CSV "
            "all.")))  # fmt: skip
    return blocks


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
            columns=(Column("For whom", width=1.6), Column("In the draws", numeric=True, width=1.5),
                     Column("It holds in", "share of draws", numeric=True), Column("Answer", width=1.4)),
            rows=tuple(
                Row((Quoted(part.title), said.estimate(f"{at}.parts.{i}.estimate"),
                     said.of_draws(f"{at}.parts.{i}.share_true"), VERDICTS.get(part.verdict, part.verdict)))
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
