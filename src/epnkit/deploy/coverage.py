"""The coverage of a service in the registry (times, frequencies), which each import clears."""

from __future__ import annotations

import re
from pathlib import Path

from epnkit.dachs.instance import DachsInstance
from epnkit.errors import DeployError

#: How an RD requests its coverage from DaCHS: by epnkit's stream, or by itself.
_REQUESTED = re.compile(r"epnkit/q#coverage\b|<updater\b")


def is_computed(inputs: Path, service: str) -> bool:
    """Return whether ``dachs limits`` computes the coverage of a service.

    Parameters
    ----------
    inputs : pathlib.Path
        Where DaCHS finds its services.
    service : str
        The service.
    """
    rd = inputs / service / "q.rd"
    return rd.is_file() and bool(
        _REQUESTED.search(rd.read_text(encoding="utf-8", errors="replace"))
    )


def renew(instance: DachsInstance, service: str, *, columns: bool = True) -> str:
    """Compute the coverage of a service again if its RD requests it, and report what was done.

    Parameters
    ----------
    instance : DachsInstance
        The DaCHS.
    service : str
        The service.
    columns : bool
        Whether to compute the limits and percentiles of each column too: an import does not clear
        them, and DaCHS sorts the table by every numeric column for them.

    Raises
    ------
    DeployError
        If DaCHS fails; the granules are in the table all the same.
    """
    if not is_computed(instance.inputs, service):
        return f"the RD of {service} requests no coverage"
    words = ["limits", *([] if columns else ["-t"]), f"{service}/q"]
    try:
        instance.execute(*words)
    except DeployError as error:
        raise DeployError(
            "its granules are in, but their coverage could not be computed for the registry",
            where=service,
            why=error.why,
            cure=f"Fix what it names, and repeat: dachs {' '.join(words)}.",
        ) from error
    return f"dachs {' '.join(words)}: done"
