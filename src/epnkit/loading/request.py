"""The request of a load: from DaCHS's switches, or from ``epnkit load`` by the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from epnkit.errors import ConfigurationError

#: The variable in which ``epnkit load`` passes its request to ``dachs imp``.
VARIABLE = "EPNKIT_LOAD"


@dataclass(frozen=True)
class Request:
    """How a load differs from an ordinary one.

    Parameters
    ----------
    limit : int, optional
        Read at most this number of records (``dachs imp -M``).
    full : bool
        Read everything regardless of the cursor, and delete granules whose record is gone.
    remap : bool
        Regenerate all granules from the kept records, without the source.
    release : bool
        Regenerate the granules whose embargo has ended, from the kept records.
    low, high : str, optional
        Read only this window of the cursor; the cursor does not move.
    keys : tuple of str
        Read only the records with these keys.
    gone : tuple of str
        Delete the granules of the records with these keys.
    jobs : int
        How many processes read and map; with 1, it is this process.
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
    def replaces_all(self) -> bool:
        """Whether all granules are regenerated, and those that are not are deleted."""
        return (self.full or self.remap) and self.limit is None

    @property
    def reads_everything(self) -> bool:
        """Whether every record of the source is read."""
        return self.full and self.limit is None

    @property
    def from_kept(self) -> bool:
        """Whether the records come from the kept ones, and not from the source."""
        return self.remap or self.release

    @property
    def parallel(self) -> bool:
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

    @classmethod
    def of_options(cls, **options: Any) -> Request:
        """Build the request from the options of ``epnkit load``.

        Parameters
        ----------
        **options
            As the parameters of the class.

        Raises
        ------
        ConfigurationError
            If the options exclude each other.
        """
        request = cls(**options)
        for what, why, cure in request._find_contradictions():
            raise ConfigurationError(what, why=why, cure=cure)
        return request

    def _find_contradictions(self) -> Iterator[tuple[str, str, str]]:
        """Yield options that exclude each other: what is wrong, why, and what to do."""
        window = self.low is not None or self.high is not None
        several = self.jobs > 1 or self.dask is not None
        if self.full and window:
            yield (
                "--full goes with neither --from nor --to",
                "it reads everything",
                "Leave out --full to read a part, or leave out --from and --to.",
            )
        if self.remap and (self.full or window or self.limit is not None or several):
            yield (
                "--remap goes with no other option",
                "it reads nothing from the source, and regenerates all granules of the table",
                "Leave the others out; epnkit preview shows what the mapping makes.",
            )
        if self.full and self.limit is not None:
            yield (
                "--full and --limit exclude each other",
                "a full load deletes the granules that it did not read",
                "Leave out one of them; epnkit preview shows the first records.",
            )
        if self.limit is not None and several:
            yield (
                "--limit goes with neither --jobs nor --dask",
                "the first records are one window, which one process reads",
                "Leave out one of them.",
            )
        if self.dask is not None and self.jobs > 1:
            yield (
                "--jobs and --dask exclude each other",
                "the cluster's workers take the parts of the load, one each at a time",
                "Leave out one of them; dask worker --nworkers sets how many work on a machine.",
            )
