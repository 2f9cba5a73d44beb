"""A service: what a folder of ``resources/`` declares in its ``service.py``."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from epnkit.epncore.rowrules.access import LINK_SCHEMES
from epnkit.errors import ConfigurationError
from epnkit.mapping.declare import Mapping
from epnkit.modules import import_attribute, run_declaration
from epnkit.sources.base import CursorValue, Order

if TYPE_CHECKING:
    from epnkit.datalink.collections import Collection, read_collections
    from epnkit.datalink.embargo import Embargo
    from epnkit.datalink.links import Link, companion, documentation, granule, helioviewer, this
    from epnkit.datalink.streams import Stream
    from epnkit.streaming.declare import Axis, DataSet, Events, Variable
    from epnkit.streaming.readers.cdf import CdfFile
    from epnkit.streaming.readers.kronos import (
        read_kronos_n1,
        read_kronos_n2,
        read_kronos_n3,
        read_kronos_n3b,
    )
    from epnkit.streaming.readers.nda import RoutineCdf, read_new_routine
    from epnkit.streaming.readers.pairs import PairedFile
    from epnkit.streaming.readers.radio import read_orfees, read_wind_averages
    from epnkit.streaming.readers.tables import Table, TableFile, group_sweeps, read_records
    from epnkit.streaming.readers.voyager import VoyagerLowBand, read_voyager_summary
    from epnkit.times.periods import Partition

__all__ = [
    "FILE_CURSOR",
    "FILE_KEY",
    "Axis",
    "CdfFile",
    "Collection",
    "Cursor",
    "DataSet",
    "Embargo",
    "Events",
    "Link",
    "PairedFile",
    "Partition",
    "RoutineCdf",
    "Service",
    "Stream",
    "Table",
    "TableFile",
    "Variable",
    "VoyagerLowBand",
    "companion",
    "documentation",
    "granule",
    "group_sweeps",
    "helioviewer",
    "read_collections",
    "read_kronos_n1",
    "read_kronos_n2",
    "read_kronos_n3",
    "read_kronos_n3b",
    "read_new_routine",
    "read_orfees",
    "read_records",
    "read_voyager_summary",
    "read_wind_averages",
    "this",
]

#: Where names are defined that a ``service.py`` takes from here too.
_HOMES = {
    "Axis": "epnkit.streaming.declare:Axis",
    "CdfFile": "epnkit.streaming.readers.cdf:CdfFile",
    "Collection": "epnkit.datalink.collections:Collection",
    "DataSet": "epnkit.streaming.declare:DataSet",
    "Embargo": "epnkit.datalink.embargo:Embargo",
    "Events": "epnkit.streaming.declare:Events",
    "Link": "epnkit.datalink.links:Link",
    "PairedFile": "epnkit.streaming.readers.pairs:PairedFile",
    "Partition": "epnkit.times.periods:Partition",
    "RoutineCdf": "epnkit.streaming.readers.nda:RoutineCdf",
    "Stream": "epnkit.datalink.streams:Stream",
    "Table": "epnkit.streaming.readers.tables:Table",
    "TableFile": "epnkit.streaming.readers.tables:TableFile",
    "Variable": "epnkit.streaming.declare:Variable",
    "VoyagerLowBand": "epnkit.streaming.readers.voyager:VoyagerLowBand",
    "companion": "epnkit.datalink.links:companion",
    "documentation": "epnkit.datalink.links:documentation",
    "granule": "epnkit.datalink.links:granule",
    "helioviewer": "epnkit.datalink.links:helioviewer",
    "group_sweeps": "epnkit.streaming.readers.tables:group_sweeps",
    "read_collections": "epnkit.datalink.collections:read_collections",
    "read_kronos_n1": "epnkit.streaming.readers.kronos:read_kronos_n1",
    "read_kronos_n2": "epnkit.streaming.readers.kronos:read_kronos_n2",
    "read_kronos_n3": "epnkit.streaming.readers.kronos:read_kronos_n3",
    "read_kronos_n3b": "epnkit.streaming.readers.kronos:read_kronos_n3b",
    "read_new_routine": "epnkit.streaming.readers.nda:read_new_routine",
    "read_orfees": "epnkit.streaming.readers.radio:read_orfees",
    "read_wind_averages": "epnkit.streaming.readers.radio:read_wind_averages",
    "read_records": "epnkit.streaming.readers.tables:read_records",
    "read_voyager_summary": "epnkit.streaming.readers.voyager:read_voyager_summary",
    "this": "epnkit.datalink.links:this",
}


def __getattr__(name: str) -> Any:
    return import_attribute(__name__, _HOMES, name)


#: Columns that the loader fills in if the mapping does not.
_LOADER_DATES = ("creation_date", "modification_date", "release_date")

#: Allowed names of a service, and so of its schema and its folder.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


@dataclass(frozen=True)
class Cursor:
    """By what a source is read incrementally, and what each import reads again.

    Parameters
    ----------
    field : str
        A field of the record that grows with time: a run date, a modification date, an id.
    lag : datetime.timedelta, int or float
        How far before the last value a run starts, for records that arrive late; a number if the
        field is one.
    initial_value : optional
        Where the very first run starts; by default at the first record.
    nulls : {"always", "first", "refuse"}
        What happens to records without a value: they are read in every run, only in the first, or
        quarantined.

    Examples
    --------
    Records of the last day are read again, since some arrive late:

    >>> Cursor("run_date", lag=timedelta(days=1))
    Cursor(field='run_date', lag=datetime.timedelta(days=1), initial_value=None, nulls='always')
    """

    field: str
    lag: timedelta | int | float = 0
    initial_value: CursorValue | None = None
    nulls: Literal["always", "first", "refuse"] = "always"


#: The key of a record, for a service whose source is files.
FILE_KEY = ("path",)

#: The cursor of files.  Those of the last month are read again: the companions of an observation
#: (raw files, plots) arrive within days of it, with earlier modification times.
FILE_CURSOR = Cursor("modified", lag=timedelta(days=30))


@dataclass(frozen=True)
class Service:
    """What distinguishes a service from others, except for its RD.

    Parameters
    ----------
    name : str
        The folder's name, the schema's and EPNcore's ``service_title``.
    frame : str
        The ``spatial_frame_type`` of the table, as in the RD.
    mapping : Mapping
        How a record becomes a granule.
    key : tuple of str
        The fields that identify a record.
    cursor : Cursor, optional
        By what the source is read incrementally; without one, all of it is read each time.
    source : str
        The source file, in the service's folder.
    links : tuple of Link
        What datalink offers for a granule.
    collections : tuple of Collection
        The publications that granules are part of: each fills ``bib_reference`` and adds a link.
    streams : tuple of DataSet, Events or Stream
        Data sets that ``epnkit stream serve`` makes of the granules' files, or of the granules
        themselves if they are events, and data sets of other HAPI and Das2 servers that granules
        are part of.
    embargo : Embargo, optional
        Until when data are withheld.
    partition : Partition, optional
        By what its table is divided into parts; without it, the table is one.
    cluster : tuple of str
        The columns by which the granules of a batch are ordered when they are copied. What a query
        by an index over these columns finds then lies in few pages of the table.
    document : str, optional
        The service of the RD that gives a granule itself as a document, which ``access_url`` then
        leads to.
    link_schemes : tuple of str
        The schemes that links may have (rule 118).
    refuse_share : float
        The share of refused records above which a load is stopped.
    folder : pathlib.Path
        The service's folder; :func:`read_service` sets it.

    Raises
    ------
    ConfigurationError
        If the name cannot be that of a schema, records of different keys would be folded, a link,
        collection, stream, partition or cluster reads what is no column, or something contradicts
        the embargo.

    Examples
    --------
    >>> import polars as pl
    >>> from epnkit.mapping import Mapping
    >>> mapping = Mapping(
    ...     {
    ...         "granule_uid": pl.format("spot_{}", pl.col("id")),
    ...         "granule_gid": "sunspot",
    ...         "obs_id": pl.format("image_{}", pl.col("image")),
    ...         "target_name": "Sun",
    ...     }
    ... )
    >>> tower = Service("tower", frame="body", mapping=mapping, key=("id",), cursor=Cursor("id"))
    >>> sorted(tower.fields)
    ['id', 'image']
    """

    name: str
    frame: Literal["body", "celestial", "cartesian", "spherical", "cylindrical", "none"]
    mapping: Mapping
    key: tuple[str, ...]
    cursor: Cursor | None = None
    source: str = "source.toml"
    links: tuple[Link, ...] = ()
    collections: tuple[Collection, ...] = ()
    streams: tuple[DataSet | Events | Stream, ...] = ()
    embargo: Embargo | None = None
    partition: Partition | None = None
    cluster: tuple[str, ...] = ()
    document: str | None = None
    link_schemes: tuple[str, ...] = LINK_SCHEMES
    refuse_share: float = 0.2
    folder: Path = Path()

    def __post_init__(self) -> None:
        require_name(self.name)
        rule = self.mapping.fold
        if rule is not None and not {*self.key} <= {*rule.by}:
            raise ConfigurationError(
                f"records with different keys would be folded: the key is {', '.join(self.key)},"
                f" and they are folded by {', '.join(rule.by)}",
                why="a granule is identified by the key of its record",
                cure="Fold by the key too, or declare as the key what they are folded by.",
            )
        read = {name for link in self.all_links for name in link.columns}
        read |= {name for stream in self.streams for name in stream.where}
        missing = sorted(read - {*self.mapping.names})
        if missing:
            raise ConfigurationError(
                f"a link, collection or stream reads {', '.join(missing)}, which is no column",
                cure="Declare the column in the mapping, or let the link read a field.",
            )
        self._check_embargo()
        self._check_partition()
        self._check_cluster()
        self._check_document()

    def _check_document(self) -> None:
        if self.document is None:
            return
        require_name(self.document)
        if self.embargo is not None:
            raise ConfigurationError(
                f"there is an embargo, which does not withhold the document {self.document}",
                cure="Leave out one of them.",
            )
        if "access_url" in self.mapping.names:
            raise ConfigurationError(
                f"access_url is in the mapping, and would lead to the document {self.document}",
                cure="Leave out one of them.",
            )
        if not self.links:
            raise ConfigurationError(
                f"there is no datalink beside the document {self.document}",
                cure="Declare links: the document is one of what a granule offers.",
            )

    def _check_partition(self) -> None:
        if self.partition is None or self.partition.by in {*self.mapping.names, *_LOADER_DATES}:
            return
        raise ConfigurationError(
            f"the table is partitioned by {self.partition.by}, which is no column",
            cure="Declare the column in the mapping, or partition by another, such as time_min.",
        )

    def _check_cluster(self) -> None:
        unknown = [name for name in self.cluster if name not in self.mapping.names]
        if unknown:
            raise ConfigurationError(
                f"granules are clustered by {', '.join(unknown)}, which is no column",
                cure="Declare the column in the mapping, or leave it out of cluster.",
            )

    def _check_embargo(self) -> None:
        if self.embargo is None:
            return
        if "release_date" in self.mapping.names:
            raise ConfigurationError(
                "release_date is in the mapping, and there is an embargo, which sets it",
                cure="Leave it out of the mapping, and give it to the embargo as `until`.",
            )
        if self.streams:
            raise ConfigurationError(
                "the service has an embargo, and streams",
                why="a stream would give out the records of files that are withheld",
                cure="Leave out the streams, or publish what is open as a service of its own.",
            )

    @property
    def given_columns(self) -> set[str]:
        """The columns whose values come from the source, and not from the loader."""
        return {*self.mapping.names, *(() if self.embargo is None else ("release_date",))}

    @property
    def all_links(self) -> tuple[Link, ...]:
        """The links of a granule, with those to its publications last."""
        return self.links + tuple(collection.link for collection in self.collections)

    @property
    def order(self) -> Order:
        """The order in which the source gives its records."""
        return Order(self.cursor.field if self.cursor else None, self.key)

    @property
    def fields(self) -> set[str]:
        """The fields of a record that the service reads."""
        ordering = {*self.key, *((self.cursor.field,) if self.cursor else ())}
        embargo = self.embargo.fields if self.embargo else ()
        return self.mapping.fields.union(ordering, embargo, *(link.fields for link in self.links))

    @property
    def source_file(self) -> Path:
        """The path of the source file."""
        return self.folder / self.source


def require_name(name: str) -> None:
    """Check the name of a service.

    Raises
    ------
    ConfigurationError
        If a service cannot have this name.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} cannot be the name of a service",
            why="it becomes the name of a schema",
            cure="Use a lower-case letter, then at most 30 letters, digits or underscores.",
        )


def read_service(folder: Path) -> Service:
    """Read the service that a folder declares.

    Parameters
    ----------
    folder : pathlib.Path
        A folder with a ``service.py`` that defines ``service``.

    Raises
    ------
    ConfigurationError
        If there is none, or it defines no service, or one with another name than the folder.
    """
    folder = folder.resolve()
    path = folder / "service.py"
    if not path.is_file():
        raise ConfigurationError(
            "there is no service.py", where=str(folder), cure="Name a folder that holds a service."
        )
    service = _run_service_file(path, f"epnkit_service_{folder.name}")
    if service.name != folder.name:
        raise ConfigurationError(
            f"the service calls itself {service.name}, its folder {folder.name}",
            where=str(path),
            cure="Give both the same name.",
        )
    return replace(service, folder=folder)


def _run_service_file(path: Path, name: str) -> Service:
    service = getattr(run_declaration(path, name), "service", None)
    if not isinstance(service, Service):
        raise ConfigurationError(
            "it defines no service", where=str(path), cure="Assign a Service to the name service."
        )
    return service
