"""Reading the page on which a web server lists a directory.

Known are the pages of Apache (plain, as a table, and preformatted), nginx and lighttpd, whose
entries are links with time and size after them; those of h5ai, whose entries say both in
attributes; and lists in JSON, as nginx and Caddy give them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote, urljoin, urlsplit

import lxml.html

from epnkit.sources.transport.http import FetchedPage
from epnkit.sources.values.documents import parse_json
from epnkit.sources.values.times import to_naive_utc

#: How index pages write times: ISO's order, or that of Apache's and nginx's older formats.
_TIMES: Final = (
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d"), "%Y-%m-%d %H:%M:%S"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d"), "%Y-%m-%d %H:%M"),
    (re.compile(r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d"), "%d-%b-%Y %H:%M:%S"),
    (re.compile(r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d"), "%d-%b-%Y %H:%M"),
    (re.compile(r"\d{4}-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d"), "%Y-%b-%d %H:%M:%S"),
)

#: Sizes, which are rounded unless they are whole bytes; a dash is that of a directory.
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGTP]?)i?B?", re.IGNORECASE)

_UNITS: Final = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4, "P": 1024**5}

#: Seconds since 1970 are below this, milliseconds above.
_MILLISECONDS: Final = 1e11

_EPOCH: Final = dt.datetime(1970, 1, 1)


@dataclass(frozen=True)
class ListedFile:
    """An entry of a directory.

    Parameters
    ----------
    name : str
        Its name, decoded.
    url : str
        Its address.
    is_directory : bool
        Whether it is a directory.
    modified : datetime.datetime, optional
        When it was changed, as the server says it: in UTC, unless the server writes its own time.
    size : int, optional
        Its bytes; of a rounded size as many as it says.
    """

    name: str
    url: str
    is_directory: bool
    modified: dt.datetime | None = None
    size: int | None = None


def read_listing(page: FetchedPage, url: str) -> list[ListedFile]:
    """Read the entries of a directory, sorted by name, each once.

    Parameters
    ----------
    page : Page
        The page.
    url : str
        Where it is, with a slash at its end.

    Raises
    ------
    ValueError
        If it lists nothing that can be read.
    """
    is_json = "json" in page.kind or page.content.lstrip()[:1] in (b"[", b"{")
    found = list(_read_json(page.content, url) if is_json else _read_html(page.content, url))
    if not found and not is_json and not _is_index(page.content):
        raise ValueError("it is a page of another kind, which lists no files")
    named: dict[str, ListedFile] = {}
    for entry in found:
        known = named.get(entry.url)
        if known is None or (known.modified is None and entry.modified is not None):
            named[entry.url] = entry
    return sorted(named.values(), key=lambda entry: entry.name + "/" * entry.is_directory)


def _read_html(content: bytes, url: str) -> Iterator[ListedFile]:
    if not content.strip():
        raise ValueError("the page is empty")
    tree = lxml.html.fromstring(content)
    for anchor in tree.iter("a"):
        target = urljoin(url, (anchor.get("href") or "").strip())
        row = _row_of(anchor)
        listed = "folder" in (row.get("class") or "").split() if row is not None else False
        name = _name_below(target, url)
        if name is None and listed:
            # h5ai of before 0.25 does not write a slash after a folder's name.
            name = _name_below(f"{target.rstrip('/')}/", url)
        if name is None:
            continue
        is_directory = name.endswith("/") or listed
        yield ListedFile(
            name.rstrip("/"),
            f"{target.rstrip('/')}/" if is_directory else target,
            is_directory,
            *_details(anchor, row),
        )


def _is_index(content: bytes) -> bool:
    """Say whether a page without entries is the index of an empty directory, and no login page."""
    tree = lxml.html.fromstring(content)
    titles = " ".join(node.text_content() for node in tree.iter("title", "h1")).lower()
    links = {(anchor.get("href") or "").strip() for anchor in tree.iter("a")}
    return "index of" in titles or "h5ai" in titles or not links.isdisjoint({"..", "../"})


def _name_below(target: str, url: str) -> str | None:
    """Return the name of what lies in a directory, and None of anything else.

    Links to sort the page, to parents and to other sites are none of it.
    """
    parts, base = urlsplit(target), urlsplit(url)
    if (parts.scheme, parts.netloc, parts.query) != (base.scheme, base.netloc, ""):
        return None
    if parts.fragment or not parts.path.startswith(base.path):
        return None
    name = unquote(parts.path[len(base.path) :])
    plain = name.rstrip("/")
    if not plain or "/" in plain or plain in {".", ".."} or not plain.isprintable():
        return None
    return name


def _row_of(anchor: Any) -> Any:
    """Return the row of a table, or the item of a list, that a link stands in."""
    return next((node for node in anchor.iterancestors() if node.tag in {"tr", "li"}), None)


def _details(anchor: Any, row: Any) -> tuple[dt.datetime | None, int | None]:
    """Find time and size: in attributes, in the row, or in the text after the link."""
    if row is None:
        return _parse_text(anchor.tail or "")
    ticks = row.xpath(".//@data-time")
    if ticks:
        sizes = row.xpath(".//@data-bytes")
        size = int(sizes[0]) if sizes and sizes[0].isdigit() else None
        return _from_number(float(ticks[0])), size
    cells = [cell.text_content() for cell in row.iter("td")] or [row.text_content()]
    return _parse_text("  ".join(cell.strip() for cell in cells))


def _parse_text(text: str) -> tuple[dt.datetime | None, int | None]:
    line = text.split("\n")[0].strip()
    for pattern, form in _TIMES:
        found = pattern.search(line)
        if found:
            time = dt.datetime.strptime(found[0].replace("T", " "), form)
            return time, _parse_size(line[found.end() :])
    return None, None


def _parse_size(text: str) -> int | None:
    """Read the first size after a time; a description may follow it."""
    words = text.split()
    found = _SIZE.fullmatch(" ".join(words[:2])) or _SIZE.fullmatch(" ".join(words[:1]))
    return None if found is None else int(float(found[1]) * _UNITS[found[2].upper()])


def _read_json(content: bytes, url: str) -> Iterator[ListedFile]:
    listed = parse_json(content)
    if isinstance(listed, Mapping):
        listed = next((listed[key] for key in ("items", "files", "entries") if key in listed), None)
    if not isinstance(listed, list):
        raise ValueError("its JSON holds no list of files")
    for item in listed:
        if isinstance(item, Mapping):
            yield from _read_item(item, url)


def _read_item(item: Mapping[str, Any], url: str) -> Iterator[ListedFile]:
    given = item.get("href") or item.get("url") or item.get("name")
    if not isinstance(given, str):
        return
    kind = item.get("type")
    is_directory = bool(item.get("is_dir")) or kind in {"directory", "dir", "folder"}
    target = urljoin(url, given if "href" in item or "url" in item else f"./{quote(given)}")
    target = f"{target.rstrip('/')}/" if is_directory else target
    name = _name_below(target, url)
    if name is None:
        return
    time = next(
        (item[key] for key in ("time", "mtime", "mod_time", "modified") if key in item), None
    )
    size = item.get("size")
    yield ListedFile(
        name.rstrip("/"),
        target,
        name.endswith("/"),
        _parse_time(time),
        size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
    )


def _parse_time(value: Any) -> dt.datetime | None:
    """Read when a file was changed; what is no time of the years 1 to 9999 says nothing."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _from_number(value)
        return to_naive_utc(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _from_number(value: float) -> dt.datetime:
    """Return a time since 1970, in seconds or in milliseconds."""
    return _EPOCH + dt.timedelta(seconds=value / 1000 if abs(value) > _MILLISECONDS else value)
