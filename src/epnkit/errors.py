"""The errors of epnkit: each says what went wrong, where, why, and what to do."""

from __future__ import annotations

from typing import Any


class EpnkitError(Exception):
    """An error that a person has to act upon.

    Parameters
    ----------
    what : str
        What went wrong, in a few words.
    cure : str
        What to do about it.
    where : str, optional
        The file (``path:line``), table, granule or URL; never with a password.
    why : str, optional
        The cause, as far as it is known.
    """

    #: The status with which the command line ends.
    exit_status = 1

    def __init__(
        self, what: str, *, cure: str, where: str | None = None, why: str | None = None
    ) -> None:
        super().__init__(what)
        self.what, self.where, self.why, self.cure = what, where, why, cure

    def __str__(self) -> str:
        head = ": ".join(part for part in (self.where, self.what, self.why) if part)
        # What another program said may end with a full stop of its own.
        return f"{head.removesuffix('.')}. {self.cure}" if self.cure else head

    def __reduce__(self) -> tuple[Any, ...]:
        """Let pickle copy an error between processes without calling its constructor."""
        return _copy_error, (type(self), self.args, self.__dict__)


def _copy_error(
    kind: type[EpnkitError], arguments: tuple[Any, ...], state: dict[str, Any]
) -> EpnkitError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(state)
    return error


class ConfigurationError(EpnkitError):
    """A service folder, a source file, a setting or a credential is wrong."""


class SourceError(EpnkitError):
    """A source cannot be read, and trying again will not help."""


class TransientSourceError(SourceError):
    """A source cannot be read now; trying again may help."""


class MappingError(EpnkitError):
    """A mapping cannot be applied to the records that the source gives."""


class LoadError(EpnkitError):
    """A load was stopped; the table is unchanged."""


class RegionError(EpnkitError):
    """A region cannot be drawn from what was given."""


class CheckError(EpnkitError):
    """The target of a check cannot be read."""

    exit_status = 2


class PublishError(EpnkitError):
    """Packages of granules cannot be sent to an archive, or its answers not be read."""


class DeployError(EpnkitError):
    """A service, or the DaCHS under it, cannot be set up, started or stopped."""
