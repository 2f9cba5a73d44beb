"""EPN-TAP tables: those of a registry, of a TAP service, or of a list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import requests

from epnkit.check.readers import registry, votable
from epnkit.errors import CheckError

#: The registry of the IVOA's members that GAVO runs.
REGISTRY = "https://reg.g-vo.org/tap"

#: The tables of EPN-TAP 2, by the utype that they declare, with the TAP service that has each
#: (RegTAP 1.1, https://www.ivoa.net/documents/RegTAP/, section 8).
QUERY = """\
SELECT DISTINCT access_url, table_name
FROM rr.res_table NATURAL JOIN rr.capability NATURAL JOIN rr.interface
WHERE standard_id LIKE 'ivo://ivoa.net/std/tap%' AND intf_role = 'std'
AND (table_utype LIKE 'ivo://ivoa.net/std/epntap#table-2.%'
OR table_utype LIKE 'ivo://vopdc.obspm/std/epncore#schema-2.%')
ORDER BY access_url, table_name"""


@dataclass(frozen=True, order=True)
class EpnTable:
    """A table of EPN-TAP, and where it is.

    Parameters
    ----------
    url : str
        The base URL of its TAP service.
    table : str
        Its full name; empty for the only EPN-TAP table of the service.
    """

    url: str
    table: str = ""


def read_list(lines: Iterable[str]) -> list[EpnTable]:
    """Read a list: a TAP URL a line, and after a blank the name of a table.

    Parameters
    ----------
    lines : iterable of str
        The lines; what follows a ``#`` does not count, unless the URL has it.

    Raises
    ------
    CheckError
        If a line has no URL.
    """
    found: list[EpnTable] = []
    for number, line in enumerate(lines, 1):
        words = line.split(" #")[0].split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) > 2 or not words[0].startswith(("http://", "https://")):
            raise CheckError(
                f"{line.strip()!r} names no table of a TAP service",
                where=f"line {number}",
                cure="Write a URL, and after a blank the table: https://example.org/tap x.epn_core",
            )
        found.append(EpnTable(*words))
    return list(dict.fromkeys(found))


def ask_registry(url: str) -> list[EpnTable]:
    """Ask a registry (RegTAP) for all tables of EPN-TAP 2.

    Parameters
    ----------
    url : str
        The base URL of its TAP service.

    Raises
    ------
    CheckError
        If it does not answer, or with something else than that table.
    """
    asked = {"REQUEST": "doQuery", "LANG": "ADQL", "FORMAT": "votable/td", "QUERY": QUERY}
    try:
        with requests.get(f"{url}/sync", params=asked, timeout=registry.READ_TIMEOUT) as answer:
            answer.raise_for_status()
            rows = votable.parse(answer.content, url).granules
    except requests.RequestException as error:
        raise CheckError(
            "the registry does not answer",
            where=url,
            why=" ".join(str(error).split())[:300],
            cure="Try later, name another registry with --registry, or a list with --list.",
        ) from None
    if rows is None or not {"access_url", "table_name"} <= {*rows.columns}:
        raise CheckError(
            "the registry answers with something else", where=url, cure="Name another registry."
        )
    pairs = rows.select("access_url", "table_name").unique().sort("access_url", "table_name")
    return [EpnTable(str(address), str(table)) for address, table in pairs.iter_rows()]
