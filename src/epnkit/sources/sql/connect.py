"""Talking to databases by ODBC or SQLAlchemy, whichever a credential is for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from epnkit.errors import SourceError
from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.session import Session, Told


@contextmanager
def session(
    secret: Secret, silence: float, encoding: str | None = None, *, paged: bool = False
) -> Iterator[Session]:
    """Open a connection for a while.

    Parameters
    ----------
    secret : Secret
        An ODBC connection string or a SQLAlchemy URL.
    silence : float
        How many seconds the database may say nothing.
    encoding : str, optional
        The encoding of texts, where the driver doesn't say it itself (by ODBC, and of SQLite).
    paged : bool
        Whether results may be asked for page by page, because records have a key.

    Raises
    ------
    SourceError
        When the driver is missing, or the database refuses.
    TransientSourceError
        When the database cannot be reached now.
    """
    made = _opened(secret, Told(secret, silence), encoding, paged=paged)
    try:
        yield made
    finally:
        with suppress(SourceError):  # a broken connection can't be closed, and needn't be
            made.close()


def _opened(secret: Secret, told: Told, encoding: str | None, *, paged: bool) -> Session:
    """Load the one library that the credential is for: SQLAlchemy takes its time."""
    if secret.kind == "odbc":
        from epnkit.sources.sql.odbc import OdbcSession

        return OdbcSession(told, secret.reveal(), encoding, paged=paged)
    from epnkit.sources.sql.alchemy import AlchemySession

    return AlchemySession(told, secret, encoding)
