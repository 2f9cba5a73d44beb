"""PDS3 labels: what stands in front of the data, or beside them (PDS3 Standards Reference)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

from epnkit.modules import requires_extra
from epnkit.sources.files.limits import LARGEST_LABEL, require_bounded
from epnkit.sources.values.documents import flatten
from epnkit.sources.values.extended_json import to_plain
from epnkit.tables import decode_text

#: The statement that ends a label, on a line of its own.
_END_OF_LABEL = re.compile(rb"^[ \t]*END[ \t]*\r?$", re.MULTILINE)


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
        with requires_extra("pds"):
            import pvl  # type: ignore[import-untyped]
            from pvl.exceptions import ParseError  # type: ignore[import-untyped]

    with path.open("rb") as stream:
        start = stream.read(LARGEST_LABEL)
    try:
        label = pvl.loads(_extract_label(start), decoder=_decoder())
    except ParseError as error:
        raise ValueError(str(error)) from error
    plain = {name: _plain_value(value) for name, value in label.items()}
    require_bounded(plain)
    yield flatten(plain)


@cache
def _decoder() -> Any:
    """Make a decoder that tries figures alone for times: trying all takes half of the time."""
    with requires_extra("pds"):
        from pvl.decoder import OmniDecoder  # type: ignore[import-untyped]
        from pvl.grammar import OmniGrammar  # type: ignore[import-untyped]

    class Decoder(OmniDecoder):  # type: ignore[misc]
        def decode_datetime(self, value: str) -> Any:
            """Decode a time; what begins with no figure is none."""
            if not value[:1].isdigit():
                raise ValueError(value)
            found = super().decode_datetime(value)
            # 2001-02-30 would be one minute past eight in the evening, 2.5 hours west.
            return value if isinstance(found, time) and ":" not in value else found

    return Decoder(grammar=OmniGrammar())  # the decoder's own grammar is one of ASCII


def _extract_label(start: bytes) -> str:
    """Take the label off the data that may follow its END statement (PDS3, chapter 12)."""
    if b"\0" in start[:4]:  # of UTF-16 or UTF-32
        start = decode_text(start[: len(start) // 4 * 4]).encode()
    end = _END_OF_LABEL.search(start)
    label = start[: end.end() if end else None]
    if b"=" not in label:
        raise ValueError("it has no statement of a label")
    return decode_text(label)


def _plain_value(value: Any) -> Any:
    """Turn a label's value into plain ones; a number with a unit is the number."""
    if hasattr(value, "items"):
        return {name: _plain_value(inner) for name, inner in value.items()}
    if hasattr(value, "units"):  # a named tuple, so before the tuples
        return _plain_value(value.value)
    if isinstance(value, set | frozenset):  # in no order of their own
        return sorted((_plain_value(inner) for inner in value), key=str)
    if isinstance(value, list | tuple):
        return [_plain_value(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime | date) else to_plain(value)
