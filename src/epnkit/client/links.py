"""The links of rows that were found: from their datalink documents, or their own columns."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import requests
import urllib3
from astropy.table import Table

from epnkit.client.deadline import open_session
from epnkit.client.results import SERVICE
from epnkit.modules import requires_extra

with requires_extra("client"):
    from pyvo.dal import DALFormatError, DALQueryError, DALServiceError
    from pyvo.dal.adhoc import DatalinkResults

#: How long a datalink document may take, in seconds, and how many are asked for at once.
TIMEOUT, AT_ONCE = 30.0, 4

#: Columns of a row that are links by themselves, and the semantics that they have.
_OWN_LINKS = (("access_url", "#this"), ("thumbnail_url", "#preview"))

#: What may go wrong with one document.
_FAILURES = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    DALServiceError,
    DALQueryError,
    DALFormatError,
    OSError,
    ValueError,
)

#: What links may have, for a program to fetch them.
_SCHEMES = ("http", "https", "ftp")


@dataclass(frozen=True)
class FoundLink:
    """A link of a row.

    Parameters
    ----------
    service, granule_uid : str
        Whose it is.
    semantics : str
        What it is to the granule (https://www.ivoa.net/rdf/datalink/core).
    url : str
        Where it leads; empty for one that failed.
    content_type : str
        The media type.
    size : int or None
        In bytes.
    description : str
        In words.
    error : str
        Why there is none.
    """

    service: str
    granule_uid: str
    semantics: str
    url: str = ""
    content_type: str = ""
    size: int | None = None
    description: str = ""
    error: str = ""

    @property
    def name(self) -> str:
        """The name of its file, harmless in any directory; unique within the granule's folder."""
        last = unquote(urlsplit(self.url).path).rpartition("/")[2]
        return clean_name(last) or clean_name(self.semantics) or "file"


def clean_name(text: str) -> str:
    """Make a file name of a text: no separators, no controls, no dot at the start.

    Examples
    --------
    >>> clean_name("../a b.fits"), clean_name("~x$(y)")
    ('_a_b.fits', '_x_y')
    """
    plain = re.sub(r"[^A-Za-z0-9._+=-]+", "_", text).lstrip(".").rstrip("_")
    return plain[-200:]


def fetch_links(
    table: Table, semantics: Sequence[str] = (), *, timeout: float = TIMEOUT
) -> Iterator[FoundLink]:
    """Fetch the links of each row, in the order of the rows.

    Parameters
    ----------
    table : astropy.table.Table
        What :func:`epnkit.client.search` found.
    semantics : sequence of str
        Which links; by default all.
    timeout : float
        How long each document may take, in seconds.

    Yields
    ------
    FoundLink
        Those of the row's datalink document, or else of its own columns.
    """
    rows = [_read_row(row) for row in table]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for found in pool.map(partial(_links_of, timeout=timeout), rows):
            yield from (link for link in found if not semantics or link.semantics in semantics)


def _read_row(row: Any) -> dict[str, str]:
    wanted = (SERVICE, "granule_uid", "datalink_url", "access_url", "access_format")
    names = [name for name in (*wanted, "thumbnail_url") if name in row.colnames]
    return {name: "" if row[name] is np.ma.masked else str(row[name]) for name in names}


def _links_of(row: dict[str, str], timeout: float) -> list[FoundLink]:
    whose = (row.get(SERVICE, ""), row.get("granule_uid", ""))
    address = row.get("datalink_url") or (
        row.get("access_url", "") if "content=datalink" in row.get("access_format", "") else ""
    )
    if not address:
        return [
            FoundLink(*whose, semantics, row[name])
            for name, semantics in _OWN_LINKS
            if _is_link(row.get(name, ""))
        ]
    try:
        return list(_read_document(whose, address, timeout))
    except _FAILURES as why:
        return [FoundLink(*whose, "#this", error=f"{address}: {' '.join(str(why).split())[:200]}")]


def _read_document(whose: tuple[str, str], address: str, timeout: float) -> Iterator[FoundLink]:
    with open_session(timeout) as session, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what services write is theirs
        document = DatalinkResults.from_result_url(address, session=session)
        for link in document:
            error, url = link.get("error_message") or "", link.get("access_url") or ""
            size = link.get("content_length")
            yield FoundLink(
                *whose,
                str(link.get("semantics") or ""),
                str(url) if _is_link(str(url)) else "",
                str(link.get("content_type") or ""),
                int(size) if size is not None and size is not np.ma.masked else None,
                str(link.get("description") or ""),
                str(error) or ("" if _is_link(str(url)) else "no link to a file"),
            )


def _is_link(url: str) -> bool:
    return urlsplit(url).scheme.lower() in _SCHEMES


def to_table(links: Iterable[FoundLink]) -> Table:
    """Make a table of links, with the columns of :class:`FoundLink`."""
    found = list(links)
    columns = ("service", "granule_uid", "semantics", "url", "content_type", "description", "error")
    return Table({name: [str(getattr(link, name)) for link in found] for name in columns})
