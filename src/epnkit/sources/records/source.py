"""Record services over HTTP: JSON in pages, in the manner of SiTools2 and DKIST."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.attachments import Attachments, take_attachments
from epnkit.sources.base import ALL, BATCH_SIZE, UNORDERED, Order, Window
from epnkit.sources.config.address import take_address
from epnkit.sources.config.credentials import Secret
from epnkit.sources.config.settings import Settings
from epnkit.sources.config.types import take_types
from epnkit.sources.configured import ConfiguredSource
from epnkit.sources.records.splitting import close_window, format_bound, split_window
from epnkit.sources.transport.http import HttpClient
from epnkit.sources.transport.paging import require_cursor
from epnkit.sources.transport.retry import DEFAULT_RETRY, RetryPolicy, retry, take_retry_policy
from epnkit.sources.values.documents import (
    SAMPLE,
    Document,
    build_frame,
    flatten_document,
    get_dotted,
    infer_types,
)
from epnkit.sources.values.extended_json import to_plain
from epnkit.sources.values.window_bounds import parse_window, window_filter


@dataclass(frozen=True)
class RecordsSettings:
    """What a source file says about a record service.

    Parameters
    ----------
    path : str
        What follows the base URL.
    parameters : dict
        Parameters of every request.
    counts : str
        What the page parameter counts: ``records`` (``start=300``) or ``pages`` (``page=1``).
    start, limit : str
        The names of the parameters for where a page begins and how long it is.
    first : int
        The number of the first page.
    data, total : str
        Where the answer holds the records and their number, dotted.
    window : tuple of str
        A parameter and its value, with ``{low}`` and ``{high}``, that narrow a request to a
        window; the rest is left out here.
    most : int, optional
        How many records a query must not select; larger windows are split by time.
    order : Order
        The cursor and the key.
    types : dict
        Declared types of fields.
    page : int
        Records a page.
    authority : pathlib.Path, optional
        The certificates to trust.
    retry_policy : RetryPolicy
        How often to try again.
    attachments : Attachments
        Files on this machine that describe what a record is about.
    """

    path: str
    parameters: dict[str, str] = field(default_factory=dict)
    counts: str = "records"
    start: str = "start"
    limit: str = "limit"
    first: int = 0
    data: str = "data"
    total: str = "total"
    window: tuple[str, str] | None = None
    most: int | None = None
    order: Order = UNORDERED
    types: dict[str, pl.DataType] = field(default_factory=dict)
    page: int = 300
    authority: Path | None = None
    retry_policy: RetryPolicy = DEFAULT_RETRY
    attachments: Attachments = field(default_factory=Attachments)


class RecordsSource(ConfiguredSource[RecordsSettings]):
    """Records of one data set.

    Parameters
    ----------
    secret : Secret
        The service's base URL, perhaps with credentials.
    settings : RecordsSettings
        The data set and how it is paged.
    """

    kind = "records"
    take_secret = staticmethod(take_address)

    def __init__(self, secret: Secret, settings: RecordsSettings) -> None:
        super().__init__(secret, settings)
        timeout = settings.retry_policy.read_timeout
        self._client = HttpClient(secret, settings.authority, timeout)
        self.label = self._client.address(settings.path)

    @classmethod
    def take_settings(cls, settings: Settings, order: Order) -> RecordsSettings:
        """Take the keys of a source file."""
        parameters = {name: str(v) for name, v in settings.take("parameters", dict, {}).items()}
        pair = settings.take_names("window")
        if pair and len(pair) != 2:
            raise settings.invalid_key_error(
                "window",
                "it is not the name and the value of one parameter",
                'Write window = ["name", "{low}/{high}"]',
            )
        return RecordsSettings(
            settings.take("path", str),
            parameters,
            settings.take_choice("counts", ("records", "pages"), "records"),
            settings.take("start", str, "start"),
            settings.take("limit", str, "limit"),
            settings.take("first", int, 0),
            settings.take("data", str, "data"),
            settings.take("total", str, "total"),
            (pair[0], pair[1]) if pair else None,
            settings.take_positive("most", 1) if settings.has("most") else None,
            settings.take_order(order),
            take_types(settings),
            settings.take_positive("page", RecordsSettings.page),
            settings.take_path("authority"),
            take_retry_policy(settings),
            take_attachments(settings),
        )

    def count(self, window: Window = ALL) -> int:
        """Count the window's records: by the service's own total, or by looking at each."""
        if window.everything:
            return self._read_total(self._request({}, 0, 1))
        return sum(batch.height for batch in self.batches(window))

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read the records of a window, in the service's own order.

        Raises
        ------
        SourceError
            If the service's total changes meanwhile, or fewer records come than it says.
        """
        for part in self._split(window):
            belongs = self._window_filter(part)
            for documents in self._read_pages(part, min(size, self._settings.page)):
                batch = build_frame(documents, self._own_types, self.label)
                kept = batch if belongs is None else batch.filter(belongs)
                if kept.height:
                    yield self._settings.attachments.join(kept)

    def _split(self, window: Window) -> Iterator[Window]:
        """Split a window so that no query selects more than the service allows."""
        most, cursor = self._settings.most, self._settings.order.cursor
        held = 0 if most is None else self._total(window)
        if most is None or held < most:
            yield window
            return
        if self._settings.window is None or self._types.get(cursor or "") != pl.Datetime:
            raise SourceError(
                f"a query would select {held} records, and the service allows fewer than {most}",
                where=self.label,
                cure="Write `window` into the source file, name the cursor in service.py, and"
                ' declare it there as a time: types = {date_obs = "datetime"}',
            )
        closed = close_window(self._parse(window))
        self._refuse_timeless(window, held, closed)
        yield from split_window(closed, most, self._total, self.label)

    def _refuse_timeless(self, window: Window, held: int, closed: Window) -> None:
        """Refuse to leave out records without a time: no part of a split window holds them."""
        timed = self._total(closed)
        if window.nulls and held != timed:
            raise SourceError(
                f"{held - timed} of {held} records have no {self._settings.order.cursor}",
                where=self.label,
                why="the service allows only queries for parts by time, which leave them out",
                cure='Leave them to the archive, and declare nulls="first" for the cursor after'
                " a first load of fewer records; or have them dated",
            )

    def _total(self, window: Window) -> int:
        return self._read_total(self._request(self._window_parameters(window), 0, 1))

    def _read_pages(self, window: Window, page: int) -> Iterator[list[Document]]:
        """Read page by page, by their numbers: the service offers nothing else to continue by."""
        chosen = self._window_parameters(window)
        read, total = 0, None
        while total is None or read < total:
            answer = self._request(chosen, read, page)
            total = self._check_total(total, self._read_total(answer))
            documents = self._documents(answer)
            self._refuse_short(len(documents), min(page, total - read))
            read += len(documents)
            yield documents

    @property
    def _types(self) -> dict[str, pl.DataType]:
        return self._own_types | self._settings.attachments.types

    @cached_property
    def _own_types(self) -> dict[str, pl.DataType]:
        found = self._documents(self._request({}, 0, min(SAMPLE, self._settings.page)))
        return {**infer_types(found), **self._settings.types}

    def _request(self, chosen: dict[str, str], read: int, page: int) -> Any:
        settings = self._settings
        number = read if settings.counts == "records" else settings.first + read // page
        parameters: dict[str, str | int] = {
            **settings.parameters,
            **chosen,
            settings.start: number,
            settings.limit: page,
        }
        request = partial(self._client.request, "GET", settings.path, parameters=parameters)
        return retry(request, settings.retry_policy)

    def _documents(self, answer: Any) -> list[Document]:
        found = get_dotted(answer, self._settings.data)
        if not isinstance(found, list):
            raise SourceError(
                f"the answer has no records under {self._settings.data!r}",
                where=self.label,
                why=str(answer)[:200],
                cure="Correct `data` in the source file",
            )
        return [flatten_document(document, to_plain) for document in found]

    def _read_total(self, answer: Any) -> int:
        found = get_dotted(answer, self._settings.total)
        if isinstance(found, int | str) and str(found).isdigit():
            return int(found)
        raise SourceError(
            f"the answer has no total under {self._settings.total!r}",
            where=self.label,
            why=str(answer)[:200],
            cure="Correct `total` in the source file: without it a cut answer looks whole",
        )

    def _check_total(self, before: int | None, now: int) -> int:
        if before is not None and before != now:
            raise SourceError(
                f"the number of records changed from {before} to {now} while they were read",
                where=self.label,
                why="pages counted from the start shift when records come or go",
                cure="Run it again",
            )
        return now

    def _refuse_short(self, received: int, expected: int) -> None:
        if received != expected:
            raise SourceError(
                f"a page holds {received} records instead of {expected}",
                where=self.label,
                cure="Lower `page` in the source file: the service may allow fewer",
            )

    def _window_parameters(self, window: Window) -> dict[str, str]:
        """Narrow a request to a window, as far as the service can."""
        template = self._settings.window
        if template is None or window.nulls or window.everything:
            return {}
        if self._types.get(self._settings.order.cursor or "") == pl.Datetime:
            window = close_window(self._parse(window))
        if window.low is None or window.high is None:
            return {}
        name, value = template
        low, high = format_bound(window.low), format_bound(window.high, upper=True)
        return {name: value.format(low=low, high=high)}

    def _parse(self, window: Window) -> Window:
        return parse_window(window, str(self._settings.order.cursor), self._types)

    def _window_filter(self, window: Window) -> pl.Expr | None:
        """Return which records of a batch belong to a window, or None if all do."""
        cursor = self._settings.order.cursor
        require_cursor(cursor, window, self.label)
        if cursor is None or window.everything:
            return None
        return window_filter(cursor, parse_window(window, cursor, self._types))
