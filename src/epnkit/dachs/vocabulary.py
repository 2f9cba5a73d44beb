"""The vocabulary of subjects for a DaCHS that cannot fetch it, and validates no RD without it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from epnkit.epncore import vocabularies

#: Its name in DaCHS's cache, from its address.
_NAME = "http:=2F=2Fwww.ivoa.net=2Frdf=2Fuat"


def install_copy(cache: Path) -> Path:
    """Install epnkit's copy of the Unified Astronomy Thesaurus: its terms, without relations.

    DaCHS takes it for one that it fetched itself, and fetches it again after a year.

    Parameters
    ----------
    cache : pathlib.Path
        Its ``cacheDir``.

    Returns
    -------
    pathlib.Path
        The file.
    """
    path, owner = cache / _NAME, cache.stat()
    # Not written in place: DaCHS's account may have put a link there, and this may be root.
    with NamedTemporaryFile("w", dir=cache, encoding="utf-8", delete=False) as file:
        file.write(_serialise())
        os.fchmod(file.fileno(), 0o664)
        if os.geteuid() == 0:
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
    Path(file.name).replace(path)
    return path


def remove_copy(cache: Path) -> bool:
    """Remove that copy, unless DaCHS has fetched its own; return whether it was there."""
    path = cache / _NAME
    ours = path.is_file() and path.read_text(encoding="utf-8") == _serialise()
    if ours:
        path.unlink()
    return ours


def _serialise() -> str:
    uat = vocabularies.load("uat")
    terms = {term: {"label": term, "description": "", "wider": []} for term in uat.terms}
    return json.dumps({"uri": uat.uri, "terms": terms})
