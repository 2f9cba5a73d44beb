"""The task of the workers of a load; it holds no credential."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from epnkit import service as services
from epnkit.errors import ConfigurationError
from epnkit.loading.parallel.queue import LEASE
from epnkit.loading.prepare.preparation import Preparation
from epnkit.loading.state.declarations import hash_declaration
from epnkit.modules import imports_without_gc
from epnkit.sources import open_source
from epnkit.sources.base import Source

#: The variable that names the folder of services on a machine where it is not that of the loader.
FOLDER_VARIABLE = "EPNKIT_SERVICES"


@dataclass(frozen=True)
class PartTask:
    """The task that all workers of one run have.

    Parameters
    ----------
    run : int
        The run's number in the ledger.
    source_file : pathlib.Path
        The source file, in the service's folder.
    declaration : dict of str to str
        Hashes of that folder's declaration, with which the worker's folder must agree.
    datalink : str, optional
        Where the service's datalink is served.
    now : datetime.datetime
        The time of the run.
    ahead : int
        How many parts may be mapped, or in work, that are not loaded yet.
    lease : float
        How long a part belongs to a worker that gives no sign of life, in seconds.
    skips_unchanged : bool
        Whether records are left out that have not changed since they were loaded.
    """

    run: int
    source_file: Path
    declaration: dict[str, str]
    datalink: str | None
    now: datetime
    ahead: int = 8
    lease: float = LEASE
    skips_unchanged: bool = False

    def to_json(self) -> str:
        """Write the task as JSON."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        values["source_file"] = Path(values["source_file"])
        values["now"] = datetime.fromisoformat(values["now"])
        return cls(**values)

    def find_source_file(self, environment: Mapping[str, str] = os.environ) -> Path:
        """Find the source file on this machine.

        Parameters
        ----------
        environment : mapping
            The variables of the process.

        Raises
        ------
        ConfigurationError
            If the service's folder is not here, or declares something else than the loader's.
        """
        named = environment.get(FOLDER_VARIABLE)
        path = self.source_file
        if named:
            path = Path(named) / path.parent.name / path.name
        if not path.is_file():
            raise ConfigurationError(
                "the service's folder is not on this machine",
                where=str(path),
                cure="Copy it there, or name the folder that holds it in the environment of the"
                f" worker: {FOLDER_VARIABLE}=/srv/services.",
            )
        here = hash_declaration(path.parent)
        other = sorted(name for name, _ in here.items() ^ self.declaration.items())
        if other:
            raise ConfigurationError(
                f"the service is not declared as on the machine of the loader: {', '.join(other)}",
                where=str(path.parent),
                cure="Copy the folder of the DaCHS that loads, and start the load again.",
            )
        return path

    def open(self) -> tuple[Preparation, Source]:
        """Open service and source on this machine.

        Raises
        ------
        ConfigurationError
            If the folder, or the source's credential, is missing or wrong.
        """
        path = self.find_source_file()
        with imports_without_gc():
            service = services.read_service(path.parent)
            source = open_source(path, service.order)
        return Preparation(service, self.datalink, self.now), source
