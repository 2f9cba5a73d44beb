"""The source file of a REGARDS archive."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from epnkit.sources.base import UNORDERED, Order
from epnkit.sources.config.settings import Settings
from epnkit.sources.config.types import take_types
from epnkit.sources.regards.products import STATIC_FIELDS
from epnkit.sources.transport.retry import DEFAULT_RETRY, RetryPolicy, take_retry_policy

#: The services of REGARDS that search products, and where.  Both take the same parameters and give
#: the same answer: ``rs-access-project`` asks ``rs-catalog``, and adds the services of its pages.
SEARCHES = {
    "rs-catalog": "/api/v1/rs-catalog/engines/legacy/dataobjects/search",
    "rs-access-project": "/api/v1/rs-access-project/dataobjects/search",
}

#: What stands before the names of a model's properties in queries.
PROPERTIES = "properties."

#: The types of files that records have, unless the source file names others.
FILES = ("RAWDATA", "QUICKLOOK_SD", "QUICKLOOK_MD", "QUICKLOOK_HD", "THUMBNAIL")

#: All types of files that REGARDS knows (its ``DataType``).
KNOWN_FILES = (*FILES, "AIP", "DOCUMENT", "DESCRIPTION", "OTHER")


@dataclass(frozen=True)
class RegardsSettings:
    """What a source file says about the products of a REGARDS archive.

    Parameters
    ----------
    tenant : str
        The archive's project.
    search : str
        Which service searches, a key of :data:`SEARCHES`.
    query : str
        Which products, in Lucene's syntax; empty for all.
    versions : str
        ``newest`` for the newest version of each product, ``all`` for all of them.
    prefix : str
        What stands before the names of a model's properties in a record.
    files : tuple of str
        The types of files that a record has.
    order : Order
        The cursor and the key; ``providerId``, or ``id`` for all versions, unless another is named.
    types : dict
        Declared types of fields.
    page : int
        Products a page.
    authority : pathlib.Path, optional
        The certificates to trust.
    retry_policy : RetryPolicy
        How often to try again.
    """

    tenant: str
    search: str = "rs-catalog"
    query: str = ""
    versions: str = "newest"
    prefix: str = PROPERTIES
    files: tuple[str, ...] = FILES
    order: Order = UNORDERED
    types: dict[str, pl.DataType] = field(default_factory=dict)
    page: int = 1000
    authority: Path | None = None
    retry_policy: RetryPolicy = DEFAULT_RETRY

    @property
    def path(self) -> str:
        """What follows the base URL."""
        return SEARCHES[self.search]

    @property
    def key(self) -> tuple[str, ...]:
        """The fields that distinguish products."""
        return self.order.key or (("id",) if self.versions == "all" else ("providerId",))

    def query_name(self, name: str) -> str:
        """Return the name by which queries have a field of a record."""
        if name in STATIC_FIELDS or name.startswith(PROPERTIES):
            return name
        return PROPERTIES + name.removeprefix(self.prefix)

    @property
    def conditions(self) -> tuple[str, ...]:
        """The conditions of all products that are read."""
        newest = () if self.versions == "all" else ("last:true",)
        return (*((self.query,) if self.query else ()), *newest)


def take_regards_settings(settings: Settings, order: Order) -> RegardsSettings:
    """Take the keys of a source file.

    Raises
    ------
    ConfigurationError
        If one is missing or wrong.
    """
    files = settings.take_names("files") or FILES
    unknown = next((name for name in files if name not in KNOWN_FILES), None)
    if unknown is not None:
        raise settings.invalid_key_error(
            "files",
            f"REGARDS knows no files of the type {unknown!r}",
            f"Name some of {', '.join(KNOWN_FILES)}",
        )
    return RegardsSettings(
        settings.take("tenant", str),
        settings.take_choice("search", tuple(SEARCHES), RegardsSettings.search),
        settings.take("query", str, "").strip(),
        settings.take_choice("versions", ("newest", "all"), RegardsSettings.versions),
        settings.take("prefix", str, PROPERTIES),
        files,
        settings.take_order(order),
        take_types(settings),
        settings.take_positive("page", RegardsSettings.page),
        settings.take_path("authority"),
        take_retry_policy(settings),
    )
