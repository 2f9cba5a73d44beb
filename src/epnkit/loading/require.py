"""Requirements of a load, and of a dry run, on source and records."""

from __future__ import annotations

from epnkit.errors import LoadError, MappingError
from epnkit.loading.prepare.counts import Counts
from epnkit.loading.request import Request
from epnkit.service import Service
from epnkit.sources.base import Source, Window

#: The share of refusals is only checked after this many records: of three new records, one may be
#: bad.
_ENOUGH_RECORDS = 100


def describe_excess(counts: Counts, share: float, *, even_if_few: bool) -> str:
    """Describe that more records are refused than a service allows; empty if not.

    Parameters
    ----------
    counts : Counts
        The counts so far.
    share : float
        The share of refusals that the service allows.
    even_if_few : bool
        Whether the share is also checked if there were few records.
    """
    enough = counts.read >= _ENOUGH_RECORDS or even_if_few
    if not enough or counts.quarantined <= share * counts.read:
        return ""
    return (
        f"{counts.quarantined} of {counts.read} records are refused,"
        f" more than the share of {share:g} that the service allows"
    )


def require_any_record(counts: Counts, window: Window, request: Request, source: Source) -> None:
    """Refuse a source that gives no record, if all were requested.

    Raises
    ------
    LoadError
        If it gives none.
    """
    if counts.read == 0 and window.everything and request.limit != 0:
        raise LoadError(
            "the source gives no record",
            where=source.label,
            cure="Look at the query in the source file, and at the catalogue itself.",
        )


def require_fields(service: Service, source: Source) -> None:
    """Compare the fields that the service reads with those of the source, before reading records.

    Raises
    ------
    MappingError
        If the source lacks a field.
    """
    schema = source.schema()
    missing = sorted(service.fields - set(schema))
    if missing and schema:
        raise MappingError(
            f"the source has no field {', '.join(missing)}",
            where=f"{service.source_file}",
            why=f"it has {', '.join(sorted(schema))}",
            cure="Correct the query in the source file, or what service.py reads.",
        )
