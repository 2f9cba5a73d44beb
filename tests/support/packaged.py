"""A service with a table of granules that can be packages, made without DaCHS's import."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg2.extras import execute_values

from epnkit.dachs.private import PrivateDachs
from epnkit.loading.state.schema import create_state_schema

SERVICE = "maps"

SIP = """
tenant = "Solar"
owner = "epnkit"
session = "maps"
tags = ["DEM"]
[[storage]]
id = "Local"
"""

_COLUMNS = (
    "granule_uid text PRIMARY KEY, granule_gid text, obs_id text, dataproduct_type text,"
    " target_name text, time_min double precision, time_max double precision,"
    " instrument_host_name text, instrument_name text, s_region spoly, access_url text,"
    " access_format text, access_estsize bigint, access_md5 text, thumbnail_url text,"
    " service_title text, creation_date timestamp, modification_date timestamp"
)


def list_rows(count: int, first: int = 0) -> Iterator[tuple[Any, ...]]:
    """Give the rows of so many granules."""
    for number in range(first, first + count):
        uid = f"map-{number:07d}"
        url = f"https://synthetic.example/maps/{uid}.fits"
        md5 = hashlib.md5(uid.encode(), usedforsecurity=False).hexdigest()
        time = 2460000.5 + number / 1440
        yield (
            *(uid, "map", f"obs-{number // 4}", "im", "Sun", time, time, "SDO", "AIA"),
            *(url, "application/fits", 4096, md5, SERVICE, "2026-01-01", "2026-01-01"),
        )


_NAMES = (
    "granule_uid, granule_gid, obs_id, dataproduct_type, target_name, time_min, time_max,"
    " instrument_host_name, instrument_name, access_url, access_format, access_estsize,"
    " access_md5, service_title, creation_date, modification_date"
)


@dataclass(frozen=True)
class Packaged:
    """The table of the service, and the state tables, in the database of a private DaCHS.

    Parameters
    ----------
    connection : psycopg2 connection
        An autocommitting connection as DaCHS's administrator.
    """

    connection: Any

    def execute(self, statement: str, *values: Any) -> None:
        """Run a statement."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values or None)

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a query."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def add(self, count: int, first: int = 0) -> None:
        """Add granules, as a load does."""
        with self.connection.cursor() as cursor:
            execute_values(
                cursor,
                f"INSERT INTO maps.epn_core ({_NAMES}) VALUES %s",
                list_rows(count, first),
                page_size=5000,
            )
        self.execute(
            "INSERT INTO epnkit.granules_maps SELECT granule_uid, granule_uid, 0, '[]',"
            " md5(granule_uid)::uuid FROM maps.epn_core LEFT JOIN epnkit.granules_maps"
            " USING (granule_uid) WHERE epnkit_key IS NULL"
        )

    def change(self, uid: str, instrument: str) -> None:
        """Change a granule, as a load does."""
        self.execute(
            "UPDATE maps.epn_core SET instrument_name = %s WHERE granule_uid = %s", instrument, uid
        )
        self.execute(
            "UPDATE epnkit.granules_maps SET epnkit_content = md5(%s)::uuid WHERE granule_uid = %s",
            uid + instrument,
            uid,
        )

    def delete(self, uid: str) -> None:
        """Delete a granule, as a load does."""
        self.execute("DELETE FROM maps.epn_core WHERE granule_uid = %s", uid)
        self.execute("DELETE FROM epnkit.granules_maps WHERE granule_uid = %s", uid)

    def states(self) -> dict[str, int]:
        """Count the current packages by state."""
        found = self.query("SELECT state, count(*) FROM epnkit.packages WHERE current GROUP BY 1")
        return {str(state): int(count) for state, count in found}


@contextmanager
def open_packaged(dachs: PrivateDachs, count: int) -> Iterator[Packaged]:
    """Make the table with so many granules, and drop it at the end."""
    with closing(dachs.cluster.connect()) as opened:
        opened.cursor().execute("SET ROLE gavoadmin")
        create_state_schema(opened)
        made = Packaged(opened)
        made.execute(f"CREATE SCHEMA maps CREATE TABLE maps.epn_core ({_COLUMNS})")
        made.execute(
            "CREATE TABLE epnkit.granules_maps (granule_uid text NOT NULL UNIQUE, epnkit_key text"
            " NOT NULL, epnkit_digest bigint, epnkit_links text NOT NULL, epnkit_content uuid NOT"
            " NULL)"
        )
        try:
            made.add(count)
            yield made
        finally:
            made.execute("DROP SCHEMA maps CASCADE")
            made.execute("DROP TABLE epnkit.granules_maps")
            made.execute("TRUNCATE epnkit.packages, epnkit.odd_answers")


def write_settings(directory: Path, more: str = "") -> Path:
    """Write a sip.toml."""
    path = directory / "sip.toml"
    path.write_text(more + SIP)
    return path
