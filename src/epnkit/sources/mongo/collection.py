"""What both ways to a collection of MongoDB have in common: its filter, order, types and pages."""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, TypeVar

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.base import ALL, BATCH_SIZE, UNORDERED, CursorValue, Order, Window
from epnkit.sources.comparing import ComparedByKey
from epnkit.sources.config.settings import Settings
from epnkit.sources.config.types import take_types
from epnkit.sources.configured import ConfiguredSource
from epnkit.sources.mongo.query import Filter, bound_operators, combine_filters, filter_after
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
from epnkit.sources.values.documents import (
    SAMPLE,
    Document,
    build_frame,
    flatten_document,
    get_dotted,
    infer_types,
)
from epnkit.sources.values.extended_json import to_plain
from epnkit.sources.values.keys import key_expression, read_key
from epnkit.sources.values.object_ids import (
    first_object_id,
    is_object_id,
    is_object_id_text,
    last_object_id,
)
from epnkit.sources.values.window_bounds import bound_type_error, parse_bound, parse_window


@dataclass(frozen=True)
class CollectionSettings:
    """What a source file says about a collection.

    Parameters
    ----------
    database, collection : str
        Where the documents are; ``previews.files`` for GridFS metadata.
    filter : dict
        A query in MongoDB's terms.
    order : Order
        The cursor and the key; ``_id`` unless another one is named.
    types : dict
        Declared types of fields.
    retry_policy : RetryPolicy
        How often to try again.
    """

    database: str
    collection: str
    filter: Filter = field(default_factory=dict)
    order: Order = UNORDERED
    types: dict[str, pl.DataType] = field(default_factory=dict)
    retry_policy: RetryPolicy = DEFAULT_RETRY

    @property
    def key(self) -> tuple[str, ...]:
        """The fields that distinguish documents."""
        return self.order.key or ("_id",)


#: How many documents are asked for by their keys at a time: an address has its limits.
_FETCH_SIZE = 50

#: How many keys are listed at a time.
_LIST_SIZE = 1000

SettingsT = TypeVar("SettingsT", bound=CollectionSettings)


class CollectionSource(ComparedByKey, ConfiguredSource[SettingsT]):
    """Documents of one collection, read by key."""

    #: A name for messages.
    label: str

    def count(self, window: Window = ALL) -> int:
        """Ask how many documents the window holds."""
        return sum(self._count(segment.condition) for segment in self._segments(window))

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read the documents of a window, ordered by cursor and key, each batch a query.

        Each is requested by the key after which it begins, so none is shifted by documents that
        come or go meanwhile.
        """
        read = partial(self._read, size=self._page_size(size))
        pages = partial(read_segments, self._segments(window), read)
        return resume(pages, self._settings.retry_policy)

    def keys(self, low: str | None, high: str | None) -> pl.DataFrame:
        """List the keys from low to below high; their digests are null.

        Raises
        ------
        SourceError
            If several fields, or one that is neither a text nor a whole number, make the key.
        """
        name = self._require_single_key()
        limits = {"$gte": low, "$lt": high}
        bounds = {word: self._bind_key(key) for word, key in limits.items() if key is not None}
        condition = combine_filters(self._settings.filter, {name: {"$ne": None, **bounds}})
        found = pl.Series(name, list(self._list_keys(condition, name)), self._types[name])
        return pl.DataFrame([found]).select(
            key_expression([name]).alias("record_key"),
            pl.lit(None, pl.Int64).alias("record_digest"),
        )

    def fetch(self, keys: list[str]) -> Iterator[pl.DataFrame]:
        """Read the records with these keys."""
        name = self._require_single_key()
        for first in range(0, len(keys), _FETCH_SIZE):
            part = [self._bind_key(key) for key in keys[first : first + _FETCH_SIZE]]
            segment = Segment(
                combine_filters(self._settings.filter, {name: {"$in": part}}), (name,)
            )
            read = partial(self._read, size=_FETCH_SIZE)
            pages = partial(read_segments, [segment], read)
            yield from resume(pages, self._settings.retry_policy)

    def _list_keys(self, condition: Filter, name: str) -> Iterator[Any]:
        after = condition
        while True:
            page = retry(
                partial(self._find, after, (name,), _LIST_SIZE, only=(name,)),
                self._settings.retry_policy,
            )
            values = [get_dotted(document, name) for document in page]
            yield from map(to_plain, values)
            if len(page) < _LIST_SIZE:
                return
            after = combine_filters(condition, {name: {"$gt": values[-1]}})

    def _require_single_key(self) -> str:
        name, *others = self._settings.key
        if others or self._types.get(name) not in (pl.String(), pl.Int64()):
            raise SourceError(
                "the documents cannot be compared with the table",
                where=self.label,
                why="their key is not one text or whole number",
                cure="Load in full: epnkit load SERVICE --full",
            )
        return name

    def _bind_key(self, key: str) -> Any:
        """Write a key of the tracking table for a query."""
        (text,) = read_key(key, 1)
        name = self._settings.key[0]
        if self._types[name] == pl.Int64():
            return int(text or 0)
        bound = name == "_id" and text is not None and is_object_id_text(text)
        return self._bind_object_id(str(text)) if bound else text

    @abstractmethod
    def _bind_object_id(self, text: str) -> Any:
        """Write an ObjectId for a query."""

    @abstractmethod
    def _count(self, condition: Filter) -> int:
        """Count documents."""

    @abstractmethod
    def _find(
        self, condition: Filter, sort: tuple[str, ...], size: int, only: tuple[str, ...] = ()
    ) -> list[Filter]:
        """Read the first documents of an order, or only some fields, without trying again."""

    @abstractmethod
    def _find_sample(self, size: int) -> list[Filter]:
        """Read some documents, to find the fields."""

    def _page_size(self, size: int) -> int:
        """Return how many documents to request for batches of a size."""
        return size

    def _bind(self, value: CursorValue) -> Any:
        """Write a value of the cursor for a query."""
        return value

    def _bind_bound(self, cursor: str, value: CursorValue, *, after: bool) -> Any:
        """Write a bound of a window: of ObjectIds, one of them or a time.

        Of a time it is the first of its second, or the last one if the bound lies after that.
        """
        if cursor not in self._object_ids:
            return self._bind(value)
        if isinstance(value, str) and is_object_id_text(value):
            return self._bind_object_id(value)
        time = parse_bound(value, pl.Datetime(), cursor)
        if not isinstance(time, dt.datetime):
            raise bound_type_error(value, pl.Datetime(), cursor)
        return self._bind_object_id(last_object_id(time) if after else first_object_id(time))

    @property
    def _types(self) -> dict[str, pl.DataType]:
        return {**self._found_types, **self._settings.types}

    @cached_property
    def _found_types(self) -> dict[str, pl.DataType]:
        return infer_types(list(map(_flatten_document, self._sample)))

    @cached_property
    def _object_ids(self) -> set[str]:
        """The fields, not those of fields, that hold ObjectIds."""
        return {name for each in self._sample for name in each if is_object_id(each[name])}

    @cached_property
    def _sample(self) -> list[Filter]:
        return self._find_sample(SAMPLE)

    def _segments(self, window: Window) -> list[Segment[Filter, str]]:
        settings = self._settings
        return split_window(
            window,
            settings.order.cursor,
            settings.key,
            every=settings.filter,
            inside=partial(self._inside, window),
            absent=lambda cursor: combine_filters(settings.filter, {cursor: None}),
            where=self.label,
        )

    def _inside(self, window: Window, cursor: str) -> Filter:
        if not window.everything:
            # The bounds are what the database holds, which declared types don't change.
            window = parse_window(window, cursor, self._found_types)
        bounds = {
            name: self._bind_bound(cursor, value, after=name in {"$gt", "$lte"})
            for name, value in bound_operators(window).items()
        }
        return combine_filters(self._settings.filter, {cursor: {"$ne": None, **bounds}})

    def _read(
        self, segment: Segment[Filter, str], checkpoint: Checkpoint, size: int
    ) -> Iterator[BatchAndCheckpoint]:
        return read_by_key(partial(self._fetch, size=size), segment, checkpoint, self.label)

    def _fetch(
        self, segment: Segment[Filter, str], last: tuple[Any, ...], size: int
    ) -> Page | None:
        condition, order = segment.condition, segment.order
        if last:
            condition = combine_filters(condition, filter_after(order, last))
        documents = self._find(condition, order, size)
        if not documents:
            return None
        frame = build_frame(list(map(_flatten_document, documents)), self._types, self.label)
        return Page(frame, tuple(get_dotted(documents[-1], name) for name in order))


def take_collection(settings: Settings, order: Order) -> dict[str, Any]:
    """Take the keys that both ways to a collection know, as :class:`CollectionSettings` has them.

    Raises
    ------
    ConfigurationError
        If one is missing or wrong.
    """
    return {
        "database": settings.take("database", str),
        "collection": settings.take("collection", str),
        "filter": settings.take("filter", dict, {}),
        "order": settings.take_order(order),
        "types": take_types(settings),
        "retry_policy": take_retry_policy(settings),
    }


def _flatten_document(document: Filter) -> Document:
    return flatten_document(document, to_plain)
