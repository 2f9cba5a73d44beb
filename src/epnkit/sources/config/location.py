"""Where files lie and are served: in the source file, or as a credential has it."""

from __future__ import annotations

from pathlib import Path

from epnkit.errors import ConfigurationError
from epnkit.sources.config.credentials import read_credential
from epnkit.sources.config.settings import Settings


def take_location(settings: Settings, default: Path | None = None) -> tuple[Path, str | None]:
    """Take ``directory`` and ``address``, or the ``connection`` that holds both.

    Parameters
    ----------
    settings : Settings
        The source file, or a table of it.
    default : pathlib.Path, optional
        The directory if nothing is said of it.

    Returns
    -------
    tuple
        The directory, and the URL where it is served; None if it is not.

    Raises
    ------
    ConfigurationError
        If nothing says where the files lie.
    """
    name = settings.take_text("connection")
    if name is None:
        directory = settings.take_path("directory") or default
        if directory is None:
            raise settings.missing_key_error("directory")
        return directory, _end_with_slash(settings.take_text("address"))
    given = dict(part.partition("=")[::2] for part in read_credential(name).reveal().split(";"))
    if not {"directory"} <= given.keys() <= {"directory", "address"}:
        raise ConfigurationError(
            f"the credential {name!r} does not say where the files are",
            cure="Write directory=/…;address=https://…/ in it; the address may be left out.",
        )
    return Path(given["directory"]), _end_with_slash(given.get("address"))


def _end_with_slash(address: str | None) -> str | None:
    return None if address is None else address.rstrip("/") + "/"
