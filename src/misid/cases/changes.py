"""The case as it would be if one thing were otherwise."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from misid.cases.file import CaseFile, Kin, Repeats, Review, Scan, relatives_of
from misid.cases.known import Known
from misid.cases.model import Range
from misid.cases.number import Stated, assumed
from misid.cases.terms import inputs_of
from misid.encounter.shapes import Fixed
from misid.ground.numbers import denominator, significant
from misid.search.span import Span


@dataclass(frozen=True, kw_only=True)
class Variant:
    kind: Literal["range", "if"]
    title: str
    case: CaseFile
    known: Known
    path: str = ""
    value: float | None = None


def variants_of(case: CaseFile, known: Known) -> Iterator[Variant]:
    """Each range at its two ends, the others as they are; then single things that could have been otherwise."""
    for one in inputs_of(case, known):
        if one.span.is_known or (known.scored is not None and one.path in ("fpir", "fnir")):
            # Where a score is known the draws hold its rates already.
            continue
        for value in (one.span.lo, one.span.hi):
            title = f"{one.title}: {as_said(one.path, value)}"
            if one.stated is None:
                fixed: dict[str, Any] = {one.path: Span.exactly(value)}
                yield Variant(
                    kind="range", title=title, case=case, known=replace(known, **fixed), path=one.path, value=value
                )
            else:
                moved = _with(case, one.path.split("."), replace(one.stated, shape=Fixed(value=value)))
                yield Variant(kind="range", title=title, case=moved, known=known, path=one.path, value=value)
    yield from _what_if(case, known)


def moved(a: Range, b: Range) -> float:
    """How far a probability moves from one range to another: both ends, in log odds."""
    return abs(_logit(a.lo) - _logit(b.lo)) + abs(_logit(a.hi) - _logit(b.hi))


def _logit(p: float) -> float:
    p = min(max(p, 1e-9), 1 - 1e-9)
    return math.log(p / (1 - p))


_ENDS = {
    "search.growth": {0.0: "not at all", 1.0: "in step with it"},
    "search.fnir_growth": {},
    "search.gallery": {}, "search.tested_gallery": {},
}  # fmt: skip


def as_said(path: str, value: float) -> str:
    """A number of the case in words: "3 in 100", "never", "not at all".

    Examples
    --------
    >>> as_said("search.fpir", 0.003), as_said("search.growth", 0.0), as_said("kin.twin.share", 1.0)
    ('3 in 1,000', 'not at all', 'always')
    """
    if path in _ENDS:
        return _ENDS[path].get(value, written(value))
    if path.endswith((".lr", "_times")) or value > 1:
        return written(value)
    if value in (0.0, 1.0):
        return "always" if value else "never"
    size = denominator(value)
    return f"{written(float(f'{value * size:.3g}'))} in {size:,}"


def written(value: float) -> str:
    """A number of the case as a table shows it."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return significant(value, 3).rstrip("0").rstrip(".") if "." in significant(value, 3) else significant(value, 3)


def _with(case: Any, path: list[str], value: Any) -> Any:
    """The case with another number at a path."""
    if isinstance(case, dict):
        return {**case, path[0]: value if len(path) == 1 else _with(case[path[0]], path[1:], value)}
    part = value if len(path) == 1 else _with(getattr(case, path[0]), path[1:], value)
    return case.model_copy(update={path[0]: part})


def _what_if(case: CaseFile, known: Known) -> Iterator[Variant]:
    def variant(title: str, **update: Any) -> Variant:
        return Variant(kind="if", title=title, case=case.model_copy(update=update), known=known)

    returned = case.returned
    alone = not case.scans and returned.list_length == 1 and known.scored is None
    if alone and returned.answer == "match":
        second: tuple[tuple[Literal["same", "different", "no match"], str], ...] = (
            ("same", "a second scan named the same person"), ("different", "a second scan named somebody else"),
            ("no match", "a second scan named nobody"),
        )  # fmt: skip
        for answer, words in second:
            yield variant(words, scans=[Scan(answer=answer)], repeats=case.repeats or Repeats())
    if case.review is None and alone and returned.answer == "match":
        said: Literal["same", "different"]
        for said in ("same", "different"):
            yield variant(
                f'a reviewer who was not told of the match said "{said}"',
                review=Review(
                    said=said, independent=True,
                    accepts_right=assumed("passport officers", source=("white2014-frr",), value=0.94),
                    accepts_wrong=assumed("passport officers", source=("white2014-far",), value=0.14),
                ),
            )  # fmt: skip
    if relatives_of(case):
        yield variant("no relative were in the gallery", no_kin="supposed")
    if returned.answer == "match" and not any(_sure(kin) for kin in case.kin.values()):
        twin = Kin(
            title="an identical twin", share=assumed("supposed", value=1.0), enrolled=assumed("supposed", value=1.0),
            match=assumed("measured at 1:1", source=("twins-identical",), lo=0.3, hi=0.99),
        )  # fmt: skip
        yield variant("an identical twin of the person scanned were in the gallery", kin={"twin": twin}, no_kin=None)
    tested = case.search.tested_gallery
    if case.search.model == "published" and tested is not None and tested.span.lo < case.search.gallery.span.lo:
        search = case.search.model_copy(update={"gallery": _as(case.search.gallery, tested)})
        yield variant("the gallery were no larger than the test's", search=search)


def _sure(kin: Kin) -> bool:
    return kin.share.span.lo == 1 and kin.enrolled.span.lo == 1


def _as(stated: Stated, other: Stated) -> Stated:
    return replace(stated, shape=other.shape, assumption="supposed")
