"""``epnkit new``: draft a service folder for a source that nobody has mapped yet."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from epnkit.api import RESOURCES, use_credentials
from epnkit.cli._options import dachs_option
from epnkit.cli._output import echo

if TYPE_CHECKING:
    from epnkit.drafts.inspect.sample import Sample
    from epnkit.drafts.propose.draft import Draft
    from epnkit.drafts.write.service import FileStatus

_FATES = {
    "written": "written",
    "unchanged": "as it was",
    "kept": "kept: it differs from what would be written now",
}


@click.command()
@click.argument("name")
@click.option(
    "--from", "source", required=True, metavar="SOURCE", help="Where the records come from."
)
@click.option(
    "--into",
    "parent",
    type=click.Path(file_okay=False, path_type=Path),
    default=RESOURCES,
    show_default=True,
    help="The folder of services, in which NAME is made.",
)
@click.option("--table", help="The table, index or collection; a database's only one by default.")
@click.option("--query", help="A SELECT instead of a table, such as a join.")
@click.option(
    "--kind",
    type=click.Choice(["elasticsearch", "restheart", "tap"]),
    help="What answers at an HTTP address; .../tap is TAP by itself.",
)
@click.option("--address", help="The URL where the files of a directory are served.")
@click.option("--title", help="What the registry calls the service; NAME by default.")
@click.option("--creator", default="Not known yet", show_default=True, help="Who made the data.")
@click.option("--accept", is_flag=True, help="Take the best proposals without asking.")
@dachs_option
def command(
    name: str,
    source: str,
    parent: Path,
    table: str | None,
    query: str | None,
    kind: str | None,
    address: str | None,
    title: str | None,
    creator: str,
    accept: bool,
    directory: Path | None,
) -> None:
    """Draft a service NAME for the records of a SOURCE.

    SOURCE is a directory of FITS, CDF, ASDF, PDS3, JSON or CSV files; a file of CSV, ECSV, VOTable,
    Parquet or NDJSON; an SQLite database; a URL (SQLAlchemy's, MongoDB's, or of Elasticsearch,
    RESTHeart or TAP); a file with one line that connects (ODBC, or such a URL); the name of a
    credential; or a source file.

    Looks at the first records and writes a folder: q.rd, service.py with a proposal for each
    column, the source file, README.md. On a terminal it asks what it cannot decide. Files that are
    there are never changed: a second run shows what is new at the source. A password is never
    written: a credential of the service's name has to hold it.
    """
    from epnkit.drafts.inspect.declared import add_declared
    from epnkit.drafts.inspect.ordering import find_sort_key
    from epnkit.drafts.inspect.origin import Choices, parse_origin
    from epnkit.drafts.inspect.sample import read_sample
    from epnkit.drafts.propose.draft import propose
    from epnkit.drafts.write.scaffold import link_shared, store_credential
    from epnkit.drafts.write.service import ServiceFiles, write_files
    from epnkit.service import require_name
    from epnkit.sources.base import UNORDERED

    require_name(name)
    with use_credentials(directory):
        origin = parse_origin(source, name, Choices(table, query, kind, address))
        with origin.open(UNORDERED) as opened:
            sample, label = read_sample(opened, origin.kind), opened.label
        sample = add_declared(sample, origin)
        draft = propose(sample, name)
        origin, key = find_sort_key(origin, draft.key)
        draft = replace(draft, key=key)
        folder = parent / name
        again = (folder / "service.py").is_file()
        if not (accept or again) and _is_terminal():
            draft, title, creator = _ask(draft, sample, title or name, creator)
        files = ServiceFiles(draft, origin, sample, title or name, creator).render()
        describe = _describe_again if again else _describe_draft
        summary = describe(label, sample, draft, folder)
        summary += _describe_files(folder, write_files(folder, files))
        summary += [origin.note] if origin.note else []
        more = [*link_shared(parent), *store_credential(origin.secret)]
    echo("\n".join([*summary, *more]))


def _is_terminal() -> bool:
    """Return whether a person can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _ask(draft: Draft, sample: Sample, title: str, creator: str) -> tuple[Draft, str, str]:
    """Ask what is to be decided, and for what a registry wants to know."""
    from epnkit.drafts.interview import Interview

    draft = Interview(sample, echo, _prompt).run(draft)
    echo()
    title = click.prompt("title of the service", default=title)
    return draft, title, click.prompt("who made the data", default=creator)


def _prompt(question: str) -> str:
    answer: str = click.prompt(question, default="", show_default=False)
    return answer.strip()


def _describe_again(label: str, sample: Sample, draft: Draft, folder: Path) -> list[str]:
    """Describe what is new at the source of a service that was drafted before."""
    from epnkit.drafts.write.additions import describe_additions

    return [
        f"{label}: {sample.count} records, {len(sample.fields)} fields",
        *describe_additions(draft, folder, tuple(sample.fields)),
    ]


def _describe_cursor(draft: Draft) -> str:
    if draft.cursor is None:
        return "cursor: none was found; each load reads everything"
    return f"cursor: {draft.cursor}; a load reads what changed since the last one"


def _describe_files(folder: Path, fates: dict[str, FileStatus]) -> list[str]:
    return ["", *(f"{folder / name}: {_FATES[fate]}" for name, fate in fates.items())]


def _describe_draft(label: str, sample: Sample, draft: Draft, folder: Path) -> list[str]:
    from epnkit.drafts.write.service import list_decisions, sort_proposals

    found = [(", ".join(p.columns), p) for p in sort_proposals(draft)]
    width = max(len(names) for names, _ in found)
    return [
        f"{label}: {sample.count} records, {len(sample.fields)} fields",
        "",
        *(
            f"  {names:<{width}}  {p.confidence:.2f}  {', '.join(p.fields) or p.value.code}"
            for names, p in found
        ),
        "",
        *(f"link: {each.semantics} from {each.field}" for each in draft.links),
        f"key: {', '.join(draft.key)}",
        _describe_cursor(draft),
        "",
        "to decide, where service.py says DECIDE:",
        *(f"  {line}" for line in list_decisions(draft) or ["nothing"]),
    ]
