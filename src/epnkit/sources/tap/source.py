"""TAP services (pyvo): a table read in windows and pages, truncation never taken for the end."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, TypeVar

import polars as pl
import requests
import urllib3

from epnkit.errors import SourceError, TransientSourceError
from epnkit.modules import requires_extra
from epnkit.sources.attachments import Attachments, take_attachments
from epnkit.sources.base import ALL, BATCH_SIZE, Order, Window
from epnkit.sources.config.address import take_address
from epnkit.sources.config.credentials import Secret
from epnkit.sources.config.settings import Settings
from epnkit.sources.config.types import take_types
from epnkit.sources.configured import ConfiguredSource
from epnkit.sources.tap.adql import Query, after_row, window_conditions
from epnkit.sources.tap.votable import build_frame, column_types, last_values
from epnkit.sources.transport.paging import (
    BatchAndCheckpoint,
    Checkpoint,
    Page,
    Segment,
    read_by_key,
    read_segments,
    split_window,
)
from epnkit.sources.transport.retry import (
    DEFAULT_RETRY,
    RetryPolicy,
    resume,
    retry,
    take_retry_policy,
)
from epnkit.sources.values.window_bounds import parse_window

with requires_extra("tap"):
    import pyvo


Result = TypeVar("Result")

#: HTTP statuses below 500 that pass by themselves.
_TRANSIENT = {408, 429}


@dataclass(frozen=True)
class TapSettings:
    """What a source file says about a table of a TAP service.

    Parameters
    ----------
    table : str
        The table, ``gaia_dem.epn_core``; or a SELECT in brackets, such as a join, with a name.
    columns : tuple of str
        The columns; empty reads all.
    where : str
        A condition in ADQL.
    order : Order
        The cursor and the key; without a key the table is read in one query.
    page : int
        Rows a page.
    retry_policy : RetryPolicy
        How often to try again.
    at_once : int
        Rows requested if the table is read at once: more than that is an overflow.
    types : dict
        Declared types of columns.
    attachments : Attachments
        Files on this machine that describe what a row is about.
    """

    table: str
    columns: tuple[str, ...] = ()
    where: str = ""
    order: Order = field(default_factory=Order)
    page: int = 20_000
    retry_policy: RetryPolicy = DEFAULT_RETRY
    at_once: int = 1_000_000
    types: dict[str, pl.DataType] = field(default_factory=dict)
    attachments: Attachments = field(default_factory=Attachments)

    @property
    def query(self) -> Query:
        """The query of all rows."""
        conditions = (f"({self.where})",) if self.where else ()
        return Query(", ".join(self.columns) or "*", self.table, conditions)


class _TimeoutSession(requests.Session):
    """A session that doesn't wait for ever, as pyvo's own would."""

    def __init__(self, read_timeout: float, authorization: str = "") -> None:
        super().__init__()
        self.trust_env = False
        self._read_timeout = read_timeout
        if authorization:
            self.headers["Authorization"] = authorization

    def request(self, *args: Any, **options: Any) -> requests.Response:
        """Send a request, with the timeout unless another one is given."""
        return super().request(*args, **{"timeout": self._read_timeout, **options})


class TapSource(ConfiguredSource[TapSettings]):
    """Rows of one table.

    Parameters
    ----------
    secret : Secret
        The service's URL, perhaps with credentials, or followed by ``ApiKey ...`` or
        ``Bearer ...``.
    settings : TapSettings
        The table and what to read of it.
    """

    kind = "tap"
    take_secret = staticmethod(take_address)

    def __init__(self, secret: Secret, settings: TapSettings) -> None:
        super().__init__(secret, settings)
        self.label = f"{settings.table} at {secret.masked}"

    @classmethod
    def take_settings(cls, settings: Settings, order: Order) -> TapSettings:
        """Take the keys of a source file."""
        types = take_types(settings, lists=False)
        return TapSettings(
            settings.take("table", str),
            settings.take_names("columns"),
            settings.take("where", str, ""),
            settings.take_order(order),
            settings.take_positive("page", TapSettings.page),
            take_retry_policy(settings),
            types={name.lower(): dtype for name, dtype in types.items()},
            attachments=take_attachments(settings),
        )

    def count(self, window: Window = ALL) -> int:
        """Ask the service how many rows the window holds."""
        return sum(self._count(segment.condition) for segment in self._segments(window))

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read the rows of a window, ordered by cursor and key.

        Raises
        ------
        SourceError
            If the service truncates an answer (OVERFLOW, DALI section 4.4.1).
        """
        read = partial(self._read, page=min(size, self._settings.page))
        pages = partial(read_segments, self._segments(window), read)
        for batch in resume(pages, self._settings.retry_policy):
            yield self._settings.attachments.join(batch)

    @cached_property
    def _service(self) -> pyvo.dal.TAPService:
        address, _, authorization = self._secret.reveal().partition(" ")
        read_timeout = self._settings.retry_policy.read_timeout
        session = _TimeoutSession(read_timeout, authorization.strip())
        return pyvo.dal.TAPService(address, session=session)

    @property
    def _types(self) -> dict[str, pl.DataType]:
        return self._own_types | self._settings.attachments.types

    @cached_property
    def _own_types(self) -> dict[str, pl.DataType]:
        found = column_types(self._retry(replace(self._settings.query, top=1)))
        return {name: self._settings.types.get(name, dtype) for name, dtype in found.items()}

    def _segments(self, window: Window) -> list[Segment[Query, str]]:
        query, order = self._settings.query, self._settings.order
        return split_window(
            window,
            order.cursor,
            order.key,
            every=query,
            inside=lambda cursor: _restrict(query, *self._inside(window, cursor)),
            absent=lambda cursor: _restrict(query, f"{cursor} IS NULL"),
            where=self.label,
        )

    def _inside(self, window: Window, cursor: str) -> tuple[str, ...]:
        if not window.everything:
            window = parse_window(window, cursor.lower(), self._own_types)
        return window_conditions(cursor, window)

    def _count(self, query: Query) -> int:
        answer = self._retry(replace(query, columns="COUNT(*) AS n", top=1))
        return int(answer["n"][0])

    def _read(
        self, segment: Segment[Query, str], checkpoint: Checkpoint, page: int
    ) -> Iterator[BatchAndCheckpoint]:
        """Read page by page after the last key, or all at once if there is no key."""
        if self._settings.order.key:
            fetch = partial(self._fetch, page=page)
            yield from read_by_key(fetch, segment, checkpoint, self.label)
        elif found := self._fetch(segment, checkpoint.last, None):
            yield found.frame, checkpoint.advance(found.last)

    def _fetch(
        self, segment: Segment[Query, str], last: tuple[Any, ...], page: int | None
    ) -> Page | None:
        """Read a page; a short one may have been cut by the service's own limit, an empty not."""
        query = replace(segment.condition, order=segment.order, top=page)
        if last:
            query = _restrict(query, after_row(segment.order, last))
        answer = self._execute(query)
        frame = build_frame(answer, self._own_types)
        return Page(frame, last_values(answer, segment.order)) if frame.height else None

    def _retry(self, query: Query) -> Any:
        return retry(partial(self._execute, query), self._settings.retry_policy)

    def _execute(self, query: Query) -> Any:
        """Run a query, and refuse an answer that was truncated."""
        return self._call_pyvo(partial(self._run, str(query), query.top or self._settings.at_once))

    def _run(self, query: str, rows: int) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an overflow is an error below
            answer = self._service.run_sync(query, maxrec=rows + 1)
        if answer.query_status == "OVERFLOW":
            raise SourceError(
                "the service gives a part of the rows only (OVERFLOW)",
                where=self.label,
                cure="Name a key and a smaller page in the source file, so that pages are read",
            )
        return answer

    def _call_pyvo(self, action: Callable[[], Result]) -> Result:
        """Call pyvo, and raise its errors as ours, without the password."""
        try:
            return action()
        except pyvo.dal.DALQueryError as error:
            raise SourceError(
                "the service refuses the query",
                where=self.label,
                why=self._shorten(error),
                cure="Correct table, columns and condition in the source file",
            ) from None
        except (pyvo.dal.DALServiceError, requests.RequestException) as error:
            raise self._service_error(error) from None
        except pyvo.dal.DALFormatError as error:
            # pyvo reports a connection that breaks within the answer as a wrong format, too.
            if isinstance(error.cause, urllib3.exceptions.HTTPError | OSError):
                raise self._service_error(error.cause) from None
            raise SourceError(
                "the service answers no VOTable",
                where=self.label,
                why=self._shorten(error),
                cure="See that the address is the TAP service's own",
            ) from None

    def _service_error(self, error: Exception) -> SourceError:
        code = getattr(error, "code", None)
        transient = code is None or code in _TRANSIENT or code >= 500
        kind = TransientSourceError if transient else SourceError
        return kind(
            "the service does not answer",
            where=self.label,
            why=self._shorten(error),
            cure="See that it runs and that its address is right",
        )

    def _shorten(self, error: Exception) -> str:
        return self._secret.scrub(" ".join(str(error).split()))[:300]


def _restrict(query: Query, *conditions: str) -> Query:
    return replace(query, conditions=(*query.conditions, *conditions))
