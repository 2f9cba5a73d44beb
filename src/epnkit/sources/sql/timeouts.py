"""Time limits at the server: otherwise a query would continue after epnkit stopped waiting."""

from __future__ import annotations

#: Sets the form of times: those with a zone are sent in UTC, and dates in ISO 8601.
_SETTINGS = {
    "postgresql": "SELECT set_config('TimeZone', 'UTC', false),"
    " set_config('DateStyle', 'ISO, YMD', false)"
}

#: The longest limit, in seconds: PostgreSQL's milliseconds have 31 bits.
_LONGEST = 2_000_000

#: Sets PostgreSQL's limit (milliseconds; 0 is none), unless the server has a stricter one.
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


def write_session_statements(dialect: str, seconds: float) -> list[str]:
    """Write the statements that prepare a session: a time limit, and the form of times.

    The server counts until it has sent the last row: this is not for results that are streamed. For
    a cursor of PostgreSQL it counts each FETCH.

    Parameters
    ----------
    dialect : str
        The database.
    seconds : float
        How long a statement of the session may take.
    """
    wanted = (_write_limit(dialect, seconds), _SETTINGS.get(dialect))
    return [statement for statement in wanted if statement is not None]


def _write_limit(dialect: str, seconds: float) -> str | None:
    """Write the statement that limits each statement of a session; None if no way is known."""
    allowed = min(seconds, _LONGEST)
    known = _LIMITS.get(dialect)
    return known and known.format(seconds=f"{allowed:.3f}", milliseconds=round(allowed * 1000))
