"""Data sets at servers that stream by time (HAPI and Das2), of which granules are parts.

A service declares which of its granules a data set holds; a service descriptor of datalink needs
only that and the granule's own times.
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
        The protocol of the server.
    dataset : str
        The name of the data set at the server.
    title : str
        What it holds, for people.
    where : dict of str to str
        Which granules it holds: for columns of EPNcore, a regular expression that the value must
        match.

    Raises
    ------
    ConfigurationError
        If a request could not contain the name.
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
