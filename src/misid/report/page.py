"""What the template is given: the report's sections, ready to be laid out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from misid.ground.rate import ALL, Rate
from misid.rates.model import Calibration, Differential, Rates
from misid.report.document import ReportDocument
from misid.report.figures import curves, groups, icons, projection, scores
from misid.report.figures.base import Figure
from misid.report.lead import OperatingPoint, is_margin

MEASURES_IN_GROUPS = ("fmr", "fnmr", "fpir", "fnir")
PER_COMPARISON = ("det", "distributions", "tails")
OTHER_MEASURES = ("eer", "fta", "fte", "selectivity")


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One half of the answer: a rate and its icon array."""

    heading: str
    index: int
    rate: Rate
    size: int
    figure: Figure


@dataclass(frozen=True, kw_only=True)
class GroupRow:
    """A group with its rates, in the order of `GroupSection.columns`; None where it was not counted."""

    name: str
    label: str
    place: int
    """Index into ``test.groups``."""
    cells: tuple[tuple[int, Rate] | None, ...]


@dataclass(frozen=True, kw_only=True)
class GroupSection:
    """Everything about the groups of one attribute."""

    attribute: str
    columns: tuple[groups.GroupRates, ...]
    rows: tuple[GroupRow, ...]
    figures: tuple[Figure, ...]
    differentials: tuple[tuple[int, Differential], ...]
    """(index into rates.differentials, differential) at the thresholds of `columns`."""
    more_differentials: int

    @property
    def by_measure(self) -> list[tuple[str, float | None, list[tuple[int, Differential]]]]:
        """The differentials shown, as (measure, threshold, those)."""
        found: dict[tuple[str, float | None], list[tuple[int, Differential]]] = {}
        for index, item in self.differentials:
            found.setdefault((item.measure, item.threshold), []).append((index, item))
        return [(measure, threshold, items) for (measure, threshold), items in found.items()]

    @property
    def statistics(self) -> list[str]:
        """The statistics used, in the order met."""
        return list(dict.fromkeys(item.statistic for _, item in self.differentials))


@dataclass(frozen=True, kw_only=True)
class Page:
    """The sections of the page in the order in which they are read."""

    document: ReportDocument
    lead: OperatingPoint | None
    panels: tuple[Panel, ...]
    others: tuple[tuple[int, Rate], ...]
    """Rates over everybody that belong to no threshold of the table: EER, FTA, FTE, selectivity, ..."""
    margins: tuple[tuple[int, Rate], ...]
    """All rates over everybody."""
    rate_figures: tuple[Figure, ...]
    groups: tuple[GroupSection, ...]
    fan: Figure | None
    """FPIR over galleries; None where nothing was projected."""
    projection_figures: tuple[Figure, ...]
    """The same by group, then the checks of the model."""
    calibration: Calibration | None
    calibration_figures: tuple[Figure, ...]

    @property
    def with_searches(self) -> tuple[tuple[int, OperatingPoint], ...]:
        """Operating points at which searches were counted, with their index."""
        points = enumerate(self.document.answer.points)
        return tuple((i, p) for i, p in points if p.fpir is not None or p.fnir is not None)

    def named(self, point: OperatingPoint) -> bool:
        """Whether a threshold was named for this test, rather than sought for a target."""
        return point.threshold in self.document.answer.named

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure, in the order of the page."""
        answer = tuple(panel.figure for panel in self.panels)
        by_group = tuple(figure for section in self.groups for figure in section.figures)
        larger = (() if self.fan is None else (self.fan,)) + self.projection_figures
        return answer + self.rate_figures + by_group + larger + self.calibration_figures


def page_of(document: ReportDocument) -> Page:
    """The page of a document: figures are drawn here."""
    rates, answer = document.rates, document.answer
    lead = None if answer.lead is None else answer.points[answer.lead]
    threshold = None if lead is None else lead.threshold
    calibration = rates.calibration
    return Page(
        document=document,
        lead=lead,
        panels=_panels(lead, rates),
        others=tuple(
            sorted(
                ((i, r) for i, r in enumerate(rates.records) if is_margin(r) and _stands_alone(r)),
                key=lambda pair: (pair[1].measure, pair[1].threshold or 0.0, pair[1].rank or 0),
            )
        ),
        margins=tuple((i, r) for i, r in enumerate(rates.records) if is_margin(r)),
        rate_figures=_rate_figures(document, threshold),
        groups=_group_sections(document, threshold),
        fan=None if document.projection is None else projection.fan_figure(document.projection),
        projection_figures=_projection_figures(document),
        calibration=calibration,
        calibration_figures=()
        if calibration is None or calibration.status != "ok"
        else (scores.likelihood_ratios(calibration), scores.tippett(calibration), scores.ece(calibration)),
    )


def _projection_figures(document: ReportDocument) -> tuple[Figure, ...]:
    fan, facts = document.projection, document.test.groups
    if fan is None:
        return ()
    attributes = list(dict.fromkeys(g.attribute for g in facts if g.attribute))
    keys = groups.keys_of(attributes)
    by_group = (
        projection.groups_figure(fan, [g.name for g in facts if g.attribute == attribute], attribute, keys[attribute])
        for attribute in attributes
    )
    return (*(figure for figure in by_group if figure is not None), *projection.check_figures(fan))


def _stands_alone(rate: Rate) -> bool:
    """Belongs into the table of other rates: FAR and its kin repeat FMR and FNMR, CMC has a figure of its own."""
    return rate.measure in OTHER_MEASURES and not (rate.target is not None and rate.threshold is None)


def _rate_figures(document: ReportDocument, threshold: float | None) -> tuple[Figure, ...]:
    rates, answer = document.rates, document.answer
    figures = (
        curves.against_threshold(rates, threshold),
        scores.cmc(rates),
        curves.det(rates, answer),
        curves.iet(rates, answer),
        *scores.distributions(rates, threshold),
    )
    if document.test.kind == "comparisons":
        return figures
    why = "candidate lists leave out the comparisons below their end"
    return tuple(f if f.svg or f.name not in PER_COMPARISON else replace(f, hole=why) for f in figures)


def _panels(lead: OperatingPoint | None, rates: Rates) -> tuple[Panel, ...]:
    if lead is None:
        return ()
    pair = (lead.fpir, lead.fnir) if lead.fpir is not None else (lead.fmr, lead.fnmr)
    headings = {
        "fpir": "Not in the gallery: somebody is returned", "fnir": "In the gallery: missed",
        "fmr": "Two different people: called the same", "fnmr": "One person: called different",
    }  # fmt: skip
    names = {
        "fpir": "answer-wrong-person",
        "fnir": "answer-missed",
        "fmr": "answer-matches",
        "fnmr": "answer-non-matches",
    }
    indices = [i for i in pair if i is not None]
    sizes = icons.shared_sizes([rates.records[i] for i in indices])
    panels = []
    for index, size in zip(indices, sizes, strict=True):
        rate = rates.records[index]
        heading = headings[rate.measure]
        if rate.measure == "fnir" and rate.rank == 1:
            heading = "In the gallery: not returned first"
        figure = icons.icon_array(rate, size, name=names[rate.measure], title=heading)
        panels.append(Panel(heading=heading, index=index, rate=rate, size=size, figure=figure))
    return tuple(panels)


def _group_sections(document: ReportDocument, threshold: float | None) -> tuple[GroupSection, ...]:
    rates, facts = document.rates, document.test.groups
    attributes = list(dict.fromkeys(g.attribute for g in facts if g.attribute))
    keys = groups.keys_of(attributes)
    sections = []
    for attribute in attributes:
        names = [g.name for g in facts if g.attribute == attribute]
        found = (groups.group_rates(rates, names, attribute, code, threshold) for code in MEASURES_IN_GROUPS)
        columns = tuple(column for column in found if column is not None)
        people = {g.name: max(g.probe_people, g.mated_people) for g in facts}
        figures = [groups.forest(column, keys[attribute], people) for column in columns]
        for figure in (
            groups.pairs(rates, names, attribute, keys[attribute], threshold),
            groups.det_by_group(rates, names, attribute, keys[attribute]),
        ):
            if figure is not None:
                figures.append(figure)
        mine = [(i, d) for i, d in enumerate(rates.differentials) if d.attribute == attribute]
        shown = [(i, d) for i, d in mine if _nearest(d, columns, mine)]
        sections.append(
            GroupSection(
                attribute=attribute,
                columns=columns,
                rows=_group_rows(document, attribute, columns),
                figures=tuple(figures),
                differentials=tuple(shown),
                more_differentials=len(mine) - len(shown),
            )
        )
    return tuple(sections)


def _nearest(item: Differential, columns: tuple[groups.GroupRates, ...], among: list[tuple[int, Differential]]) -> bool:
    """Whether a differential stands at the threshold of its measure's column, or at the nearest one that has any."""
    at = next((c.threshold for c in columns if c.measure == item.measure.split("_")[0]), None)
    places = {d.threshold for _, d in among if d.measure == item.measure and d.threshold is not None}
    if at is None or item.threshold is None or not places:
        return True
    return item.threshold == min(places, key=lambda t: (abs(t - at), t))


def _group_rows(
    document: ReportDocument, attribute: str, columns: tuple[groups.GroupRates, ...]
) -> tuple[GroupRow, ...]:
    places = {g.name: i for i, g in enumerate(document.test.groups)}
    tables = [{r.probe_group: (i, r) for i, r in column.rows} for column in columns]
    order = [r.probe_group for _, r in columns[0].rows] if columns else []
    order += [g.name for g in document.test.groups if g.attribute == attribute and g.name not in order]
    rows = [
        GroupRow(
            name=name, label=groups.short_label(name, attribute), place=places[name],
            cells=tuple(table.get(name) for table in tables),
        )
        for name in order
    ]  # fmt: skip
    if ALL in places:
        rows.append(
            GroupRow(name=ALL, label="everybody", place=places[ALL], cells=tuple(column.overall for column in columns))
        )
    return tuple(rows)
