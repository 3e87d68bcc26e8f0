"""A scenario: read, validated as a whole, and taken apart into what the tree is computed from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from misid.encounter.answered import hidden
from misid.encounter.draws import Correlation, Space
from misid.encounter.forms import Form, ScenarioForm
from misid.encounter.numbers import PROBLEMS, Number
from misid.encounter.parameters import Parameter, Stated
from misid.encounter.policies import CompiledPolicy
from misid.encounter.reading import Document, read_document
from misid.encounter.reading_shapes import shown
from misid.encounter.rules import check
from misid.ground.codes import problem
from misid.ground.errors import BadInputError, Findings, Problem, UsageError


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A scenario that holds together.

    Attributes
    ----------
    name : str
        Of its file.
    form : ScenarioForm
        Its tables.
    parameters : mapping
        Every number by its dotted path, in the order of the tables.
    policies : tuple of CompiledPolicy
    document : Document
        What it was read from.
    """

    name: str
    form: ScenarioForm
    parameters: Mapping[str, Parameter] = field(hash=False, repr=False)
    policies: tuple[CompiledPolicy, ...] = field(repr=False)
    document: Document = field(repr=False)

    @property
    def space(self) -> Space:
        """The shapes of all numbers, with what correlates them."""
        return Space(
            shapes={path: parameter.shape for path, parameter in self.parameters.items()},
            correlations=correlations(self.form),
        )

    @property
    def groups(self) -> dict[str, str]:
        """Name to title; one, ``everybody``, where the scenario has none."""
        return {name: group.title for name, group in self.form.groups.items()} or {"everybody": "everybody"}

    @property
    def statuses(self) -> dict[str, str]:
        return {name: status.title for name, status in self.form.statuses.items()}

    def policy(self, name: str) -> CompiledPolicy:
        return {policy.name: policy for policy in self.policies}[name]


def correlations(form: ScenarioForm) -> tuple[Correlation, ...]:
    """The correlated pairs of a scenario."""
    return tuple(Correlation(of=each.of, rank=each.rank) for each in form.correlations)


def read_scenario(source: str | Path, *, settings: Sequence[str] = ()) -> Scenario:
    """Read a scenario file, with all that it extends, and check it as a whole.

    Parameters
    ----------
    source : str or Path
        A path, or the name of a scenario that misid ships.
    settings : sequence of str
        ``path=value``, each set after reading; a plain number makes the parameter fixed.

    Raises
    ------
    BadInputError
        With every problem: dotted path, value, what is allowed, what to do.
    UsageError
        A setting that is not ``path=value``, whose table is not there, or with which a scenario that holds together
        does so no longer; with every problem in its text.

    Examples
    --------
    >>> scenario = read_scenario("street-stop", settings=["search.growth=0.5"])
    >>> scenario.parameters["search.growth"].shape
    Fixed(value=0.5)
    >>> len(scenario.policies)
    7
    """
    try:
        return scenario_of(read_document(source, settings))
    except BadInputError as error:
        if settings and _holds_together(source):
            raise UsageError(f"{source} does not hold together with {', '.join(settings)}:\n{error}") from error
        raise


def _holds_together(source: str | Path) -> bool:
    """Whether a scenario is right as its files have it."""
    try:
        read_scenario(source)
    except BadInputError:
        return False
    return True


def scenario_of(document: Document) -> Scenario:
    """A document as a scenario; raises as `read_scenario`."""
    found = Findings()
    try:
        form = ScenarioForm.model_validate(document.table)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            for one in _problems(dict(each), document):
                found.add(one)
        raise BadInputError(found.errors) from None
    parameters = {parameter.path: parameter for parameter in (*numbers_of(form), *hidden(form))}
    policies = check(form, parameters, found)
    for one in Space(
        shapes={path: p.shape for path, p in parameters.items()}, correlations=correlations(form)
    ).problems("correlations").problems:  # fmt: skip
        found.add(one)
    if found.problems:
        raise BadInputError([_placed(one, document) for one in found.problems])
    return Scenario(name=document.name, form=form, parameters=parameters, policies=policies, document=document)


def _placed(one: Problem, document: Document) -> Problem:
    """The problem with its file before its path."""
    from dataclasses import replace

    return replace(one, where=document.place(one.where))


def numbers_of(form: Form, prefix: str = "", owner: str = "") -> Iterator[Parameter]:
    """Every number of a form and of those within it."""
    title = getattr(form, "title", "") if prefix else ""
    owner = f"{owner}, {title}" if owner and title else title or owner
    for name, info in type(form).model_fields.items():
        path, value = f"{prefix}{info.alias or name}", getattr(form, name)
        if isinstance(value, Stated):
            [number] = [each for each in info.metadata if isinstance(each, Number)]
            yield _parameter(path, number, value, owner)
        elif isinstance(value, Form):
            yield from numbers_of(value, f"{path}.", owner)
        elif isinstance(value, dict):
            numbers = [each for each in _annotations(info.annotation) if isinstance(each, Number)]
            for key, each in value.items():
                if isinstance(each, Stated):
                    yield _parameter(f"{path}.{key}", numbers[0], each, f"{owner}, {key}" if owner else key)
                elif isinstance(each, Form):
                    yield from numbers_of(each, f"{path}.{key}.", owner)


def _annotations(annotation: Any) -> Iterator[Any]:
    """Everything within a type annotation."""
    yield annotation
    for part in get_args(annotation):
        yield from _annotations(part)


def _parameter(path: str, number: Number, stated: Stated, owner: str) -> Parameter:
    title = f"{owner}: {number.title}" if owner else number.title
    return Parameter(path=path, title=title, unit=number.unit, stated=stated)


_TYPES = {
    "string_type": "a text", "bool_type": "true or false", "dict_type": "a table", "tuple_type": "a list",
    "model_type": "a table", "float_type": "a number", "int_type": "a whole number", "finite_number": "a number",
}  # fmt: skip
_MODELS = re.compile(r"^(stated|published|tally|deployments)$")


def _problems(error: dict[str, Any], document: Document) -> list[Problem]:
    """A finding of the validation, in our words."""
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    path = _path(error["loc"])
    where = document.place(path)
    if kind == PROBLEMS:
        return [_under(one, path, document) for one in context["problems"]]
    if kind == "missing":
        return [_made("E083", document.place(_parent(path)), f"no {_last(path)}", "it is needed", f"give {path}")]
    if kind == "extra_forbidden":
        known = _known_keys(error["loc"])
        near = get_close_matches(_last(path), known, n=1)
        remedy = f"{near[0]}, if that is meant; or leave it out" if near else "leave it out"
        return [_made("E082", where, "an unknown key", ", ".join(known) or "no keys", remedy)]
    if kind in ("literal_error", "union_tag_invalid"):
        allowed = context.get("expected") or context.get("expected_tags", "")
        seen = shown(context["tag"] if kind == "union_tag_invalid" else given)
        at = document.place(f"{path}.model") if kind == "union_tag_invalid" else where
        words = allowed.replace("'", "")
        near = get_close_matches(str(given), re.split(r", | or ", words), n=1)
        return [_made("E084", at, seen, words, near[0] if near else "one of these words")]
    if kind == "union_tag_not_found":
        return [_made("E083", where, "no model", "stated, published, tally or deployments", 'model = "published"')]
    if kind == "string_pattern_mismatch":
        allowed = "small letters, digits and single hyphens"
        return [_made("E084", where, shown(given), allowed, "low-men, for example")]
    allowed = _TYPES.get(kind) or _sized(kind, context) or str(error["msg"])
    return [_made("E084", where, shown(given), allowed, "correct it; misid scenarios show street-stop is an example")]


def _sized(kind: str, context: Mapping[str, Any]) -> str:
    words = {
        "string_too_short": "a text that is not empty", "string_too_long": "at most {max_length:,} characters",
        "too_short": "at least {min_length:,}", "too_long": "at most {max_length:,}",
        "greater_than": "above {gt:g}", "less_than": "below {lt:g}",
    }  # fmt: skip
    return words[kind].format(**context) if kind in words else ""


def _made(code: str, where: str, seen: str, allowed: str, remedy: str) -> Problem:
    return problem(code, where=where, seen=seen, allowed=allowed, remedy=remedy)


def _under(one: Problem, path: str, document: Document) -> Problem:
    from dataclasses import replace

    return replace(one, where=document.place(f"{path}{one.where if one.where.startswith('.') else ''}"))


def _path(loc: tuple[Any, ...]) -> str:
    """A place in a form as a dotted path of the file: list items in brackets, what the validator adds left out."""
    text = ""
    for index, part in enumerate(loc):
        if isinstance(part, int):
            text += f"[{part}]"
        elif part == "[key]" or not _is_of_file(part, index, loc):
            continue
        else:
            text += f".{part}" if text else str(part)
    return text


def _is_of_file(part: Any, index: int, loc: tuple[Any, ...]) -> bool:
    """Whether a part of a place is a key of the file, and not the name of an alternative that was tried."""
    if loc[0] == "search" and index == 1:
        return not _MODELS.match(str(part))
    return not re.search(r"[\[(]|^str$", str(part))


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _parent(path: str) -> str:
    return path.rpartition(".")[0] or "scenario"


def _known_keys(loc: tuple[Any, ...]) -> list[str]:
    """Keys that the table at a place can have."""
    model: Any = ScenarioForm
    for part in loc[:-1]:
        model = _within(model, part)
        if model is None:
            return []
    if isinstance(model, type) and issubclass(model, Form):
        return [info.alias or name for name, info in model.model_fields.items()]
    return []


def _within(model: Any, part: Any) -> Any:
    """The form at one step into a form or a table of forms."""
    if isinstance(model, type) and issubclass(model, Form):
        for name, info in model.model_fields.items():
            if part in (name, info.alias):
                forms = [e for e in _annotations(info.annotation) if isinstance(e, type) and issubclass(e, Form)]
                return forms[0] if len(forms) == 1 else {form.__name__: form for form in forms} or None
        # A key of a table of forms.
        return model
    if isinstance(model, dict):
        return next((form for form in model.values() if form.model_fields["model"].annotation == _literal(part)), None)
    return None


def _literal(word: Any) -> Any:
    from typing import Literal

    return Literal[word]
