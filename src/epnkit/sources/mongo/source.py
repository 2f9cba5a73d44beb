"""MongoDB by its own driver: batches by key, without long cursors."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

from epnkit.errors import SourceError, TransientSourceError
from epnkit.modules import requires_extra
from epnkit.sources.base import Order
from epnkit.sources.config.credentials import Secret
from epnkit.sources.config.settings import Settings
from epnkit.sources.mongo.collection import CollectionSettings, CollectionSource, take_collection
from epnkit.sources.mongo.query import Filter
from epnkit.sources.transport.retry import retry

with requires_extra("mongodb"):
    import bson
    import bson.errors
    import pymongo
    import pymongo.errors
    from pymongo.collection import Collection


Result = TypeVar("Result")

#: How long the driver looks for a server before it gives up, in milliseconds.
_SELECTION_TIMEOUT = 10_000


@dataclass(frozen=True)
class MongoSettings(CollectionSettings):
    """What a source file says about a collection read by MongoDB's driver.

    Parameters
    ----------
    fields : tuple of str
        The fields to read; empty reads all.
    """

    fields: tuple[str, ...] = ()


class MongoSource(CollectionSource[MongoSettings]):
    """Documents of one collection.

    Parameters
    ----------
    secret : Secret
        A MongoDB URL.
    settings : MongoSettings
        The collection and what to read of it.
    """

    kind = "mongodb"

    def __init__(self, secret: Secret, settings: MongoSettings) -> None:
        super().__init__(secret, settings)
        self.label = f"{settings.database}.{settings.collection} at {secret.masked}"

    @classmethod
    def take_settings(cls, settings: Settings, order: Order) -> MongoSettings:
        """Take the keys of a source file."""
        collection = take_collection(settings, order)
        return MongoSettings(**collection, fields=settings.take_names("fields"))

    @cached_property
    def _collection(self) -> Collection[Filter]:
        settings = self._settings
        timeout = int(settings.retry_policy.read_timeout * 1000)
        client: pymongo.MongoClient[Filter] = self._call_driver(
            lambda: pymongo.MongoClient(
                self._secret.reveal(),
                tz_aware=False,
                datetime_conversion="DATETIME_AUTO",
                socketTimeoutMS=timeout,
                serverSelectionTimeoutMS=min(_SELECTION_TIMEOUT, timeout),
            )
        )
        weakref.finalize(self, client.close)
        # A date beyond the year 9999, or a text that is no UTF-8, shall cost itself only.
        lenient = client.codec_options.with_options(unicode_decode_error_handler="surrogateescape")
        return client[settings.database].get_collection(settings.collection, lenient)

    def _count(self, condition: Filter) -> int:
        return self._retry(partial(self._collection.count_documents, condition))

    def _find_sample(self, size: int) -> list[Filter]:
        return self._retry(lambda: self._find(self._settings.filter, ("_id",), size))

    def _bind_object_id(self, text: str) -> bson.ObjectId:
        return bson.ObjectId(text)

    def _find(
        self, condition: Filter, sort: tuple[str, ...], size: int, only: tuple[str, ...] = ()
    ) -> list[Filter]:
        named = only or self._settings.fields
        fields = {*named, *sort} if named else None
        order = [(name, pymongo.ASCENDING) for name in sort]
        return self._call_driver(
            lambda: list(self._collection.find(condition, fields).sort(order).limit(size))
        )

    def _retry(self, action: Callable[[], Result]) -> Result:
        return retry(lambda: self._call_driver(action), self._settings.retry_policy)

    def _call_driver(self, action: Callable[[], Result]) -> Result:
        """Call the driver, and raise its errors as ours, without the password."""
        try:
            return action()
        except (pymongo.errors.ConnectionFailure, pymongo.errors.WaitQueueTimeoutError) as error:
            raise TransientSourceError(
                "the server does not answer",
                where=self.label,
                why=self._shorten(error),
                cure="See that it runs and that the address in the credential is right",
            ) from None
        except (pymongo.errors.PyMongoError, bson.errors.BSONError, UnicodeError) as error:
            raise SourceError(
                "the server reports an error",
                where=self.label,
                why=self._shorten(error),
                cure="Correct the credential, or the filter in the source file",
            ) from None

    def _shorten(self, error: Exception) -> str:
        return self._secret.scrub(" ".join(str(error).split()))[:300]
