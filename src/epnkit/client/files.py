"""Downloading the files of rows that were found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from astropy.table import Table

from epnkit.client.download import SUMS, Downloaded, RemoteFile, download
from epnkit.client.links import FoundLink, clean_name, fetch_links

#: The links that a download takes if none are named: the granule itself.
THIS = ("#this",)


def download_files(
    table: Table, directory: Path, semantics: Sequence[str] = THIS, *, workers: int = 4
) -> tuple[list[Downloaded], list[FoundLink]]:
    """Download the files that the links of rows lead to.

    A file that is there and whole is not fetched again, and one that was cut goes on where it was.

    Parameters
    ----------
    table : astropy.table.Table
        What :func:`epnkit.client.search` found.
    directory : pathlib.Path
        Where files go, each to ``SERVICE/GRANULE/``.
    semantics : sequence of str
        Which links.
    workers : int
        How many files are fetched at a time.

    Returns
    -------
    list of Downloaded
        One for each file; its ``problem`` says why it is not there.
    list of FoundLink
        The links that lead to no file; their ``error`` says why.
    """
    links = list(fetch_links(table, semantics))
    wanted = [link for link in links if link.url and not link.error]
    lost = [link for link in links if not link.url or link.error]
    return download(_name_files(wanted), directory, workers=workers), lost


def _name_files(links: Iterable[FoundLink]) -> list[RemoteFile]:
    """Name each file after its granule; what would have the name of another gets a number."""
    named: dict[str, RemoteFile] = {}
    for link in dict.fromkeys(links):
        folder = PurePosixPath(clean_name(link.service) or "_", clean_name(link.granule_uid) or "_")
        own = f"_{link.name}" if link.name == SUMS else link.name
        name = str(folder / own)
        if name in named and named[name].url == link.url:
            continue
        number = 2
        while name in named:
            name, number = str(folder / f"{number}_{own}"), number + 1
        # A content_length is advice (DataLink 1.1, section 3.2.6), and no proof.
        named[name] = RemoteFile(link.url, name)
    return list(named.values())
