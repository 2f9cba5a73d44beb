"""PDS3 labels: what stands in front of the data, or beside them (PDS3 Standards Reference)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from epnkit.sources.values.documents import flat
from epnkit.sources.values.extended_json import plain

#: The statement that ends a label, on a line of its own.
_END_OF_LABEL = re.compile(rb"^[ \t]*END[ \t]*\r?$", re.MULTILINE)

#: How much of a PDS3 file is read at most to find the end of its label, in bytes.
_LARGEST_LABEL = 4 * 1024 * 1024


def read_pds3(path: Path) -> Iterator[dict[str, Any]]:
    """Read a PDS3 label, attached or detached, without what it describes.

    Raises
    ------
    ValueError
        When it is no label.
    """
    with warnings.catch_warnings():
        # The parser deprecates a class of its own whenever it is imported.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        import pvl  # type: ignore[import-untyped]
        from pvl.exceptions import ParseError  # type: ignore[import-untyped]

    with path.open("rb") as stream:
        start = stream.read(_LARGEST_LABEL)
    try:
        label = pvl.loads(_label(start), decoder=_decoder())
    except ParseError as error:
        raise ValueError(str(error)) from error
    yield flat({name: _of_label(value) for name, value in label.items()})


@cache
def _decoder() -> Any:
    """Make a decoder that tries figures alone for times: trying all takes half of the time."""
    from pvl.decoder import OmniDecoder  # type: ignore[import-untyped]

    class Decoder(OmniDecoder):  # type: ignore[misc]
        def decode_datetime(self, value: str) -> Any:
            """Decode a time; what begins with no figure is none."""
            if not value[:1].isdigit():
                raise ValueError(value)
            return super().decode_datetime(value)

    return Decoder()


def _label(start: bytes) -> str:
    """Take the label off the data that may follow its END statement (PDS3, chapter 12)."""
    end = _END_OF_LABEL.search(start)
    return start[: end.end() if end else None].decode("latin-1")


def _of_label(value: Any) -> Any:
    """Turn a label's value into plain ones; a number with a unit is the number."""
    if hasattr(value, "items"):
        return {name: _of_label(inner) for name, inner in value.items()}
    if hasattr(value, "units"):  # a named tuple, so before the tuples
        return _of_label(value.value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_of_label(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime | date) else plain(value)
