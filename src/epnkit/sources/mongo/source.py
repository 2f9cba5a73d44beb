"""MongoDB by its own driver: batches by key, without long cursors."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
import pymongo
import pymongo.errors
from pymongo.collection import Collection

from epnkit.errors import SourceError, TransientSourceError
from epnkit.sources.base import ALL, BATCH_SIZE, UNORDERED, Order, Window
from epnkit.sources.config.credentials import Secret, credential
from epnkit.sources.config.settings import Settings, settings_of
from epnkit.sources.config.types import declared
from epnkit.sources.mongo.query import Filter, after, both, ends, order_values
from epnkit.sources.transport.retry import PATIENT, Patience, patience_of, persist, resumed
from epnkit.sources.values.documents import SAMPLE, flat, frame, types_of
from epnkit.sources.values.extended_json import plain
from epnkit.sources.values.window_ends import typed

Result = TypeVar("Result")

#: How long the driver looks for a server before it gives up, in milliseconds.
_SELECTION = 10_000


@dataclass(frozen=True)
class MongoSettings:
    """What a source file says about a collection.

    Parameters
    ----------
    database, collection : str
        Where the documents lie; ``previews.files`` for GridFS metadata.
    filter : dict
        A query in MongoDB's words.
    fields : tuple of str
        The fields to read; empty reads all.
    order : Order
        The cursor and the key; ``_id`` unless another one is named.
    types : dict
        Declared types of fields.
    patience : Patience
        How often to try again.
    """

    database: str
    collection: str
    filter: Filter = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    order: Order = UNORDERED
    types: dict[str, pl.DataType] = field(default_factory=dict)
    patience: Patience = PATIENT

    @property
    def sort(self) -> tuple[str, ...]:
        """The fields of the order inside a leg with a cursor."""
        key = self.order.key or ("_id",)
        return tuple(dict.fromkeys([*filter(None, [self.order.cursor]), *key]))


@dataclass(frozen=True)
class _Place:
    """Where reading goes on: the leg, and the order's values of the last document."""

    leg: int
    last: tuple[Any, ...] = ()


class MongoSource:
    """Documents of one collection.

    Parameters
    ----------
    secret : Secret
        A MongoDB URL.
    settings : MongoSettings
        The collection and what to read of it.
    """

    def __init__(self, secret: Secret, settings: MongoSettings) -> None:
        self._secret, self._settings = secret, settings
        self.label = f"{settings.database}.{settings.collection} at {secret.shown}"

    @classmethod
    def from_file(cls, path: Path, order: Order = UNORDERED) -> MongoSource:
        """Build the source that a ``source.toml`` describes.

        Raises
        ------
        ConfigurationError
            When the file or the credential it names is wrong.
        """
        with settings_of(path, "mongodb") as settings:
            secret = credential(settings.take("connection", str))
            chosen = _mongo_settings(settings, order)
        return cls(secret, chosen)

    def schema(self) -> dict[str, str]:
        """Give the fields that the first documents have, and their types."""
        return {name: str(dtype) for name, dtype in self._types.items()}

    def count(self, window: Window = ALL) -> int:
        """Count the documents that the window holds (``countDocuments``)."""
        total = 0
        for condition, _ in self._legs(window):
            total += self._patiently(partial(self._collection.count_documents, condition))
        return total

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read the documents of a window, ordered by cursor and key, each batch a query."""
        return resumed(partial(self._read, self._legs(window), size), self._settings.patience)

    @cached_property
    def _collection(self) -> Collection[Filter]:
        settings = self._settings
        silence = int(settings.patience.silence * 1000)
        client: pymongo.MongoClient[Filter] = self._told(
            lambda: pymongo.MongoClient(
                self._secret.reveal(),
                tz_aware=False,
                socketTimeoutMS=silence,
                serverSelectionTimeoutMS=min(_SELECTION, silence),
            )
        )
        weakref.finalize(self, client.close)
        return client[settings.database][settings.collection]

    @property
    def _types(self) -> dict[str, pl.DataType]:
        return {**self._found, **self._settings.types}

    @cached_property
    def _found(self) -> dict[str, pl.DataType]:
        documents = self._patiently(lambda: self._find(self._settings.filter, ("_id",), SAMPLE))
        return types_of([_flat(d) for d in documents])

    def _typed(self, window: Window, cursor: str) -> Window:
        """Read the ends as what the database holds, which declared types don't change."""
        return window if window.everything else typed(window, cursor, self._found)

    def _legs(self, window: Window) -> list[tuple[Filter, tuple[str, ...]]]:
        """Split a window in the documents with a value in the cursor and those without."""
        settings, cursor = self._settings, self._settings.order.cursor
        if cursor is None:
            if window.everything:
                return [(settings.filter, settings.sort)]
            raise SourceError("a window needs a cursor field", where=self.label)
        ranged = both(settings.filter, {cursor: {"$ne": None, **ends(self._typed(window, cursor))}})
        absent = both(settings.filter, {cursor: None})
        legs = [(ranged, settings.sort)]
        return [*legs, (absent, settings.order.key or ("_id",))] if window.nulls else legs

    def _read(
        self, legs: list[tuple[Filter, tuple[str, ...]]], size: int, place: _Place | None
    ) -> Iterator[tuple[pl.DataFrame, _Place]]:
        start = place or _Place(0)
        for number, (condition, sort) in enumerate(legs[start.leg :], start.leg):
            here = start if number == start.leg else _Place(number)
            while documents := self._find(self._behind(condition, sort, here), sort, size):
                here = _Place(number, order_values(documents[-1], sort, self.label))
                batch = [_flat(document) for document in documents]
                yield frame(batch, self._types, self.label), here

    def _behind(self, condition: Filter, sort: tuple[str, ...], place: _Place) -> Filter:
        """Restrict a query to what follows a document in the order."""
        if not place.last:
            return condition
        return both(condition, after(sort, place.last))

    def _find(self, condition: Filter, sort: tuple[str, ...], size: int) -> list[Filter]:
        fields = {*self._settings.fields, *sort} if self._settings.fields else None
        order = [(name, pymongo.ASCENDING) for name in sort]
        return self._told(
            lambda: list(self._collection.find(condition, fields).sort(order).limit(size))
        )

    def _patiently(self, action: Callable[[], Result]) -> Result:
        return persist(lambda: self._told(action), self._settings.patience)

    def _told(self, action: Callable[[], Result]) -> Result:
        """Call the driver, and tell its errors without the password."""
        try:
            return action()
        except (pymongo.errors.ConnectionFailure, pymongo.errors.WaitQueueTimeoutError) as error:
            raise TransientSourceError(
                "the server does not answer",
                where=self.label,
                why=self._short(error),
                cure="See that it runs and that the address in the credential is right",
            ) from None
        except pymongo.errors.PyMongoError as error:
            raise SourceError(
                "the server reports an error",
                where=self.label,
                why=self._short(error),
                cure="Correct the credential, or the filter in the source file",
            ) from None

    def _short(self, error: Exception) -> str:
        return self._secret.scrub(" ".join(str(error).split()))[:300]


def _mongo_settings(settings: Settings, order: Order) -> MongoSettings:
    return MongoSettings(
        settings.take("database", str),
        settings.take("collection", str),
        settings.take("filter", dict, {}),
        settings.names("fields"),
        settings.order(order),
        declared(settings),
        patience_of(settings),
    )


def _flat(document: Filter) -> dict[str, Any]:
    return flat(plain(document))
