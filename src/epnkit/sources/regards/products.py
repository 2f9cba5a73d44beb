"""Products of REGARDS as records: properties taken apart, files as lists, versions.

A search answers a page of features (``EntityFeature``) with their files by type (``DataFile``), in
no order of the files.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.base import UNREADABLE
from epnkit.sources.values.documents import Document, flatten_document, get_dotted

#: What every product has, whatever its model.
STATIC_FIELDS: dict[str, pl.DataType] = {
    "id": pl.String(),
    "providerId": pl.String(),
    "virtualId": pl.String(),
    "label": pl.String(),
    "model": pl.String(),
    "version": pl.Int64(),
    "last": pl.Boolean(),
    "tags": pl.List(pl.String()),
}

#: What a record has of the files of a type, each a list in the order of the files' names.
FILE_FIELDS: dict[str, pl.DataType] = {
    "uri": pl.List(pl.String()),
    "filename": pl.List(pl.String()),
    "filesize": pl.List(pl.Int64()),
    "checksum": pl.List(pl.String()),
    "mimeType": pl.List(pl.String()),
    "access": pl.List(pl.String()),
}


#: Parts of a feature that belong to the answer, or are given in another form.
_LEFT_OUT = frozenset(["files", "links", "services", "normalizedGeometry"])

#: ``URN:AIP:DATA:Solar:4655fa2b-4070-3836-8e63-b136cadbeff9:V1``
_VERSION = re.compile(r":V(\d+)$")


def file_fields(kinds: Iterable[str]) -> dict[str, pl.DataType]:
    """Name the fields of the files of some types, and their types."""
    return {f"files.{kind}.{name}": dtype for kind in kinds for name, dtype in FILE_FIELDS.items()}


@dataclass(frozen=True)
class Answer:
    """A page of products.

    Parameters
    ----------
    features : list of dict
        The products, as REGARDS gives them.
    number : int
        The number of the page, from 0.
    size : int
        How many products a page may have: the server may allow fewer than it was asked for.
    total : int
        How many the query selects.
    """

    features: list[dict[str, Any]]
    number: int
    size: int
    total: int

    @property
    def expected(self) -> int:
        """How many products the page should have by the server's own total."""
        return max(0, min(self.size, self.total - self.number * self.size))

    @property
    def is_last(self) -> bool:
        """Whether no page follows."""
        return self.number * self.size + len(self.features) >= self.total


def read_answer(answer: Any, number: int, size: int, where: str) -> Answer:
    """Read a page of products.

    Parameters
    ----------
    answer : object
        What the search answers.
    number, size : int
        The page that was asked for.
    where : str
        The source, for messages.

    Raises
    ------
    SourceError
        If it is no page of products.
    """
    content, total = get_dotted(answer, "content"), get_dotted(answer, "metadata.totalElements")
    if not isinstance(content, list) or type(total) is not int:
        raise SourceError(
            "the answer is no page of products",
            where=where,
            why=str(answer)[:200],
            cure="See that the address is that of REGARDS's gateway, and `search` in the source"
            " file is a service that it has",
        )
    given = get_dotted(answer, "metadata.size")
    allowed = given if type(given) is int and 0 < given < size else size
    return Answer([_find_feature(each, where) for each in content], number, allowed, total)


def _find_feature(entry: Any, where: str) -> dict[str, Any]:
    """Find the feature of an entry: within its ``content``, or deeper in its ``feature``."""
    feature = entry
    for name in ("content", "feature"):
        inner = feature.get(name) if isinstance(feature, Mapping) else None
        feature = inner if isinstance(inner, Mapping) else feature
    if not isinstance(feature, Mapping) or not isinstance(feature.get("id"), str):
        raise SourceError(
            "a product has no identifier",
            where=where,
            why=str(entry)[:200],
            cure="See that `search` in the source file is a search for products (data objects)",
        )
    return dict(feature)


def read_record(
    feature: Mapping[str, Any], prefix: str, kinds: Sequence[str], base: str
) -> Document:
    """Make a record of a product.

    Parameters
    ----------
    feature : mapping
        The product.
    prefix : str
        What stands before the names of properties; one that would have the name of what every
        product has keeps ``properties.``.
    kinds : sequence of str
        The types of files that the record has.
    base : str
        The base URL, for addresses that are not complete.
    """
    own = {name: value for name, value in feature.items() if name not in _LEFT_OUT}
    flat = flatten_document(own)
    taken = {*STATIC_FIELDS, *file_fields(tuple(kinds)), *flat}
    record = {_rename(name, prefix, taken): value for name, value in flat.items()}
    version = _VERSION.search(str(feature["id"]))
    if version and record.get("version") is None and "version:" not in str(flat.get(UNREADABLE)):
        record["version"] = int(version[1])
    files = feature.get("files")
    for kind in kinds:
        given = files.get(kind) if isinstance(files, Mapping) else None
        record |= _list_files(kind, given or [], str(feature["id"]), base)
    return record


def _rename(name: str, prefix: str, taken: Collection[str]) -> str:
    short = prefix + name.removeprefix("properties.")
    return name if not name.startswith("properties.") or short in taken else short


def _list_files(kind: str, files: Iterable[Any], urn: str, base: str) -> dict[str, list[Any]]:
    known = [each for each in files if isinstance(each, Mapping)]
    known.sort(key=lambda each: str(each.get("filename")))
    columns: dict[str, list[Any]] = {
        "uri": [locate_file(each, urn, base) for each in known],
        "access": [describe_access(each) for each in known],
    }
    columns |= {n: [each.get(n) for each in known] for n in FILE_FIELDS if n not in columns}
    return {f"files.{kind}.{name}": columns[name] for name in FILE_FIELDS}


def locate_file(file: Mapping[str, Any], urn: str, base: str) -> str | None:
    """Give the address of a file: its own, or that where REGARDS gives out its files.

    Examples
    --------
    >>> locate_file({"checksum": "d41d8c"}, "URN:AIP:DATA:Solar:1:V1", "https://archive.example")
    'https://archive.example/api/v1/rs-catalog/downloads/URN:AIP:DATA:Solar:1:V1/files/d41d8c'
    >>> locate_file({"uri": "/files/1?scope=Solar&token=eyJ"}, "", "https://archive.example")
    'https://archive.example/files/1?scope=Solar'
    """
    if file.get("uri"):
        return _drop_token(urljoin(f"{base}/", str(file["uri"])))
    if file.get("checksum"):
        checksum = quote(str(file["checksum"]), safe="")
        return f"{base}/api/v1/rs-catalog/downloads/{quote(urn, safe=':')}/files/{checksum}"
    return None


def _drop_token(url: str) -> str:
    """Leave out the token of whoever searched: addresses are published."""
    parts = urlsplit(url)
    if "token=" not in parts.query:
        return url
    kept = [each for each in parts.query.split("&") if not each.startswith("token=")]
    return urlunsplit(parts._replace(query="&".join(kept)))


def describe_access(file: Mapping[str, Any]) -> str | None:
    """Describe how a file is had.

    Returns
    -------
    str or None
        ``reference`` if it is kept elsewhere, and its address needs no token of REGARDS's;
        ``online`` if REGARDS has it at hand; ``nearline`` if it has to be restored first.

    Examples
    --------
    >>> describe_access({"online": False, "reference": False})
    'nearline'
    """
    if file.get("reference") is True:
        return "reference"
    online = file.get("online")
    return None if online is None else "online" if online else "nearline"
