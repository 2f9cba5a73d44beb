"""HiPS beside the page, where it and Aladin find them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from epnkit.dachs.instance import DachsInstance
from epnkit.errors import ConfigurationError, DeployError
from epnkit.explore.deployment import HIPS, MAPS, PageDeployment


@dataclass(frozen=True)
class PublishedHips:
    """The HiPS that a DaCHS serves beside the page.

    Parameters
    ----------
    instance : DachsInstance
        The DaCHS, which has the page.
    """

    instance: DachsInstance

    @property
    def folder(self) -> Path:
        """The directory that holds them."""
        return PageDeployment(self.instance).folder / "page" / HIPS

    def address(self, name: str) -> str:
        """Return the address of one, as Aladin takes it."""
        return f"{PageDeployment(self.instance).url}{HIPS}/{name}"

    def require_page(self) -> None:
        """Refuse a DaCHS that does not have the page.

        Raises
        ------
        DeployError
            If it does not.
        """
        if not self.folder.parent.is_dir():
            raise DeployError(
                "this DaCHS does not have the page that HiPS are published beside",
                where=str(self.folder.parent),
                cure="Install it: epnkit explore.",
            )

    def add(self, name: str, made: Path) -> None:
        """Copy a HiPS beside the page; one of the same name is replaced.

        Parameters
        ----------
        name : str
            Its name.
        made : pathlib.Path
            The directory that holds it.
        """
        account, target = self.instance.account, self.folder / name
        account.create_owned(self.folder)
        new, old = self.folder / f".{name}.new", self.folder / f".{name}.old"
        account.remove(new)
        account.remove(old)
        account.copy_tree(made, new)
        if os.path.lexists(target):
            account.move(target, old)
        account.move(new, target)
        account.remove(old)
        self._write_list()

    def remove(self, name: str) -> None:
        """Delete a HiPS.

        Raises
        ------
        ConfigurationError
            If there is none of that name.
        """
        if name not in self.list_names():
            known = ", ".join(self.list_names()) or "none"
            raise ConfigurationError(
                f"there is no HiPS {name!r}",
                where=str(self.folder),
                cure=f"Name one that is there: {known}.",
            )
        self.instance.account.remove(self.folder / name)
        self._write_list()

    def list_names(self) -> list[str]:
        """List the names of those that are there."""
        return [path.name for path in self._iterate()]

    def _iterate(self) -> Iterator[Path]:
        found = self.folder.iterdir() if self.folder.is_dir() else ()
        # Names with a dot are those of runs that were interrupted.
        whole = (path for path in found if not path.name.startswith("."))
        return iter(sorted(path for path in whole if (path / "properties").is_file()))

    def _write_list(self) -> None:
        maps = [_describe(path) for path in self._iterate()]
        self.instance.account.write(self.folder / MAPS, json.dumps(maps, indent=1) + "\n")


def _describe(directory: Path) -> dict[str, Any]:
    properties = read_properties((directory / "properties").read_text(encoding="utf-8"))
    return {
        "name": directory.name,
        "title": properties.get("obs_title", directory.name),
        "body": properties.get("hips_body", ""),
        "picture": f"{HIPS}/{directory.name}/map.png",
    }


def read_properties(text: str) -> dict[str, str]:
    r"""Read the properties of a HiPS (HiPS 1.0).

    Examples
    --------
    >>> read_properties("obs_title  = A map = of the Sun\n# remark\nhips_order=3")
    {'obs_title': 'A map = of the Sun', 'hips_order': '3'}
    """
    lines = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {name.strip(): value.strip() for name, equals, value in lines if equals}
