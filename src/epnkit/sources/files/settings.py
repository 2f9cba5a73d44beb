"""What a source file says about files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from epnkit.sources.attachments import Attachments, take_attachments
from epnkit.sources.config.location import take_location
from epnkit.sources.config.settings import Settings
from epnkit.sources.config.types import take_types
from epnkit.sources.files.formats import read_formats
from epnkit.sources.files.limits import LONGEST
from epnkit.sources.files.readers import Reader


@dataclass(frozen=True)
class FilesSettings:
    """What a source file says about files.

    Parameters
    ----------
    directory : pathlib.Path
        The directory; relative to the source file.
    reader : callable
        Reads one file.
    globs : tuple of str
        Which names to take.
    types : dict
        Declared types of fields.
    checksum : bool
        Whether a file counts as changed by its content, rather than by size and time.
    address : str, optional
        The URL where the directory is served, with a slash at its end.
    latest : bool
        Whether files of which there is a later version are left out.
    companions : dict of str to str
        Files that belong to each, by where they lie; see :mod:`epnkit.sources.files.companions`.
    parts : re.Pattern, optional
        What is found in a file's name, to be put in there.
    key : tuple of str
        The fields that tell one record from every other.
    follow_links : bool
        Whether links may lead out of the directory.
    seconds : float
        How long reading one file may take.
    attachments : Attachments
        Files that describe what a record is about.
    group : re.Pattern, optional
        What of a path files of one group have in common: its first group. Files that do not match
        are groups of their own.
    """

    directory: Path
    reader: Reader
    globs: tuple[str, ...] = ("*",)
    types: dict[str, pl.DataType] = field(default_factory=dict)
    checksum: bool = False
    address: str | None = None
    latest: bool = False
    companions: dict[str, str] = field(default_factory=dict)
    parts: re.Pattern[str] | None = None
    key: tuple[str, ...] = ("path",)
    follow_links: bool = False
    seconds: float = LONGEST
    attachments: Attachments = field(default_factory=Attachments)
    group: re.Pattern[str] | None = None

    def group_of(self, path: str) -> str:
        """Return the group of a file, by its path below the directory."""
        found = self.group.search(path) if self.group is not None else None
        return path if found is None else found[1]


def take_files_settings(settings: Settings, key: tuple[str, ...]) -> FilesSettings:
    """Take what a source file says about files.

    Parameters
    ----------
    settings : Settings
        The source file.
    key : tuple of str
        The key of a record, as the service names it.

    Raises
    ------
    ConfigurationError
        If something is missing or wrong.
    """
    reader, globs = read_formats(settings)
    directory, address = take_location(settings)
    return FilesSettings(
        directory,
        reader,
        globs,
        take_types(settings),
        settings.take("checksum", bool, default=False),
        address,
        settings.take("latest", bool, default=False),
        settings.take("companions", dict, {}),
        _take_pattern(settings, "parts"),
        key,
        settings.take("follow_links", bool, default=False),
        settings.take_positive("seconds", LONGEST),
        take_attachments(settings, directory),
        _take_pattern(settings, "group"),
    )


def _take_pattern(settings: Settings, key: str) -> re.Pattern[str] | None:
    pattern = settings.take_text(key)
    try:
        made = None if pattern is None else re.compile(pattern)
    except re.error as error:
        raise settings.invalid_key_error(
            key, str(error), "Write it as Python's re module reads it"
        ) from error
    if made is not None and key == "group" and not made.groups:
        raise settings.invalid_key_error(
            key, "it has no group", "Put what files have in common in parentheses"
        )
    return made
