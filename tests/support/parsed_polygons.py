"""A DaCHS whose PostgreSQL parses every polygon, as one without epnkit's functions does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from epnkit.dachs.private import PrivateDachs
from epnkit.loading.table.validated_polygons import install_polygon_functions


@contextmanager
def parse_polygons(dachs: PrivateDachs) -> Iterator[None]:
    """Take the functions for proven polygons away for as long as the context lasts."""
    with closing(dachs.cluster.connect()) as link:
        with link.cursor() as cursor:
            cursor.execute("DROP FUNCTION epnkit.spoly_bytes(spoly)")
        try:
            yield
        finally:
            install_polygon_functions(link)
