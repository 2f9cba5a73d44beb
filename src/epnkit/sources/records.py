"""Record services over HTTP: JSON in pages, in the manner of SiTools2, REGARDS and DKIST."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.base import ALL, BATCH_SIZE, UNORDERED, Order, Window
from epnkit.sources.config.credentials import Secret
from epnkit.sources.config.settings import Settings, settings_of
from epnkit.sources.config.types import declared
from epnkit.sources.mongo.query import inside
from epnkit.sources.tap import secret_of
from epnkit.sources.transport.http import Link
from epnkit.sources.transport.retry import PATIENT, Patience, patience_of, persist
from epnkit.sources.values.documents import SAMPLE, flat, frame, types_of
from epnkit.sources.values.extended_json import plain
from epnkit.sources.values.window_ends import typed


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
    order : Order
        The cursor and the key.
    types : dict
        Declared types of fields.
    page : int
        Records a page.
    authority : pathlib.Path, optional
        The certificates to trust.
    patience : Patience
        How often to try again.
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
    order: Order = UNORDERED
    types: dict[str, pl.DataType] = field(default_factory=dict)
    page: int = 300
    authority: Path | None = None
    patience: Patience = PATIENT


class RecordsSource:
    """Records of one data set.

    Parameters
    ----------
    secret : Secret
        The service's base URL, perhaps with credentials.
    settings : RecordsSettings
        The data set and how it is paged.
    """

    def __init__(self, secret: Secret, settings: RecordsSettings) -> None:
        self._settings = settings
        self._link = Link(secret, settings.authority, settings.patience.silence)
        self.label = self._link.where(settings.path)

    @classmethod
    def from_file(cls, path: Path, order: Order = UNORDERED) -> RecordsSource:
        """Build the source that a ``source.toml`` describes.

        Raises
        ------
        ConfigurationError
            When the file or the credential it names is wrong.
        """
        with settings_of(path, "records") as settings:
            secret = secret_of(settings)
            chosen = _records_settings(settings, order)
        return cls(secret, chosen)

    def schema(self) -> dict[str, str]:
        """Give the fields that the first records have, and their types."""
        return {name: str(dtype) for name, dtype in self._types.items()}

    def count(self, window: Window = ALL) -> int:
        """Count the window's records: by the service's own total, or by looking at each."""
        if window.everything:
            return self._total(self._ask({}, 0, 1))
        return sum(batch.height for batch in self.batches(window))

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read the records of a window, in the service's own order.

        Raises
        ------
        SourceError
            When the service's total changes meanwhile, or fewer records come than it says.
        """
        chosen, page = self._narrowing(window), min(size, self._settings.page)
        read, total = 0, None
        while total is None or read < total:
            answer = self._ask(chosen, read, page)
            total = self._same(total, self._total(answer))
            documents = self._documents(answer)
            self._refuse_short(len(documents), min(page, total - read))
            read += len(documents)
            batch = frame(documents, self._types, self.label)
            kept = batch if window.everything else batch.filter(self._inside(window))
            if kept.height:
                yield kept

    @cached_property
    def _types(self) -> dict[str, pl.DataType]:
        found = self._documents(self._ask({}, 0, min(SAMPLE, self._settings.page)))
        return {**types_of(found), **self._settings.types}

    def _ask(self, chosen: dict[str, str], read: int, page: int) -> Any:
        settings = self._settings
        number = read if settings.counts == "records" else settings.first + read // page
        parameters: dict[str, str | int] = {
            **settings.parameters,
            **chosen,
            settings.start: number,
            settings.limit: page,
        }
        ask = partial(self._link.ask, "GET", settings.path, parameters=parameters)
        return persist(ask, settings.patience)

    def _documents(self, answer: Any) -> list[dict[str, Any]]:
        found = inside(answer, self._settings.data)
        if not isinstance(found, list):
            raise SourceError(
                f"the answer has no records under {self._settings.data!r}",
                where=self.label,
                why=str(answer)[:200],
                cure="Correct `data` in the source file",
            )
        return [flat(plain(document)) for document in found]

    def _total(self, answer: Any) -> int:
        found = inside(answer, self._settings.total)
        if isinstance(found, int | str) and str(found).isdigit():
            return int(found)
        raise SourceError(
            f"the answer has no total under {self._settings.total!r}",
            where=self.label,
            why=str(answer)[:200],
            cure="Correct `total` in the source file: without it a cut answer looks whole",
        )

    def _same(self, before: int | None, now: int) -> int:
        if before is not None and before != now:
            raise SourceError(
                f"the number of records changed from {before} to {now} while they were read",
                where=self.label,
                why="pages counted from the start shift when records come or go",
                cure="Run it again",
            )
        return now

    def _refuse_short(self, came: int, expected: int) -> None:
        if came != expected:
            raise SourceError(
                f"a page holds {came} records instead of {expected}",
                where=self.label,
                cure="Lower `page` in the source file: the service may allow fewer",
            )

    def _narrowing(self, window: Window) -> dict[str, str]:
        """Narrow a request to a window, as far as the service can."""
        template = self._settings.window
        if template is None or None in (window.low, window.high) or window.nulls:
            return {}
        name, value = template
        return {name: value.format(low=window.low, high=window.high)}

    def _inside(self, window: Window) -> pl.Expr:
        cursor = self._settings.order.cursor
        if cursor is None:
            raise SourceError("a window needs a cursor field", where=self.label)
        return inside_window(cursor, typed(window, cursor, self._types))


def inside_window(cursor: str, window: Window) -> pl.Expr:
    """Tell which records a window holds."""
    column, found = pl.col(cursor), pl.col(cursor).is_not_null()
    if window.low is not None:
        found &= (column >= window.low) if window.low_closed else (column > window.low)
    if window.high is not None:
        found &= (column <= window.high) if window.high_closed else (column < window.high)
    return found.fill_null(value=False) | (column.is_null() & pl.lit(window.nulls))


def _records_settings(settings: Settings, order: Order) -> RecordsSettings:
    parameters = {name: str(v) for name, v in settings.take("parameters", dict, {}).items()}
    pair = settings.names("window")
    if pair and len(pair) != 2:
        raise settings.wrong(
            "window",
            "it is not the name and the value of one parameter",
            'Write window = ["name", "{low}/{high}"]',
        )
    return RecordsSettings(
        settings.take("path", str),
        parameters,
        settings.choice("counts", ("records", "pages"), "records"),
        settings.take("start", str, "start"),
        settings.take("limit", str, "limit"),
        settings.take("first", int, 0),
        settings.take("data", str, "data"),
        settings.take("total", str, "total"),
        (pair[0], pair[1]) if pair else None,
        settings.order(order),
        declared(settings),
        settings.positive("page", RecordsSettings.page),
        settings.beside("authority"),
        patience_of(settings),
    )
