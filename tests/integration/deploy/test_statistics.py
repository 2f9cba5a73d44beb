"""What PostgreSQL knows of the columns of a table: nothing of addresses."""

from __future__ import annotations

from contextlib import closing

from epnkit.dachs.private import PrivateDachs

_COLUMNS = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = 'hfc1ar' AND table_name = 'epn_core'
"""
_KNOWN = "SELECT attname FROM pg_stats WHERE schemaname = 'hfc1ar' AND tablename = 'epn_core'"


def test_an_import_analyses_all_columns_but_addresses(dachs: PrivateDachs, hfc1ar: str) -> None:
    with closing(dachs.cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute(_KNOWN)
        known = {name for (name,) in cursor.fetchall()}
        cursor.execute(_COLUMNS)
        unknown = {name for (name,) in cursor.fetchall()} - known
    assert {"granule_uid", "time_min", "s_region", "access_format"} <= known
    assert {"access_url", "thumbnail_url", "datalink_url"} <= unknown
