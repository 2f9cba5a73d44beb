"""The times and frequencies that the registry is told of a service: each import clears them."""

from __future__ import annotations

import re
from pathlib import Path

from epnkit.dachs.instance import Place
from epnkit.errors import DeployError

#: How an RD asks DaCHS to compute its coverage: by epnkit's stream, or by itself.
_ASKED = re.compile(r"epnkit/q#coverage\b|<updater\b")


def is_computed(inputs: Path, service: str) -> bool:
    """Tell whether ``dachs limits`` computes the coverage of a service.

    Parameters
    ----------
    inputs : pathlib.Path
        Where DaCHS finds its services.
    service : str
        The service.
    """
    rd = inputs / service / "q.rd"
    return rd.is_file() and bool(_ASKED.search(rd.read_text(encoding="utf-8", errors="replace")))


def renew(place: Place, service: str, *, columns: bool = True) -> str:
    """Compute the coverage of a service anew, where its RD asks for it, and say what was done.

    Parameters
    ----------
    place : Place
        The DaCHS.
    service : str
        The service.
    columns : bool
        Whether the limits and percentiles of each column too: these stay from one import to the
        next, and to compute them DaCHS sorts the table by every column of numbers.

    Raises
    ------
    DeployError
        Where DaCHS cannot; the granules are in the table all the same.
    """
    if not is_computed(place.inputs, service):
        return f"the RD of {service} asks for no coverage"
    words = ["limits", *([] if columns else ["-t"]), f"{service}/q"]
    try:
        place.ask(*words)
    except DeployError as error:
        raise DeployError(
            "its granules are in, but their coverage could not be computed for the registry",
            where=service,
            why=error.why,
            cure=f"Mend what it names, and do it again: dachs {' '.join(words)}.",
        ) from error
    return f"dachs {' '.join(words)}: done"
