"""Options that several commands share, each written once; and how their texts become values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Argument, Option

from misid.ground.errors import UsageError
from misid.ground.given import refuse_rounding

if TYPE_CHECKING:
    from misid.engine import Engine

Format = Literal["table", "json", "csv", "md"]

_INPUT = "What is read"
_COLUMNS = "Columns (what is not given is guessed, and the guess is shown)"
_CANDIDATES = "Candidate lists"
_MEANING = "What it means"
CHECKING = "What is checked"
COUNTING = "What is counted"
_ENGINE = "Engine"

Source = Annotated[
    list[str] | None,
    Argument(
        metavar="SOURCE",
        help="Scores: CSV/TSV (.gz), Parquet (file, glob, directory), FILE.duckdb::TABLE, a matrix, or score "
        "files of the Bob toolchain.",
    ),
]

SourceOrTally = Annotated[
    list[str] | None,
    Argument(
        metavar="SOURCE",
        help="A tally (FILE.tally), example:NAME for one that misid ships, or scores: CSV/TSV (.gz), Parquet "
        "(file, glob, directory), FILE.duckdb::TABLE, a matrix, score files of the Bob toolchain.",
    ),
]

OutputFormat = Annotated[Format, Option("--format", help="How results are printed.")]
Paper = Annotated[Literal["letter", "a4"], Option("--paper", help="Of the PDF.")]
Force = Annotated[bool, Option("--force", help="Replace what is there already.")]


def _column(flag: str, what: str) -> Any:
    return Option(flag, metavar="COLUMN", help=f"Column with {what}.", rich_help_panel=_COLUMNS)


@dataclass(frozen=True, kw_only=True)
class ComparisonOptions:
    """How scores are read and what they mean; `misid.scores.open_scores` takes the same by the same names."""

    format_in: Annotated[
        Literal["long", "matrix", "pair", "bob", "candidates"] | None,
        Option("--format-in", help="What the source is, where it does not show.", rich_help_panel=_INPUT),
    ] = None
    genuine: Annotated[
        str | None,
        Option("--genuine", metavar="FILE", help="Scores of mated comparisons alone.", rich_help_panel=_INPUT),
    ] = None
    impostor: Annotated[
        str | None,
        Option("--impostor", metavar="FILE", help="Scores of non-mated comparisons alone.", rich_help_panel=_INPUT),
    ] = None
    samples: Annotated[
        str | None,
        Option(
            "--samples",
            metavar="FILE",
            help="Table of sample id and person id, where ids are not people.",
            rich_help_panel=_INPUT,
        ),
    ] = None
    subjects: Annotated[
        str | None,
        Option("--subjects", metavar="FILE", help="Table of person id and groups.", rich_help_panel=_INPUT),
    ] = None
    group: Annotated[
        list[str] | None,
        Option(
            "--group",
            metavar="COLUMN",
            help="Groups to tell apart: sex, race, ... Repeatable; default all that are found.",
            rich_help_panel=_INPUT,
        ),
    ] = None
    delimiter: Annotated[
        str | None,
        Option("--delimiter", metavar="CHAR", help="Between the columns of a text file.", rich_help_panel=_INPUT),
    ] = None

    probe: Annotated[str | None, _column("--probe", "ids of probes (or of searches)")] = None
    reference: Annotated[str | None, _column("--reference", "ids of references")] = None
    probe_person: Annotated[str | None, _column("--probe-person", "ids of the probes' people")] = None
    reference_person: Annotated[str | None, _column("--reference-person", "ids of the references' people")] = None
    score: Annotated[str | None, _column("--score", "scores")] = None
    mated: Annotated[str | None, _column("--mated", "whether both samples are of one person")] = None
    candidate_rank: Annotated[str | None, _column("--candidate-rank", "ranks in candidate lists")] = None
    person: Annotated[str | None, _column("--person", "ids of people, in the other tables")] = None

    similarity: Annotated[
        bool,
        Option("--higher-is-more-similar", help="The score is a similarity.", rich_help_panel=_MEANING),
    ] = False
    distance: Annotated[
        bool,
        Option("--lower-is-more-similar", help="The score is a distance.", rich_help_panel=_MEANING),
    ] = False
    failure: Annotated[
        list[str] | None,
        Option(
            "--failure",
            metavar="CODES",
            help="Scores that stand for a failure, such as -1,nan (nan: empty cells too). Repeatable.",
            rich_help_panel=_MEANING,
        ),
    ] = None
    score_type: Annotated[
        Literal["float", "double"] | None,
        Option("--score-type", help="Precision of the matcher's scores.", rich_help_panel=_MEANING),
    ] = None
    same_samples: Annotated[
        bool | None,
        Option(
            "--same-samples/--other-samples",
            help="One id on both sides is one sample (left out), or two of one person.",
            rich_help_panel=_MEANING,
        ),
    ] = None
    acquisition: Annotated[
        str | None,
        Option(
            "--acquisition",
            metavar="FAILED/ALL",
            help="Probes that failed to be acquired, of all presented.",
            rich_help_panel=_MEANING,
        ),
    ] = None
    enrolment: Annotated[
        str | None,
        Option(
            "--enrolment",
            metavar="FAILED/ALL",
            help="References that failed to enrol, of all presented.",
            rich_help_panel=_MEANING,
        ),
    ] = None
    memory: Annotated[
        str | None,
        Option(
            "--memory",
            metavar="SIZE",
            help="Memory the engine may take, 50MB or more, such as 2GB; it spills to disk above.",
            rich_help_panel=_ENGINE,
        ),
    ] = None
    threads: Annotated[
        int | None,
        Option(
            "--threads",
            metavar="N",
            help="Worker threads of the engine: 1 to 64, or to four times the processors where that is more.",
            rich_help_panel=_ENGINE,
        ),
    ] = None
    engine: Annotated[
        Literal["duckdb", "spark"],
        Option("--engine", help="Where the scores are counted; spark wants misid[spark].", rich_help_panel=_ENGINE),
    ] = "duckdb"
    spark_master: Annotated[
        str | None,
        Option(
            "--spark-master",
            metavar="URL",
            help="Start Spark there: local[4], spark://HOST:7077, yarn, k8s://...",
            rich_help_panel=_ENGINE,
        ),
    ] = None
    spark_connect: Annotated[
        str | None,
        Option(
            "--spark-connect", metavar="URL", help="A Spark Connect server: sc://HOST:15002.", rich_help_panel=_ENGINE
        ),
    ] = None

    def whole(self) -> InputOptions:
        """The same, with nothing said of candidate lists."""
        return InputOptions(**{item.name: getattr(self, item.name) for item in fields(self)})


@dataclass(frozen=True, kw_only=True)
class InputOptions(ComparisonOptions):
    """The same, of candidate lists too."""

    searches: Annotated[
        str | None,
        Option(
            "--searches",
            metavar="FILE",
            help="Every search made, also those that returned nobody.",
            rich_help_panel=_CANDIDATES,
        ),
    ] = None
    candidates: Annotated[
        str | None,
        Option(
            "--candidates",
            metavar="FILE",
            help="What the searches returned; the same as SOURCE.",
            rich_help_panel=_CANDIDATES,
        ),
    ] = None
    references: Annotated[
        str | None,
        Option("--references", metavar="FILE", help="Who is enrolled, and their groups.", rich_help_panel=_CANDIDATES),
    ] = None
    gallery: Annotated[
        int | None,
        Option(
            "--gallery",
            metavar="N",
            min=1,
            help="References enrolled, where there is no table of them.",
            rich_help_panel=_CANDIDATES,
        ),
    ] = None
    list_length: Annotated[
        int | None,
        Option("--list-length", metavar="N", min=1, help="Candidates a list can hold.", rich_help_panel=_CANDIDATES),
    ] = None
    return_threshold: Annotated[
        float | None,
        Option(
            "--return-threshold",
            metavar="T",
            help="Score that a candidate must reach to be returned.",
            rich_help_panel=_CANDIDATES,
        ),
    ] = None
    complete_lists: Annotated[
        bool,
        Option("--complete-lists", help="Every search returned the whole gallery.", rich_help_panel=_CANDIDATES),
    ] = False

    @property
    def is_empty(self) -> bool:
        """Nothing was said of an input; a tally wants it so."""
        return self == InputOptions(memory=self.memory, threads=self.threads)

    def declared(self) -> dict[str, Any]:
        """What was given, as `misid.scores.open_scores` takes it."""
        given = {
            "format": self.format_in,
            "groups": tuple(self.group) if self.group else None,
            "failures": numbers("--failure", self.failure, nan_allowed=True),
            "polarity": self._polarity(),
            "score_type": None if self.score_type is None else self.score_type.upper(),
            "rank": self.candidate_rank,
            "acquisition": _share("--acquisition", self.acquisition),
            "enrolment": _share("--enrolment", self.enrolment),
        }
        for name in (
            "genuine", "impostor", "samples", "subjects", "delimiter", "probe", "reference", "probe_person",
            "reference_person", "score", "mated", "person", "searches", "references", "gallery", "list_length",
            "return_threshold", "complete_lists", "same_samples",
        ):  # fmt: skip
            given[name] = getattr(self, name)
        return {name: value for name, value in given.items() if value is not None}

    def start_engine(self) -> Engine:
        """The engine that was asked for, started."""
        on_spark = self.engine == "spark"
        if not on_spark and (self.spark_master is not None or self.spark_connect is not None):
            raise UsageError("--spark-master and --spark-connect are for Spark", remedy="--engine spark")
        # Only now, so that a wrong call is refused without waiting for the engine to load.
        from misid.engine import DuckDBEngine, SparkEngine
        from misid.engine.limits import LEAST_MEMORY, LEAST_MEMORY_SPARK, memory_given, threads_given

        # The engine would refuse them too, under the names that they have in Python.
        if self.memory is not None:
            memory_given(self.memory, option="--memory", least=LEAST_MEMORY_SPARK if on_spark else LEAST_MEMORY)
        if self.threads is not None:
            threads_given(self.threads, option="--threads")
        if on_spark:
            return SparkEngine(
                master=self.spark_master, connect=self.spark_connect, memory=self.memory, threads=self.threads
            )
        given: dict[str, Any] = {"memory_limit": self.memory, "threads": self.threads}
        return DuckDBEngine(**{name: value for name, value in given.items() if value is not None})

    def _polarity(self) -> Literal["similarity", "distance"] | None:
        if self.similarity and self.distance:
            raise UsageError(
                "--higher-is-more-similar and --lower-is-more-similar contradict each other", remedy="give one"
            )
        if self.similarity:
            return "similarity"
        return "distance" if self.distance else None


@dataclass(frozen=True, kw_only=True)
class CheckOptions:
    """What the check looks for."""

    not_failure: Annotated[
        list[str] | None,
        Option(
            "--not-failure",
            metavar="SCORES",
            help="Values that look like failure codes and are scores, such as 0. Repeatable.",
            rich_help_panel=CHECKING,
        ),
    ] = None
    thorough: Annotated[
        bool,
        Option(
            "--thorough", help="Look for repeated pairs in all rows, however many there are.", rich_help_panel=CHECKING
        ),
    ] = False

    def declared(self) -> dict[str, Any]:
        """What was given, as `misid.scores.check` takes it."""
        return {"not_failures": numbers("--not-failure", self.not_failure), "thorough": self.thorough}


def _share(option: str, text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    failed, slash, presented = text.partition("/")
    if not (slash and failed.strip().isdecimal() and presented.strip().isdecimal()):
        raise UsageError(f"{option}: {text!r} is not FAILED/ALL", remedy=f"{option} 3/517")
    return int(failed), int(presented)


def numbers(option: str, texts: str | Sequence[str] | None, *, nan_allowed: bool = False) -> tuple[float, ...]:
    """The numbers of a comma-separated option, in the order given, each once.

    Parameters
    ----------
    option : str
        For the message.
    texts : str, sequence of str, or None
        As given on the command line; a repeatable option gives several.
    nan_allowed : bool
        "nan", "null" and "none" are taken as NaN.

    Raises
    ------
    UsageError
        Naming the part that is not a number.

    Examples
    --------
    >>> numbers("--threshold", "0.5,-1")
    (0.5, -1.0)
    """
    found: dict[str, float] = {}
    for text in [texts] if isinstance(texts, str) else texts or ():
        for part in filter(None, (part.strip() for part in text.split(","))):
            value = _number(option, part, nan_allowed)
            found.setdefault(repr(value), value)
    return tuple(found.values())


def _number(option: str, text: str, nan_allowed: bool) -> float:
    if nan_allowed and text.lower() in ("nan", "null", "none"):
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    refuse_rounding(option, text)
    if math.isnan(value):
        allowed = "numbers, and nan" if nan_allowed else "numbers"
        raise UsageError(f"{option}: {text!r} is not a number", remedy=f"{option} takes {allowed}, comma-separated")
    return value


def proportions(option: str, texts: str | None) -> tuple[float, ...]:
    """Like `numbers`, each above 0 and below 1."""
    values = numbers(option, texts)
    for value in values:
        if not 0 < value < 1:
            raise UsageError(f"{option}: {value:g} is not between 0 and 1", remedy=f"{option} 0.001, not 0.1 %")
    return values


def ranks(option: str, texts: str | None) -> tuple[int, ...]:
    """Like `numbers`, whole and at least 1."""
    values = numbers(option, texts)
    for value in values:
        if value < 1 or value != int(value):
            raise UsageError(f"{option}: {value:g} is not a rank", remedy=f"{option} takes whole numbers from 1 up")
    return tuple(int(value) for value in values)


@dataclass(frozen=True, kw_only=True)
class RateOptions:
    """Which rates are asked for."""

    threshold: Annotated[
        str | None,
        Option(
            "--threshold",
            metavar="T1,T2,...",
            help="Thresholds, on the input's scale, at which rates are counted exactly.",
            rich_help_panel=COUNTING,
        ),
    ] = None
    target: Annotated[
        str | None,
        Option(
            "--target",
            metavar="P1,P2,...",
            help="FMRs and FPIRs to seek thresholds for; default 0.01 to 0.000001.",
            rich_help_panel=COUNTING,
        ),
    ] = None
    rank: Annotated[
        str | None,
        Option("--rank", metavar="R1,R2,...", help="Candidate-list ranks for FNIR.", rich_help_panel=COUNTING),
    ] = None
    level: Annotated[float, Option("--level", help="Coverage of the limits.", rich_help_panel=COUNTING)] = 0.95
    reference_group: Annotated[
        str | None,
        Option(
            "--reference-group",
            metavar="GROUP",
            help="Group that the others' rates are divided by.",
            rich_help_panel=COUNTING,
        ),
    ] = None

    @property
    def thresholds(self) -> tuple[float, ...]:
        return numbers("--threshold", self.threshold)

    @property
    def targets(self) -> tuple[float, ...]:
        return proportions("--target", self.target)

    @property
    def ranks(self) -> tuple[int, ...]:
        return ranks("--rank", self.rank)

    def declared(self) -> dict[str, Any]:
        """What was given, as `misid.rates.compute_rates` takes it."""
        if not 0.5 <= self.level < 1:
            raise UsageError(f"--level: {self.level:g} is not from 0.5 to below 1", remedy="--level 0.95")
        given = {
            "thresholds": self.thresholds,
            "targets": self.targets,
            "ranks": self.ranks,
            "reference": self.reference_group,
        }
        return {"level": self.level, **{name: value for name, value in given.items() if value}}


def output_path(option: str, given: str | None) -> Path:
    """Where to write, which has to be said: nothing is ever written beside an input unasked."""
    if not given:
        raise UsageError(f"{option} is missing", remedy=f"say where the result goes: {option} PATH")
    return Path(given)


def refuse_inputs(option: str, path: Path, sources: Sequence[str], inputs: InputOptions) -> None:
    """Refuse to write over anything that is read."""
    tables = (inputs.genuine, inputs.impostor, inputs.samples, inputs.subjects, inputs.searches, inputs.candidates)
    for name in (*sources, *(t for t in (*tables, inputs.references) if t)):
        source = Path(name.partition("::")[0])
        if source.exists() and path.exists() and source.samefile(path):
            raise UsageError(f"{option} {path} is an input: it would be lost", remedy="give the result another name")
