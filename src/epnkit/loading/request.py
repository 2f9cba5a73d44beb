"""What a load is requested to do: by DaCHS's switches, or by ``epnkit load`` in the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

#: The variable in which ``epnkit load`` passes its request to ``dachs imp``.
VARIABLE = "EPNKIT_LOAD"


@dataclass(frozen=True)
class Request:
    """What is different from an ordinary load.

    Parameters
    ----------
    limit : int, optional
        At most so many records (``dachs imp -M``).
    full : bool
        Read everything regardless of the cursor, and delete granules whose record is gone.
    remap : bool
        Make all granules again from the kept records, without the source.
    release : bool
        Make the granules again whose embargo has ended, from the kept records.
    low, high : str, optional
        Read only this window of the cursor; the cursor does not move.
    keys : tuple of str
        Read only the records with these keys.
    gone : tuple of str
        Delete the granules of the records with these keys.
    jobs : int
        How many processes read and map: with 1, this process alone.
    dask : str, optional
        The address of a Dask scheduler whose workers read and map.
    reconcile : bool
        Whether keys and gone come from a comparison of source and table.
    """

    limit: int | None = None
    full: bool = False
    remap: bool = False
    release: bool = False
    low: str | None = None
    high: str | None = None
    keys: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    reconcile: bool = False
    jobs: int = 1
    dask: str | None = None

    @property
    def whole(self) -> bool:
        """Whether all granules of the table are made again, and the others deleted."""
        return (self.full or self.remap) and self.limit is None

    @property
    def from_kept(self) -> bool:
        """Whether the records are those that were kept, and not the source's."""
        return self.remap or self.release

    @property
    def shared(self) -> bool:
        """Whether several processes read and map."""
        several = self.jobs > 1 or self.dask is not None
        return several and self.limit is None and not (self.from_kept or self.keys or self.gone)

    @property
    def kind(self) -> str:
        """The kind of run, as the ledger names it."""
        kinds = {
            "reconcile": self.reconcile,
            "retry": bool(self.keys),
            "full": self.full,
            "remap": self.remap,
            "release": self.release,
            "window": self.low is not None or self.high is not None,
        }
        return next((kind for kind, wanted in kinds.items() if wanted), "load")

    def to_environment(self) -> dict[str, str]:
        """Return the environment variable that carries the request."""
        return {VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ, limit: int | None = None
    ) -> Request:
        """Read the request of ``epnkit load``; without one, an ordinary load."""
        values: dict[str, Any] = json.loads(environment.get(VARIABLE, "{}"))
        for name in ("keys", "gone"):
            values[name] = tuple(values.get(name, ()))
        if limit is not None:
            values["limit"] = limit
        return cls(**values)
