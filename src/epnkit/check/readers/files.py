"""VOTable, CSV and Parquet files."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from epnkit.check.readers import votable
from epnkit.check.readers.read import Read, misfits, undescribed
from epnkit.errors import CheckError

_VOTABLES = frozenset({".vot", ".votable", ".xml"})


def read(path: Path) -> Read:
    """Read a file.

    Parameters
    ----------
    path : pathlib.Path
        A VOTable (``.vot``, ``.votable``, ``.xml``), CSV (``.csv``) or Parquet (``.parquet``) file.

    Returns
    -------
    Read
        All its rows, and what it says of its columns.

    Raises
    ------
    CheckError
        If it is not there, is of another kind, or cannot be read.
    """
    if not path.is_file():
        raise CheckError("there is no such file", where=str(path))
    if path.suffix in _VOTABLES:
        found = votable.parse(path.read_bytes(), str(path))
        return Read(
            found.target,
            found.table,
            found.granules,
            whole=True,
            answer=found.answer,
            looked_at=("the fields and rows of a VOTable",),
            not_looked_at=("the table's utype and the registry record: a file has none",),
        )
    granules = _rows(path)
    return Read(
        str(path),
        undescribed(granules),
        granules,
        whole=True,
        findings=tuple(misfits(granules)),
        looked_at=(f"the names of the columns and the rows of a {path.suffix[1:]} file",),
        not_looked_at=("units, UCDs, types, the utype and the registry record: a file has none",),
    )


def _rows(path: Path) -> pl.DataFrame:
    try:
        if path.suffix == ".csv":
            _refuse_markup(path)
            # as text: a column of numbers is judged by the standard's type, not by a guess
            return pl.read_csv(path, infer_schema=False)
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError, UnicodeError) as error:
        raise CheckError("the file cannot be read", where=str(path), why=str(error)) from error
    raise CheckError(
        f"files named {path.suffix or 'without an ending'} are not checked",
        where=str(path),
        cure="Give a .vot, .votable, .xml, .csv or .parquet file, a service folder, or a TAP URL",
    )


def _refuse_markup(path: Path) -> None:
    with path.open("rb") as stream:
        if stream.read(100).lstrip().startswith(b"<"):
            raise CheckError("this is markup, not CSV", where=str(path), cure="Look at the file")
