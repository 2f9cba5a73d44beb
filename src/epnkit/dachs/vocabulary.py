"""The vocabulary of subjects, for a DaCHS that cannot fetch it: it validates no RD without."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from epnkit.epncore import vocabularies

#: What DaCHS calls it in its cache, after the address it comes from.
_NAME = "http:=2F=2Fwww.ivoa.net=2Frdf=2Fuat"


def give(cache: Path) -> Path:
    """Give DaCHS epnkit's copy of the Unified Astronomy Thesaurus: terms, without their relations.

    DaCHS takes it for what it fetched itself, and fetches it again after a year.

    Parameters
    ----------
    cache : pathlib.Path
        Its ``cacheDir``.

    Returns
    -------
    pathlib.Path
        The file.
    """
    path, kept = cache / _NAME, cache.stat()
    # Not written where it lies: DaCHS's account may have put a link there, and this may be root.
    with NamedTemporaryFile("w", dir=cache, encoding="utf-8", delete=False) as made:
        made.write(_copy())
        os.fchmod(made.fileno(), 0o664)
        if os.geteuid() == 0:
            os.fchown(made.fileno(), kept.st_uid, kept.st_gid)
    Path(made.name).replace(path)
    return path


def take_back(cache: Path) -> bool:
    """Remove that copy, unless DaCHS has fetched its own; tell whether it was there."""
    path = cache / _NAME
    ours = path.is_file() and path.read_text(encoding="utf-8") == _copy()
    if ours:
        path.unlink()
    return ours


def _copy() -> str:
    uat = vocabularies.load("uat")
    terms = {term: {"label": term, "description": "", "wider": []} for term in uat.terms}
    return json.dumps({"uri": uat.uri, "terms": terms})
