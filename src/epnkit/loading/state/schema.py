"""The books that epnkit keeps in DaCHS's database, made where they are missing.

It stands apart from the ledger, which knows records and their rules: who only looks into the books
need not wait for polars and astropy.
"""

from __future__ import annotations

from importlib import resources

from psycopg2.extensions import connection


def prepare_books(own: connection) -> None:
    """Make the ledger and its companions where they are missing.

    Parameters
    ----------
    own : psycopg2 connection
        An autocommitting connection of DaCHS's administrator.
    """
    statements = resources.files("epnkit.loading.state").joinpath("books.sql").read_text()
    with own.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('epnkit books'))")
        try:
            cursor.execute(statements)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('epnkit books'))")
