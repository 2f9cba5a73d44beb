"""Errors of workers, carried to the loader as JSON: it raises them as if they were its own."""

from __future__ import annotations

from typing import Any

from epnkit import errors
from epnkit.errors import EpnkitError, LoadError


def error_to_json(error: Exception, worker: str) -> dict[str, Any]:
    """Write an error as JSON holds it.

    Parameters
    ----------
    error : Exception
        The error; one that is not epnkit's becomes a LoadError that names it.
    worker : str
        Who raised it.
    """
    if not isinstance(error, EpnkitError):
        error = LoadError(
            "a part of the load cannot be mapped",
            where=worker,
            why=f"{type(error).__name__}: {error}",
            cure="The table is unchanged. Load without --jobs and --dask: then the error comes with"
            " the place in the code.",
        )
    kept = {name: getattr(error, name) for name in ("what", "where", "why", "cure")}
    return {"kind": type(error).__name__, **kept}


def error_from_json(written: dict[str, Any]) -> EpnkitError:
    """Rebuild the error that :func:`error_to_json` wrote.

    Parameters
    ----------
    written : dict
        The error as JSON.
    """
    kind = getattr(errors, str(written["kind"]), LoadError)
    known = isinstance(kind, type) and issubclass(kind, EpnkitError)
    made: EpnkitError = (kind if known else LoadError)(
        written["what"], where=written["where"], why=written["why"], cure=written["cure"]
    )
    return made
