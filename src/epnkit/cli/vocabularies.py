"""``epnkit vocabularies``: list, show or refresh the vocabularies that the checks use."""

from __future__ import annotations

import json

import click

from epnkit.cli._options import format_option
from epnkit.cli._output import echo


@click.group()
def command() -> None:
    """List, show or refresh the IVOA's vocabularies and the UCD words."""


@command.command("list")
@format_option
def list_all(form: str) -> None:
    """List the vocabularies: name, version, number of terms, source."""
    from epnkit.epncore import vocabularies

    carried = [vocabularies.load(name) for name in vocabularies.NAMES]
    if form == "json":
        listed = [
            {
                "name": v.name,
                "uri": v.uri,
                "version": v.version,
                "terms": len(v.terms),
                "source": v.source,
                "licence": v.licence,
            }
            for v in carried
        ]
        echo(json.dumps(listed, indent=2))
        return
    for v in carried:
        echo(f"{v.name:<12} {v.version:<18} {len(v.terms):>5} terms  {v.source}")


@command.command()
@click.argument("name")
def show(name: str) -> None:
    """Print the terms of the vocabulary NAME."""
    from epnkit.epncore import vocabularies

    echo(vocabularies.load(name).dump(), nl=False)


@command.command()
@click.argument("names", nargs=-1)
@click.option("--url", default="", help="Where to fetch it, with a single NAME.")
def refresh(names: tuple[str, ...], url: str) -> None:
    """Fetch the vocabularies NAMES (all of them by default) from the network."""
    from epnkit.epncore import vocabularies
    from epnkit.epncore.refresh import refresh as fetch

    if url and len(names) != 1:
        raise click.UsageError("--url goes with one NAME")
    for name in names or vocabularies.NAMES:
        before = vocabularies.load(name).terms
        new, path = fetch(name, url)
        added, removed = (
            len(new.terms.keys() - before.keys()),
            len(before.keys() - new.terms.keys()),
        )
        echo(f"{name}: {len(new.terms)} terms, {added} new, {removed} gone, in {path}")
