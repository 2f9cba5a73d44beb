"""What a source declares about its fields: units of FITS cards, keys of tables, times of change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from epnkit.drafts.inspect.origin import Origin
from epnkit.drafts.inspect.sample import Declared, Sample
from epnkit.drafts.recognise.units import unit_in_comment
from epnkit.sources.config.credentials import Secret
from epnkit.sources.files.isolation import IsolatedReader, drain
from epnkit.sources.files.walk import FoundFile

#: How many files are opened for the comments of their cards.
_FILES = 20

#: Columns that MariaDB and MySQL set when a row changes.
_ON_UPDATE = (
    "SELECT column_name FROM information_schema.columns WHERE table_name = {}"
    " AND LOWER(extra) LIKE '%on update%' ORDER BY ordinal_position"
)


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
        return replace(sample, declared=Declared(units=_read_comments(sample, origin)))
    if origin.kind == "sql" and origin.table and origin.secret is not None:
        key, changed = _read_table(origin.secret, origin.table)
        return replace(sample, declared=Declared(key=key, changed=changed))
    return sample


def _read_comments(sample: Sample, origin: Origin) -> dict[str, str]:
    """Read the units in the comments of cards; those on which the files disagree are left out."""
    found: dict[str, set[str]] = {}
    root = Path(origin.directory)
    files = (FoundFile(root, name, 0, 0) for name in sample.records["path"].head(_FILES))
    with closing(IsolatedReader(read_card_units)) as reader:
        for _, documents in reader.read(files):
            for document in drain(documents):  # a damaged file was reported as a record
                for name, unit in document.items():
                    found.setdefault(name, set()).add(unit)
    return {name: units.pop() for name, units in found.items() if len(units) == 1}


def read_card_units(path: Path) -> Iterator[dict[str, str]]:
    """Read the units in the comments of cards, by keyword, for each of the first two headers."""
    from astropy.io import fits

    with fits.open(path, lazy_load_hdus=True, memmap=True) as units:
        for unit in units[:2]:
            cards = unit.header.cards
            yield {c.keyword: found for c in cards if (found := unit_in_comment(c.comment))}


def _read_table(secret: Secret, table: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the primary key of a table, and the columns that the database sets on a change."""
    from epnkit.drafts.inspect.sql_tables import read_keys
    from epnkit.errors import SourceError

    try:
        return read_keys(secret, table, _ON_UPDATE)
    except SourceError:
        return (), ()  # the records could be read, so this is only a right that is missing
