"""Putting the page into a DaCHS: its files, its RD, and a link on the root page."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from epnkit.dachs.instance import DachsInstance
from epnkit.deploy import webserver
from epnkit.deploy.steps import Step
from epnkit.deploy.stream import LINKS
from epnkit.errors import DeployError
from epnkit.explore.libraries import LIBRARIES, find_missing
from epnkit.streaming.installed import read_links

#: Where the page's own files and its RD are, in the package.
PACKAGE: Final = Path(__file__).parent

#: The folder in DaCHS's inputs directory, and the page's path on its server.
FOLDER: Final = "explore"
PATH: Final = "/explore/q/page/static/"

#: Where the page looks for pictures of bodies, below it, and the list of those that there are.
HIPS: Final = "hips"
MAPS: Final = "maps.json"

#: By this the link on the root page is found again.
_MARK: Final = "<!-- epnkit explore -->"

_LINK: Final = (
    f'{_MARK}<p><a href="{PATH}"><strong>Explore the observations</strong></a> of this server:'
    " search, map, timeline, pictures.</p>"
)

#: What the page's Content-Security-Policy lets its code read from, and what may be added there.
_READABLE: Final = "connect-src 'self'"
_ORIGIN: Final = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?")

#: The link goes before this line of DaCHS's root page.
_HEADING: Final = re.compile(r"^[ \t]*<h2>Services available here</h2>", re.MULTILINE)


@dataclass(frozen=True)
class PageDeployment:
    """The page in a DaCHS.

    Parameters
    ----------
    instance : DachsInstance
        The DaCHS.
    """

    instance: DachsInstance

    @property
    def folder(self) -> Path:
        """The page's folder in the inputs directory."""
        return self.instance.inputs / FOLDER

    @property
    def root_page(self) -> Path:
        """The operator's template of the root page."""
        return self.instance.templates / "root.html"

    @property
    def url(self) -> str:
        """The address of the page."""
        return self.instance.url.rstrip("/") + PATH

    def plan_install(self) -> list[Step]:
        """Plan to install the page, or to replace it by the one of this epnkit.

        Raises
        ------
        DeployError
            If a service has the folder's name, or the package lacks the page's libraries.
        """
        self._refuse_others()
        if missing := find_missing():
            raise DeployError(
                "the page's libraries are not in this installation",
                where=", ".join(missing),
                cure="Run scripts/setup in a clone, which fetches them; a wheel has them.",
            )
        return [
            Step(f"write the page to {self.folder}", self._write),
            Step(f"link it in {self.root_page}", self._link),
            self._plan_reload(),
        ]

    def plan_remove(self) -> list[Step]:
        """Plan to remove the page and the link to it.

        Raises
        ------
        DeployError
            If a service has the folder's name.
        """
        self._refuse_others()
        return [
            Step(f"delete {self.folder}", self._delete),
            Step(f"remove the link from {self.root_page}", self._unlink),
            self._plan_reload(),
        ]

    def _plan_reload(self) -> Step:
        reload = partial(webserver.reload, self.instance)
        return Step("let the web server reload its services", reload)

    def _refuse_others(self) -> None:
        rd = self.folder / "q.rd"
        if self.folder.exists() and not (rd.is_file() and 'service id="page"' in rd.read_text()):
            raise DeployError(
                "there is something else in the page's folder",
                where=str(self.folder),
                cure="Give it another name, or remove it.",
            )

    def allow_streams(self) -> bool:
        """Let the page read from the streaming server that datalink leads to, and from no other.

        Returns
        -------
        bool
            Whether the page is installed.
        """
        if not self._index.is_file():
            return False
        self.instance.account.write(self._index, self._read_packaged("page/index.html"))
        return True

    @property
    def _index(self) -> Path:
        return self.folder / "page" / "index.html"

    def _read_packaged(self, name: str) -> str:
        text = (PACKAGE / name).read_text(encoding="utf-8")
        origin = self._find_stream_origin() if name == "page/index.html" else ""
        return text.replace(_READABLE, f"{_READABLE} {origin}", 1) if origin else text

    def _find_stream_origin(self) -> str:
        """Find the streaming server's origin; none if there is no server, or its name is odd."""
        known = read_links(self.instance.configuration / LINKS)
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(str(known.get("url", ""))))
        return origin if _ORIGIN.fullmatch(origin) else ""

    def _write(self) -> str:
        for name in list_files():
            target = self.folder / name
            self.instance.account.create_owned(target.parent)
            self.instance.account.write(target, self._read_packaged(name))
        self._write_maps()
        return f"{len(list_files())} files are in {self.folder}; the page is {self.url}"

    def _write_maps(self) -> None:
        """Write an empty list of maps, unless there is one: a browser shows what is missing."""
        maps = self.folder / "page" / HIPS / MAPS
        if not maps.exists():
            self.instance.account.create_owned(maps.parent)
            self.instance.account.write(maps, "[]\n")

    def _delete(self) -> str:
        if not self.folder.exists():
            return f"{self.folder} is not there"
        self.instance.account.remove(self.folder)
        return f"{self.folder} is deleted"

    def _link(self) -> str:
        text = self._read_root_page()
        if _MARK in text:
            return "the root page has the link"
        if not _HEADING.search(text):
            return f"the root page is the operator's own: add a link to {PATH} to {self.root_page}"
        if not self.root_page.parent.is_dir():  # what is there stays whose it is
            self.instance.account.create_owned(self.root_page.parent)
        linked = _HEADING.sub(lambda found: f"{_LINK}\n{found[0]}", text, count=1)
        self.instance.account.write(self.root_page, linked)
        return "the root page leads to it"

    def _unlink(self) -> str:
        if not self.root_page.is_file() or _MARK not in self.root_page.read_text(encoding="utf-8"):
            return "the root page has no link to it"
        lines = self.root_page.read_text(encoding="utf-8").splitlines(keepends=True)
        text = "".join(line for line in lines if not line.lstrip().startswith(_MARK))
        if text == find_default_root_page().read_text(encoding="utf-8"):
            self.instance.account.remove(self.root_page)
        else:
            self.instance.account.write(self.root_page, text)
        return "the root page leads to it no more"

    def _read_root_page(self) -> str:
        own = self.root_page
        found = own if own.is_file() else find_default_root_page()
        return found.read_text(encoding="utf-8")


def find_default_root_page() -> Path:
    """Find the template of the root page that DaCHS has.

    Raises
    ------
    DeployError
        If DaCHS is not installed.
    """
    found = importlib.util.find_spec("gavo")
    for place in (found.submodule_search_locations or ()) if found else ():
        if (path := Path(place) / "resources" / "templates" / "root.html").is_file():
            return path
    raise DeployError(
        "DaCHS is not installed",
        where="the Python package gavo",
        cure="Run this with the Python that DaCHS uses.",
    )


def list_files() -> list[str]:
    """List the files of the page and its RD, by their paths in the package."""
    own = (path.relative_to(PACKAGE) for path in _iterate_own())
    return ["q.rd", *sorted(str(path) for path in own), *sorted(f"page/lib/{n}" for n in LIBRARIES)]


def _iterate_own() -> Iterator[Path]:
    return (path for path in (PACKAGE / "page").iterdir() if path.is_file())
