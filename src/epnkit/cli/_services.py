"""Finding the service that a command names, and the credentials of its source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from epnkit.errors import ConfigurationError, DeployError

if TYPE_CHECKING:
    from epnkit.service import Service

#: The folder of services that are given by their name.
RESOURCES = Path("resources")


def find_service(given: str) -> Service:
    """Read a service, given its folder or the name of a folder in ``resources/``.

    Raises
    ------
    ConfigurationError
        If neither holds a ``service.py``.
    """
    from epnkit.service import read_service

    folders = (Path(given), RESOURCES / given)
    for folder in folders:
        if (folder / "service.py").is_file():
            return read_service(folder)
    raise ConfigurationError(
        "there is no such service",
        where=given,
        why="no service.py in " + ", ".join(str(folder) for folder in folders),
        cure="Name a service's folder, or one in resources/ of the current directory.",
    )


@contextmanager
def use_credentials(directory: Path | None) -> Iterator[None]:
    """Let sources find the credentials of a DaCHS, if there is one.

    Parameters
    ----------
    directory : pathlib.Path, optional
        The DaCHS that was named; without one, and if none is found, the usual places count.

    Raises
    ------
    DeployError
        If the DaCHS that was named does not exist.
    """
    from epnkit.dachs.instance import DachsInstance

    try:
        instance = DachsInstance.find(directory)
    except DeployError:
        if directory is not None:
            raise
        yield
        return
    instance.use_credentials()
    yield
