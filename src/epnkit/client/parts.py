"""The files that a part of a data set needs, as the service of the data set lists them."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Any, Final

import requests

from epnkit.client.download import RemoteFile
from epnkit.errors import SourceError

#: How long the service may take, in seconds.
_TIMEOUT: Final = (10.0, 120.0)


@dataclass(frozen=True)
class PartFiles:
    """The files of a part.

    Parameters
    ----------
    files : list of RemoteFile
        Those that are needed; in a mosaic each below the name of its tile.
    total : int
        How many the data set has.
    """

    files: list[RemoteFile]
    total: int


def list_part(
    service: str, identifier: str, part: str | None = None, tile: str | None = None
) -> PartFiles:
    """Ask for the files that a part of a data set needs.

    Parameters
    ----------
    service : str
        The URL of the service, as datalink describes it.
    identifier : str
        The data set.
    part : str, optional
        The part of its array as numpy writes it: ``0,50``; by default the whole.
    tile : str, optional
        The tiles of a mosaic; by default all.

    Raises
    ------
    SourceError
        If the service cannot be reached, refuses the part, or answers something else than a list.
    """
    given = {"ID": identifier, "slice": part, "tile": tile}
    query = {name: value for name, value in given.items() if value}
    try:
        answer = requests.get(service, query, timeout=_TIMEOUT)
    except requests.RequestException as error:
        raise SourceError(
            "the service that lists files cannot be reached",
            where=service,
            why=type(error).__name__,
            cure="Name its address by --at, or start the server.",
        ) from error
    if not answer.ok:
        raise SourceError(
            "the service lists no files",
            where=service,
            why=_explain(answer),
            cure="Correct the data set or the part; datalink says how long its axes are.",
        )
    return _read_list(answer.content, service)


def _explain(answer: requests.Response) -> str:
    """Return what a server says in plain text, or its status: pages are for browsers."""
    if answer.headers.get("Content-Type", "").startswith("text/plain"):
        return " ".join(answer.text.split())[:300]
    return f"the server answers {answer.status_code}"


def _read_list(content: bytes, service: str) -> PartFiles:
    from astropy.io.votable import parse

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            votable = parse(io.BytesIO(content))
            table = votable.get_first_table().to_table(use_names_over_ids=True)
        rows = [{name: _plain(row[name]) for name in table.colnames} for row in table]
        return PartFiles([_as_file(row) for row in rows], _read_total(votable, len(rows)))
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise SourceError(
            "the answer is no list of files",
            where=service,
            why=str(error)[:200],
            cure="Name the address of a service that lists the files of a part.",
        ) from error


def _plain(value: Any) -> Any:
    import numpy as np

    if value is np.ma.masked:
        return None
    plain = value.item() if hasattr(value, "item") else value
    return plain if plain != "" else None


def _as_file(row: dict[str, Any]) -> RemoteFile:
    folder = f"tile_{row['tile'].replace(',', '_')}/" if row.get("tile") else ""
    length = row.get("content_length")
    return RemoteFile(
        row["access_url"] or "",
        folder + row["file_name"],
        length if isinstance(length, int) and length >= 0 else None,
        row.get("checksum"),
    )


def _read_total(votable: Any, count: int) -> int:
    """Return how many files the data set has, which stands in an INFO."""
    infos = [info for resource in votable.resources for info in resource.infos]
    values = [info.value for info in infos if info.name == "files"]
    return int(values[0].partition("/")[2]) if values else count
