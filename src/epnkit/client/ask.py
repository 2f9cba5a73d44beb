"""Asking many EPN-TAP tables at once: each within its own time, and none costs another."""

from __future__ import annotations

import io
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import requests
import urllib3
from astropy.io.votable import parse as parse_votable
from astropy.table import Table

from epnkit.client.adql import TableQuery, write_query
from epnkit.client.deadline import DeadlineSession, open_session
from epnkit.client.targets import EpnTable
from epnkit.client.terms import SearchTerms
from epnkit.modules import requires_extra
from epnkit.quoting import sql_text

with requires_extra("client"):
    from pyvo.dal import DALFormatError, DALQueryError, DALServiceError, TAPService

#: What may go wrong with one service: the network, its errors, an answer that is no VOTable.
_FAILURES = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,  # of a stream that breaks off
    DALServiceError,
    DALQueryError,
    DALFormatError,
    OSError,
)


@dataclass(frozen=True)
class RequestLimits:
    """How services are asked.

    Parameters
    ----------
    limit : int
        How many rows of each table at most.
    timeout : float
        How long each request to a service may take, in seconds.
    at_once : int
        How many requests are out at once.
    """

    limit: int = 10_000
    timeout: float = 60.0
    at_once: int = 16


@dataclass(frozen=True)
class TableAnswer:
    """What a table answered.

    Parameters
    ----------
    target : EpnTable
        The table.
    query : TableQuery
        What it was asked.
    rows : astropy.table.Table
        What it gave; empty if it failed.
    state : str
        ``whole``, ``overflow`` (there is more), ``silent`` (no answer in time), ``down`` (none at
        all) or ``refused`` (it answered with an error).
    why : str
        Why it has no rows, or not all.
    seconds : float
        How long it took.
    """

    target: EpnTable
    query: TableQuery
    rows: Table
    state: str = "whole"
    why: str = ""
    seconds: float = 0.0


#: What a table is asked that is not there.
NO_QUERY = TableQuery("", ())


@dataclass
class _Service:
    """A TAP service, and what its tables hold; learned once."""

    url: str
    tables: list[EpnTable] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)


def ask_all(
    targets: Iterable[EpnTable],
    terms: SearchTerms,
    *,
    columns: Sequence[str] = (),
    order: str = "time_min",
    limits: RequestLimits | None = None,
) -> Iterator[TableAnswer]:
    """Ask every table, and give the answers as they come.

    Parameters
    ----------
    targets : iterable of EpnTable
        The tables.
    terms : SearchTerms
        What to ask for.
    columns : sequence of str
        The columns that are wanted, as for :func:`epnkit.client.adql.write_query`.
    order : str
        The column that says which rows a table gives if it has more than the limit.
    limits : RequestLimits, optional
        How they are asked.

    Yields
    ------
    Answer
        One for each table.
    """
    limits = limits or RequestLimits()
    services: dict[str, _Service] = defaultdict(lambda: _Service(""))
    for target in dict.fromkeys(targets):
        services[target.url].url = target.url
        services[target.url].tables.append(target)
    write = partial(write_query, terms=terms, columns=columns, order=order, limit=limits.limit)
    with ThreadPoolExecutor(limits.at_once) as pool:
        learning = {pool.submit(_learn_columns, each, limits): each for each in services.values()}
        waiting: set[Future[Any]] = {*learning}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for each in done:
                service = learning.pop(each, None)
                if service is None:
                    yield each.result()
                elif (failed := each.result()) is not None:
                    yield from (replace(failed, target=table) for table in service.tables)
                else:
                    yield from _refuse_unknown(service)
                    waiting |= _ask_known(service, write, limits, pool)


def _ask_known(
    service: _Service, write: Callable[..., TableQuery], limits: RequestLimits, pool: Executor
) -> set[Future[Any]]:
    """Begin to ask the tables that a service has."""
    known = [table for table in _name_tables(service) if service.columns[table.table]]
    queries = [write(table.table, service.columns[table.table]) for table in known]
    pairs = zip(known, queries, strict=True)
    return {pool.submit(_ask, table, query, limits) for table, query in pairs}


def _refuse_unknown(service: _Service) -> Iterator[TableAnswer]:
    """Give the answers of tables that a service does not have."""
    for table in _name_tables(service):
        if not service.columns[table.table]:
            yield TableAnswer(table, NO_QUERY, Table(), "refused", "it has no such table")


def _name_tables(service: _Service) -> Iterator[EpnTable]:
    """Give the tables by name; one without a name is every EPN-TAP table of its service."""
    for table in service.tables:
        names = [table.table] if table.table else sorted(service.columns)
        yield from (EpnTable(service.url, name) for name in names)


def _learn_columns(service: _Service, limits: RequestLimits) -> TableAnswer | None:
    """Ask which columns each table has; give an answer only if that fails."""
    named = [table.table for table in service.tables if table.table]
    chosen = (
        f"table_name IN ({', '.join(sql_text(name) for name in named)})"
        if len(named) == len(service.tables)
        else "table_name LIKE '%epn_core'"
    )
    text = f"SELECT table_name, column_name FROM tap_schema.columns WHERE {chosen}"  # noqa: S608 - quoted
    query = TableQuery(text, ("table_name", "column_name"))
    answer = _ask(service.tables[0], query, replace(limits, limit=1_000_000))
    if answer.state != "whole":
        return answer
    service.columns = {name: [] for name in named}
    for table, column in zip(answer.rows["table_name"], answer.rows["column_name"], strict=True):
        service.columns.setdefault(str(table), []).append(str(column))
    if not service.columns:
        return replace(answer, rows=Table(), state="refused", why="it has no EPN-TAP table")
    return None


def _ask(target: EpnTable, query: TableQuery, limits: RequestLimits) -> TableAnswer:
    """Ask a table; what goes wrong is said in the answer."""
    start = time.monotonic()
    with open_session(limits.timeout) as session:
        try:
            rows, state = _run(target.url, query, limits.limit, session)
            why = f"it has more than {len(rows)} rows" if state == "overflow" else ""
        except _FAILURES as error:
            rows, (state, why) = Table(), _describe(error, session, limits.timeout)
    return TableAnswer(target, query, rows, state, why, time.monotonic() - start)


def _run(url: str, query: TableQuery, limit: int, session: DeadlineSession) -> tuple[Table, str]:
    asked = TAPService(url, session=session).create_query(query.text, maxrec=limit)
    document = asked.execute_stream().read()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what services write is theirs
        rows, state = _parse(document, asked)
    names = [name for name in query.columns if name in rows.colnames]
    # Not rows[names], which copies them.
    return Table([rows[name] for name in names], copy=False) if names else rows, state


def _parse(document: bytes, asked: Any) -> tuple[Table, str]:
    """Read an answer (DALI 1.1, section 4.4): its table, and whether it is whole."""
    try:
        votable = parse_votable(io.BytesIO(document), verify="ignore")
        results = next(each for each in votable.resources if each.type == "results")
    except (ValueError, TypeError, IndexError, StopIteration) as error:
        asked.raise_if_error()
        raise DALFormatError(error, "it answers with something else than a VOTable") from None
    states = [info for info in results.infos if info.name == "QUERY_STATUS"]
    if states and states[0].value == "ERROR":
        raise DALQueryError(" ".join(str(states[0].content or "").split()))
    overflow = any(info.value == "OVERFLOW" for info in states)
    rows = results.tables[0].to_table(use_names_over_ids=True) if results.tables else Table()
    return rows, "overflow" if overflow else "whole"


def _describe(error: Exception, session: DeadlineSession, timeout: float) -> tuple[str, str]:
    """Say what became of a service that failed."""
    timed_out = isinstance(error, requests.Timeout) or "timed out" in str(error)
    if session.expired or timed_out:
        return "silent", f"no whole answer in {timeout:g} s"
    why = " ".join(str(error).split())[:300]
    refused = isinstance(error, DALQueryError | DALFormatError)
    return ("refused" if refused else "down"), why or type(error).__name__
