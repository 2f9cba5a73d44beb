"""Writing what was found to a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
import polars as pl
from astropy.io.votable import from_table
from astropy.table import Table

from epnkit.errors import ConfigurationError


def write_table(table: Table, path: Path) -> None:
    """Write a table in the form that the file's name says; the file is whole or as it was.

    Parameters
    ----------
    table : astropy.table.Table
        The table.
    path : pathlib.Path
        ``.vot`` or ``.xml`` (VOTable), ``.csv``, ``.ecsv``, ``.parquet``.

    Raises
    ------
    ConfigurationError
        If the name ends otherwise, or the file cannot be written.
    """
    write = choose_form(path)
    try:
        with NamedTemporaryFile(dir=path.parent, suffix=path.suffix, delete=False) as file:
            name = Path(file.name)
        try:
            write(table, name)
            name.chmod(0o666 & ~_umask())
            name.replace(path)
        finally:
            name.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(
            "the file cannot be written",
            where=str(path),
            why=error.strerror or str(error),
            cure="Give a directory that exists and has room.",
        ) from None


def choose_form(path: Path) -> Callable[[Table, Path], None]:
    """Choose the form of a file by its name; see :func:`write_table`.

    Raises
    ------
    ConfigurationError
        If the name ends otherwise.
    """
    write = _FORMS.get(path.suffix.lower())
    if write is None:
        raise ConfigurationError(
            f"no form of tables is known by {path.suffix or 'a name without an ending'}",
            where=str(path),
            cure=f"Give a name that ends in {', '.join(_FORMS)}.",
        )
    return write


def to_frame(table: Table) -> pl.DataFrame:
    """Make a DataFrame of a table; masked values are null."""
    return pl.DataFrame([_to_series(table, name) for name in table.colnames])


def _to_series(table: Table, name: str) -> pl.Series:
    column = table[name]
    values = np.asarray(column).tolist()
    mask = getattr(column, "mask", None)
    if mask is not None and np.ndim(mask) == 1:
        values = [None if hidden else value for value, hidden in zip(values, mask, strict=True)]
    return pl.Series(name, values, strict=False)


def _texts(table: Table) -> dict[str, str]:
    return {str(name): str(value) for name, value in table.meta.items()}


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def write_votable(table: Table, path: Path) -> None:
    """Write a table as a VOTable, by that writer of astropy's which is written in Python.

    The one in C, up to astropy 8.0 at least, writes a byte beyond its memory when a row takes 256
    bytes, 512 and so on: the process crashes at some time later
    (https://github.com/astropy/astropy/issues/20419). In BINARY2, astropy 5.2 writes no table with
    a masked integer.

    Parameters
    ----------
    table : astropy.table.Table
        The table.
    path : pathlib.Path
        The file, which is replaced if it is there.
    """
    from_table(table).to_xml(str(path), _debug_python_based_parser=True)


_FORMS: Mapping[str, Callable[[Table, Path], None]] = {
    ".vot": write_votable,
    ".xml": write_votable,
    ".csv": lambda table, path: to_frame(table).write_csv(path),
    ".ecsv": lambda table, path: table.write(path, format="ascii.ecsv", overwrite=True),
    ".parquet": lambda table, path: to_frame(table).write_parquet(path, metadata=_texts(table)),
}
