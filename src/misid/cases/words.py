"""A result in a few lines, for a terminal and a notebook."""

from __future__ import annotations

from collections.abc import Iterator

from misid.cases.fallacies import chance_text, lr_text, rate_text
from misid.cases.model import CaseResult, Range


def lines_of(result: CaseResult) -> Iterator[tuple[str, str]]:
    """What and how much, the answer first."""
    named = result.kind != "no match"
    what = result.search.first if named else "the person scanned is in the gallery"
    yield f"probability that {what}", chance_text(result.probability)
    lo, hi = result.priors[0].prior, result.priors[-1].prior
    yield "if before the search so many of those scanned were enrolled", chance_text(Range(lo=lo, hi=hi))
    words = ", to ".join(_directed(result, word, which) for word, which in result.search.words)
    yield "likelihood ratio of the search", f"{lr_text(result.search.lr)} ({words})"
    if result.whole is not None:
        yield "with the review and the other evidence", lr_text(result.whole.lr)
    others = [p.other for p in result.priors]
    if any(o.hi > 0 for o in others):
        yield "another of those returned is", chance_text(_over(others))
        yield "nobody returned is", chance_text(_over([p.neither for p in result.priors]))
    records = [p.record for p in result.priors if p.record is not None]
    if records:
        yield "right person and right record", chance_text(_over(records))
    if result.suspicion is not None:
        yield f"likelihood ratio for: {result.suspicion.first}", lr_text(result.suspicion.lr)
    yield "searches that name a wrong person", rate_text(result.fpir)
    yield "searches that miss the right person", rate_text(result.missed)


def _directed(result: CaseResult, word: str, which: str) -> str:
    """ENFSI's word, and whether it is for or against."""
    return word if not which else f"{word} {'for' if which == result.search.first else 'against'}"


def _over(ranges: list[Range]) -> Range:
    return Range(lo=min(r.lo for r in ranges), hi=max(r.hi for r in ranges))
