"""The types of fields that a source file declares, under ``[types]``."""

from __future__ import annotations

import polars as pl

from epnkit.sources.config.settings import Settings

#: The types a source file may declare, and what they become.
_KNOWN: dict[str, pl.DataType] = {
    "integer": pl.Int64(),
    "float": pl.Float64(),
    "text": pl.String(),
    "boolean": pl.Boolean(),
    "datetime": pl.Datetime("us"),
    "date": pl.Date(),
    "time": pl.Time(),
    "binary": pl.Binary(),
}

#: What stands before a type whose values are lists.
_LIST = "list of "


def take_types(settings: Settings, *, lists: bool = True) -> dict[str, pl.DataType]:
    """Read ``[types]`` of a source file: ``frq = "list of integer"``, ``mu = "float"``.

    Parameters
    ----------
    settings : Settings
        The source file.
    lists : bool
        Whether the source has lists.

    Raises
    ------
    ConfigurationError
        If there is no such type.
    """
    types = settings.take("types", dict, {})
    return {name: _parse_type(settings, name, kind, lists=lists) for name, kind in types.items()}


def _parse_type(settings: Settings, name: str, kind: object, *, lists: bool) -> pl.DataType:
    text = str(kind)
    listed = lists and text.startswith(_LIST)
    inner = _KNOWN.get(text.removeprefix(_LIST) if listed else text)
    if inner is None:
        known = ", ".join(_KNOWN) + (", or a list of one" if lists else "")
        raise settings.invalid_key_error(
            name, f"{kind!r} is no type of a field", f"Take one of {known}, or leave it out"
        )
    return pl.List(inner) if listed else inner
