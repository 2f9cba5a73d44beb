"""Merging what was staged into the table: new, changed, unchanged, repeated, gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from psycopg2 import sql

from epnkit.loading.prepare.counts import Counts
from epnkit.loading.prepare.preparation import BOOKED
from epnkit.loading.table.target import Target

#: Of several granules of one uid the first record's stays, as it was read last: a source that
#: gives a record twice, since it changed while it was read, gives its newer state later.  One that
#: says the same is a repetition.
_REMOVE_STAGED = """
    WITH twice AS (
        SELECT granule_uid FROM epnkit_staging GROUP BY granule_uid HAVING count(*) > 1
    ), ranked AS (
        SELECT granule_uid, epnkit_row, epnkit_key, epnkit_content,
               first_value(epnkit_key) OVER uid AS first_key
        FROM epnkit_staging JOIN twice USING (granule_uid)
        WINDOW uid AS (PARTITION BY granule_uid ORDER BY epnkit_row)
    ), kept AS (
        SELECT DISTINCT ON (granule_uid) * FROM ranked WHERE epnkit_key = first_key
        ORDER BY granule_uid, epnkit_row DESC
    ), removed AS (
        DELETE FROM epnkit_staging s USING kept k
        WHERE k.granule_uid = s.granule_uid AND k.epnkit_row <> s.epnkit_row
        RETURNING s.granule_uid, s.epnkit_key, row_to_json(s)::text AS granule,
            s.epnkit_key = k.epnkit_key AS own, s.epnkit_content = k.epnkit_content AS same)
    SELECT granule_uid, epnkit_key, granule, own, same FROM removed
"""

#: A granule of one record is not overwritten by another's, unless that one is gone or read again.
_REMOVE_TAKEN = """
    DELETE FROM epnkit_staging s USING {book} b
    WHERE b.granule_uid = s.granule_uid AND b.epnkit_key <> s.epnkit_key
      AND NOT b.epnkit_key = ANY(%s::text[])
      AND NOT EXISTS (SELECT FROM epnkit_staging k WHERE k.epnkit_key = b.epnkit_key)
    RETURNING s.granule_uid, s.epnkit_key, row_to_json(s)::text, false
"""

_UPDATE = """
    UPDATE {table} t SET {assignments}
    FROM epnkit_staging s LEFT JOIN {book} b USING (granule_uid)
    WHERE t.granule_uid = s.granule_uid AND b.epnkit_content IS DISTINCT FROM s.epnkit_content
"""

#: It moves with each change and never goes back, even where our clock did.
_MODIFIED = """
    {}, modification_date = greatest(%s, t.modification_date + interval '1 microsecond')
"""

_INSERT = """
    INSERT INTO {table} ({columns}) SELECT {columns} FROM epnkit_staging s
    WHERE NOT EXISTS (SELECT FROM {table} t WHERE t.granule_uid = s.granule_uid)
"""

_BOOK = """
    INSERT INTO {book} AS b (granule_uid, {booked})
    SELECT granule_uid, {booked} FROM epnkit_staging
    ON CONFLICT (granule_uid) DO UPDATE SET ({booked}) = ROW ({excluded})
    WHERE (b.epnkit_key, b.epnkit_digest, b.epnkit_content) IS DISTINCT FROM
          (excluded.epnkit_key, excluded.epnkit_digest, excluded.epnkit_content)
"""

#: Granules of a record that was read again and now makes others.
_SUPERSEDED = """
    DELETE FROM {book} b USING (SELECT DISTINCT epnkit_key FROM epnkit_staging) k
    WHERE b.epnkit_key = k.epnkit_key
      AND NOT EXISTS (SELECT FROM epnkit_staging s WHERE s.granule_uid = b.granule_uid)
    RETURNING b.granule_uid
"""

#: Granules refused because their uid is taken: granule_uid, record's key, granule in JSON, and
#: whether it is taken by the same record, read again.
Refused = list[tuple[str, str, str, bool]]


def merge(
    target: Target,
    counts: Counts,
    *,
    kept: Collection[str],
    modified: datetime | None,
    gone: Collection[str] | None,
) -> Refused:
    """Merge the staging table into the table and the book.

    ``creation_date`` stays as it was; ``modification_date`` moves only where a granule changed.

    Parameters
    ----------
    target : Target
        The table.
    counts : Counts
        Gets what became of the staged granules.
    kept : collection of str
        Columns that stay as they were when a granule changes, such as ``creation_date``.
    modified : datetime.datetime, optional
        The ``modification_date`` of a granule that changed; None where the mapping gives it.
    gone : collection of str, optional
        Keys of records that are known to be gone; None where all that were not read are.

    Returns
    -------
    list of (str, str, str, bool)
        Granules that were refused because another record, or a later reading of the same one, has
        their ``granule_uid``.
    """
    removed = target.query(_REMOVE_STAGED)
    counts.repeated += sum(same for *_, same in removed)
    target.execute("CREATE INDEX ON epnkit_staging (granule_uid)")
    target.execute("ANALYZE epnkit_staging")
    taken = [] if gone is None else target.query(_REMOVE_TAKEN, (sorted(gone) or [""],))
    staged = target.query("SELECT count(*) FROM epnkit_staging")[0][0]
    if modified is None:
        changed = target.execute(_UPDATE, assignments=_assignments(target.columns, kept))
    else:
        others = _assignments(target.columns, {*kept, "modification_date"})
        assignments = sql.SQL(_MODIFIED).format(others)
        changed = target.execute(_UPDATE, (modified,), assignments=assignments)
    loaded = target.execute(_INSERT, columns=_list(target.columns))
    counts.changed += changed
    counts.loaded += loaded
    counts.unchanged += staged - changed - loaded
    excluded = sql.SQL(", ").join(sql.Identifier("excluded", name) for name in BOOKED)
    target.execute(_BOOK, booked=_list(BOOKED), excluded=excluded)
    counts.deleted += _delete(target, [uid for (uid,) in target.query(_SUPERSEDED)])
    repeated = [(uid, key, granule, own) for uid, key, granule, own, same in removed if not same]
    return [*repeated, *((uid, key, granule, own) for uid, key, granule, own in taken)]


def clear_repeated(target: Target, counts: Counts) -> Refused:
    """Find the granules that a direct copy brought twice, and keep one of each, as :func:`merge`.

    Returns
    -------
    list of (str, str, str, bool)
        As :func:`merge`.
    """
    twice = target.query(
        "SELECT granule_uid FROM {book} GROUP BY granule_uid HAVING count(*) > 1 ORDER BY 1"
    )
    refused: Refused = []
    for (uid,) in twice:
        rows = target.query(_SAME_UID, (uid, uid))
        first_key = rows[0][1]
        kept = [row for row in rows if row[1] == first_key][-1]
        different = [row for row in rows if row[3] != kept[3]]
        refused += [(uid, key, granule, key == first_key) for _, key, granule, _ in different]
        counts.repeated += len(rows) - 1 - len(different)
        counts.loaded -= len(rows) - 1
        _keep(target, uid, kept[0])
    return refused


#: What a direct copy brought under one uid; table and book were filled in the same order.
_SAME_UID = """
    SELECT b.place, b.epnkit_key, t.granule, b.epnkit_content
    FROM (SELECT row_number() OVER (ORDER BY ctid) AS place, epnkit_key, epnkit_content
          FROM {book} WHERE granule_uid = %s) b
    JOIN (SELECT row_number() OVER (ORDER BY ctid) AS place, row_to_json(each)::text AS granule
          FROM {table} each WHERE granule_uid = %s) t USING (place)
    ORDER BY b.place
"""


def _keep(target: Target, uid: str, place: int) -> None:
    for table in (target.name, target.book):
        target.execute(
            "DELETE FROM {each} WHERE granule_uid = %s AND ctid <> (SELECT ctid FROM {each} WHERE"
            " granule_uid = %s ORDER BY ctid OFFSET %s LIMIT 1)",
            (uid, uid, place - 1),
            each=table,
        )


def delete_granules(target: Target, uids: Iterable[str]) -> int:
    """Delete granules from the table and the book."""
    gone = list(uids)
    target.execute("DELETE FROM {book} WHERE granule_uid = ANY(%s)", (gone,))
    return _delete(target, gone)


def _delete(target: Target, uids: list[str]) -> int:
    return target.execute("DELETE FROM {table} WHERE granule_uid = ANY(%s)", (uids,)) if uids else 0


def _list(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _assignments(columns: Iterable[str], kept: Collection[str]) -> sql.Composed:
    set_column = sql.SQL("{0} = s.{0}")
    moving = [name for name in columns if name not in {"granule_uid", *kept}]
    return sql.SQL(", ").join(set_column.format(sql.Identifier(name)) for name in moving)
