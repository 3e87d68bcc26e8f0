"""What the search model knows of a case: rates with their ranges, the test's size, and what is said with them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from misid.cases.file import CaseFile
from misid.ground.errors import NotEstimableError
from misid.ground.examples import example_path, is_example
from misid.search.from_tally.model import TallyModel
from misid.search.model import Answer, SearchModel
from misid.search.published import published_model
from misid.search.span import Span
from misid.search.tradeoff import OperatingPoint
from misid.tally.model import Floats

LEVEL = 0.95
BOTH = 1 - (1 - LEVEL) / 2
"""Level of each of two rates that are known from one test, so that both together hold at `LEVEL`."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What a score, or a list of them, says: draws of the probabilities in `misid.cases.likelihoods`, (d,)."""

    right: Floats
    wrong: Floats
    unenrolled: Floats
    other: Floats
    missed: Floats
    """P(the mate is below the threshold)."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """Rates at the gallery of the case.

    Attributes
    ----------
    fpir, fnir : Span or None
        None where the case file's own numbers give it (``published``, ``stated``, ``capture.fnir``).
    nonmated, mated : float or None
        People of the test.
    outranked : Span or None
        Of searches that find both, those in which the stranger is first; where the model can say.
    alike : Span or None
        Correlation of false matches over scans of one person, where the model knows it.
    scored : Scored or None
    level : float or None
        Of `fpir` and `fnir` together; None where they are ranges over assumptions.
    answers : tuple of Answer
    assumptions, warnings : tuple of str
    """

    fpir: Span | None = None
    fnir: Span | None = None
    nonmated: float | None = None
    mated: float | None = None
    outranked: Span | None = None
    alike: Span | None = None
    scored: Scored | None = None
    level: float | None = None
    answers: tuple[Answer, ...] = ()
    assumptions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the files read, by the key of the case file that names them."""
    attached: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Their bytes."""


def known_of(case: CaseFile, folder: Path, *, model: SearchModel | None = None, seed: int = 0) -> Known:
    """Ask the search model of a case.

    Parameters
    ----------
    folder : Path
        That paths of the case file start from.
    model : SearchModel, optional
        In place of reading the tally or the deployments again.

    Raises
    ------
    NotEstimableError
        The tally or the deployments cannot answer.
    BadInputError
        A file that the case names cannot be used.
    """
    kind = case.search.model
    if kind == "tally":
        return _from_tally(case, folder, model, seed)
    if kind == "deployments":
        return _from_deployments(case, folder, model)
    nonmated, mated = case.search.tested_nonmated, case.search.tested_mated
    sizes = Known(
        nonmated=None if nonmated is None else nonmated.span.lo, mated=None if mated is None else mated.span.lo
    )
    if kind == "stated" or case.search.fpir is None or case.search.tested_gallery is None:
        return replace(sizes, assumptions=("the rates are those that were stated for this gallery and threshold",))
    answers = _published(case)
    return replace(
        sizes, answers=answers, assumptions=tuple(dict.fromkeys(t for a in answers for t in a.assumptions[1:])),
        warnings=tuple(dict.fromkeys(t for a in answers for t in a.warnings)),
    )  # fmt: skip


def _published(case: CaseFile) -> tuple[Answer, ...]:
    """FPIR at the ends of the gallery, in the words of the search model."""
    search = case.search
    assert search.fpir is not None
    assert search.tested_gallery is not None
    tested = round(search.tested_gallery.span.best or search.tested_gallery.span.lo)
    fnir = case.capture.fnir if case.capture is not None and case.capture.fnir is not None else search.fnir
    point = OperatingPoint(
        gallery=tested, fpir=search.fpir.span, fnir=None if fnir is None else fnir.span,
        source=", ".join((*search.fpir.source, *filter(None, [search.fpir.document]))),
    )  # fmt: skip
    model = published_model([point], growth=search.growth.span)
    ends = search.gallery.span
    return tuple(model.fpir(round(n)) for n in dict.fromkeys((ends.lo, ends.hi)))


def _from_deployments(case: CaseFile, folder: Path, model: SearchModel | None) -> Known:
    from misid.search.deployments import DeploymentsModel
    from misid.search.reading import read_deployments

    files: dict[str, bytes] = {}
    if model is None:
        path = folder / str(case.search.deployments)
        table = read_deployments(path)
        model = DeploymentsModel(deployments=table.deployments, growth=case.search.growth.span)
        files = {"search.deployments": path.read_bytes()}
    threshold = None if case.search.threshold is None else float(case.search.threshold)
    gallery = case.search.gallery.span
    answers = [model.fpir(round(n), threshold) for n in dict.fromkeys((gallery.lo, gallery.hi))]
    _answered(answers)
    searches = sum(d.searches for d in model.deployments) if isinstance(model, DeploymentsModel) else None
    mated = case.search.tested_mated
    return Known(
        fpir=_over(answers), nonmated=searches, mated=None if mated is None else mated.span.lo,
        level=answers[0].level, answers=tuple(answers), files=_hashes(files), attached=files,
        assumptions=(
            *dict.fromkeys(t for a in answers for t in a.assumptions),
            "each search of the deployments is taken as one of another person, in the bound of the likelihood ratio",
        ),
        warnings=tuple(dict.fromkeys(t for a in answers for t in a.warnings)),
    )  # fmt: skip


def _from_tally(case: CaseFile, folder: Path, model: SearchModel | None, seed: int) -> Known:
    files: dict[str, bytes] = {}
    if model is None:
        model, files = tally_model(case, folder, seed)
    if not isinstance(model, TallyModel):
        raise NotEstimableError("a case with a tally needs a model made from one", remedy="model_from_tally")
    model = replace(model, level=BOTH)
    group = next((c.tally_group for c in (case.group, case.capture) if c is not None and c.tally_group), None)
    threshold = float(case.search.threshold or 0.0)
    ends = case.search.gallery.span
    fpir = [model.fpir(round(n), threshold, group=group) for n in dict.fromkeys((ends.lo, ends.hi))]
    fnir = model.fnir(round(ends.hi), None, threshold, group=group)
    given = case.capture is not None and case.capture.fnir is not None
    _answered(fpir if given else [*fpir, fnir])
    from misid.cases.tallied import alike_of, scored_of

    gallery = ends.best if ends.best is not None else ends.hi
    scored = scored_of(case, model, gallery, threshold, group, seed)
    answers = (*fpir, *([] if given else [fnir]))
    return Known(
        fpir=_over(fpir), fnir=None if given else _over([fnir]), nonmated=float(model.test.people),
        mated=float(model.mates.people) if model.mates is not None and model.mates.people else None,
        outranked=outranked_of(model, round(gallery), threshold, group),
        alike=alike_of(model, gallery, threshold, group), scored=scored, level=LEVEL, answers=answers,
        files=_hashes(files),
        attached=files,
        assumptions=tuple(dict.fromkeys(t for a in answers for t in a.assumptions)),
        warnings=tuple(dict.fromkeys(t for a in answers for t in a.warnings)),
    )  # fmt: skip


def outranked_of(model: TallyModel, gallery: int, threshold: float, group: str | None) -> Span | None:
    """From 0 to 1; preferred is what the counted mates and the projection give together."""
    first, found = model.fnir(gallery, 1, threshold, group=group), model.fnir(gallery, None, threshold, group=group)
    fpir = model.fpir(gallery, threshold, group=group)
    if first.estimate is None or found.estimate is None or not fpir.estimate or found.estimate >= 1:
        return None
    share = (1 - (1 - first.estimate) / (1 - found.estimate)) / fpir.estimate
    return Span(lo=0.0, best=float(np.clip(share, 0.0, 1.0)), hi=1.0)


def tally_model(case: CaseFile, folder: Path, seed: int) -> tuple[TallyModel, dict[str, bytes]]:
    """The search model of the tally that a case names, and the file's bytes."""
    from misid.tally import read_tally

    name = str(case.search.tally)
    path = example_path(name) if is_example(name) else folder / name
    tally = read_tally(path)
    body = path.read_bytes()
    key = (hashlib.sha256(body).hexdigest(), case.search.kin_in_test, seed)
    if key not in _models:
        from misid.search.from_tally.model import model_from_tally

        _models.clear()
        _models[key] = model_from_tally(tally, kin_in_test=case.search.kin_in_test, seed=seed)
    return _models[key], {"search.tally": body}


_models: dict[tuple[str, bool, int], TallyModel] = {}
"""The last model fitted: several questions of one tally are asked one after the other, and a fit takes seconds."""


def _hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    return {key: hashlib.sha256(body).hexdigest() for key, body in files.items()}


def _answered(answers: list[Answer]) -> None:
    refused = [a for a in answers if a.status == "refused" or (a.hi is None and a.bound is None)]
    if refused:
        first = refused[0]
        bound = "" if first.bound is None else f"; at most {first.bound:.3g}"
        raise NotEstimableError(f"{first.asked}: {first.reason}{bound}", remedy=f"{first.needed}")


def _over(answers: list[Answer]) -> Span:
    """From the lowest to the highest that answers allow; a bound from above leaves 0 as the lower end."""
    lo = min(a.lo if a.lo is not None else 0.0 for a in answers)
    hi = max(a.hi if a.status == "ok" and a.hi is not None else a.bound or a.hi or 1.0 for a in answers)
    best = answers[0].estimate if len(answers) == 1 and answers[0].status == "ok" else None
    return Span(lo=lo, hi=max(lo, hi), best=None if best is None else float(np.clip(best, lo, hi)))
