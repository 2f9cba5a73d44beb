"""One granule as one package: a SIP as REGARDS's ``SIPDto`` describes it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

import orjson

from epnkit.mapping.media_types import TYPES
from epnkit.regards.checksums import Checksum, Checksums, NoChecksumError
from epnkit.regards.settings import PackageSettings

#: Times are naive and in UTC, and not-a-number is null.
_JSON = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z

#: What else REGARDS allows in an address (``OAISDataObjectLocationDto``).
_SAFE = "-+&@#/%'?=~_|!:,.;"

_PLAIN_URL = re.compile(r"[-a-zA-Z0-9+&@#/%'?=~_|!:,.;]*")

_MD5 = re.compile(r"[0-9a-fA-F]{32}")

#: Columns that say when rows were written: they are in a package, but do not make it another one.
_DATES = frozenset(["creation_date", "modification_date", "release_date"])

#: Columns that belong to the table alone, or that are said elsewhere in a package.
_LEFT_OUT = frozenset(["datalink_url", "access_url", "thumbnail_url", "access_md5"])

#: The Julian date J2000.0, and its time (TT is not meant: EPN-TAP's dates are UTC).
_J2000, _J2000_TIME = 2451545.0, datetime(2000, 1, 1, 12)


class UnreadyError(Exception):
    """A granule cannot be a package yet; the text says why."""


@dataclass(frozen=True)
class Package:
    """A package that can be sent.

    Parameters
    ----------
    provider_id : str
        The name of all its versions.
    content : str
        A hash of what it says, apart from the dates of rows, written as a UUID.
    sip : dict
        The SIP.
    """

    provider_id: str
    content: str
    sip: dict[str, Any]

    def message(self, request: str, metadata: bytes) -> bytes:
        """Write the message that submits it (``IngestRequestFlowItem``).

        Parameters
        ----------
        request : str
            The identifier of the request, a UUID.
        metadata : bytes
            What accompanies each package, in JSON.
        """
        sip = orjson.dumps(self.sip, option=_JSON)
        return b'{"sip":%b,"metadata":%b,"requestId":"%b"}' % (sip, metadata, request.encode())


def make_request_id(tenant: str, provider_id: str, content: str, attempt: int = 0) -> str:
    """Make the identifier of a request: the same for the same package and attempt.

    >>> make_request_id("Solar", "maps:map-1", "46ce6e5a-bb41-c27b-00f0-733ce3f9c2fb")
    '6fa89639-9cee-3732-4150-5f17d3c0b5c5'
    """
    return hash_text(f"{tenant}\n{provider_id}\n{content}\n{attempt}".encode())


def hash_text(text: bytes) -> str:
    """Hash a text, written as a UUID."""
    found = hashlib.md5(text, usedforsecurity=False).hexdigest()
    return f"{found[:8]}-{found[8:12]}-{found[12:16]}-{found[16:20]}-{found[20:]}"


def build_package(
    granule: Mapping[str, Any],
    links: list[dict[str, Any]],
    settings: PackageSettings,
    checksums: Checksums,
) -> Package:
    """Build the package of a granule.

    Parameters
    ----------
    granule : mapping
        The row of its table.
    links : list of dict
        Its links, as the tracking table has them.
    settings : PackageSettings
        What ``sip.toml`` says.
    checksums : Checksums
        Gives the checksums that the granule does not have.

    Raises
    ------
    UnreadyError
        If its own file has no checksum, or it has none.
    """
    provider_id = settings.prefix + granule["granule_uid"]
    described = _describe(granule, settings.properties)
    files = list(_describe_files(granule, links, settings, checksums))
    if not any(each["dataObject"]["regardsDataType"] == "RAWDATA" for each in files):
        raise UnreadyError("it has no file of the type RAWDATA")
    stable = {name: value for name, value in described.items() if name not in _DATES}
    content = hash_text(orjson.dumps([provider_id, stable, files, settings.tags], option=_JSON))
    sip = {
        "type": "Feature",
        "id": provider_id,
        "ipType": "DATA",
        # Positions on the Sun are none of GeoJSON; they are properties.
        "geometry": None,
        "properties": {
            "contentInformations": files,
            "pdi": _describe_preservation(granule, settings),
            "descriptiveInformation": described,
        },
    }
    return Package(provider_id, content, sip)


def format_julian_date(date: float) -> str:
    """Write a Julian date (UTC) in ISO 8601, to the millisecond.

    >>> format_julian_date(2460110.482541921)
    '2023-06-14T23:34:51.622Z'
    """
    time = _J2000_TIME + timedelta(milliseconds=round((date - _J2000) * 86_400_000))
    return time.isoformat(timespec="milliseconds") + "Z"


def _describe(granule: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Give the properties of a package: those that the settings name, or all columns."""
    values = ((name, granule.get(column)) for name, column in names.items())
    described = {
        name: value
        for name, value in (values if names else granule.items())
        # What is not itself is not a number.
        if value is not None and value == value and (names or name not in _LEFT_OUT)
    }
    start, stop = granule.get("time_min"), granule.get("time_max")
    if start is not None:
        period = (format_julian_date(start), format_julian_date(start if stop is None else stop))
        described |= {
            name: period[column == "time_max"]
            for name, column in names.items()
            if column in ("time_min", "time_max")
        }
        described["time_period"] = {"start_date": period[0], "stop_date": period[1]}
    return described


def _describe_preservation(granule: Mapping[str, Any], settings: PackageSettings) -> dict[str, Any]:
    """Describe provenance, context, references and rights."""
    service = granule.get("service_title") or settings.session
    written = granule.get("creation_date")
    history = [{"date": written, "comment": f"Granule of {service}"}] if written else []
    provenance = {
        "history": history,
        "facility": granule.get("instrument_host_name"),
        "instrument": granule.get("instrument_name"),
    }
    reference = granule.get("bib_reference")
    return {
        "contextInformation": {"tags": [service, *settings.tags]},
        "referenceInformation": {"publications": reference} if reference else {},
        "provenanceInformation": {key: value for key, value in provenance.items() if value},
        "fixityInformation": {},
        "accessRightInformation": {},
    }


def _describe_files(
    granule: Mapping[str, Any],
    links: list[dict[str, Any]],
    settings: PackageSettings,
    checksums: Checksums,
) -> Iterator[dict[str, Any]]:
    """Describe the files of a granule; a companion without a checksum is left out."""
    for kind, file in _list_files(granule, links, settings.roles):
        try:
            known = _find_checksum(granule, file, kind, checksums)
            if settings.reference is not None and known.size is None:
                raise NoChecksumError("it is referred to, for which its length has to be known")
        except NoChecksumError as error:
            if kind == "RAWDATA":
                raise UnreadyError(f"{file['url']}: {error}") from None
            continue
        yield _describe_file(file, kind, known, settings.reference)


def _list_files(
    granule: Mapping[str, Any], links: list[dict[str, Any]], roles: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the files that a granule's columns and links lead to, each address once."""
    own = {"semantics": "#this", "url": granule.get("access_url")}
    own["content_type"] = granule.get("access_format")
    small = {"semantics": "#thumbnail", "url": granule.get("thumbnail_url")}
    seen = set()
    for each in (*links, own, small):
        kind, url = roles.get(each["semantics"]), each["url"]
        # A page that explains the data is no file of it.
        page = kind == "DOCUMENT" and (each.get("content_type") or "").startswith("text/html")
        if kind and url and url not in seen and not page:
            seen.add(url)
            yield kind, each


def _find_checksum(
    granule: Mapping[str, Any], file: dict[str, Any], kind: str, checksums: Checksums
) -> Checksum:
    md5 = granule.get("access_md5")
    if kind == "RAWDATA" and md5 and file["url"] == granule.get("access_url"):
        if not _MD5.fullmatch(md5):
            raise NoChecksumError("its access_md5 is no MD5")
        return Checksum(md5.lower(), file.get("content_length"))
    return checksums.compute(file["url"])


def _describe_file(
    file: dict[str, Any], kind: str, known: Checksum, storage: str | None
) -> dict[str, Any]:
    """Describe a file (``ContentInformationDto``)."""
    url = file["url"]
    name = unquote(url.partition("?")[0].rpartition("/")[2]) or url
    location = {"url": url if _PLAIN_URL.fullmatch(url) else quote(url, safe=_SAFE)}
    size = {} if known.size is None else {"fileSize": known.size}
    if storage is not None:
        location["storage"] = storage
    ending = name.rpartition(".")[2].lower()
    media = file.get("content_type") or TYPES.get(ending, "application/octet-stream")
    return {
        "dataObject": {
            "regardsDataType": kind,
            "filename": name,
            "locations": [location],
            "checksum": known.md5,
            "algorithm": "MD5",
            **size,
        },
        "representationInformation": {
            "syntax": {"name": media.partition("/")[2].upper(), "mimeType": media}
        },
    }
