"""The IVOA's vocabularies as packaged terms, or as refreshed from the network on request."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from epnkit.epncore import packaged
from epnkit.errors import ConfigurationError

#: The vocabularies that epnkit carries.
NAMES = (
    "content_level",
    "content_type",
    "datalink",
    "date_role",
    "messenger",
    "product-type",
    "refframe",
    "refposition",
    "timescale",
    "uat",
    "ucd",
)

#: The environment variable that names the folder of refreshed vocabularies.
FOLDER_VARIABLE = "EPNKIT_VOCABULARIES"


@dataclass(frozen=True)
class Vocabulary:
    """The terms of one vocabulary.

    Parameters
    ----------
    name : str
        The short name, one of `NAMES`.
    uri : str
        The vocabulary's own identifier.
    version : str
        The date or number of the edition.
    source : str
        Where the terms were taken from.
    licence : str
        Under which terms they may be passed on.
    terms : mapping of str to str
        Each term with its note: ``deprecated``, ``preliminary``, or empty; for UCD1+ the letter
        that says whether a word leads (P), follows (S) or both (Q, E, C, V).
    """

    name: str
    uri: str
    version: str
    source: str
    licence: str
    terms: Mapping[str, str]

    def __contains__(self, term: object) -> bool:
        return term in self.terms

    def dump(self) -> str:
        """Write the vocabulary in the form that epnkit packages: a head, then a term a line."""
        head = ("uri", "version", "source", "licence")
        lines = [f"# {key}: {getattr(self, key)}" for key in head]
        lines += [f"{term}\t{note}" if note else term for term, note in self.terms.items()]
        return "\n".join(lines) + "\n"


def parse(name: str, text: str) -> Vocabulary:
    """Read a vocabulary from the form that epnkit packages.

    Parameters
    ----------
    name : str
        The short name.
    text : str
        The text, as `Vocabulary.dump` writes it.

    Returns
    -------
    Vocabulary
        The vocabulary.

    Raises
    ------
    ConfigurationError
        If the head lacks one of its four lines.
    """
    lines = text.splitlines()
    head = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    pairs = (line.partition("\t") for line in lines if line and not line.startswith("#"))
    terms = {term: note for term, _, note in pairs}
    try:
        return Vocabulary(
            name, head["uri"], head["version"], head["source"], head["licence"], terms
        )
    except KeyError as error:
        raise ConfigurationError(
            f"the vocabulary {name} has no line {error.args[0]!r} in its head",
            cure="Refresh it with `epnkit vocabularies refresh`, or remove the file",
        ) from error


def folder() -> Path:
    """Return where refreshed vocabularies are kept: by `FOLDER_VARIABLE`, or in the user's data."""
    named = os.environ.get(FOLDER_VARIABLE)
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return Path(named) if named else data / "epnkit" / "vocabularies"


@cache
def load(name: str) -> Vocabulary:
    """Return a vocabulary: the refreshed copy where there is one, else the packaged one.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Returns
    -------
    Vocabulary
        Its terms, with version and source.

    Raises
    ------
    ConfigurationError
        If epnkit carries no such vocabulary, or the refreshed copy is damaged.
    """
    if name not in NAMES:
        raise ConfigurationError(
            f"no vocabulary {name!r} is carried", cure=f"Give one of {', '.join(NAMES)}"
        )
    refreshed = folder() / f"{name}.txt"
    if refreshed.is_file():
        return parse(name, refreshed.read_text(encoding="utf-8"))
    return parse(name, packaged.read_text(f"vocabularies/{name}.txt"))
