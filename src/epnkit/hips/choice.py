"""Finding the map that somebody names: a file, an address, or a granule of a service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

from psycopg2 import sql

from epnkit.client.download import RemoteFile, download
from epnkit.dachs.instance import DachsInstance
from epnkit.errors import ConfigurationError, SourceError
from epnkit.loading.table.catalog import table_exists

#: The newest map, or the granule of a name.
_CHOSEN = """
    SELECT address FROM {table} t, LATERAL (SELECT to_jsonb(t) ->> 'access_url' AS address) known
    WHERE address IS NOT NULL
    AND CASE WHEN %(uid)s = '' THEN dataproduct_type LIKE '%%ma%%' ELSE granule_uid = %(uid)s END
    ORDER BY time_max DESC, granule_uid LIMIT 1
"""


@contextmanager
def open_chosen(named: str, find_instance: Callable[[], DachsInstance]) -> Iterator[Path]:
    """Give the FITS file of a map, fetched if it is elsewhere, until the context ends.

    Parameters
    ----------
    named : str
        A file; an address; or a service of the DaCHS, ``medoc_synoptic`` for its newest map, with
        a granule for that one: ``medoc_synoptic/syn171_20040302.005959``.
    find_instance : callable
        Gives the DaCHS, if it is needed.

    Raises
    ------
    ConfigurationError
        If there is neither such a file nor such a granule.
    SourceError
        If the file cannot be fetched.
    """
    if Path(named).is_file():
        yield Path(named)
        return
    url = named if "://" in named else find_address(find_instance(), named)
    with TemporaryDirectory(prefix="epnkit-map-") as name:
        yield _fetch(url, Path(name))


def find_address(instance: DachsInstance, named: str) -> str:
    """Find the address of a service's newest map, or of one of its granules.

    Parameters
    ----------
    instance : DachsInstance
        The DaCHS.
    named : str
        The service, perhaps with a slash and the granule.

    Raises
    ------
    ConfigurationError
        If there is no such service, or it has no such map.
    """
    service, _, uid = named.partition("/")
    with instance.ensure_running(), instance.connect() as connection:
        if not table_exists(connection, service, "epn_core"):
            raise _not_found(named, "it is neither a file nor a service of this DaCHS")
        with connection.cursor() as cursor:
            query = sql.SQL(_CHOSEN).format(table=sql.Identifier(service, "epn_core"))
            cursor.execute(query, {"uid": uid})
            row = cursor.fetchone()
    if row is None:
        raise _not_found(named, "the service has no such map with an address")
    return str(row[0])


def _not_found(named: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"there is no map {named!r}",
        why=why,
        cure="Give a FITS file, its address, or a service with a granule: SERVICE/GRANULE.",
    )


def _fetch(url: str, directory: Path) -> Path:
    name = unquote(urlsplit(url).path).rpartition("/")[2] or "map.fits"
    (found,) = download([RemoteFile(url, name)], directory)
    if found.problem:
        raise SourceError(
            "the map cannot be fetched",
            why=found.problem.rstrip("."),
            cure="See that the address is right and that its server runs.",
        )
    return found.path
