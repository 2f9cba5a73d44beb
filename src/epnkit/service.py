"""A service: what a folder of ``resources/`` declares in its ``service.py``."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from epnkit.errors import ConfigurationError
from epnkit.mapping.declare import Mapping
from epnkit.modules import run_file
from epnkit.sources.base import CursorValue, Order

if TYPE_CHECKING:
    from epnkit.datalink.collections import Collection
    from epnkit.datalink.links import Link
    from epnkit.datalink.streams import Stream

#: What a service, and so its schema and its folder, may be called.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


@dataclass(frozen=True)
class Cursor:
    """How far an import got, and what the next one reads again.

    Parameters
    ----------
    field : str
        A field of the record that grows with time: a run date, a modification date, an id.
    lag : datetime.timedelta, int or float
        How far back of the last value a run re-reads, for records that arrive late; a number
        where the field is one.
    initial_value : optional
        Where the very first run starts; by default with the first record.
    nulls : {"always", "first", "refuse"}
        What happens to records without a value: read in every run, only in the first, or
        quarantined.
    """

    field: str
    lag: timedelta | int | float = 0
    initial_value: CursorValue | None = None
    nulls: Literal["always", "first", "refuse"] = "always"


#: What tells one file from every other, for a service whose source is files.
FILE_KEY = ("path",)

#: By what files are read incrementally; those of the last month again, since what belongs to an
#: observation (raw files, plots) comes within days of it, with the times it was made at.
FILE_CURSOR = Cursor("modified", lag=timedelta(days=30))


@dataclass(frozen=True)
class Service:
    """All that tells one service from another, except what its RD says to the world.

    Parameters
    ----------
    name : str
        The folder's name, the schema's and EPNcore's ``service_title``.
    frame : str
        The ``spatial_frame_type`` of the table, as in the RD.
    mapping : Mapping
        How a record becomes a granule.
    key : tuple of str
        The fields that tell one record from every other.
    cursor : Cursor, optional
        By what the source is read incrementally; without one it is read whole each time.
    source : str
        The source file, in the service's folder.
    links : tuple of Link
        What datalink offers for a granule.
    collections : tuple of Collection
        The publications that granules are part of: they fill ``bib_reference``, and each has a
        link.
    streams : tuple of Stream
        Data sets of HAPI and Das2 servers that granules are part of.
    refuse_share : float
        The share of refused records above which a load is taken to be plainly broken and stopped.
    folder : pathlib.Path
        Where the service lies; :func:`load` sets it.
    """

    name: str
    frame: Literal["body", "celestial", "cartesian", "spherical", "cylindrical", "none"]
    mapping: Mapping
    key: tuple[str, ...]
    cursor: Cursor | None = None
    source: str = "source.toml"
    links: tuple[Link, ...] = ()
    collections: tuple[Collection, ...] = ()
    streams: tuple[Stream, ...] = ()
    refuse_share: float = 0.2
    folder: Path = Path()

    def __post_init__(self) -> None:
        require_name(self.name)
        rule = self.mapping.fold
        if rule is not None and not {*self.key} <= {*rule.by}:
            raise ConfigurationError(
                f"records of several keys become one: the key is {', '.join(self.key)}, but they"
                f" are folded by {', '.join(rule.by)}",
                why="a granule is known by the key of its record",
                cure="Fold by the key too, or take as the key what they are folded by.",
            )
        read = {name for link in self.all_links for name in link.columns}
        read |= {name for stream in self.streams for name in stream.where}
        unmade = sorted(read - {*self.mapping.names})
        if unmade:
            raise ConfigurationError(
                f"a link, collection or stream reads {', '.join(unmade)}, which no column is",
                cure="Declare the column in the mapping, or let the link read a field.",
            )

    @property
    def all_links(self) -> tuple[Link, ...]:
        """The links of a granule, those to its publications last."""
        return self.links + tuple(collection.link for collection in self.collections)

    @property
    def order(self) -> Order:
        """How the source is to order its records."""
        return Order(self.cursor.field if self.cursor else None, self.key)

    @property
    def fields(self) -> set[str]:
        """The fields of a record that the service reads."""
        ordering = {*self.key, *((self.cursor.field,) if self.cursor else ())}
        return self.mapping.fields.union(ordering, *(link.fields for link in self.links))

    @property
    def source_file(self) -> Path:
        """Where the source file lies."""
        return self.folder / self.source


def require_name(name: str) -> None:
    """Refuse a name that a service cannot have.

    Raises
    ------
    ConfigurationError
        With what a name is.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} cannot be the name of a service",
            why="it becomes the name of a schema",
            cure="Take a lower-case letter and then at most 30 letters, digits or underscores.",
        )


def load(folder: Path) -> Service:
    """Read the service that a folder declares.

    Parameters
    ----------
    folder : pathlib.Path
        A folder with a ``service.py`` that defines ``service``.

    Raises
    ------
    ConfigurationError
        Where there is none, or it cannot be run; the cause is named with file and line.
    """
    folder = folder.resolve()
    path = folder / "service.py"
    if not path.is_file():
        raise ConfigurationError(
            "there is no service.py", where=str(folder), cure="Name a folder that holds a service."
        )
    service = _execute(path, f"epnkit_service_{folder.name}")
    if service.name != folder.name:
        raise ConfigurationError(
            f"the service calls itself {service.name}, its folder {folder.name}",
            where=str(path),
            cure="Give both the same name.",
        )
    return replace(service, folder=folder)


def _execute(path: Path, name: str) -> Service:
    service = getattr(run_file(path, name), "service", None)
    if not isinstance(service, Service):
        raise ConfigurationError(
            "it defines no service", where=str(path), cure="Assign a Service to the name service."
        )
    return service
