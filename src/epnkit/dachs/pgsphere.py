"""Creating pg_sphere in a database, even if PostgreSQL refuses the script that Debian 12 ships.

The script of pg_sphere 1.2.0 ends with two operators for DaCHS, ``@``, that call ``@>`` their
commutator and ``!<@`` their negator, which belong to ``<@`` already. PostgreSQL 15.18 accepts that,
15.20 does not. The script is then run without these claims, which only the planner would use.

For the database of a system DaCHS, as its superuser::

    python -m epnkit.dachs.pgsphere dbname=gavo
"""

from __future__ import annotations

import re
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import psycopg2.errors
from psycopg2.extensions import connection, cursor

from epnkit.errors import DeployError

#: An operator's definition, and a clause of it.
_OPERATOR = re.compile(r"CREATE OPERATOR\s+(?P<name>\S+)\s*\((?P<body>[^;]*)\);")
_CLAIM = re.compile(r"\b(LEFTARG|RIGHTARG|COMMUTATOR|NEGATOR)\s*=\s*'?([^\s',]+)'?,?")

#: A line of a script that only psql understands.
_OF_PSQL = re.compile(r"^\\.*$", re.MULTILINE)

_SCRIPT = """
SELECT setting || '/extension/pg_sphere--' || default_version || '.sql'
FROM pg_config, pg_available_extensions
WHERE pg_config.name = 'SHAREDIR' AND pg_available_extensions.name = 'pg_sphere'
"""

_REGISTER = """
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
SELECT pg_nextoid('pg_extension', 'oid', 'pg_extension_oid_index'), name, r.oid, n.oid, true,
  default_version
FROM pg_available_extensions, pg_roles r, pg_namespace n
WHERE name = 'pg_sphere' AND rolname = current_user AND nspname = 'public'
"""

#: What this transaction created; array types belong to their element types.
_CREATED_OBJECTS = """
WITH now AS (SELECT pg_current_xact_id()::xid AS xid), made AS (
  SELECT tableoid, oid FROM pg_proc, now WHERE xmin = xid
  UNION ALL SELECT tableoid, oid FROM pg_type, now WHERE xmin = xid AND typcategory <> 'A'
  UNION ALL SELECT tableoid, oid FROM pg_operator, now WHERE xmin = xid
  UNION ALL SELECT tableoid, oid FROM pg_cast, now WHERE xmin = xid
  UNION ALL SELECT tableoid, oid FROM pg_opfamily, now WHERE xmin = xid
  UNION ALL SELECT tableoid, oid FROM pg_opclass, now WHERE xmin = xid
)
SELECT type, identity FROM made, pg_identify_object(tableoid, oid, 0)
"""


def create_pgsphere(opened: connection) -> None:
    """Create the extension ``pg_sphere``, unless it exists.

    Parameters
    ----------
    opened : psycopg2 connection
        To the database, as a superuser; not autocommitting.

    Raises
    ------
    DeployError
        If the server has no pg_sphere.
    """
    opened.rollback()
    try:
        with opened, opened.cursor() as asked:
            asked.execute("CREATE EXTENSION IF NOT EXISTS pg_sphere")
    except psycopg2.errors.InvalidFunctionDefinition:
        with opened, opened.cursor() as asked:
            run_without_claims(asked)
    except psycopg2.Error as error:
        raise DeployError(
            "pg_sphere cannot be created",
            why=str(error).strip(),
            cure=f"Run scripts/setup, or install {name_package(opened)}.",
        ) from None


def name_package(opened: connection) -> str:
    """Name the package of Debian that holds pg_sphere for the server of a connection."""
    return f"postgresql-{opened.info.server_version // 10_000}-pgsphere"


def run_without_claims(asked: cursor) -> None:
    """Run the extension's script without what PostgreSQL refuses, and register the extension.

    Parameters
    ----------
    asked : psycopg2 cursor
        A superuser's, in a transaction.

    Raises
    ------
    DeployError
        If the script cannot be read on this machine.
    """
    asked.execute(_SCRIPT)
    (path,) = asked.fetchone() or ("",)
    try:
        script = _OF_PSQL.sub("", Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise DeployError(
            "the script of pg_sphere cannot be read",
            where=path,
            why=error.strerror,
            cure=f"Run this on the machine of the database, with {name_package(asked.connection)}.",
        ) from None
    asked.execute("SET LOCAL client_min_messages = error")  # a type is a shell at first
    asked.execute(remove_claims(script).replace("MODULE_PATHNAME", "$libdir/pg_sphere"))
    asked.execute(_CREATED_OBJECTS)
    made = asked.fetchall()
    asked.execute(_REGISTER)
    for kind, identity in made:
        asked.execute(f"ALTER EXTENSION pg_sphere ADD {kind} {identity}")


def remove_claims(script: str) -> str:
    """Remove the commutators and negators that belong to another operator.

    Parameters
    ----------
    script : str
        SQL with definitions of operators.
    """
    operators = {_signature(found): _claims(found) for found in _OPERATOR.finditer(script)}

    def rewrite(found: re.Match[str]) -> str:
        name, left, right = _signature(found)
        other = operators.get((_claims(found).get("COMMUTATOR"), right, left))
        mutual = other is None or other.get("COMMUTATOR") == name
        return found[0] if mutual else _CLAIM.sub(_drop_claim, found[0])

    return _OPERATOR.sub(rewrite, script)


def _claims(operator: re.Match[str]) -> dict[str, str]:
    return dict(_CLAIM.findall(operator["body"]))


def _signature(operator: re.Match[str]) -> tuple[str | None, str | None, str | None]:
    claims = _claims(operator)
    return operator["name"], claims.get("LEFTARG"), claims.get("RIGHTARG")


def _drop_claim(claim: re.Match[str]) -> str:
    return "" if claim[1] in ("COMMUTATOR", "NEGATOR") else claim[0]


def main(dsn: str) -> None:
    """Create the extension in the database that libpq finds by ``dsn``."""
    try:
        with closing(psycopg2.connect(dsn)) as opened:
            create_pgsphere(opened)
    except (DeployError, OSError, psycopg2.Error) as error:
        sys.exit(f"epnkit: {str(error).strip()}")


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
