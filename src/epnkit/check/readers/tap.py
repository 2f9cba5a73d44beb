"""A table of a TAP service: its declaration, its rows or the first of them, its registry record."""

from __future__ import annotations

import re
from typing import Any

import requests

from epnkit.check.readers import registry, votable
from epnkit.check.readers.read import TargetContents
from epnkit.epncore.findings import RuleFinding
from epnkit.epncore.published import OLD_UTYPE, DeclaredTable, RegistryRecord
from epnkit.errors import CheckError
from epnkit.modules import requires_extra

with requires_extra("tap"):
    from pyvo.dal import DALServiceError, TAPService


class _BoundedSession(requests.Session):
    """A session with a timeout."""

    def request(self, *arguments: Any, **options: Any) -> requests.Response:
        """Make a request, with a timeout where none is given."""
        options.setdefault("timeout", registry.READ_TIMEOUT)
        return super().request(*arguments, **options)


def read(url: str, table: str, *, rows: int | None, oai: str = "") -> TargetContents:
    """Read a table over TAP.

    Parameters
    ----------
    url : str
        The base URL of the TAP service.
    table : str
        The table's full name; empty for the only EPN-TAP table that the service has.
    rows : int or None
        How many rows to look at; None for all.
    oai : str, optional
        The OAI-PMH interface that has the record; by default that of a DaCHS.

    Returns
    -------
    TargetContents
        The declaration, the rows, and the registry record.

    Raises
    ------
    CheckError
        If the service does not answer, answers with something else than a VOTable, cuts the answer
        off, delivers fewer rows than there are, or has no such table.
    """
    service = TAPService(url, session=_BoundedSession())
    utypes = _list_tables(service)
    name = _choose_table(utypes, table, url)
    answer, count = _fetch_first(service, name, url, rows)
    height = answer.granules.height if answer.granules is not None else 0
    whole = height == count
    record, unread = _find_record(url, name, oai)
    fields = answer.table.fields if answer.table else ()
    return TargetContents(
        f"{url} {name}",
        DeclaredTable(fields, name, utypes[name], siblings=_list_siblings(utypes, name)),
        answer.granules,
        whole=whole,
        answer=answer.answer,
        record=record,
        findings=() if whole else tuple(_find_repeated(service, name, url)),
        looked_at=(f"{height} of {count} rows, the table's declaration, the answer's VOTable",),
        not_looked_at=unread,
    )


def _fetch_first(
    service: TAPService, name: str, url: str, rows: int | None
) -> tuple[TargetContents, int]:
    """Read the first rows, or all of them; a name of tap_schema is no danger in ADQL."""
    counted = _fetch_rows(service, f"SELECT COUNT(*) AS n FROM {name}", url)  # noqa: S608 - see above
    count = int(counted["n"][0])
    wanted = count if rows is None else min(rows, count)
    limit = max(wanted, 1)
    answer = _execute(service, f"SELECT TOP {limit} * FROM {name}", url, limit)  # noqa: S608 - see above
    height = answer.granules.height if answer.granules is not None else 0
    if height < wanted:
        raise CheckError(
            f"{height} rows were delivered, not the {wanted} of {count} asked for",
            where=f"{url} {name}",
            cure="Ask for fewer rows (--rows), or raise the service's limit",
        )
    return answer, count


def _list_tables(service: TAPService) -> dict[str, str]:
    query = "SELECT table_name, utype FROM tap_schema.tables"
    found = _fetch_rows(service, query, service.baseurl)
    names, utypes = found["table_name"].to_list(), found["utype"].to_list()
    return {name: utype or "" for name, utype in zip(names, utypes, strict=True)}


def _is_epn(name: str, utype: str) -> bool:
    old = utype.lower() == OLD_UTYPE.lower()
    return old or "std/epntap#table" in utype.lower() or name.endswith(".epn_core")


def _choose_table(utypes: dict[str, str], table: str, url: str) -> str:
    known = [name for name, utype in utypes.items() if _is_epn(name, utype)]
    if table in utypes:
        return table
    if not table and len(known) == 1:
        return known[0]
    raise CheckError(
        f"there is no table {table}" if table else f"there are {len(known)} EPN-TAP tables",
        where=url,
        cure=f"Give one of {', '.join(sorted(known))}" if known else "Give another TAP URL",
    )


def _list_siblings(utypes: dict[str, str], table: str) -> tuple[str, ...]:
    schema = table.rpartition(".")[0]
    near = [name for name in utypes if name.rpartition(".")[0] == schema and name != table]
    return tuple(name for name in near if _is_epn(name, utypes[name]))


def _fetch_rows(service: TAPService, query: str, url: str) -> Any:
    return _execute(service, query, url, 100_000).granules


def _execute(service: TAPService, query: str, url: str, limit: int) -> TargetContents:
    """Run a query and read the whole answer, whatever it is."""
    asked = service.create_query(query, maxrec=limit)
    try:
        document = asked.execute_stream().read()
    except (requests.RequestException, DALServiceError, OSError) as error:
        raise CheckError(
            "the service does not answer",
            where=url,
            why=str(error),
            cure="Check the URL, and that the service is up.",
        ) from error
    try:
        asked.raise_if_error()
    except DALServiceError as error:
        raise CheckError(
            "the service refuses",
            where=url,
            why=_error_text(document) or str(error),
            cure="Check the name of the table and its columns.",
        ) from error
    return votable.parse(document, f"{url} ({query[:60]})")


def _error_text(document: bytes) -> str:
    """Find the words of an error in the VOTable or page that reports it."""
    text = re.sub(
        r"(?s)<(style|script).*?</\1>|<[^>]*>|\s+", " ", document.decode("utf-8", "replace")
    )
    return " ".join(text.split())[:200]


def _find_repeated(service: TAPService, table: str, url: str) -> list[RuleFinding]:
    """Let the service find repeated identifiers among all its rows (rule 30)."""
    query = (
        f"SELECT TOP 10 granule_uid, COUNT(*) AS times FROM {table}"  # noqa: S608 - of tap_schema
        " GROUP BY granule_uid HAVING COUNT(*) > 1"
    )
    found = _fetch_rows(service, query, url)
    return [
        RuleFinding(30, "granule_uid", uid, f"is there {times} times")
        for uid, times in zip(found["granule_uid"], found["times"], strict=True)
    ]


def _find_record(url: str, table: str, oai: str) -> tuple[RegistryRecord | None, tuple[str, ...]]:
    """Find the registry record; a DaCHS has its registry interface next to its TAP service."""
    endpoint = oai or re.sub(r"/(__system__/tap/run/)?tap/?$|/__system__/tap/run/?$", "", url)
    endpoint = endpoint if oai else f"{endpoint.rstrip('/')}/oai.xml"
    try:
        return registry.find_record(endpoint, table) or RegistryRecord(endpoint), ()
    except CheckError as error:
        if oai:
            raise
        return None, (f"the registry record ({error}; name one with --registry)",)
