"""A case with its machine twin, and its numbers in words that are traced to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from misid.cases.compute import NAMED
from misid.cases.fallacies import lr_text, of_hundred, rate_text
from misid.cases.model import CaseResult, Given, Range
from misid.evidence import load
from misid.report.filing import Cite, Quoted, Source, Value, Values, Words
from misid.report.shown import raw

SURE = 0.99
GALLERY = " photographs (references) in the gallery"


@dataclass(frozen=True)
class Told:
    """What every section is given."""

    result: CaseResult
    twin: dict[str, Any]

    @property
    def values(self) -> Values:
        return Values(self.twin)

    @property
    def named(self) -> bool:
        return self.result.kind != "no match"

    @property
    def several(self) -> bool:
        """Whether scans named different people."""
        return len({a for a in self.result.answers if a != "no match"}) > 1

    @property
    def answer(self) -> str:
        """What is asked about, in a clause."""
        named = "the person named first is the person scanned" if self.several else NAMED
        return named if self.named else "the person scanned is in the gallery"

    @property
    def asked(self) -> str:
        """The record of that probability at a prior."""
        return "right" if self.named else "enrolled"

    def text(self, path: str) -> Value:
        """A text of the twin, as it stands there."""
        value = self.values.at(path)
        return Value(path, str(value), str(value))

    def hundred(self, path: str) -> Value:
        """A probability as so many of 100."""
        value = float(self.values.at(path))
        return Value(path, raw(value), of_hundred(value))

    def chance(self, path: str) -> Words:
        """A range of a probability: "28 to 99.97 in 100"."""
        lo, hi = self.hundred(f"{path}.lo"), self.hundred(f"{path}.hi")
        return (lo, " in 100") if lo.text == hi.text else (lo, " to ", hi, " in 100")

    def cases(self, path: str) -> Words:
        """The same as "28 to 99.97 of 100"."""
        lo, hi = self.hundred(f"{path}.lo"), self.hundred(f"{path}.hi")
        return (lo, " of 100") if lo.text == hi.text else (lo, " to ", hi, " of 100")

    def loose(self, path: str) -> Value:
        """The same, without decimals that could be quoted as an accuracy: "more than 99"."""
        value = float(self.values.at(path))
        return Value(path, raw(value), "more than 99" if SURE < value < 1 else of_hundred(value))

    def loosely(self, paths: tuple[str, str], *, unit: str = " of 100", brief: bool = False) -> Words:
        """A range of a probability: "28 to more than 99 of 100", or in a list "28 to >99 of 100"."""
        values = [self.loose(path) for path in paths]
        if values[0].text == values[1].text:
            # Where both are above 99 their decimals are all that tells them apart.
            values = [self.hundred(path) for path in paths]
        if brief:
            values = [Value(v.path, v.raw, v.text.replace("more than ", ">")) for v in values]
        lo, hi = values
        return (lo, unit) if lo.text == hi.text else (lo, " to ", hi, unit)

    def given(self, path: str) -> tuple[int, Given] | None:
        """A number that went in, and its place."""
        return next(((k, g) for k, g in enumerate(self.result.inputs) if g.path == path), None)

    @property
    def figures(self) -> str:
        """What the figures of the case are, in a word or two."""
        assumed = any(g.assumption for g in self.result.inputs)
        return "the figures assumed in this case" if assumed else "the figures given"

    def ratio(self, path: str) -> Words:
        """A range of a likelihood ratio: "1.3 to 680"."""
        lo, hi = (
            Value(f"{path}.{end}", raw(self._number(f"{path}.{end}")), lr_text(_same(self._number(f"{path}.{end}"))))
            for end in ("lo", "hi")
        )
        return lo if lo.text == hi.text else (lo, " to ", hi)

    def gallery(self) -> Words:
        """The size of the gallery: "200,000,000 photographs (references) in the gallery"."""
        lo, hi = self.values.count("gallery.lo"), self.values.count("gallery.hi")
        return (lo, GALLERY) if lo.text == hi.text else (lo, " to ", hi, GALLERY)

    def ratio_of(self, path: str) -> Value:
        """One likelihood ratio."""
        value = self._number(path)
        return Value(path, raw(value), lr_text(_same(value)))

    def rate(self, path: str) -> Words:
        """A range of a rate: "1.0 in 1,000 to 40 in 100"."""
        lo, hi = float(self.values.at(f"{path}.lo")), float(self.values.at(f"{path}.hi"))
        words = rate_text(Range(lo=lo, hi=hi))
        if lo == hi:
            return Value(f"{path}.lo", raw(lo), words)
        first, _, second = words.partition(" to ")
        return (Value(f"{path}.lo", raw(lo), first), " to ", Value(f"{path}.hi", raw(hi), second))

    def _number(self, path: str) -> float:
        value = self.values.at(path)
        return float("inf") if value == "Infinity" else float(value)

    def over(self, name: str) -> tuple[str, str] | None:
        """Paths of the lowest and the highest of a probability over the priors; None where it is never above 0."""
        found = [getattr(p, name) for p in self.result.priors]
        if any(f is None for f in found) or not any(f.hi > 0 for f in found):
            return None
        lo = min(range(len(found)), key=lambda k: found[k].lo)
        hi = max(range(len(found)), key=lambda k: found[k].hi)
        return f"priors.{lo}.{name}.lo", f"priors.{hi}.{name}.hi"

    def words_of(self, name: str) -> Words:
        """ENFSI's words for the two ends of a ratio."""
        record = self.values.at(name)
        pairs = record["words"]
        if len(pairs) == 2 and pairs[0][1] == pairs[1][1] and pairs[0][1]:
            return Quoted(f"{pairs[0][0]} to {pairs[1][0]} for “{pairs[0][1]}”")
        words = [Quoted(f"{word} for “{which}”" if which else word) for word, which in pairs]
        return words[0] if len(words) == 1 else (words[0], " to ", words[1])


def _same(value: float) -> Range:
    return Range(lo=value, hi=value)


def sources_of(result: CaseResult) -> dict[str, Source]:
    """The footnotes: facts of the evidence library that inputs name."""
    library = load()
    ids = dict.fromkeys(id_ for given in result.inputs for id_ in given.source)
    made = {}
    for id_ in ids:
        fact = library[id_]
        words = fact.shape == "text"
        said = "" if words else f": {fact.said}" + (f" {fact.units}" if fact.units in ("proportion", "ratio") else "")
        made[id_] = Source(
            text=f"{fact.quantity}{said}. {fact.source.publisher}, {fact.source.date} [{id_}].",
            link=fact.source.link,
        )
    return made


def cites(ids: tuple[str, ...]) -> Words:
    return tuple(Cite(id_) for id_ in ids)
