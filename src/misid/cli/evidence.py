"""``misid evidence``: published numbers, with their sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Argument, Option

from misid.cli.options import Format, OutputFormat
from misid.cli.output import print_json, print_records, print_text
from misid.cli.plumbing import command
from misid.cli.talk import Talk
from misid.ground.errors import UsageError

if TYPE_CHECKING:
    from misid.evidence import Library
    from misid.evidence.model import Record

_LIST = "Options of list"


@command(
    "evidence",
    example=(
        "misid evidence list --topic kin",
        "misid evidence show fnir-nec010-visakiosk --format json",
    ),
)
def evidence(
    action: Annotated[
        Literal["list", "show"], Argument(metavar="list|show", help="Show many in a line each, or all of a few.")
    ],
    ids: Annotated[
        list[str] | None, Argument(metavar="ID", help="For show: ids of records, of any kind.", show_default=False)
    ] = None,
    *,
    what: Annotated[
        Literal["facts", "unverified", "conflicts"] | None,
        Option(
            "--what",
            help="Facts, claims that could not be verified, or conflicts between sources; default facts.",
            rich_help_panel=_LIST,
        ),
    ] = None,
    topic: Annotated[
        str | None,
        Option("--topic", metavar="TOPIC", help="Only facts on this, such as nist-1n.", rich_help_panel=_LIST),
    ] = None,
    search: Annotated[
        str | None,
        Option("--search", metavar="TEXT", help="Only records that hold all these words.", rich_help_panel=_LIST),
    ] = None,
    form: OutputFormat = "table",
    talk: Talk,
) -> None:
    """List or show published numbers, each with its source and how near to it the number was read.

    Facts hold numbers or words. What could not be verified and what sources disagree on are kept apart.
    """
    if action == "show":
        if what or topic or search:
            raise UsageError("--what, --topic and --search are of list", remedy="misid evidence show ID")
        if not ids:
            raise UsageError("no ID is given", remedy="misid evidence list shows the ids; misid evidence show ID")
    elif ids:
        raise UsageError(f"list takes no ID, and {ids[0]!r} is given", remedy=f"misid evidence show {ids[0]}")
    from misid.evidence import load

    library = load()
    if action == "show":
        _show([library.record(id_) for id_ in ids or ()], form)
        return
    found = _listed(library, what or "facts", topic, search)
    if form in ("json", "csv"):
        print_records([_plain(record, form) for record in found], form)
    else:
        print_records([_line(record) for record in found], form)
    talk.say(f"{len(found)} of {len(library.records)} records; misid evidence show ID has all of one", level=1)
    if not found:
        talk.say("nothing found: misid evidence list shows all facts; --what unverified and --what conflicts the rest")


def _listed(library: Library, what: str, topic: str | None, search: str | None) -> list[Record]:
    if topic is not None:
        if what != "facts":
            raise UsageError(f"--topic is of facts, and --what {what} is given", remedy="leave one of them out")
        if topic not in library.topics:
            raise UsageError(f"--topic: no topic is called {topic!r}", remedy=", ".join(library.topics))
    kept = {record.id for record in (library.records if search is None else library.search(search))}
    records: tuple[Record, ...] = getattr(library, what) if topic is None else library.by_topic[topic]
    return [record for record in records if record.id in kept]


def _line(record: Record) -> dict[str, Any]:
    """What a list shows of a record."""
    whole = record.to_dict()
    if "claim" in whole:
        return {"id": record.id, "what": whole["quantity"], "claim": whole["claim"], "why unverified": whole["why"]}
    if "differs" in whole:
        return {"id": record.id, "question": whole["question"], "differs": whole["differs"], "advice": whole["advice"]}
    limits = f" ({_limits(whole)})" if whole["limits"] else ""
    return {
        "id": record.id,
        "says": f"{whole['said']}{limits}",
        "what": whole["quantity"],
        "of": whole["population"],
        "source": f"{whole['publisher']}, {whole['date'].partition(' (')[0]}",
        "confidence": whole["confidence"],
    }


def _limits(whole: dict[str, Any]) -> str:
    if whole["value"] is None:
        return str(whole["limits"])
    numbers = [f"{name} {whole[name]}" for name in ("lo", "hi") if whole[name] is not None]
    return f"{', '.join(numbers)}; {whole['limits']}"


def _plain(record: Record, form: Format) -> dict[str, Any]:
    """A record as data; a cell of CSV holds no table."""
    whole = record.to_dict()
    if form == "csv" and "given" in whole:
        whole["given"] = [f"{name}={value}" for name, value in whole["given"].items()]
    return whole


def _show(records: list[Record], form: Format) -> None:
    if form == "json":
        print_json([record.to_dict() for record in records])
    elif form == "table":
        print_text("\n\n".join(map(str, records)) + "\n")
    else:
        print_records(
            [
                {"id": record.id, "field": field, "text": text}
                for record in records
                for field, text in record.lines().items()
                if field != "id"
            ],
            form,
        )
