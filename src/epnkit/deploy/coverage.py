"""The coverage of a service in the registry (times, frequencies), which each import clears."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from epnkit.dachs.instance import DachsInstance
from epnkit.errors import DeployError
from epnkit.loading.table.catalog import table_exists

#: How an RD requests its coverage from DaCHS: by epnkit's stream, or by itself.
_REQUESTED = re.compile(r"epnkit/q#coverage\b|<updater\b")

#: What ``dachs limits`` wrote of a service, with the last run that the ledger knew then.
_READ = """
    SELECT spatial, temporal, spectral,
      (SELECT COALESCE(max(run), 0) FROM epnkit.runs WHERE service = %(service)s)
    FROM dc.rdmeta
    WHERE sourcerd = %(rd)s AND COALESCE(spatial, temporal::text, spectral::text) IS NOT NULL
"""

#: In one statement, so that no run of another process can end between the question and the answer.
_RESTORE = """
    UPDATE dc.rdmeta
    SET spatial = %(spatial)s, temporal = %(temporal)s::float8[], spectral = %(spectral)s::float8[]
    WHERE sourcerd = %(rd)s AND NOT EXISTS (
      SELECT FROM epnkit.runs
      WHERE service = %(service)s AND run > %(run)s AND loaded + changed + deleted > 0)
"""


@dataclass(frozen=True)
class Coverage:
    """The coverage of a service as it was before an import.

    Parameters
    ----------
    service : str
        The service.
    spatial : str or None
        A MOC in ASCII.
    temporal, spectral : list of float or None
        Lower and upper limits in turn, in MJD and in joules.
    run : int
        The last run of the service in the ledger.
    """

    service: str
    spatial: str | None
    temporal: list[float] | None
    spectral: list[float] | None
    run: int


def read_coverage(connection: Any, service: str) -> Coverage | None:
    """Read the coverage of a service from DaCHS's tables.

    Parameters
    ----------
    connection : psycopg2 connection
        A connection to DaCHS's database.
    service : str
        The service.

    Returns
    -------
    Coverage or None
        None if none was computed, or if epnkit has loaded nothing there yet.
    """
    if not table_exists(connection, "epnkit", "runs"):
        return None
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"service": service, "rd": f"{service}/q"})
        row = cursor.fetchone()
    return None if row is None else Coverage(service, *row)


def restore_coverage(connection: Any, coverage: Coverage) -> bool:
    """Write a coverage again that an import cleared, unless a run has changed granules since.

    Parameters
    ----------
    connection : psycopg2 connection
        A connection to DaCHS's database, as its administrator.
    coverage : Coverage
        What was read before the import.

    Returns
    -------
    bool
        Whether it was written.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RESTORE, {**vars(coverage), "rd": f"{coverage.service}/q"})
        return bool(cursor.rowcount)


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
