"""Labels, titles and notes are other people's text: they show as they are and do nothing."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from misid.ground.rate import Rate
from misid.rates.model import CurvePoint
from misid.report import Report
from misid.report.write import render
from tests.report.pages import Page
from tests.report.sample import sample_report

NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></svg><script>1</script>",
    '=HYPERLINK("http://evil.example")',
    "{{ 7*7 }}{% raw %}",
    "a" * 300 + "\x00\x1f\u202e",
)


def poisoned() -> Report:
    """The sample with every group, the title, the note and the warnings replaced by what might do harm."""
    made = sample_report(title=NASTY[2])
    names = {lab.name: lab for lab in made.tally.labels[1:]}
    new = dict(zip(names, NASTY, strict=True))

    def renamed(rate: Rate) -> Rate:
        groups = {key: new.get(getattr(rate, key), getattr(rate, key)) for key in ("probe_group", "reference_group")}
        return replace(rate, warnings=NASTY, **groups)

    def point(p: CurvePoint) -> CurvePoint:
        return replace(p, probe_group=new.get(p.probe_group, p.probe_group))

    rates = replace(
        made.rates,
        records=tuple(renamed(r) for r in made.rates.records),
        curves=tuple(point(p) for p in made.rates.curves),
        differentials=tuple(
            replace(d, of=new.get(d.of or "", d.of), to=new.get(d.to or "", d.to)) for d in made.rates.differentials
        ),
        warnings=NASTY,
    )
    labels = tuple(replace(lab, name=new.get(lab.name, lab.name)) for lab in made.tally.labels)
    origin = replace(
        made.tally.origin, note=NASTY[1], queries=NASTY, refused=tuple((text, 3) for text in NASTY), failure_codes=NASTY
    )
    return replace(made, rates=rates, tally=replace(made.tally, labels=labels, origin=origin, warnings=NASTY))


def test_text_does_nothing(page: Page) -> None:
    files = render(poisoned())
    hostile = Page(files["report.html"].decode())
    assert not hostile.crossed
    assert not hostile.unclosed
    assert {e.tag for e in hostile.elements} <= {e.tag for e in page.elements}
    assert not any(name.startswith("on") for e in hostile.elements for name in e.attributes)
    assert hostile.all("h1")[0].text == NASTY[2]
    assert "49" not in {e.text for e in hostile.all("th")}
    for text in NASTY[:5]:
        assert any(e.text == text for e in hostile.all("th")), text
    for name, content in files.items():
        if name.endswith(".csv"):
            for line in csv.reader(io.StringIO(content.decode())):
                assert not any(cell.startswith(("=", "+", "@")) for cell in line), name


def test_file_names_come_from_no_label() -> None:
    made = sample_report()
    labels = tuple(
        replace(lab, attribute="../../etc/<x>") if lab.attribute == "region" else lab for lab in made.tally.labels
    )
    names = render(replace(made, tally=replace(made.tally, labels=labels)))
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-./") for name in names)
    assert not any(".." in name for name in names)
