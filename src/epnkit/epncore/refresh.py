"""Fetching new editions of the IVOA's vocabularies, in place of the packaged ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from epnkit.epncore import ucd, vocabularies
from epnkit.epncore.vocabularies import Vocabulary
from epnkit.errors import TransientSourceError

#: The form in which the IVOA serves vocabularies to machines (Vocabularies in the VO 2, 3.2).
DESISE = "application/x-desise+json"

#: Where the list of UCD words is; the vocabulary's own address does not give their letters.
UCD_LIST = "https://raw.githubusercontent.com/ivoa-std/UCDList/HEAD/ucd-list.txt"

#: How long a server may take to answer, in seconds.
READ_TIMEOUT = 60.0


def refresh(name: str, url: str = "") -> tuple[Vocabulary, Path]:
    """Fetch a vocabulary, and keep it where `epnkit.epncore.vocabularies.load` finds it.

    Parameters
    ----------
    name : str
        One of `epnkit.epncore.vocabularies.NAMES`.
    url : str, optional
        Where to fetch it; by default the vocabulary's own address.

    Returns
    -------
    Vocabulary
        The new edition.
    Path
        The file that was written.

    Raises
    ------
    TransientSourceError
        If it cannot be fetched, or what comes is no vocabulary: the old edition stays.
    ConfigurationError
        If epnkit carries no such vocabulary.
    """
    old = vocabularies.load(name)
    where = url or (UCD_LIST if name == "ucd" else old.uri)
    answer = _fetch(where, "text/plain" if name == "ucd" else DESISE)
    version, terms = _parse_ucd_list(answer.text) if name == "ucd" else _parse_terms(answer, where)
    if not terms:
        raise TransientSourceError(
            f"there is no term of {name}", where=where, cure="Look at what is served there"
        )
    new = Vocabulary(name, old.uri, version, where, old.licence, terms)
    path = vocabularies.folder() / f"{name}.txt"
    _write(path, new.dump())
    vocabularies.load.cache_clear()
    ucd.clear_caches()
    return new, path


def _fetch(url: str, form: str) -> requests.Response:
    try:
        answer = requests.get(url, headers={"Accept": form}, timeout=READ_TIMEOUT)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise TransientSourceError(
            "the vocabulary cannot be fetched", where=url, why=str(error), cure="Try again later"
        ) from error
    return answer


def _parse_terms(answer: requests.Response, where: str) -> tuple[str, dict[str, str]]:
    try:
        said: Any = answer.json()
        terms = {term: _note(about) for term, about in said["terms"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TransientSourceError(
            "this is no vocabulary in Desise",
            where=where,
            why=f"its beginning is {answer.text[:60]!r}",
            cure="Look at what is served there",
        ) from error
    return _edition_date(answer), terms


def _note(about: Mapping[str, object]) -> str:
    notes: Iterable[str] = ("deprecated", "preliminary")
    return next((note for note in notes if note in about), "")


def _edition_date(answer: requests.Response) -> str:
    """Return the edition's date: Desise has none in it, the server may send one."""
    modified = answer.headers.get("Last-Modified")
    return modified or f"fetched {datetime.now(UTC):%Y-%m-%d}"


def _parse_ucd_list(text: str) -> tuple[str, dict[str, str]]:
    """Read the list of UCD words: a letter, a word and what it means, between bars."""
    lines = text.splitlines()
    parts = (line.split("|") for line in lines if line.count("|") >= 2 and line[0] != "#")
    words = {word.strip(): letter.strip() for letter, word, *_ in parts}
    known = {word: letter for word, letter in words.items() if len(letter) == 1}
    head = next((line.lstrip("# ") for line in lines if "UCDlist" in line), "")
    return head or f"fetched {datetime.now(UTC):%Y-%m-%d}", known


def _write(path: Path, text: str) -> None:
    """Write a file at once: a reader sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
