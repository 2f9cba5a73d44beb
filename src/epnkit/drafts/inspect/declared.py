"""What a source declares about its fields: units, UCDs, keys of tables, times of change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from epnkit.drafts.inspect.card_comments import declare_cards
from epnkit.drafts.inspect.origin import Origin
from epnkit.drafts.inspect.sample import Declared, Sample
from epnkit.drafts.recognise.units import find_unit
from epnkit.sources.config.credentials import Secret
from epnkit.sources.files.isolation import IsolatedReader, drain
from epnkit.sources.files.walk import FoundFile


def add_declared(sample: Sample, origin: Origin) -> Sample:
    """Return a sample with what its source declares; what it does not say is left out.

    Parameters
    ----------
    sample : Sample
        The records.
    origin : Origin
        Where they come from.
    """
    if origin.kind == "files" and 'format = "fits"' in origin.text:
        return replace(sample, declared=declare_cards(sample, Path(origin.directory)))
    if origin.kind == "files" and sample.of_table and _describes_columns(origin):
        return replace(sample, declared=_read_descriptions(sample, origin))
    if origin.kind == "sql" and origin.table and origin.secret is not None:
        return replace(sample, declared=_read_table(origin.secret, origin.table))
    return sample


def _describes_columns(origin: Origin) -> bool:
    return any(f'format = "{form}"' in origin.text for form in ("votable", "ecsv"))


def _read_descriptions(sample: Sample, origin: Origin) -> Declared:
    """Read what the first file says of its columns."""
    path = sample.records["path"][0]
    with closing(IsolatedReader(read_columns)) as reader:
        for _, documents in reader.read([FoundFile(Path(origin.directory), path, 0, 0)]):
            for document in drain(documents):
                return Declared(**document)
    return Declared()


def read_columns(path: Path) -> Iterator[dict[str, dict[str, str]]]:
    """Read the units, UCDs and descriptions that a VOTable or an ECSV file gives of its columns."""
    from astropy.table import Table

    form = "ascii.ecsv" if path.name.lower().endswith(".ecsv") else "votable"
    columns = Table.read(path, format=form).columns.values()
    yield {
        "units": {each.name: str(each.unit) for each in columns if each.unit is not None},
        "ucds": {each.name: each.meta["ucd"] for each in columns if each.meta.get("ucd")},
        "descriptions": {each.name: each.description for each in columns if each.description},
    }


def _read_table(secret: Secret, table: str) -> Declared:
    """Read what a database says of a table; nothing if it does not."""
    from epnkit.drafts.inspect.sql_tables import read_table_declaration
    from epnkit.errors import SourceError

    try:
        found = read_table_declaration(secret, table)
    except SourceError:
        return Declared()  # the records could be read, so this is only a right that is missing
    # The records of SQL have their names in lower case.
    comments = {name.lower(): text for name, text in found.comments.items()}
    units = {name: unit for name, text in comments.items() if (unit := find_unit(text))}
    key, changed = (tuple(map(str.lower, names)) for names in (found.key, found.changed))
    return Declared(
        units, key, changed, descriptions=comments, about=f"{table} {found.about}".strip()
    )
