"""Vocabularies for a DaCHS that cannot fetch them, and validates no RD without them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from epnkit.epncore import vocabularies

#: Those that ``dachs val`` needs: the subjects in 2.7, all of them from 2.10 on.
NEEDED = ("uat", "messenger", "product-type", "content_level", "content_type", "date_role")


def install_copies(cache: Path) -> list[Path]:
    """Install epnkit's copies of the vocabularies that are not there: terms, without relations.

    DaCHS takes them for some that it fetched itself, and fetches them again after a year.

    Parameters
    ----------
    cache : pathlib.Path
        Its ``cacheDir``.

    Returns
    -------
    list of pathlib.Path
        The files that were written.
    """
    missing = {
        path: text
        for path, text in _serialise_all(cache).items()
        if path.is_symlink() or not path.is_file()
    }
    for path, text in missing.items():
        _write(path, text)
    return list(missing)


def remove_copies(cache: Path) -> list[Path]:
    """Remove those copies, but for what DaCHS has fetched itself; return what was removed."""
    ours = [
        path
        for path, text in _serialise_all(cache).items()
        if path.is_file() and path.read_text(encoding="utf-8") == text
    ]
    for path in ours:
        path.unlink()
    return ours


def _serialise_all(cache: Path) -> dict[Path, str]:
    """Serialise each vocabulary in Desise, by the name that DaCHS derives from its address."""
    loaded = [vocabularies.load(name) for name in NEEDED]
    return {cache / each.uri.replace("/", "=2F"): _serialise(each) for each in loaded}


def _serialise(vocabulary: vocabularies.Vocabulary) -> str:
    terms = {term: {"label": term, "description": "", "wider": []} for term in vocabulary.terms}
    return json.dumps({"uri": vocabulary.uri, "terms": terms})


def _write(path: Path, text: str) -> None:
    """Write a file as the owner of its directory.

    Not in place: DaCHS's account may have put a link there, and this may be root.
    """
    owner = path.parent.stat()
    with NamedTemporaryFile("w", dir=path.parent, encoding="utf-8", delete=False) as file:
        file.write(text)
        os.fchmod(file.fileno(), 0o664)
        if os.geteuid() == 0:
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
    Path(file.name).replace(path)
