"""What the role of the streaming server's database can do besides reading what TAP publishes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from epnkit.doctor.checks import Finding

#: What a role may write, and which schemas, tables apart, it may make something in.
_WRITABLE = """
SELECT n.nspname || '.' || c.relname, lower(p) FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace,
unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p
WHERE c.relkind IN ('r', 'p', 'v', 'f', 'm') AND n.nspname <> 'information_schema'
AND n.nspname !~ '^pg_' AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, p)
UNION ALL SELECT nspname, 'create' FROM pg_namespace
WHERE nspname !~ '^pg_' AND has_schema_privilege(oid, 'CREATE') ORDER BY 1, 2
"""

#: What a role may read and TAP does not publish; the schemas are DaCHS's own.
_READABLE = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'f', 'm') AND n.nspname !~ '^pg_'
AND n.nspname NOT IN ('information_schema', 'tap_schema', 'ivoa') AND NOT c.relispartition
AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
AND NOT EXISTS (SELECT FROM tap_schema.tables t
  WHERE lower(t.table_name) = n.nspname || '.' || c.relname) ORDER BY 1
"""

_POWERS = """
SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles
WHERE rolname = current_user
"""


def find_powers(connection: Any) -> Iterator[Finding]:
    """Find what the role can do besides reading what TAP publishes.

    Parameters
    ----------
    connection : psycopg2 connection
        As the role.
    """
    with connection.cursor() as cursor:
        cursor.execute(_POWERS)
        name, *powers = cursor.fetchone()
        if any(powers):
            yield _report_power(name, "a superuser, or may make roles or databases", "ALTER ROLE")
        cursor.execute(_WRITABLE)
        for where, verb in cursor.fetchall():
            kind = "SCHEMA " if verb == "create" else ""
            revoke = f"REVOKE {verb.upper()} ON {kind}{where} FROM {name}, PUBLIC"
            yield _report_power(name, f"allowed to {verb} in {where}", revoke)
        cursor.execute(_READABLE)
        for (where,) in cursor.fetchall():
            revoke = f"REVOKE SELECT ON {where} FROM {name}, PUBLIC"  # noqa: S608 - shown only
            yield _report_power(name, f"allowed to read {where}", revoke)


def _report_power(role: str, what: str, cure: str) -> Finding:
    return Finding(
        f"the role {role} is {what}",
        role,
        "with it, the streaming server and everybody's ADQL read the database",
        f"As PostgreSQL's superuser, in DaCHS's database: {cure}.",
    )
