"""Opening a session with a database, by ODBC or SQLAlchemy, whichever its credential is for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from epnkit.errors import SourceError
from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.session import DriverCaller, SqlSession


@contextmanager
def open_session(
    secret: Secret, read_timeout: float, encoding: str | None = None, *, paged: bool = False
) -> Iterator[SqlSession]:
    """Open a session for the duration of a context.

    Parameters
    ----------
    secret : Secret
        An ODBC connection string or a SQLAlchemy URL.
    read_timeout : float
        How many seconds the database may send nothing.
    encoding : str, optional
        The encoding of texts, if the driver doesn't give it (by ODBC, and of SQLite).
    paged : bool
        Whether results may be read page by page, because records have a key.

    Raises
    ------
    SourceError
        If the driver is missing, or the database refuses.
    TransientSourceError
        If the database cannot be reached now.
    """
    session = _connect(secret, DriverCaller(secret, read_timeout), encoding, paged=paged)
    try:
        yield session
    finally:
        with suppress(SourceError):  # a broken connection can't be closed, and needn't be
            session.close()


def _connect(
    secret: Secret, call_driver: DriverCaller, encoding: str | None, *, paged: bool
) -> SqlSession:
    """Import only the library that the credential is for: SQLAlchemy takes long to import."""
    if secret.kind == "odbc":
        from epnkit.sources.sql.odbc import OdbcSession

        return OdbcSession(call_driver, secret.reveal(), encoding, paged=paged)
    from epnkit.sources.sql.alchemy import AlchemySession

    return AlchemySession(call_driver, secret, encoding)
