"""Finding the service that a verb is told, and the credentials of its source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from epnkit.errors import ConfigurationError, DeployError

if TYPE_CHECKING:
    from epnkit.service import Service

#: Where services lie that are given by their name.
RESOURCES = Path("resources")


def find_service(given: str) -> Service:
    """Load a service, given its folder or the name of a folder in ``resources/``.

    Raises
    ------
    ConfigurationError
        Where neither holds a ``service.py``.
    """
    from epnkit.service import load

    folders = (Path(given), RESOURCES / given)
    for folder in folders:
        if (folder / "service.py").is_file():
            return load(folder)
    raise ConfigurationError(
        "there is no such service",
        where=given,
        why="no service.py in " + ", ".join(str(folder) for folder in folders),
        cure="Name a service's folder, or one in resources/ of the directory you are in",
    )


@contextmanager
def credentials(directory: Path | None) -> Iterator[None]:
    """Let sources find the credentials of a DaCHS, where there is one.

    Parameters
    ----------
    directory : pathlib.Path, optional
        The DaCHS that was named; where none was and none is found, the usual places count.

    Raises
    ------
    DeployError
        Where a DaCHS was named that isn't there.
    """
    from epnkit.dachs.instance import Place

    try:
        place = Place.find(directory)
    except DeployError:
        if directory is not None:
            raise
        yield
        return
    place.use_credentials()
    yield
