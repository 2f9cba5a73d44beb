"""Documents by their addresses: fetched into a directory, where they are read as files are."""

from __future__ import annotations

import datetime as dt
import email.utils
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import quote

from epnkit.sources.files.limits import LARGEST_JSON
from epnkit.sources.files.walk import FoundFile
from epnkit.sources.transport.http import HttpClient
from epnkit.sources.transport.retry import RetryPolicy, retry

#: When a file was changed of which the server does not say it.
UNDATED: Final = -1

_EPOCH, _SECOND = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(seconds=1)


@dataclass(frozen=True)
class DocumentServer:
    """Documents of a web server, whose names are known.

    Parameters
    ----------
    client : HttpClient
        The server.
    names : tuple of str
        Their paths below its address.
    policy : RetryPolicy
        How often to try again.
    """

    client: HttpClient
    names: tuple[str, ...]
    policy: RetryPolicy

    def fetch(self, directory: Path) -> Iterator[FoundFile]:
        """Fetch the documents one after the other, in the order of their names.

        Parameters
        ----------
        directory : pathlib.Path
            Where they are put, each under its name.

        Yields
        ------
        FoundFile
            A document; its ``ticks`` are :data:`UNDATED` if the server does not say when it was
            changed.

        Raises
        ------
        SourceError
            If the server does not give one, or one is larger than a file of JSON may be.
        """
        for name in sorted({*self.names}):
            fetch = partial(self.client.fetch, f"/{quote(name)}", LARGEST_JSON)
            page = retry(fetch, self.policy)
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(page.content)
            yield FoundFile(directory, name, len(page.content), parse_http_time(page.modified))


def parse_http_time(text: str) -> int:
    """Read ``Last-Modified`` (RFC 9110, section 8.8.2) as nanoseconds since 1970.

    Examples
    --------
    >>> parse_http_time("Thu, 01 Jan 1970 00:00:02 GMT"), parse_http_time("")
    (2000000000, -1)
    """
    try:
        found = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return UNDATED
    aware = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
    return (aware - _EPOCH) // _SECOND * 1_000_000_000
