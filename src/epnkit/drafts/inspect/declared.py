"""What a source declares about its fields: units, UCDs, keys of tables, times of change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from epnkit.drafts.inspect.origin import Origin
from epnkit.drafts.inspect.sample import Declared, Sample
from epnkit.drafts.recognise.units import find_unit
from epnkit.sources.config.credentials import Secret
from epnkit.sources.files.isolation import IsolatedReader, drain
from epnkit.sources.files.walk import FoundFile

#: How many files are opened for the comments of their cards.
_FILES = 20


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
        comments = _read_comments(sample, origin)
        return replace(sample, declared=_describe(comments))
    if origin.kind == "files" and sample.of_table and _describes_columns(origin):
        return replace(sample, declared=_read_descriptions(sample, origin))
    if origin.kind == "sql" and origin.table and origin.secret is not None:
        return replace(sample, declared=_read_table(origin.secret, origin.table))
    return sample


def _describe(comments: dict[str, set[str]]) -> Declared:
    """Take units and descriptions out of the comments of cards; those that differ are left out."""
    units = {name: {find_unit(text) for text in texts} for name, texts in comments.items()}
    return Declared(
        units={name: unit for name, (unit, *more) in units.items() if unit and not more},
        descriptions={name: text for name, (text, *more) in comments.items() if not more},
    )


def _read_comments(sample: Sample, origin: Origin) -> dict[str, set[str]]:
    """Read the comments of cards, by keyword."""
    found: dict[str, set[str]] = {}
    root = Path(origin.directory)
    files = (FoundFile(root, name, 0, 0) for name in sample.records["path"].head(_FILES))
    with closing(IsolatedReader(read_card_comments)) as reader:
        for _, documents in reader.read(files):
            for document in drain(documents):  # a damaged file was reported as a record
                for name, comment in document.items():
                    found.setdefault(name, set()).add(comment)
    return found


def read_card_comments(path: Path) -> Iterator[dict[str, str]]:
    """Read the comments of cards, by keyword, for each of the first two headers."""
    from astropy.io import fits

    with fits.open(path, lazy_load_hdus=True, memmap=True) as units:
        for unit in units[:2]:
            yield {c.keyword: c.comment for c in unit.header.cards if c.keyword and c.comment}


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
    return Declared(units, key, changed, descriptions=comments)
