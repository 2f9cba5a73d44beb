"""Merging staged granules into the table: new, changed, unchanged, repeated and deleted ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from psycopg2 import sql

from epnkit.loading.prepare.columns import TRACKING_COLUMNS
from epnkit.loading.prepare.counts import Counts
from epnkit.loading.table.target import Target

#: Refused granules whose uid belongs to another one, until they are written to quarantine.
_REFUSED = """
    CREATE TEMP TABLE IF NOT EXISTS epnkit_refused
        (granule_uid text, epnkit_key text, granule text, same_record boolean) ON COMMIT DROP
"""

#: If several granules have one uid, the first record's stays, in its last version: a source that
#: gives a record twice, because it changed during the reading, gives the newer version later.  A
#: granule with the same content is a repetition.
_REMOVE_STAGED = """
    WITH duplicated AS (
        SELECT granule_uid FROM epnkit_staging GROUP BY granule_uid HAVING count(*) > 1
    ), ranked AS (
        SELECT granule_uid, epnkit_row, epnkit_key, epnkit_content,
               first_value(epnkit_key) OVER uid AS first_key
        FROM epnkit_staging JOIN duplicated USING (granule_uid)
        WINDOW uid AS (PARTITION BY granule_uid ORDER BY epnkit_row)
    ), kept AS (
        SELECT DISTINCT ON (granule_uid) * FROM ranked WHERE epnkit_key = first_key
        ORDER BY granule_uid, epnkit_row DESC
    ), removed AS (
        DELETE FROM epnkit_staging s USING kept k
        WHERE k.granule_uid = s.granule_uid AND k.epnkit_row <> s.epnkit_row
        RETURNING s.granule_uid, s.epnkit_key, row_to_json(s)::text AS granule,
            s.epnkit_key = k.epnkit_key AS same_record, s.epnkit_content = k.epnkit_content AS same
    ), refused AS (
        INSERT INTO epnkit_refused
        SELECT granule_uid, epnkit_key, granule, same_record FROM removed WHERE NOT same
    )
    SELECT count(*) FILTER (WHERE same) FROM removed
"""

#: The same after a direct copy, which fills the table and the tracking table in the same order.
#: That of rows in several parts of a table is the order of the commands that inserted them (cmin).
_FIND_REPEATED = """
    CREATE TEMP TABLE epnkit_repeated ON COMMIT DROP AS
    WITH duplicated AS (
        SELECT granule_uid FROM {tracking} GROUP BY granule_uid HAVING count(*) > 1
    ), entries AS (
        SELECT granule_uid, tracked.ctid AS tracking_row, epnkit_key, epnkit_content,
               row_number() OVER (PARTITION BY granule_uid ORDER BY tracked.ctid) AS nth
        FROM {tracking} tracked JOIN duplicated USING (granule_uid)
    ), granules AS (
        SELECT granule_uid, t.tableoid AS part, t.ctid AS table_row,
               row_number() OVER (PARTITION BY granule_uid
                                  ORDER BY t.cmin::text::bigint, t.ctid) AS nth
        FROM {table} t JOIN duplicated USING (granule_uid)
    ), owned AS (
        SELECT *, epnkit_key = first_value(epnkit_key)
                  OVER (PARTITION BY granule_uid ORDER BY nth) AS same_record
        FROM entries JOIN granules USING (granule_uid, nth)
    )
    SELECT granule_uid, epnkit_key, tracking_row, part, table_row, same_record,
           row_number() OVER kept_first = 1 AS kept,
           epnkit_content = first_value(epnkit_content) OVER kept_first AS same
    FROM owned WINDOW kept_first AS (PARTITION BY granule_uid ORDER BY same_record DESC, nth DESC)
"""

_REFUSE_REPEATED = """
    INSERT INTO epnkit_refused
    SELECT r.granule_uid, r.epnkit_key, row_to_json(t)::text, r.same_record
    FROM epnkit_repeated r JOIN {table} t ON t.ctid = r.table_row AND t.tableoid = r.part
    WHERE NOT r.kept AND NOT r.same
"""

_DELETE_REPEATED = (
    "DELETE FROM {table} t USING epnkit_repeated r"
    " WHERE t.ctid = r.table_row AND t.tableoid = r.part AND NOT r.kept",
    "DELETE FROM {tracking} tracked USING epnkit_repeated r"
    " WHERE tracked.ctid = r.tracking_row AND NOT r.kept",
)

#: A granule of one record is not overwritten by another's, unless that record is gone or read
#: again.
_REMOVE_DUPLICATE_UIDS = """
    WITH removed AS (
        DELETE FROM epnkit_staging s USING {tracking} tracked
        WHERE tracked.granule_uid = s.granule_uid AND tracked.epnkit_key <> s.epnkit_key
          AND NOT tracked.epnkit_key = ANY({texts})
          AND NOT EXISTS (SELECT FROM epnkit_staging k WHERE k.epnkit_key = tracked.epnkit_key)
        RETURNING s.granule_uid, s.epnkit_key, row_to_json(s)::text AS granule
    )
    INSERT INTO epnkit_refused SELECT granule_uid, epnkit_key, granule, false FROM removed
"""

_UPDATE = """
    UPDATE {table} t SET {assignments}
    FROM epnkit_staging s LEFT JOIN {tracking} tracked USING (granule_uid)
    WHERE t.granule_uid = s.granule_uid AND tracked.epnkit_content IS DISTINCT FROM s.epnkit_content
"""

#: It increases with each change, even if the clock went back.
_MODIFIED = """
    {}, modification_date = greatest(%s, t.modification_date + interval '1 microsecond')
"""

_INSERT = """
    INSERT INTO {table} ({columns}) SELECT {columns} FROM epnkit_staging s
    WHERE NOT EXISTS (SELECT FROM {table} t WHERE t.granule_uid = s.granule_uid)
"""

_TRACK = """
    INSERT INTO {tracking} AS tracked (granule_uid, {tracking_columns})
    SELECT granule_uid, {tracking_columns} FROM epnkit_staging
    ON CONFLICT (granule_uid) DO UPDATE SET ({tracking_columns}) = ROW ({excluded})
    WHERE (tracked.epnkit_key, tracked.epnkit_digest, tracked.epnkit_content) IS DISTINCT FROM
          (excluded.epnkit_key, excluded.epnkit_digest, excluded.epnkit_content)
"""

#: Granules of a record that was read again and now makes others.
_SUPERSEDED = """
    DELETE FROM {tracking} tracked USING (SELECT DISTINCT epnkit_key FROM epnkit_staging) k
    WHERE tracked.epnkit_key = k.epnkit_key
      AND NOT EXISTS (SELECT FROM epnkit_staging s WHERE s.granule_uid = tracked.granule_uid)
    RETURNING tracked.granule_uid
"""

#: Refused granules whose uid belongs to another one: granule_uid, record's key, granule in JSON,
#: and whether the other one is of the same record, in a later version.
RefusedGranules = list[tuple[str, str, str, bool]]

#: How many refused granules are held in memory at a time.
_CHUNK = 1000


def merge(
    target: Target,
    counts: Counts,
    *,
    kept: Collection[str],
    modified: datetime | None,
    gone: Collection[str] | None,
    embargoed: bool = False,
) -> None:
    """Merge the staging table into the table and the tracking table.

    ``creation_date`` stays as it was; ``modification_date`` changes only if the granule does.
    Granules whose ``granule_uid`` belongs to another record, or to a later version of the same one,
    are refused: :func:`read_refused` returns them.

    Parameters
    ----------
    target : Target
        The table.
    counts : Counts
        The numbers of loaded, changed, unchanged, repeated and deleted granules are added to it.
    kept : collection of str
        Columns that stay as they were when a granule changes, such as ``creation_date``.
    modified : datetime.datetime, optional
        The ``modification_date`` of changed granules; None if the mapping makes it.
    gone : collection of str, optional
        Keys of records that are gone from the source; None if all are that were not read.
    embargoed : bool
        Whether ``release_date`` is that of an embargo.
    """
    target.execute(_REFUSED)
    counts.repeated += target.query(_REMOVE_STAGED)[0][0]
    target.execute("CREATE INDEX ON epnkit_staging (granule_uid)")
    target.execute("ANALYZE epnkit_staging")
    if gone is not None:
        target.execute(_REMOVE_DUPLICATE_UIDS, (sorted(gone),))
    staged = target.query("SELECT count(*) FROM epnkit_staging")[0][0]
    changed = _update(target, kept, modified, embargoed=embargoed)
    loaded = target.execute(_INSERT, columns=_column_list(target.columns))
    counts.changed += changed
    counts.loaded += loaded
    counts.unchanged += staged - changed - loaded
    excluded = sql.SQL(", ").join(sql.Identifier("excluded", name) for name in TRACKING_COLUMNS)
    target.execute(_TRACK, tracking_columns=_column_list(TRACKING_COLUMNS), excluded=excluded)
    counts.deleted += _delete_rows(target, [uid for (uid,) in target.query(_SUPERSEDED)])


def _update(
    target: Target, kept: Collection[str], modified: datetime | None, *, embargoed: bool
) -> int:
    excluded = {*kept, *(("modification_date",) if modified else ())}
    excluded |= {"release_date"} if embargoed else set()
    assignments: sql.Composable = _assignments(target.columns, excluded)
    if embargoed:
        released = sql.SQL(write_release_date("t", "s"))
        assignments = sql.SQL("{}, release_date = {}").format(assignments, released)
    if modified is None:
        return target.execute(_UPDATE, assignments=assignments)
    return target.execute(_UPDATE, (modified,), assignments=sql.SQL(_MODIFIED).format(assignments))


def write_release_date(old: str, new: str) -> str:
    """Write the release date that a granule under an embargo gets, in SQL.

    If its record names none, it was released when it was first loaded, or opened.

    Parameters
    ----------
    old, new : str
        The aliases of the table's row, and of the row that replaces it.
    """
    return (
        f"CASE WHEN {new}.release_date = {new}.creation_date"
        f" THEN least({old}.release_date, {new}.release_date) ELSE {new}.release_date END"
    )


def remove_repeated(target: Target, counts: Counts) -> None:
    """Keep one of several granules of one uid after a direct copy, by the rule of :func:`merge`.

    Parameters
    ----------
    target : Target
        The table.
    counts : Counts
        The number of repeated granules is added to it, and removed ones are subtracted from the
        loaded ones.
    """
    target.execute(_REFUSED)
    if target.index_uids():
        return
    target.execute(_FIND_REPEATED)
    target.execute("ANALYZE epnkit_repeated")
    same, removed = target.query(
        "SELECT count(*) FILTER (WHERE same), count(*) FROM epnkit_repeated WHERE NOT kept"
    )[0]
    counts.repeated += same
    counts.loaded -= removed
    target.execute(_REFUSE_REPEATED)
    for statement in _DELETE_REPEATED:
        target.execute(statement)


def read_refused(target: Target) -> Iterator[RefusedGranules]:
    """Read the refused granules whose uid belongs to another one, some at a time.

    Parameters
    ----------
    target : Target
        The table, after :func:`merge` or :func:`remove_repeated`.

    Yields
    ------
    list of (str, str, str, bool)
        ``granule_uid``, the record's key, the granule in JSON, and whether the same record has the
        uid, in a later version.
    """
    with target.connection.cursor("epnkit_refused") as cursor:
        cursor.execute("SELECT granule_uid, epnkit_key, granule, same_record FROM epnkit_refused")
        while rows := cursor.fetchmany(_CHUNK):
            yield rows


def delete_granules(target: Target, uids: Iterable[str]) -> int:
    """Delete granules from the table and the tracking table."""
    gone = list(uids)
    target.execute("DELETE FROM {tracking} WHERE granule_uid = ANY({texts})", (gone,))
    return _delete_rows(target, gone)


def _delete_rows(target: Target, uids: list[str]) -> int:
    if not uids:  # without an index, PostgreSQL would scan the table
        return 0
    return target.execute("DELETE FROM {table} WHERE granule_uid = ANY({texts})", (uids,))


def _column_list(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _assignments(columns: Iterable[str], kept: Collection[str]) -> sql.Composed:
    set_column = sql.SQL("{0} = s.{0}")
    updated = [name for name in columns if name not in {"granule_uid", *kept}]
    return sql.SQL(", ").join(set_column.format(sql.Identifier(name)) for name in updated)
