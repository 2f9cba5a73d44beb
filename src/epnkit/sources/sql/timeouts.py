"""Letting the server itself end what takes too long: else it goes on after we gave up waiting."""

from __future__ import annotations

#: The longest limit that is asked for, in seconds: PostgreSQL's milliseconds have 31 bits.
_LONGEST = 2_000_000

#: Sets PostgreSQL's limit (milliseconds; 0 is none), unless a stricter one is set there.
_POSTGRESQL = (
    "SELECT set_config('statement_timeout', '{milliseconds}', false) FROM pg_settings"
    " WHERE name = 'statement_timeout'"
    " AND CAST(setting AS bigint) NOT BETWEEN 1 AND {milliseconds}"
)

#: The same for MariaDB and for MySQL from 5.7.8 on, each of which reads its own comment as SQL:
#: MariaDB takes seconds, MySQL milliseconds.  `@epnkit` keeps the statement valid on servers that
#: read neither comment.
_MYSQL = (
    "SET @epnkit = 1"
    " /*M!100101 , SESSION max_statement_time ="
    " IF(@@max_statement_time BETWEEN 0.000001 AND {seconds}, @@max_statement_time, {seconds}) */"
    " /*!50708 , SESSION max_execution_time ="
    " IF(@@max_execution_time BETWEEN 1 AND {milliseconds}, @@max_execution_time, {milliseconds})"
    " */"
)

_LIMITS = {"postgresql": _POSTGRESQL, "mysql": _MYSQL}


def write_limit_statement(dialect: str, seconds: float) -> str | None:
    """Write the statement that limits each statement of a session.

    The server counts until it has sent the last row, so that this is not for answers that are
    taken from it at leisure; of PostgreSQL's cursors it counts each FETCH.

    Parameters
    ----------
    dialect : str
        The database.
    seconds : float
        How long a statement may take.

    Returns
    -------
    str or None
        None if no way is known.
    """
    allowed = min(seconds, _LONGEST)
    known = _LIMITS.get(dialect)
    return known and known.format(seconds=f"{allowed:.3f}", milliseconds=round(allowed * 1000))
