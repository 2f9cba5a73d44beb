"""``epnkit new``: draft a service folder for a source that nobody has mapped yet."""

from __future__ import annotations

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
    directory: Path | None,
) -> None:
    """Draft a service NAME for the records of a SOURCE.

    SOURCE is a directory of FITS, CDF, ASDF, PDS3, JSON or CSV files; an SQLite database; a URL
    (SQLAlchemy's, MongoDB's, or of Elasticsearch, RESTHeart or TAP); a file with one line that
    connects (ODBC, or such a URL); the name of a credential; or a source file.

    Looks at the first records and writes a folder: q.rd, service.py with a proposal for each
    column, the source file, README.md. Files that are there are never changed. A password is
    never written: a credential of the service's name has to hold it.
    """
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
        draft = propose(sample, name)
        origin, key = find_sort_key(origin, draft.key)
        draft = replace(draft, key=key)
        files = ServiceFiles(draft, origin, sample, title or name, creator).render()
        summary = _describe_draft(
            label, sample, draft, parent / name, write_files(parent / name, files)
        )
        more = [*link_shared(parent), *store_credential(origin.secret)]
    echo("\n".join([*summary, *more]))


def _describe_draft(
    label: str, sample: Sample, draft: Draft, folder: Path, fates: dict[str, FileStatus]
) -> list[str]:
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
        "to decide, where service.py says DECIDE:",
        *(f"  {line}" for line in list_decisions(draft) or ["nothing"]),
        "",
        *(f"{folder / name}: {_FATES[fate]}" for name, fate in fates.items()),
    ]
