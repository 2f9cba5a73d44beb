"""VOTable, CSV and Parquet files."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from epnkit.check.readers import votable
from epnkit.check.readers.read import TargetContents, find_misfits, table_of_names
from epnkit.errors import CheckError
from epnkit.tables import read_frame

_VOTABLES = frozenset({".vot", ".votable", ".xml"})

#: What to do about a file that holds a part of an answer.
_OVERFLOW_CURE = (
    "The file holds a part of the rows: send the query again with a higher MAXREC and save the"
    " whole answer, or check the service by its TAP URL."
)


def read(path: Path) -> TargetContents:
    """Read a file.

    Parameters
    ----------
    path : pathlib.Path
        A VOTable (``.vot``, ``.votable``, ``.xml``), CSV (``.csv``) or Parquet (``.parquet``) file.

    Returns
    -------
    TargetContents
        All its rows, and what it says of its columns.

    Raises
    ------
    CheckError
        If it is not there, is of another kind, or cannot be read.
    """
    if not path.is_file():
        raise CheckError(
            "there is no such file",
            where=str(path),
            cure="Name a VOTable, CSV or Parquet file, a service folder, or a TAP URL.",
        )
    if path.suffix in _VOTABLES:
        found = votable.parse(path.read_bytes(), str(path), overflow_cure=_OVERFLOW_CURE)
        return TargetContents(
            found.target,
            found.table,
            found.granules,
            whole=True,
            answer=found.answer,
            looked_at=("the fields and rows of a VOTable",),
            not_looked_at=("the table's utype and the registry record: a file has none",),
        )
    granules = _read_rows(path)
    return TargetContents(
        str(path),
        table_of_names(granules),
        granules,
        whole=True,
        findings=tuple(find_misfits(granules)),
        looked_at=(f"the names of the columns and the rows of a {path.suffix[1:]} file",),
        not_looked_at=("units, UCDs, types, the utype and the registry record: a file has none",),
    )


def _read_rows(path: Path) -> pl.DataFrame:
    try:
        if path.suffix == ".csv":
            _refuse_markup(path)
            # as text: a column of numbers is checked by the standard's type, not by a guess
            return read_frame(path)
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError, UnicodeError) as error:
        raise CheckError(
            "the file cannot be read",
            where=str(path),
            why=str(error),
            cure="Write it again, as a VOTable, CSV or Parquet file.",
        ) from error
    raise CheckError(
        f"files named {path.suffix or 'without an ending'} are not checked",
        where=str(path),
        cure="Give a .vot, .votable, .xml, .csv or .parquet file, a service folder, or a TAP URL",
    )


def _refuse_markup(path: Path) -> None:
    with path.open("rb") as stream:
        if stream.read(100).lstrip().startswith(b"<"):
            raise CheckError("this is markup, not CSV", where=str(path), cure="Look at the file")
