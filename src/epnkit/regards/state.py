"""What was sent of each granule, and what became of it: the table ``epnkit.packages``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg2.errors
from psycopg2 import sql
from psycopg2.extras import execute_values

from epnkit.errors import PublishError
from epnkit.loading.table.catalog import tracking_name

#: How far a package got, as a number: an answer that says less than is known changes nothing. One
#: that was denied can still be granted, and one that failed stored: REGARDS can be told to retry.
_RANKS = {"sending": 0, "sent": 1, "denied": 2, "granted": 3, "failed": 4, "stored": 5}

#: A whole row is read of each granule, with what datalink offers and the package sent last.  The
#: tables are read along their indexes, from where the last page ended, and each package is looked
#: up: what the planner takes otherwise depends on when the tables were analyzed, which in the
#: middle of sending was before most packages, and may read all of them for each page.
_PENDING = """
    SET LOCAL enable_seqscan = off;
    SET LOCAL enable_hashjoin = off;
    SET LOCAL enable_material = off;
    SET LOCAL enable_sort = off;
    SELECT {columns}, b.epnkit_links, b.epnkit_content, p.request, p.content, p.state, p.version
    FROM {tracking} b JOIN {table} t USING (granule_uid)
    LEFT JOIN LATERAL (SELECT * FROM epnkit.packages
        WHERE service = %(service)s AND granule_uid = b.granule_uid AND current LIMIT 1) p ON true
    WHERE b.granule_uid > %(last)s AND t.granule_uid > %(last)s
        AND (p.request IS NULL OR p.granule <> b.epnkit_content
        OR p.settings <> %(settings)s::uuid OR p.state IN ('sending', 'unready', 'deleted')
        OR p.state = ANY(%(again)s))
    ORDER BY b.granule_uid LIMIT %(limit)s
"""

_SUPERSEDE = """
    UPDATE epnkit.packages SET current = false
    WHERE service = %s AND current AND granule_uid = ANY(%s) AND NOT request = ANY(%s::uuid[])
"""

#: An answer may have come since the package was looked up to go on with it: that stays.
_ENTER = """
    INSERT INTO epnkit.packages (service, settings, request, granule_uid, provider_id, version,
        granule, content, state, reason)
    SELECT %s, %s::uuid, * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::int[], %s::uuid[],
        %s::uuid[], %s::text[], %s::text[])
    ON CONFLICT (service, request) DO UPDATE SET granule = excluded.granule,
        settings = excluded.settings, current = true, changed = clock_timestamp(),
        state = CASE WHEN packages.state IN ('sending', 'sent', 'unready') THEN excluded.state
            ELSE packages.state END,
        reason = CASE WHEN packages.state IN ('sending', 'sent', 'unready') THEN excluded.reason
            ELSE packages.reason END
"""

_SENT = """
    UPDATE epnkit.packages SET state = 'sent', changed = clock_timestamp()
    WHERE service = %s AND request = ANY(%s::uuid[]) AND state = 'sending'
"""

_UNCHANGED = """
    UPDATE epnkit.packages p SET granule = v.granule, settings = %s::uuid
    FROM unnest(%s::text[], %s::uuid[]) v (uid, granule)
    WHERE p.service = %s AND p.granule_uid = v.uid AND p.current
"""

#: By where its row is, which nobody changes meanwhile (`_ALONE`).
_ANSWER = """
    UPDATE epnkit.packages p SET state = f.state, urn = coalesce(f.urn, p.urn), reason = f.reason,
        changed = clock_timestamp()
    FROM (SELECT v.*, known.place FROM unnest(%s::uuid[], %s::text[], %s::int[], %s::text[],
            %s::text[]) v (request, state, rank, urn, reason)
        CROSS JOIN LATERAL (SELECT ctid AS place, state FROM epnkit.packages
            WHERE service = %s AND request = v.request LIMIT 1) known
        WHERE v.rank > array_position(ARRAY['sending', 'sent', 'denied', 'granted', 'failed',
            'stored'], known.state) - 1) f
    WHERE p.ctid = f.place
"""

#: Goes before each change, in its transaction.  Answers come while packages are sent: two changes
#: of the same rows in another order would lock each other out.  And each row is looked up by the
#: index, for the reason above.
_ALONE = """
    SELECT pg_advisory_xact_lock(hashtext('epnkit sip change'), hashtext(%s));
    SET LOCAL enable_seqscan = off;
    SET LOCAL enable_hashjoin = off;
    SET LOCAL enable_mergejoin = off;
"""


class PendingGranule(NamedTuple):
    """A granule that may have to be sent.

    Parameters
    ----------
    row : dict
        Its columns.
    links : str
        Its links, in JSON.
    granule : str
        The hash of the granule.
    request, content, state, version : optional
        The package that was sent last: its request, its hash, how far it got, its number.
    """

    row: dict[str, Any]
    links: str
    granule: str
    request: str | None
    content: str | None
    state: str | None
    version: int | None


class PackageEntry(NamedTuple):
    """A package as it is entered before it is sent, or why there is none."""

    request: str
    granule_uid: str
    provider_id: str
    version: int
    granule: str
    content: str | None
    state: str
    reason: str | None = None
    #: Whether a package of the granule was entered before.
    replaces: bool = True


@dataclass(frozen=True)
class ArchiveAnswer:
    """What an archive answered to a request."""

    request: str
    state: str
    urn: str | None = None
    reason: str | None = None


class PackageState:
    """The packages of a service.

    Parameters
    ----------
    connection : psycopg2 connection
        An autocommitting connection of DaCHS's administrator.
    service : str
        The service.
    """

    def __init__(self, connection: Any, service: str) -> None:
        self._connection, self.service = connection, service

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Let nobody else send packages of the service during the context.

        Raises
        ------
        PublishError
            If somebody does.
        """
        ((locked,),) = self._query(
            "SELECT pg_try_advisory_lock(hashtext('epnkit sip'), hashtext(%s))", (self.service,)
        )
        if not locked:
            raise PublishError(
                "its packages are being sent by another process",
                where=self.service,
                cure="Wait until that has ended.",
            )
        try:
            yield
        finally:
            self._query(
                "SELECT pg_advisory_unlock(hashtext('epnkit sip'), hashtext(%s))", (self.service,)
            )

    def read_columns(self) -> list[tuple[str, str]]:
        """Return the columns of the service's table, with their types.

        Raises
        ------
        PublishError
            If the service was never loaded by epnkit.
        """
        found = self._query(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid ="
            " to_regclass(quote_ident(%s) || '.epn_core') AND attnum > 0 AND NOT attisdropped"
            " AND to_regclass('epnkit.' || quote_ident('granules_' || %s)) IS NOT NULL"
            " ORDER BY attnum",
            (self.service, self.service),
        )
        if not found:
            raise PublishError(
                "it has no table, or none that epnkit loaded",
                where=f"{self.service}.epn_core",
                cure=f"Load it first: epnkit load {self.service}.",
            )
        return [(str(name), str(kind)) for name, kind in found]

    def list_pending(
        self,
        columns: Sequence[tuple[str, str]],
        settings: str,
        last: str,
        limit: int,
        again: Sequence[str] = (),
    ) -> list[PendingGranule]:
        """List granules, in the order of their identifiers, whose package may have to be sent.

        Parameters
        ----------
        columns : sequence of tuple
            The columns to read, with their types.
        settings : str
            The hash of ``sip.toml``.
        last : str
            The identifier after which the list begins.
        limit : int
            How many at most.
        again : sequence of str
            States in which packages are to be sent again.
        """
        values = {
            "service": self.service,
            "last": last,
            "limit": limit,
            "settings": settings,
            "again": list(again),
        }
        statement = sql.SQL(_PENDING).format(
            columns=sql.SQL(", ").join(_select_column(*each) for each in columns),
            table=sql.Identifier(self.service, "epn_core"),
            tracking=sql.Identifier("epnkit", tracking_name(self.service)),
        )
        names, width = [name for name, _ in columns], len(columns)
        return [
            PendingGranule(dict(zip(names, row, strict=False)), *row[width:])
            for row in self._query(statement, values)
        ]

    def enter(self, entries: Sequence[PackageEntry], settings: str) -> None:
        """Enter packages before they are sent, each as the current one of its granule.

        Parameters
        ----------
        entries : sequence of Entry
            The packages.
        settings : str
            The hash of ``sip.toml`` by which they were made.
        """
        columns = [list(each) for each in zip(*entries, strict=True)]
        replaced = [each.granule_uid for each in entries if each.replaces]
        # As one text they are one transaction.
        statement, values = _ENTER, (self.service, settings, *columns[:8])
        if replaced:
            statement = f"{_SUPERSEDE}; {_ENTER}"
            values = (self.service, replaced, columns[0], *values)
        self._change(statement, values)

    def mark_sent(self, requests: Iterable[str]) -> None:
        """Note that the broker has confirmed packages; answers may have come before."""
        self._change(_SENT, (self.service, list(requests)))

    def mark_unchanged(self, granules: Sequence[tuple[str, str]], settings: str) -> None:
        """Note that granules changed, and their packages did not: ``granule_uid`` and its hash."""
        uids, hashes = [list(each) for each in zip(*granules, strict=True)]
        self._change(_UNCHANGED, (settings, uids, hashes, self.service))

    def apply(self, answers: Sequence[ArchiveAnswer]) -> int:
        """Note answers, and return how many changed what was known.

        The same answer again, or an earlier one that comes later, changes nothing.
        """
        best: dict[str, ArchiveAnswer] = {}
        for each in answers:
            before = best.get(each.request)
            if before is None or _RANKS[each.state] > _RANKS[before.state]:
                best[each.request] = each
        rows = [
            (each.request, each.state, _RANKS[each.state], each.urn, each.reason)
            for each in best.values()
        ]
        columns = [list(each) for each in zip(*rows, strict=True)]
        return self._change(_ANSWER, (*columns, self.service))

    def keep_odd(self, bodies: Sequence[tuple[str, bytes]]) -> None:
        """Keep answers that could not be understood, each with the reason."""
        rows = [(self.service, reason, body) for reason, body in bodies]
        with self._connection.cursor() as cursor:
            statement = "INSERT INTO epnkit.odd_answers (service, reason, body) VALUES %s"
            execute_values(cursor, statement, rows)

    def list_gone(self, limit: int) -> list[tuple[str, str]]:
        """List packages that the archive may have, whose granules are gone: uid, provider id."""
        tracking = sql.Identifier("epnkit", tracking_name(self.service))
        found = self._query(
            sql.SQL(
                "SELECT DISTINCT p.granule_uid, p.provider_id FROM epnkit.packages p"
                " WHERE p.service = %s AND p.state NOT IN ('deleted', 'unready', 'denied')"
                " AND NOT EXISTS"
                " (SELECT FROM {} b WHERE b.granule_uid = p.granule_uid)"
                " ORDER BY p.granule_uid LIMIT %s"
            ).format(tracking),
            (self.service, limit),
        )
        return [(str(uid), str(provider)) for uid, provider in found]

    def mark_deleted(self, uids: Sequence[str]) -> None:
        """Note that the archive took the request to delete packages."""
        self._change(
            "UPDATE epnkit.packages SET state = 'deleted', changed = clock_timestamp()"
            " WHERE service = %s AND granule_uid = ANY(%s)",
            (self.service, list(uids)),
        )

    def count(self) -> dict[str, int]:
        """Count the current packages by how far they got."""
        found = self._query(
            "SELECT state, count(*) FROM epnkit.packages WHERE service = %s AND current"
            " GROUP BY state",
            (self.service,),
        )
        return {str(state): int(count) for state, count in found}

    @property
    def awaits_answers(self) -> bool:
        """Whether the last answer to a package, of any version, has not come."""
        ((awaits,),) = self._query(
            "SELECT EXISTS (SELECT FROM epnkit.packages WHERE service = %s"
            " AND state IN ('sent', 'granted'))",
            (self.service,),
        )
        return bool(awaits)

    def list_reasons(self, limit: int = 10) -> list[tuple[str, str, int, str]]:
        """List why packages are unready, denied or failed: state, reason, how many, and one."""
        found = self._query(
            "SELECT state, coalesce(reason, ''), count(*), min(granule_uid) FROM epnkit.packages"
            " WHERE service = %s AND current AND state IN ('unready', 'denied', 'failed')"
            " GROUP BY 1, 2 ORDER BY 3 DESC, 4 LIMIT %s",
            (self.service, limit),
        )
        return [(str(state), str(why), int(count), str(uid)) for state, why, count, uid in found]

    def _query(self, statement: Any, values: Any = ()) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            try:
                cursor.execute(statement, values)
            except psycopg2.errors.UndefinedTable:
                raise PublishError(
                    "it has no table, or none that epnkit loaded",
                    where=f"{self.service}.epn_core",
                    cure=f"Load it first: epnkit load {self.service}.",
                ) from None
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def _change(self, statement: str, values: Sequence[Any]) -> int:
        """Change rows in one transaction, and return how many."""
        with self._connection.cursor() as cursor:
            cursor.execute(_ALONE + statement, (self.service, *values))
            return int(cursor.rowcount)


def _select_column(name: str, kind: str) -> sql.Composable:
    """Select a column; regions are read as texts."""
    column = sql.SQL("t.{}").format(sql.Identifier(name))
    return sql.SQL("{}::text").format(column) if kind in _REGIONS else column


#: Types of pgsphere.
_REGIONS = frozenset(["spoly", "spoint", "smoc", "scircle", "spath"])
