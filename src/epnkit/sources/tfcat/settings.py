"""What a source file says about TFCat documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import polars as pl

from epnkit.sources.base import Order
from epnkit.sources.config.address import take_address
from epnkit.sources.config.credentials import Secret
from epnkit.sources.config.location import take_location
from epnkit.sources.config.settings import Settings
from epnkit.sources.config.types import take_types
from epnkit.sources.files.limits import LONGEST
from epnkit.sources.tfcat.reader import TfcatReader
from epnkit.sources.transport.retry import DEFAULT_RETRY, RetryPolicy, take_retry_policy

#: What tells one feature from every other, if neither the service nor the source file says it.
DEFAULT_KEY = ("path", "feature")


@dataclass(frozen=True)
class TfcatSettings:
    """What a source file says about TFCat documents.

    Parameters
    ----------
    reader : TfcatReader
        Reads a document.
    directory : pathlib.Path, optional
        Where they lie.
    address : str, optional
        The URL where the directory is served, with a slash at its end.
    globs : tuple of str
        Which names to take.
    follow_links : bool
        Whether links may lead out of the directory.
    server : Secret, optional
        The address below which they are, instead of a directory.
    documents : tuple of str
        Their paths below the address.
    authority : pathlib.Path, optional
        The certificates to trust.
    order : Order
        The cursor and the key.
    types : dict
        Declared types of fields.
    seconds : float
        How long reading one document may take.
    retry_policy : RetryPolicy
        How often to try again.
    """

    reader: TfcatReader = field(default_factory=TfcatReader)
    directory: Path | None = None
    address: str | None = None
    globs: tuple[str, ...] = ("*.tfcat", "*.json")
    follow_links: bool = False
    server: Secret | None = None
    documents: tuple[str, ...] = ()
    authority: Path | None = None
    order: Order = field(default_factory=lambda: Order(None, DEFAULT_KEY))
    types: dict[str, pl.DataType] = field(default_factory=dict)
    seconds: float = LONGEST
    retry_policy: RetryPolicy = DEFAULT_RETRY


def take_tfcat_settings(settings: Settings, order: Order) -> TfcatSettings:
    """Take what a source file says about TFCat documents.

    Parameters
    ----------
    settings : Settings
        The source file.
    order : Order
        The cursor and the key, as the service names them.

    Raises
    ------
    ConfigurationError
        If something is missing or wrong.
    """
    documents = _take_documents(settings)
    server = take_address(settings) if documents else None
    directory, address = (None, None) if documents else take_location(settings)
    chosen = settings.take_order(order)
    usual = TfcatSettings()
    return TfcatSettings(
        TfcatReader(
            settings.take("catalogues", bool, default=False),
            settings.take_choice("tt2000", ("midnight", "noon"), "midnight") == "noon",
        ),
        directory,
        address,
        settings.take_names("files") or usual.globs,
        settings.take("follow_links", bool, default=False),
        server,
        documents,
        settings.take_path("authority"),
        Order(chosen.cursor, chosen.key or DEFAULT_KEY),
        take_types(settings),
        settings.take_positive("seconds", LONGEST),
        take_retry_policy(settings),
    )


def _take_documents(settings: Settings) -> tuple[str, ...]:
    """Take the names of documents on a server, which become those of files."""
    names = settings.take_names("documents")
    for name in names:
        path = PurePosixPath(name)
        if not path.parts or path.is_absolute() or ".." in path.parts or not name.isprintable():
            raise settings.invalid_key_error(
                "documents",
                f"{name!r} is no path below the address",
                'Write documents = ["year/catalogue.tfcat"], and the address as url',
            )
    return names
