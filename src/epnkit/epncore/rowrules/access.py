"""Files, links and references (sections 2.2.1 to 2.2.3): rules 95 to 103, 108 and 118."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from email.policy import HTTP

import polars as pl

from epnkit.epncore.rowrules.base import Check, GranuleRows

#: A complete URL: scheme, host and no blank.
_URL = r"^(https?|ftps?|sftp|vos|ivo|s3)://[^\s/]+(/\S*)?$"

#: The schemes of links, unless a service declares others.
LINK_SCHEMES = ("http", "https", "ftp")

#: What begins a reference that is no link.
_REFERENCE_SCHEMES = ("doi", "arxiv", "bibcode", "hdl", "urn")

#: What no link holds: blanks, what is not seen (browsers skip some of it), quotes and brackets.
_NOT_IN_LINKS = r"\s\p{C}\p{Z}<>\"\\"

_NOT_A_PICTURE = r"(?i)\.(fits?|cdf|pdf|html?|xml|vot|txt|csv|mp4|mpe?g|avi|zip|gz)$"
_REFERENCE = (
    r"^[0-9]{4}[A-Za-z0-9.&]{14}[A-Za-z.]$"
    r"|^(doi:|https?://(dx\.)?doi\.org/)?10\.[0-9]{4,9}/\S+$"
    r"|^(?i:arxiv:)?([0-9]{4}\.[0-9]{4,5}|[a-z-]+(\.[A-Z]{2})?/[0-9]{7})(v[0-9]+)?$"
    r"|^https?://\S+$"
)


def link_pattern(schemes: Collection[str] = LINK_SCHEMES) -> str:
    """Return the pattern of polars that links of some schemes match, blanks around them aside."""
    named = "|".join(map(re.escape, sorted(schemes)))
    inside = f"[^{_NOT_IN_LINKS}]"
    return f"^ *(?i:{named})://[^{_NOT_IN_LINKS}/?#]+(?:[/?#]{inside}*)? *$"


def _reference_scheme(schemes: Collection[str]) -> str:
    """Return the pattern of what begins as a link, seen as a browser does, of another scheme."""
    named = "|".join(map(re.escape, sorted({*schemes, *_REFERENCE_SCHEMES})))
    return f"^(?i:(?:{named}):)"


def checks(rows: GranuleRows) -> Iterator[Check]:
    """Return the checks of links, formats, sizes, sums and references."""
    if rows.has("access_url"):
        yield from _triple(rows)
        yield _shape(96, "access_url", _URL, "is not a complete URL")
    yield from _formats(rows)
    if rows.has("thumbnail_url"):
        yield _shape(99, "thumbnail_url", _URL, "is not a complete URL")
        broken = pl.col("thumbnail_url").str.contains(_NOT_A_PICTURE)
        yield Check(99, "thumbnail_url", broken, "is not a JPEG or PNG")
    yield from _names(rows)
    if rows.has("external_link"):
        yield _shape(103, "external_link", _URL, "is not one complete URL")
    if rows.has("bib_reference"):
        yield from _references(rows)
    for column in rows.texts:
        if column.ucd.startswith("meta.ref.url"):
            unsafe = ~pl.col(column.name).str.contains(link_pattern(rows.schemes))
            message = f"is not a complete address of {', '.join(rows.schemes)}"
            yield Check(118, column.name, unsafe, message)


def _shape(rule: int, name: str, pattern: str, message: str) -> Check:
    # blanks at the ends are a matter of rule 16
    return Check(rule, name, ~pl.col(name).str.strip_chars().str.contains(pattern), message)


def _triple(rows: GranuleRows) -> Iterator[Check]:
    filled = pl.col("access_url").is_not_null()
    for name in filter(rows.has, ("access_format", "access_estsize")):
        broken = filled & pl.col(name).is_null()
        yield Check(95, name, broken, "is empty though access_url is filled", shows=("access_url",))
        unlinked = ~filled & pl.col(name).is_not_null()
        yield Check(95, "access_url", unlinked, f"is empty though {name} is filled", shows=(name,))


def _formats(rows: GranuleRows) -> Iterator[Check]:
    if rows.has("access_format"):
        broken = ~rows.where("access_format", _is_media_type)
        yield Check(97, "access_format", broken, "is not a media type in lower case")
    if rows.has("access_estsize"):
        size = pl.col("access_estsize")
        broken = (size < 0) | (size != size.cast(pl.Float64).round(0))
        yield Check(98, "access_estsize", broken, "is not a whole number of kbyte")
    if rows.has("access_md5"):
        yield _shape(101, "access_md5", r"^[0-9a-fA-F]{32}$", "is not an MD5 sum")


def _is_media_type(value: str) -> bool:
    """Return whether this is a media type as MIME writes it (RFC 2045, section 5.1), lower case."""
    header = HTTP.header_factory("Content-Type", value)
    written = value.partition(";")[0].strip()
    return not header.defects and value.isascii() and written == header.content_type


def _names(rows: GranuleRows) -> Iterator[Check]:
    if rows.has("file_name"):
        yield Check(100, "file_name", pl.col("file_name").str.contains(r"[/\\]"), "has a path")
    if rows.has("access_url"):
        item = rows.list_contains("dataproduct_type", "ci")
        broken = pl.col("access_url").is_not_null() & rows.is_empty("file_name") & ~item
        yield Check(100, "file_name", broken, "is empty though there is a file")


def _references(rows: GranuleRows) -> Iterator[Check]:
    value = pl.col("bib_reference").str.strip_chars()
    listed = value.str.split("#").list.eval(pl.element().str.contains(_REFERENCE))
    message = "is no bibcode, DOI, arXiv number or URL"
    whole = value.str.contains(_REFERENCE)
    yield Check(108, "bib_reference", ~(whole | listed.list.all()), message)
    # A browser skips controls in a scheme, and blanks and controls before it.
    seen = pl.col("bib_reference").str.replace_all(r"[\pC\pZ]+", "").str.split("#")
    schemed = pl.element().str.contains(r"^[A-Za-z][A-Za-z0-9+.-]*:")
    known = pl.element().str.contains(_reference_scheme(rows.schemes))
    unsafe = seen.list.eval(schemed & ~known).list.any()
    yield Check(118, "bib_reference", unsafe, "is a link of another scheme")
