"""What is asked of a load: by DaCHS's switches, or by ``epnkit load`` in the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

#: The variable by which ``epnkit load`` tells a ``dachs imp`` what to do.
VARIABLE = "EPNKIT_LOAD"


@dataclass(frozen=True)
class Request:
    """How a load departs from the ordinary.

    Parameters
    ----------
    limit : int, optional
        At most so many records (``dachs imp -M``).
    full : bool
        Read everything, whatever the cursor says, and delete granules whose record is gone.
    remap : bool
        Make all granules anew of the records that are kept, without the source.
    low, high : str, optional
        Read just this window of the cursor; the cursor stays where it is.
    keys : tuple of str
        Read just the records with these keys.
    gone : tuple of str
        Delete the granules of the records with these keys.
    jobs : int
        How many processes read and map; this one alone, or that many beside it.
    reconcile : bool
        Whether keys and gone are what a comparison of source and table found.
    """

    limit: int | None = None
    full: bool = False
    remap: bool = False
    low: str | None = None
    high: str | None = None
    keys: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    reconcile: bool = False
    jobs: int = 1

    @property
    def whole(self) -> bool:
        """Whether every granule of the table is made anew, and those that are not are deleted."""
        return (self.full or self.remap) and self.limit is None

    @property
    def kind(self) -> str:
        """What the ledger calls such a run."""
        asked = {
            "reconcile": self.reconcile,
            "retry": bool(self.keys),
            "full": self.full,
            "remap": self.remap,
            "window": self.low is not None or self.high is not None,
        }
        return next((kind for kind, wanted in asked.items() if wanted), "load")

    def to_environment(self) -> dict[str, str]:
        """Give the variable that carries the request."""
        return {VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ, limit: int | None = None
    ) -> Request:
        """Read the request that ``epnkit load`` made; without one, an ordinary load."""
        asked: dict[str, Any] = json.loads(environment.get(VARIABLE, "{}"))
        for name in ("keys", "gone"):
            asked[name] = tuple(asked.get(name, ()))
        if limit is not None:
            asked["limit"] = limit
        return cls(**asked)
