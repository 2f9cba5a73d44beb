"""REGARDS: the products that a search selects, with their files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial
from typing import Any

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.base import ALL, BATCH_SIZE, CursorValue, Window
from epnkit.sources.comparing import ComparedByKey
from epnkit.sources.config.address import take_address
from epnkit.sources.config.credentials import Secret
from epnkit.sources.configured import ConfiguredSource
from epnkit.sources.regards.listing import KeyListing
from epnkit.sources.regards.lucene import (
    Selection,
    has_no_value,
    is_exact,
    is_one_of,
    select_window,
)
from epnkit.sources.regards.paging import START, check_answer, read_cursor
from epnkit.sources.regards.products import (
    STATIC_FIELDS,
    Answer,
    file_fields,
    read_answer,
    read_record,
)
from epnkit.sources.regards.session import RegardsSession
from epnkit.sources.regards.settings import RegardsSettings, take_regards_settings
from epnkit.sources.transport.paging import (
    BatchAndCheckpoint,
    Checkpoint,
    Page,
    Segment,
    read_by_key,
    read_segments,
    split_window,
)
from epnkit.sources.transport.retry import resume, retry
from epnkit.sources.values.documents import SAMPLE, Document, build_frame, get_dotted, infer_types
from epnkit.sources.values.keys import key_expression, read_key
from epnkit.sources.values.window_bounds import bound_type_error, parse_window, window_filter

#: How many products are asked for by their keys at a time: an address has its limits.
_FETCH_SIZE = 20


class RegardsSource(ComparedByKey, ConfiguredSource[RegardsSettings]):
    """Products of an archive.

    Parameters
    ----------
    secret : Secret
        The archive's base URL, with user and password if its products are not public.
    settings : RegardsSettings
        Which products, and what of them.
    """

    kind = "regards"
    take_secret = staticmethod(take_address)
    take_settings = staticmethod(take_regards_settings)

    def __init__(self, secret: Secret, settings: RegardsSettings) -> None:
        super().__init__(secret, settings)
        timeout = settings.retry_policy.read_timeout
        self._session = RegardsSession(secret, settings.tenant, settings.authority, timeout)
        self.label = self._session.address(settings.path)
        self._listing = KeyListing(self._list_keys, self.label)

    def count(self, window: Window = ALL) -> int:
        """Ask REGARDS how many products the window holds."""
        if not (is_exact(self._parse(window).low) and is_exact(self._parse(window).high)):
            return sum(batch.height for batch in self.batches(window))
        totals = (self._ask(segment, 1).total for segment in self._segments(window))
        return sum(totals)

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read the products of a window, ordered by the cursor.

        Raises
        ------
        SourceError
            If a page contradicts its total, or the total changes while pages are counted.
        """
        cursor = self._settings.order.cursor
        parsed = self._parse(window)
        for batch in self._read_all(self._segments(window), size):
            kept = batch
            if cursor is not None and not window.everything:
                kept = batch.filter(window_filter(cursor, parsed))
            if kept.height:
                yield kept

    def keys(self, low: str | None, high: str | None) -> pl.DataFrame:
        """List the keys from low to below high; their digests are null.

        Raises
        ------
        SourceError
            If the key is not one text, or REGARDS does not sort by it.
        """
        self._require_single_key()
        found = self._listing.between(low, high)
        return pl.DataFrame(
            {"record_key": found, "record_digest": [None] * len(found)},
            schema={"record_key": pl.String, "record_digest": pl.Int64},
        )

    def fetch(self, keys: list[str]) -> Iterator[pl.DataFrame]:
        """Read the products with these keys."""
        name = self._require_single_key()
        for first in range(0, len(keys), _FETCH_SIZE):
            values = (read_key(key, 1)[0] for key in keys[first : first + _FETCH_SIZE])
            wanted = is_one_of(
                self._settings.query_name(name), (value for value in values if value is not None)
            )
            selection = Selection((*self._settings.conditions, wanted))
            yield from self._read_all([Segment(selection, ())], _FETCH_SIZE)

    def _list_keys(self) -> Iterator[str]:
        name = self._require_single_key()
        segment = Segment(Selection(self._settings.conditions), (self._settings.query_name(name),))
        for batch in self._read_all([segment], self._settings.page):
            yield from batch.select(key_expression([name])).to_series()

    def _require_single_key(self) -> str:
        name, *others = self._settings.key
        if others or self._types.get(name) != pl.String():
            raise SourceError(
                "the products cannot be compared with the table",
                where=self.label,
                why="their key is not one text",
                cure='Take `providerId` for the key in service.py: key=("providerId",)',
            )
        return name

    @cached_property
    def _types(self) -> dict[str, pl.DataType]:
        settings, cursor = self._settings, self._settings.order.cursor
        everything: Segment[Selection, str] = Segment(Selection(settings.conditions), ())
        features = self._ask(everything, min(SAMPLE, settings.page)).features
        types = STATIC_FIELDS | infer_types([self._record(each) for each in features])
        # Those are known, and the first products may have no value, or no file.
        types |= STATIC_FIELDS | file_fields(settings.files)
        # REGARDS compares dates and numbers alone, so a cursor that looks like a text is a date.
        if cursor is not None and types.get(cursor, pl.String()) == pl.String():
            types[cursor] = pl.Datetime("us")
        return types | settings.types

    def _record(self, feature: dict[str, Any]) -> Document:
        settings = self._settings
        return read_record(feature, settings.prefix, settings.files, self._session.base)

    def _parse(self, window: Window) -> Window:
        cursor = self._settings.order.cursor
        if cursor is None or window.everything:
            return window
        parsed = parse_window(window, cursor, self._types)
        for bound in (parsed.low, parsed.high):
            if isinstance(bound, str):
                raise bound_type_error(bound, self._types[cursor], cursor)
        return parsed

    def _segments(self, window: Window) -> list[Segment[Selection, str]]:
        conditions, cursor = self._settings.conditions, self._settings.order.cursor
        dates = cursor is not None and not self._types[cursor].is_numeric()
        return split_window(
            window,
            None if cursor is None else self._settings.query_name(cursor),
            (),
            every=Selection(conditions),
            inside=lambda name: select_window(conditions, name, self._parse(window), dates=dates),
            absent=lambda name: Selection((*conditions, has_no_value(name, dates=dates))),
            where=self.label,
        )

    def _read_all(
        self, segments: list[Segment[Selection, str]], size: int
    ) -> Iterator[pl.DataFrame]:
        read = partial(self._read, size=min(size, self._settings.page))
        return resume(partial(read_segments, segments, read), self._settings.retry_policy)

    def _read(
        self, segment: Segment[Selection, str], checkpoint: Checkpoint, size: int
    ) -> Iterator[BatchAndCheckpoint]:
        return read_by_key(partial(self._fetch, size=size), segment, checkpoint, self.label)

    def _fetch(
        self, segment: Segment[Selection, str], last: tuple[Any, ...], size: int
    ) -> Page | None:
        """Read the next page with anything new in it."""
        position = last[0] if last else START
        while not position.ended:
            answer = self._search(segment, position.since, position.number, size)
            check_answer(answer, position, self.label)
            new = position.select_new(answer.features)
            values: list[CursorValue] = []
            if segment.condition.cursor:
                read = partial(get_dotted, name=segment.condition.cursor)
                values = read_cursor(answer.features, position, read, self.label)
            position = position.advance(answer, values)
            if new:
                records = [self._record(each) for each in new]
                return Page(build_frame(records, self._types, self.label), (position,))
        return None

    def _ask(self, segment: Segment[Selection, str], size: int) -> Answer:
        """Ask for the first page, again if that may help."""
        return retry(lambda: self._search(segment, None, 0, size), self._settings.retry_policy)

    def _search(
        self, segment: Segment[Selection, str], since: str | None, number: int, size: int
    ) -> Answer:
        query = segment.condition.write(since)
        parameters: dict[str, str | int] = {"page": number, "size": size}
        parameters |= {"q": query} if query else {}
        # Unsorted, REGARDS orders its pages beyond the 10,000th product in another way.
        order = (*segment.order, *map(self._settings.query_name, self._settings.key), "providerId")
        parameters |= {"sort": f"{order[0]},ASC"}
        # Who has no token says whose products are meant.
        parameters |= {"scope": self._settings.tenant} if self._session.is_anonymous else {}
        answer = self._session.request("GET", self._settings.path, parameters=parameters)
        return read_answer(answer, number, size, self.label)
