"""A service's record in the registry, from an OAI-PMH endpoint or a file."""

from __future__ import annotations

from collections.abc import Iterator

import requests
from lxml import etree

from epnkit.epncore.published import RegistryRecord
from epnkit.errors import CheckError

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
#: How long an endpoint may take to answer, in seconds.
READ_TIMEOUT = 60.0


def find_record(endpoint: str, table: str) -> RegistryRecord | None:
    """Find the record under which a table is published.

    Parameters
    ----------
    endpoint : str
        The URL of an OAI-PMH interface; DaCHS has it at ``/oai.xml``.
    table : str
        The table's full name.

    Returns
    -------
    RegistryRecord or None
        The first record with such a table; None if there is none.

    Raises
    ------
    CheckError
        If the endpoint does not answer, or answers something else.
    """
    records = [record for page in _fetch_pages(endpoint) for record in map(parse, _resources(page))]
    return next((record for record in records if table in record.tables), None)


def _fetch_pages(endpoint: str) -> Iterator[etree._Element]:
    asked = {"verb": "ListRecords", "metadataPrefix": "ivo_vor"}
    while asked:
        page = _fetch(endpoint, asked)
        yield page
        token = page.findtext(f".//{_OAI}resumptionToken")
        asked = {"verb": "ListRecords", "resumptionToken": token} if token else {}


def _fetch(endpoint: str, asked: dict[str, str]) -> etree._Element:
    try:
        answer = requests.get(endpoint, params=asked, timeout=READ_TIMEOUT)
        answer.raise_for_status()
        page = etree.fromstring(answer.content, _parser())
    except (requests.RequestException, etree.XMLSyntaxError) as error:
        raise CheckError(
            "the registry interface cannot be read",
            where=endpoint,
            why=str(error),
            cure="Name the OAI-PMH interface with epnkit check --registry.",
        ) from error
    if page.tag != f"{_OAI}OAI-PMH":
        raise CheckError("this is no OAI-PMH interface", where=endpoint, cure="Give --registry")
    return page


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True)


def _resources(page: etree._Element) -> Iterator[etree._Element]:
    for metadata in page.iterfind(f".//{_OAI}record/{_OAI}metadata"):
        yield from metadata


def parse(resource: etree._Element) -> RegistryRecord:
    """Read a VOResource record.

    Parameters
    ----------
    resource : lxml element
        The element ``Resource``.

    Returns
    -------
    RegistryRecord
        Its subjects, tables and capabilities.
    """
    tables = {
        _text(table, "name"): _text(table, "utype") for table in resource.iter("{*}table", "table")
    }
    subjects = [node.text or "" for node in resource.iter("{*}subject", "subject")]
    standards = [
        node.get("standardID") or "" for node in resource.iter("{*}capability", "capability")
    ]
    return RegistryRecord(_text(resource, "identifier"), tuple(subjects), tables, tuple(standards))


def _text(node: etree._Element, name: str) -> str:
    return (node.findtext(name) or node.findtext(f"{{*}}{name}") or "").strip()
