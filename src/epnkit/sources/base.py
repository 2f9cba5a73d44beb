"""What every source offers: its schema, a count, and batches of records, all or of one window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:  # credentials and settings of sources are looked at without records
    import polars as pl

#: A value of the cursor column, in the source's own terms.
CursorValue = int | float | str | datetime

#: The column of a batch that says which values of a record could not be read, and why, such as
#: ``date_obs: 0000-00-00 is no date; size: ...``; null if all could. It is no field of the record.
UNREADABLE = "epnkit_unreadable"

#: Stands in it for a field's name if nothing of the record could be read.
WHOLE = "*"

#: The column of a batch with the hash of a record, if the source itself makes one; in a load epnkit
#: adds its own to the batches that have none.  It is no field of the record.
SOURCE_DIGEST = "epnkit_source_digest"

#: How many records are held at a time unless the source file says otherwise, or the source chooses.
BATCH_SIZE = 10_000


@dataclass(frozen=True)
class Window:
    """The records whose cursor column lies between two bounds.

    Parameters
    ----------
    low, high : int, float, str or datetime, optional
        The bounds, in the source's own terms; None leaves that side open.
    low_closed, high_closed : bool
        Whether the bound itself belongs to the window.
    nulls : bool
        Whether records without a value in the cursor column belong to it.
    """

    low: CursorValue | None = None
    high: CursorValue | None = None
    low_closed: bool = True
    high_closed: bool = False
    nulls: bool = True

    @property
    def everything(self) -> bool:
        """Whether no record is left out."""
        return self.low is None and self.high is None and self.nulls


#: The window that holds every record.
ALL = Window()


@dataclass(frozen=True)
class Order:
    """How a source is to order its records, so that a run can be windowed and resumed.

    Parameters
    ----------
    cursor : str, optional
        The column on which windows are cut; None when the source is always read whole.
    key : tuple of str
        The columns that distinguish one record from every other.
    """

    cursor: str | None = None
    key: tuple[str, ...] = field(default=())


#: No cursor and no key: a source is read whole, in its own order.
UNORDERED = Order()


@runtime_checkable
class Source(Protocol):
    """A place that gives records, read in batches of flat memory.

    The records of a batch are the rows of a :class:`polars.DataFrame`; a field holds the value as
    the source gives it (a list if the source gives several), under the source's own name,
    lower-cased if the source ignores case (SQL).
    """

    #: A name for messages: what and where, never with a password.
    label: str

    def schema(self) -> dict[str, str]:
        """Return the fields of a record and their types, as the source names them."""
        ...

    def count(self, window: Window = ALL) -> int:
        """Ask the source how many records the window holds, independently of reading them."""
        ...

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read the records of a window, ordered by cursor and key, each exactly once."""
        ...


def read_batches(source: Source, window: Window, size: int = 0) -> Iterator[pl.DataFrame]:
    """Read the records of a window in batches of a size, or of the one that the source chooses.

    Parameters
    ----------
    source : Source
        Where the records come from.
    window : Window
        Which of them.
    size : int, optional
        The number of records in a batch; if it is 0, the source chooses.
    """
    return source.batches(window, size) if size else source.batches(window)


@runtime_checkable
class Digesting(Source, Protocol):
    """A source whose digest of a record covers all of it: with the same one it is unchanged."""

    digests_cover_records: bool


@runtime_checkable
class Skipping(Source, Protocol):
    """A source that finds more than it can give, and counts what it leaves out."""

    #: How many things the last reading left out, by what they are.
    skipped: Mapping[str, int]


def describe_skipped(source: Source) -> str:
    """Return what the last reading of a source left out, in a line; empty if that is nothing."""
    if not isinstance(source, Skipping) or not source.skipped:
        return ""
    counts = sorted(source.skipped.items())
    return "left out: " + "; ".join(f"{count} {what}" for what, count in counts)


class SourceClass(Protocol):
    """What builds a source: its class, which every kind has in its package."""

    def from_file(self, path: Path, order: Order = UNORDERED) -> Source:
        """Build the source that a source file describes.

        Parameters
        ----------
        path : pathlib.Path
            The source file, of this kind.
        order : Order
            The cursor and the key; a key that it doesn't name is taken from the file.

        Raises
        ------
        ConfigurationError
            If the file, or the credential it names, is wrong.
        """
        ...


@runtime_checkable
class Divisible(Source, Protocol):
    """A source that can find where a window may be cut, so that several processes share it."""

    def cut_points(self, window: Window, size: int) -> list[CursorValue]:
        """Return ascending values of the cursor that leave about ``size`` records in between."""
        ...


@runtime_checkable
class Reconcilable(Source, Protocol):
    """A source that can say cheaply which records it holds, to be compared with the table."""

    #: ``digest`` if the source hashes a record itself, ``key`` if it only lists keys.
    compared_by: Literal["digest", "key"]

    def digests(self, bounds: list[str]) -> pl.DataFrame:
        """Summarise the records between consecutive keys.

        Parameters
        ----------
        bounds : list of str
            Ascending keys, n of them, which make n + 1 parts: part 0 holds the keys below
            ``bounds[0]``, part i those with ``bounds[i - 1] <= key < bounds[i]``, part n the rest.

        Returns
        -------
        polars.DataFrame
            ``part`` (int) and ``digest`` (int, a sum over the records' hashes); a part without
            records may be missing.
        """
        ...

    def keys(self, low: str | None, high: str | None) -> pl.DataFrame:
        """List ``record_key`` and ``record_digest`` (int or null) of ``low <= key < high``."""
        ...

    def fetch(self, keys: list[str]) -> Iterator[pl.DataFrame]:
        """Read the records with these keys."""
        ...
