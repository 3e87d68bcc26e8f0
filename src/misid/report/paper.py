"""The report of a test as a document for the PDF: what the page says, as numbered paragraphs, tables and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from misid.ground.measures import MEASURES, measure
from misid.ground.numbers import at_target, count, threshold_text
from misid.ground.rate import Rate
from misid.ground.text import natural, rate_text
from misid.report import words
from misid.report.filing import (
    Block,
    Bullets,
    Callout,
    Code,
    Column,
    Document,
    Paragraph,
    Picture,
    Provenance,
    Quoted,
    Row,
    Section,
    SideBySide,
    Statement,
    Table,
    Terms,
    Value,
    Values,
    Words,
)
from misid.report.page import GroupSection, Page
from misid.search.text import brief_text

_RATES = ("fmr", "fnmr", "fpir", "fnir")


def paper_of(page: Page, twin: dict[str, Any], fingerprint: str) -> Document:
    """The document of a report's page.

    Parameters
    ----------
    page : Page
    twin : dict
        What report.json holds: numbers are looked up there.
    fingerprint : str
        SHA-256 of report.json.
    """
    model, values = page.document, Values(twin)
    return Document(
        title=model.title,
        subtitle="How often a search of this test returns the wrong person, how often it misses the right one, for "
                 "whom.",
        facts=(
            values.count("test.people"), " people · ", values.count("test.nonmated_comparisons"), " non-mated and ",
            values.count("test.mated_comparisons"), " mated comparisons",
        ),
        sections=(
            _answer(page, values), _measured(page, values), _checks(page, values), _rates(page, values),
            _groups(page, values), _projection(page, values), _calibration(page, values), _method(page),
            _provenance(page, values),
        ),
        sources={},
        provenance=Provenance(generated_with=model.generated_with, fingerprint=fingerprint),
        date=model.date,
    )  # fmt: skip


def _rate(index: int | None, rate: Rate | None, text: str | None = None) -> Words:
    if index is None or rate is None:
        return "not counted at this threshold"
    return Value(f"rates.records.{index}", "", text or rate_text(rate))


def _threshold(values: Values, path: str) -> Words:
    return "none" if values.at(path) is None else values.shown(path, lambda v: threshold_text(float(v)))


def _answer(page: Page, values: Values) -> Section:
    model = page.document
    blocks: list[Block] = []
    if page.lead is None:
        blocks.append(Paragraph(f"No answer: {model.answer.rule}."))
    else:
        at = f"answer.points.{model.answer.lead}"
        gallery: Words = ()
        if model.test.gallery_median is not None and model.test.nonmated_searches:
            gallery = (" Gallery of ", values.count("test.gallery_median"), " faces.")
        blocks.append(
            Paragraph(("Threshold ", _threshold(values, f"{at}.threshold"), f": {model.answer.rule}.", gallery))
        )
        blocks.append(SideBySide(tuple(
            (
                Statement(
                    _rate(p.index, p.rate, natural(p.rate, p.size if p.rate.estimate else None)),
                    heading=p.heading,
                ),
                Picture(p.figure, titled=False),
            )
            for p in page.panels
        )))  # fmt: skip
        blocks.append(Paragraph(
            "This holds for the engine, the photographs and the gallery of this test. In a larger gallery more "
            "searches "
            "return somebody wrong."))  # fmt: skip
    warnings = words.all_warnings(model.warnings, model.rates.warnings)
    if warnings:
        blocks.append(Callout("To be read with the numbers:", tuple(Quoted(text) for text in warnings)))
    return Section("answer", "The answer", tuple(blocks))


def _measured(page: Page, values: Values) -> Section:
    facts = page.document.test
    rows = [
        ("People", "people"), ("People searched with (probes)", "probe_people"),
        ("People enrolled (references)", "reference_people"), ("Probe samples", "probes"),
        ("Reference samples", "references"), ("Non-mated comparisons (two people)", "nonmated_comparisons"),
        ("Mated comparisons (one person)", "mated_comparisons"),
        ("Searches by people not in the gallery", "nonmated_searches"), ("Searches by people in it", "mated_searches"),
    ]  # fmt: skip
    optional = [
        ("Faces searched, median", "gallery_median"), ("Candidates returned at most", "list_length"),
        ("Probes not usable", "acquisition_failed"), ("References not enrolled", "enrolment_failed"),
    ]  # fmt: skip
    rows += [(name, key) for name, key in optional if getattr(facts, key) is not None]
    return Section("measured", "What was measured, and what was not", (
        Table(id="test", title="Measured", columns=(Column("What", width=2), Column("How many", numeric=True)),
              rows=tuple(Row((name, values.count(f"test.{key}"))) for name, key in rows)),
        Paragraph("Not measured:", numbered=False),
        Terms(tuple((Quoted(what), Quoted(why)) for what, why in words.not_measured(
            facts, page.document.origin.note, projected=page.document.projection is not None
        ))),
    ))  # fmt: skip


def _checks(page: Page, values: Values) -> Section:
    model = page.document
    blocks: list[Block] = []
    if not model.checked:
        blocks.append(Paragraph(
            "This report was made from a tally, without the scores at hand: what a check would find in them is not "
            "known "
            "here. What was left out when the tally was made is below."))  # fmt: skip
    elif not model.checks:
        blocks.append(Paragraph("Nothing wrong was found in the input."))
    else:
        blocks.append(Table(
            id="checks-table", title="What was found in the input",
            columns=(Column("Code", width=0.6), Column("Problem", width=1.4), Column("Severity", width=0.8),
                     Column("Allowed", width=2), Column("Times", numeric=True, width=0.7)),
            rows=tuple(
                Row((c.code, c.slug, c.severity, Quoted(c.allowed), values.count(f"checks.{i}.count")))
                for i, c in enumerate(model.checks)
            ),
        ))  # fmt: skip
    blocks.append(Table(
        id="refused", title="Rows left out", columns=(Column("Why", width=3), Column("Rows", numeric=True)),
        rows=tuple(
            Row((Quoted(reason), values.count(f"origin.refused.{i}.1")))
            for i, (reason, _) in enumerate(model.origin.refused)
        ),
        empty="Nothing was left out.",
    ))  # fmt: skip
    blocks.append(Paragraph((Quoted(words.failures_text(model.origin.failure_codes, model.test)),)))
    return Section("checks", "Data checks", tuple(blocks))


def _rates(page: Page, values: Values) -> Section:
    model = page.document
    records = model.rates.records
    blocks: list[Block] = [Table(
        id="rates-table", title="Over everybody, at each threshold",
        caption="FMR and FNMR are per comparison, FPIR and FNIR per search.",
        columns=(Column("Threshold", width=0.8),
                 *(Column(measure(m).short, measure(m).name, width=1.3) for m in _RATES)),
        rows=tuple(
            Row((_threshold(values, f"answer.points.{i}.threshold"),
                 *(_rate(x, None if x is None else records[x]) for x in (getattr(p, m) for m in _RATES))),
                marked=i == model.answer.lead)
            for i, p in enumerate(model.answer.points)
        ),
        empty="No threshold carries a rate.",
    )]  # fmt: skip
    if page.others:
        blocks.append(Table(
            id="others", title="Other rates over everybody",
            columns=(Column("Rate"), Column("Unit"), Column("Threshold"), Column("Value", width=2)),
            rows=tuple(
                Row((
                    Quoted(measure(r.measure).short + ("" if r.rank is None else f", rank {r.rank}")),
                    measure(r.measure).unit, _threshold(values, f"rates.records.{i}.threshold"), _rate(i, r),
                ))
                for i, r in page.others
            ),
        ))  # fmt: skip
    said = words.notes_on([rate for _, rate in page.margins])
    if said:
        blocks.append(Callout(
            "Said of single rates above, and of those that this test cannot give:", tuple(Quoted(t) for t in said)
        ))  # fmt: skip
    blocks += [Picture(figure) for figure in page.rate_figures if figure.svg]
    return Section("rates", "Rates", tuple(blocks))


def _groups(page: Page, values: Values) -> Section:
    if not page.groups:
        return Section("groups", "Groups", (
            Paragraph("No demographic groups were given with the scores. Nothing can be said about who bears the "
                      "errors."),
        ))  # fmt: skip
    blocks: list[Block] = [
        Paragraph(
            "A rate over everybody can hide that some groups bear most of the errors. Each row stands on its own "
            "people: few "
            "people give wide limits, and wide limits are not evidence that a group is treated well.")
    ]  # fmt: skip
    for number, section in enumerate(page.groups, start=1):
        blocks += _group(page, values, section, number)
    return Section("groups", "Groups", tuple(blocks))


def _group(page: Page, values: Values, section: GroupSection, number: int) -> list[Block]:
    by_name = {group.name: group for group in page.document.test.groups}
    blocks: list[Block] = [Table(
        id=f"groups-{number}", title=("By ", Quoted(section.attribute)), caption="Probes of each group against all "
                                                                                 "references.",
        columns=(Column("Group"), Column("People", numeric=True, width=0.7), *(
            Column(measure(c.measure).short, Quoted(
                ("" if c.threshold is None else f"at threshold {threshold_text(c.threshold)}")
                + ("" if c.rank is None else f", rank {c.rank}")), width=1.4)
            for c in section.columns)),
        rows=tuple(
            Row((Quoted(row.label), values.count(f"test.groups.{row.place}.probe_people"),
                 *(_rate(*(cell or (None, None))) for cell in row.cells)), group=row.name == "all")
            for row in section.rows
        ),
        empty="No rate was counted.",
    )]  # fmt: skip
    blocks += [Picture(figure) for figure in section.figures if figure.svg]
    if section.differentials:
        blocks.append(Paragraph(("How unequal by ", Quoted(section.attribute), ":"), numbered=False))
        blocks.append(Bullets(tuple(
            Value(f"rates.differentials.{i}", "", words.differential_words(item, by_name))
            for i, item in section.differentials
        )))  # fmt: skip
    return blocks


def _projection(page: Page, values: Values) -> Section:
    fan, title = page.document.projection, "Larger galleries"
    if fan is None or page.fan is None:
        why = Quoted(page.document.no_projection)
        return Section("projection", title, (Paragraph(("Nothing is said of larger galleries: ", why, ".")),))
    blocks: list[Block] = [
        Paragraph((
            "None of this was counted beyond ", values.count("projection.gallery"), " references. It is extrapolated "
            "from ", values.count("projection.people"), " people, at threshold ",
            _threshold(values, "projection.threshold"),
            ", by a model of how much people differ in being mistaken for others, which must hold far beyond what the "
            "test saw. Where it cannot be held to anything, the answer is a bound.",
        )),
        Table(
            id="projection-table", title="Wrong person returned, by size of gallery",
            caption="FPIR, per search of somebody not in the gallery.",
            columns=(Column("References in the gallery", numeric=True), Column("FPIR", width=3)),
            rows=tuple(
                Row((values.count(f"projection.named.{i}.gallery"), Value(f"projection.named.{i}", "", brief_text(a))))
                for i, a in enumerate(fan.named)
            ),
        ),
    ]  # fmt: skip
    if fan.refused_from is not None:
        blocks.append(Paragraph((
            "From ", values.count("projection.refused_from"), " references on no estimate is given: ",
            Quoted(fan.reason), *((". It would take ", Quoted(fan.needed)) if fan.needed else ()), ".",
        )))  # fmt: skip
    # On paper there is room for the narrow one, at the size of its letters.
    blocks.append(Picture(replace(page.fan, svg=page.fan.small or page.fan.svg)))
    blocks.append(Table(
        id="projection-checks", title="Checks of the model",
        caption="They are necessary, and not enough: no check sees beyond the test.",
        columns=(Column("Check"), Column("Passed", width=0.7), Column("What was found", width=3)),
        rows=tuple(
            Row((check.name, {True: "yes", False: "NO", None: "not made"}[check.passed], Quoted(check.said)))
            for check in fan.checks
        ),
    ))  # fmt: skip
    said = (*fan.warnings, *fan.assumptions)
    if said:
        blocks.append(Callout("To be read with it:", tuple(Quoted(text) for text in said)))
    blocks += [Picture(figure) for figure in page.projection_figures if figure.svg]
    return Section("projection", title, tuple(blocks))


def _calibration(page: Page, values: Values) -> Section:
    calibration = page.calibration
    title = "What a score is worth"
    if calibration is None or calibration.status != "ok":
        why = "" if calibration is None else f": {'; '.join(calibration.warnings) or calibration.status}"
        return Section(
            "calibration", title, (Paragraph(("No calibration was made of these scores", Quoted(why), ".")),)
        )
    rows = (
        ("Cllr of the scores as they come, read as natural logarithms of ratios", "cllr"),
        ("Cllr min, what the best possible calibration of these scores reaches (PAV)", "cllr_min"),
        ("Cllr of the logistic calibration", "cllr_logistic"), ("Slope of the logistic map", "slope"),
        ("Intercept of the logistic map", "intercept"),
    )  # fmt: skip
    return Section("calibration", title, (
        Paragraph(
            "A likelihood ratio says how much more often such a score is seen when two samples are of one person than "
            "when "
            "they are of two. It is about one comparison. It is not the probability that the person returned by a "
            "search is "
            "the person searched."),
        Table(
            id="calibration-table", title="Cost of the log-likelihood ratios",
            caption="In bits: none is perfect, one is no better than not knowing the score.",
            columns=(Column("What", width=3), Column("Value", numeric=True)),
            rows=tuple(Row((name, values.number(f"rates.calibration.{key}", 3))) for name, key in rows),
        ),
        *(Picture(figure) for figure in page.calibration_figures if figure.svg),
    ))  # fmt: skip


def _method(page: Page) -> Section:
    model = page.document
    used = {rate.measure for rate in model.rates.records}
    methods: Sequence[tuple[str, str, str]] = words.methods_of(model.rates.records + model.rates.cmc)
    return Section("method", "Method", (
        Terms(tuple(
            (f"{MEASURES[code].short}, {MEASURES[code].name} ({MEASURES[code].unit})", MEASURES[code].definition)
            for code in MEASURES if code in used
        )),
        Paragraph(
            "Words and definitions are those of ISO/IEC 2382-37 and 19795-1. A score at or above the threshold makes a "
            "candidate. A threshold that was sought for a target is conservative: the rate at it is at most the "
            "target."),
        Paragraph(
            "Comparisons that share a person are not independent: somebody who resembles many others is in many false "
            "matches. The limits here count people."),
        Table(
            id="methods", title="How the limits were got",
            columns=(Column("Rate"), Column("Level", width=0.6), Column("Method", width=3)),
            rows=tuple(Row((name, Quoted(level), Quoted(how))) for name, level, how in methods),
            empty="No rate has limits.",
        ),
        Paragraph(
            "Where no error was seen, or too few people took part, only an upper limit is given. Where nothing could "
            "be "
            "counted, what was missing is said. None of these is ever written as 0."),
    ))  # fmt: skip


def _provenance(page: Page, values: Values) -> Section:
    model = page.document
    origin = model.origin
    rows: list[Row] = [
        Row((("Input ", Quoted(f"{i + 1}, {item.get('kind', 'kind not known')}")), (
            "SHA-256 ", Code(str(item.get("sha256") or "not known")), ", ",
            values.count(f"origin.inputs.{i}.rows") if item.get("rows") is not None else "number of", " rows",
        )))
        for i, item in enumerate(origin.inputs)
    ]  # fmt: skip
    rows += [
        Row(("What the laboratory says", Quoted(origin.note or "nothing"))),
        Row(("Report made with", Quoted(model.generated_with))),
        Row(("Tally made with", Quoted(f"misid {origin.misid_version}"))),
        Row(("Engine that counted", Quoted(f"{origin.engine} {origin.engine_version}"))),
        Row(("Formats", Quoted(f"{model.tally_format}, {model.format} {model.version}"))),
        Row(("Scores are", Quoted(f"{origin.polarity}, {origin.score_type}"))),
    ]
    queries = count(len(origin.queries))
    return Section("provenance", "Provenance", (
        Table(id="provenance-table", title="What it was made from", columns=(Column("What"), Column("Which", width=3)),
              rows=tuple(rows)),
        Paragraph((
            "The ", Quoted(queries), " SQL queries that counted, every rate and the data of every figure are in ",
            "report.html, report.json and the tables beside this file. Targets that were asked for: ",
            Quoted(", ".join(dict.fromkeys(at_target(t) for p in model.answer.points for _, t in p.asked)) or "none"),
            ".",
        )),
        Callout("No path, no user name and no id of a sample or a person is in this report or its data. Nothing in it "
                "joins "
                "a probe to an enrolled person."),
    ))  # fmt: skip
