"""Files of an archive that offers nothing else than the pages on which its server lists them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.robotparser import RobotFileParser

import polars as pl

from epnkit import __version__
from epnkit.errors import ConfigurationError, SourceError
from epnkit.sources.base import ALL, BATCH_SIZE, UNORDERED, Order, Window
from epnkit.sources.config.address import take_address
from epnkit.sources.config.credentials import Secret
from epnkit.sources.config.settings import Settings
from epnkit.sources.configured import ConfiguredSource
from epnkit.sources.httplist.listing import ListedFile, read_listing
from epnkit.sources.transport.http import FetchedPage, HttpClient, MissingError
from epnkit.sources.transport.paging import require_cursor
from epnkit.sources.transport.retry import DEFAULT_RETRY, RetryPolicy, retry, take_retry_policy
from epnkit.sources.values.documents import build_frame
from epnkit.sources.values.window_bounds import parse_window, window_filter

#: By what name it asks, so that whoever runs the server can look up who it is.
AGENT = f"epnkit/{__version__} (index pages; one request at a time)"

#: The fields of a record: those of a file on a disk, as far as a server tells them.
FIELDS: dict[str, pl.DataType] = {
    "path": pl.String(),
    "file_name": pl.String(),
    "file_size": pl.Int64(),
    "modified": pl.Datetime("us"),
    "line": pl.Int64(),
    "unreadable": pl.String(),
    "address": pl.String(),
    "url": pl.String(),
}


@dataclass(frozen=True)
class HttpListSettings:
    """What a source file says about a listed archive.

    Parameters
    ----------
    globs : tuple of str
        Which names of files to take.
    directories : tuple of str
        Which directories to look into: patterns of their paths, or of what leads there.
    depth : int
        How deep directories are looked into.
    pause : float
        Seconds between two requests.
    robots : bool
        Whether what the server's robots.txt forbids is left alone.
    order : Order
        The cursor and the key.
    authority : pathlib.Path, optional
        The certificates to trust.
    retry_policy : RetryPolicy
        How often to try again.
    """

    globs: tuple[str, ...] = ("*",)
    directories: tuple[str, ...] = ()
    depth: int = 12
    pause: float = 0.2
    robots: bool = True
    order: Order = UNORDERED
    authority: Path | None = None
    retry_policy: RetryPolicy = DEFAULT_RETRY


@dataclass
class _Crawl:
    """One walk through an archive."""

    client: HttpClient
    settings: HttpListSettings
    base: str
    rules: RobotFileParser | None
    skipped: dict[str, int] = field(default_factory=dict)
    last: float = 0.0

    def walk(self, below: str = "", depth: int = 0) -> Iterator[tuple[str, ListedFile]]:
        """Give the files under a directory with their paths, in the order of these."""
        for entry in self._list(below):
            path = f"{below}{entry.name}"
            if not entry.is_directory:
                if any(fnmatchcase(entry.name, glob) for glob in self.settings.globs):
                    yield path, entry
            elif not self._is_wanted(path):
                continue
            elif depth + 1 >= self.settings.depth:
                self._skip("directories that are too deep")
            else:
                yield from self.walk(f"{path}/", depth + 1)

    def _list(self, below: str) -> list[ListedFile]:
        url = self.base + quote(below)
        if self.rules is not None and not self.rules.can_fetch(AGENT, url):
            self._skip("directories that the server's robots.txt forbids")
            return []
        try:
            page = retry(partial(self._fetch, f"/{quote(below)}"), self.settings.retry_policy)
            return read_listing(page, url)
        except MissingError:
            if not below:
                raise
            self._skip("directories that went while the archive was read")
            return []
        except ValueError as error:
            raise SourceError(
                "the page lists no files",
                where=url,
                why=str(error),
                cure="Name the address of an index page; a login or an error page is none.",
            ) from error

    def _fetch(self, path: str) -> FetchedPage:
        """Fetch a page, some time after the one before."""
        time.sleep(max(0.0, self.last + self._pause - time.monotonic()))
        self.last = time.monotonic()
        return self.client.fetch(path)

    @property
    def _pause(self) -> float:
        """How long to wait between two requests; a server may ask for more than is set."""
        asked = self.rules.crawl_delay(AGENT) if self.rules is not None else None
        return max(self.settings.pause, float(asked or 0))

    def _is_wanted(self, path: str) -> bool:
        """Return whether a directory fits a pattern, or leads to one that may."""
        given = self.settings.directories
        parts = path.split("/")
        return not given or any(
            all(fnmatchcase(*pair) for pair in zip(parts, pattern.split("/"), strict=False))
            for pattern in given
        )

    def _skip(self, what: str) -> None:
        self.skipped[what] = self.skipped.get(what, 0) + 1


class HttpListSource(ConfiguredSource[HttpListSettings]):
    """The files of an archive by its index pages, in the order of their paths.

    A record has ``path`` (below the address), ``file_name``, ``file_size`` (rounded, if the server
    rounds it), ``modified``, ``url`` and ``address``. No file is opened.

    Parameters
    ----------
    secret : Secret
        The address of the archive's first page.
    settings : HttpListSettings
        What to take of it.
    """

    kind = "httplist"
    take_secret = staticmethod(take_address)

    def __init__(self, secret: Secret, settings: HttpListSettings) -> None:
        super().__init__(secret, settings)
        policy = settings.retry_policy
        self._client = HttpClient(secret, settings.authority, policy.read_timeout, AGENT)
        self._base = f"{self._client.base}/"
        self.label = self._client.address("/")
        self.skipped: Mapping[str, int] = {}

    @classmethod
    def take_settings(cls, settings: Settings, order: Order) -> HttpListSettings:
        """Take the keys of a source file."""
        if order.cursor not in (None, "modified"):
            raise ConfigurationError(
                f"files have no cursor {order.cursor!r}",
                where=str(settings.path),
                cure="Use `modified`",
            )
        return HttpListSettings(
            settings.take_names("files") or ("*",),
            settings.take_names("directories"),
            settings.take_positive("depth", HttpListSettings.depth),
            float(settings.take("pause", float, HttpListSettings.pause)),
            settings.take("robots", bool, default=True),
            settings.take_order(order),
            settings.take_path("authority"),
            take_retry_policy(settings),
        )

    def count(self, window: Window = ALL) -> int:
        """Count the window's files: each page is looked at."""
        return sum(batch.height for batch in self.batches(window))

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read what is listed, and keep what changed within a window.

        Raises
        ------
        SourceError
            If a page cannot be fetched, or lists no files.
        """
        cursor = self._settings.order.cursor
        require_cursor(cursor, window, self.label)
        crawl = _Crawl(self._client, self._settings, self._base, self._read_rules())
        self.skipped = crawl.skipped
        found = (self._describe(path, entry) for path, entry in crawl.walk())
        while records := list(islice(found, size)):
            batch = self._keep(build_frame(records, FIELDS, self.label), window)
            if batch.height:
                yield batch

    @property
    def _types(self) -> Mapping[str, pl.DataType]:
        return FIELDS

    def _keep(self, batch: pl.DataFrame, window: Window) -> pl.DataFrame:
        if window.everything:
            return batch
        return batch.filter(window_filter("modified", parse_window(window, "modified", FIELDS)))

    def _describe(self, path: str, entry: ListedFile) -> dict[str, Any]:
        return {
            "path": path,
            "file_name": entry.name,
            "file_size": entry.size,
            "modified": entry.modified,
            "line": 1,
            "address": self._base,
            "url": entry.url,
        }

    def _read_rules(self) -> RobotFileParser | None:
        """Read what the server asks robots not to fetch; a server without rules asks nothing."""
        if not self._settings.robots:
            return None
        parts = urlsplit(self._base)
        root = HttpClient(
            Secret("url", f"{parts.scheme}://{parts.netloc}"),
            self._settings.authority,
            self._settings.retry_policy.read_timeout,
            AGENT,
        )
        rules = RobotFileParser()
        try:
            page = retry(partial(root.fetch, "/robots.txt"), self._settings.retry_policy)
        except MissingError:
            return None
        finally:
            root.close()
        rules.parse(page.content.decode("utf-8", "replace").splitlines())
        return rules
