"""What sources with a secret have in common: how a source file opens them, and their schema."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeVar

from epnkit.sources.base import UNORDERED, Order
from epnkit.sources.config.address import take_credential
from epnkit.sources.config.credentials import Secret
from epnkit.sources.config.settings import Settings, open_settings

if TYPE_CHECKING:
    import polars as pl

SettingsT = TypeVar("SettingsT")


class ConfiguredSource(ABC, Generic[SettingsT]):
    """A source opened by a secret, with settings of its own.

    Parameters
    ----------
    secret : Secret
        What opens it.
    settings : object
        What its source file says.
    """

    #: What the source file says as its ``kind``.
    kind: ClassVar[str]

    def __init__(self, secret: Secret, settings: SettingsT) -> None:
        self._secret, self._settings = secret, settings

    @classmethod
    def from_file(cls, path: Path, order: Order = UNORDERED) -> Self:
        """Build the source that a ``source.toml`` describes.

        Raises
        ------
        ConfigurationError
            If the file, or the credential it names, is wrong.
        """
        with open_settings(path, cls.kind) as settings:
            secret = cls.take_secret(settings)
            chosen = cls.take_settings(settings, order)
        return cls(secret, chosen)

    @staticmethod
    def take_secret(settings: Settings) -> Secret:
        """Take what opens the source: the credential named ``connection``."""
        return take_credential(settings)

    @classmethod
    @abstractmethod
    def take_settings(cls, settings: Settings, order: Order) -> SettingsT:
        """Take the keys of a source file that this kind knows."""

    def schema(self) -> dict[str, str]:
        """Return the fields of a record and their types."""
        return {name: str(dtype) for name, dtype in self._types.items()}

    @property
    @abstractmethod
    def _types(self) -> Mapping[str, pl.DataType]:
        """The fields of a record and their types."""
