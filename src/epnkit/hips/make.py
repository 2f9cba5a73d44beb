"""From the name of a map to a HiPS: in a directory, or beside the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from epnkit.dachs.instance import DachsInstance
from epnkit.errors import ConfigurationError
from epnkit.hips.choice import open_chosen
from epnkit.hips.maps import read_map
from epnkit.hips.publishing import PublishedHips
from epnkit.hips.tiles import Drawing, Labels, write_hips


def make(
    named: str,
    into: Path,
    labels: Labels,
    drawing: Drawing,
    find_instance: Callable[[], DachsInstance],
) -> str:
    """Make a HiPS in a new directory.

    Parameters
    ----------
    named : str
        The map, as :func:`~epnkit.hips.choice.open_chosen` takes it.
    into : pathlib.Path
        The directory.
    labels : Labels
        What the HiPS says about itself; what is missing is taken from the map.
    drawing : Drawing
        How values become colours.
    find_instance : callable
        Gives the DaCHS, if the map is that of a service.

    Returns
    -------
    str
        Its name.
    """
    with open_chosen(named, find_instance) as path:
        found = read_map(path)
        name = require_name(labels.name or _name_by_file(path))
        complete = Labels(labels.body, name, labels.title or found.title or name)
        write_hips(found, into, complete, drawing)
        return name


def _name_by_file(path: Path) -> str:
    stem = re.sub(r"\.(fits|fts|fit)(\.\w+)?$", "", path.name, flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9-]+", "_", stem).strip("_-")


def publish(named: str, published: PublishedHips, labels: Labels, drawing: Drawing) -> str:
    """Make a HiPS beside the page of a DaCHS, and return its address.

    Parameters
    ----------
    named, labels, drawing
        As for :func:`make`.
    published : PublishedHips
        The HiPS that the DaCHS serves.

    Raises
    ------
    DeployError
        If the DaCHS does not have the page.
    """
    published.require_page()
    with TemporaryDirectory(prefix="epnkit-hips-") as directory:
        made = Path(directory) / "hips"
        name = make(named, made, labels, drawing, lambda: published.instance)
        published.add(name, made)
    return published.address(name)


def require_name(name: str) -> str:
    """Refuse a name that is no part of an address.

    Raises
    ------
    ConfigurationError
        If it is none.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}", name):
        raise ConfigurationError(
            f"{name!r} is no name for a HiPS",
            cure="Give one by --name: letters, digits, hyphens and underscores.",
        )
    return name
