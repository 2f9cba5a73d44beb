"""Validated polygons as bytes: whether this server accepts them, and stores the right value.

pgsphere compares each edge of a polygon with every other when it reads one, which is nearly all of
the time of a load of regions.  A polygon that
:func:`~epnkit.regions.geometry.binary.polygon_bytes` has validated needs no second check.
"""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, Any

from epnkit.packaged import find_packaged

if TYPE_CHECKING:  # a DaCHS is deployed without loading anything
    from epnkit.loading.table.target import BatchEncoder, Target

#: The SQL that creates the functions; a superuser runs it once.
POLYGON_FUNCTIONS_FILE = "sql/30-trusted-polygons.sql"

#: Polygons that are compared before each load: 3 to 5 vertices, at longitude 0, near the poles, of
#: both signs.
SAMPLES = (
    "{(10.0000000d,5.0000000d),(11.0000000d,5.0000000d),(10.5000000d,6.5000000d)}",
    "{(359.1234567d,-89.1234567d),(0.7654321d,-88.0000001d),(120.0000000d,-87.9999999d)}",
    "{(0.0000000d,0.0000000d),(5.5555555d,0.0000000d),(5.5555555d,4.3210987d),(0.0000000d,4.0000000d)}",
    "{(179.9999999d,89.0000000d),(90.0000001d,88.5000000d),(0.0000000d,89.3333333d),(270.0d,88.7d)}",
    "{(301.1d,-12.3d),(302.2d,-12.4d),(303.3d,-11.5d),(302.8d,-10.6d),(301.7d,-10.2d)}",
)

#: Whether the functions exist, and this role may call them.
POLYGON_FUNCTIONS_CALLABLE = """
    SELECT bool_and(coalesce(has_function_privilege(to_regprocedure(name), 'EXECUTE'), false))
    FROM unnest(ARRAY['epnkit.spoly_trusted(bytea,bytea)', 'epnkit.spoly_bytes(spoly)']) AS name
"""

_COMPARED = """
    SELECT epnkit.spoly_bytes(%s::spoly) = %s AND epnkit.spoly_trusted('', %s) = %s::spoly
"""


def install_polygon_functions(superuser: Any) -> None:
    """Create the functions that take validated polygons as bytes, unless they exist.

    Parameters
    ----------
    superuser : psycopg2 connection
        To DaCHS's database, of a superuser; autocommitting.
    """
    with superuser.cursor() as cursor:
        cursor.execute("SELECT to_regprocedure('epnkit.spoly_bytes(spoly)')")
        if cursor.fetchone() != (None,):
            return
        cursor.execute(find_packaged(POLYGON_FUNCTIONS_FILE).read_text(encoding="utf-8"))


def polygon_columns(target: Target, names: Container[str]) -> tuple[str, ...]:
    """List those columns of a table among some that hold polygons of pgsphere."""
    return tuple(name for name, kind in target.kinds.items() if kind == "spoly" and name in names)


def can_call_polygon_functions(target: Target) -> bool:
    """Return whether the functions exist, and this role may call them."""
    return bool(target.query(POLYGON_FUNCTIONS_CALLABLE)[0][0])


def choose_encoder(target: Target, names: Container[str]) -> BatchEncoder | None:
    """Choose what encodes batches before it is known whether this server takes bytes.

    Parameters
    ----------
    target : Target
        The table.
    names : container of str
        The columns that granules have.

    Returns
    -------
    BatchEncoder or None
        It writes polygons as bytes if there are functions for them, which are right but for other
        versions of pgsphere. None if granules are first divided among the parts of the table.
    """
    from epnkit.loading.table.target import BatchEncoder

    if target.partitions is not None:
        return None
    polygons = polygon_columns(target, names)
    # Asked only of a database with pgsphere: where its types are unknown, so is the answer.
    takes_bytes = bool(polygons) and can_call_polygon_functions(target)
    return BatchEncoder(target.kinds, polygons if takes_bytes else ())


def find_obstacle(target: Target) -> str | None:
    """Describe why this server cannot take validated polygons as bytes; None if it can.

    The functions must exist, this role must be allowed to call them, and their results for some
    polygons must be bit for bit those that pgsphere reads from text.
    """
    if not can_call_polygon_functions(target):
        what = f"the functions of {POLYGON_FUNCTIONS_FILE} are missing"
        return f"{what}; epnkit doctor says how to create them"
    import polars as pl

    from epnkit.regions.geometry.binary import polygon_bytes

    for text, written in zip(SAMPLES, polygon_bytes(pl.Series(SAMPLES)), strict=True):
        same = written is not None and target.query(_COMPARED, (text, written, written, text))[0][0]
        if not same:
            return f"this version of pgsphere stores polygons in another form: {text}"
    return None
