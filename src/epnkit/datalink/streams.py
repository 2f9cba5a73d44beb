"""Data sets that granules are cut from, at servers that stream by time: HAPI and Das2.

A service declares which of its granules a data set holds; a service descriptor of datalink needs no
more than that, and the granule's own times.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from epnkit.errors import ConfigurationError

#: Names of data sets: HAPI's have no blanks (HAPI 3.2, section 3.6), Das2's are paths.
_DATASET = re.compile(r"[A-Za-z0-9._~:+-]+(/[A-Za-z0-9._~:+-]+)*")


@dataclass(frozen=True)
class Stream:
    """A data set of a streaming server.

    Parameters
    ----------
    protocol : {"hapi", "das2"}
        How the server is asked.
    dataset : str
        The name of the data set at the server.
    title : str
        What it holds, for people.
    where : dict of str to str
        Which granules it holds: for columns of EPNcore, the pattern that a value must hold.

    Raises
    ------
    ConfigurationError
        Where the name could not stand in a request.
    """

    protocol: Literal["hapi", "das2"]
    dataset: str
    title: str
    where: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _DATASET.fullmatch(self.dataset):
            raise ConfigurationError(
                f"{self.dataset!r} cannot be the name of a data set",
                cure="Write it as the server lists it, without a blank or a slash in front.",
            )
