"""FITS headers: of the first unit that says something, or of the one that is asked for."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from epnkit.sources.files.limits import LARGEST_HEADER, open_file

_BLOCK, _CARD = 2880, 80

#: Keywords that say nothing of an observation (FITS 4.0, section 4.4.1).
_STRUCTURE = frozenset(
    [
        "SIMPLE",
        "XTENSION",
        "BITPIX",
        "NAXIS",
        "NAXIS1",
        "NAXIS2",
        "PCOUNT",
        "GCOUNT",
        "TFIELDS",
        "EXTEND",
        "NEXTEND",
        "EXTNAME",
        "CHECKSUM",
        "DATASUM",
        "DATE",
        "ORIGIN",
        "FILENAME",
        "BLOCKED",
    ]
)

#: Keywords of a table, such as the one that a compressed image is in, and not of an observation
#: (FITS 4.0, sections 7.3 and 10.1).
_TABLE = (
    *("TTYPE", "TFORM", "TUNIT", "TDIM", "TNULL", "TSCAL", "TZERO", "TDISP"),
    *("TFIELDS", "PCOUNT", "GCOUNT", "XTENSION", "THEAP"),
)


#: How many units after the first are looked at.
_MOST_UNITS = 100

#: A part of a text that is continued, with a comment or without one.
_PART = re.compile(r"'(?:(.*)&'$|((?:[^']|'')*)&'\s*/)")

#: How a quote is written within a text.
_QUOTE = "''"

#: What is no text: astropy reads it.
_UNQUOTED = object()

#: What stands before a text: its keyword, which is longer by the convention of HIERARCH.
_START = re.compile(r"(?:HIERARCH )?\s*(?P<name>[^=']*?)\s*=\s*(?=')")

#: A text between quotes, and the comment after it (FITS 4.0, section 4.2.1).
_TEXT = re.compile(r"\s*'((?:[^']|'')*)'\s*(?:/|$)")

#: The end of a card whose text is continued (FITS 4.0, section 4.2.1.2).
_CONTINUED = re.compile(r"&'\s*(/.*)?$")


@dataclass(frozen=True)
class FitsReader:
    """Reads FITS headers, also compressed ones (``.gz``, ``.bz2``, tiles), and never the data.

    Parameters
    ----------
    extension : int or str, optional
        The number or name of the header-data unit. Without one, the first header; and if that says
        nothing of an observation, as in tile-compressed files, also the second.
    limits : tuple of str
        Columns of the file's tables; the fields ``NAME.min`` and ``NAME.max`` are their limits.
    """

    extension: int | str | None = None
    limits: tuple[str, ...] = ()

    def __call__(self, path: Path) -> Iterator[dict[str, Any]]:
        """Read one file."""
        from astropy.utils.exceptions import AstropyWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyWarning)  # real headers are full of oddities
            with open_file(path) as stream:
                found = self._choose(read_headers(stream))
            yield found | (dict(find_limits(path, self.limits)) if self.limits else {})

    def _choose(self, headers: Iterator[dict[str, Any]]) -> dict[str, Any]:
        if self.extension is None:
            return _first_that_speaks(headers)
        for number, cards in enumerate(headers):
            name = str(cards.get("EXTNAME", "")).strip().upper()
            if self.extension in (number, name) or str(self.extension).upper() == name:
                return cards
        raise ValueError(f"it has no unit {self.extension!r}")


def find_limits(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    """Find the least and the greatest number in columns of a file's tables.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    columns : tuple of str
        The names of the columns; the first table that has one counts.

    Yields
    ------
    tuple
        ``NAME.min`` or ``NAME.max``, and the number.
    """
    import numpy as np
    from astropy.io import fits

    left = {*columns}
    with fits.open(path, memmap=True) as units:
        for unit in units[:_MOST_UNITS]:
            for name in sorted(left & {*getattr(getattr(unit, "columns", None), "names", ())}):
                values = np.asarray(unit.data[name], dtype=float)
                left.discard(name)
                if np.isfinite(values).any():
                    yield f"{name}.min", float(np.nanmin(values))
                    yield f"{name}.max", float(np.nanmax(values))


def read_headers(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    """Read the headers of a FITS file one after the other, and skip the data between them.

    Yields
    ------
    dict
        The cards of a header that have a value; of a keyword that stands twice, the first. A card
        that cannot be read (``EXPTIME = 12,5``) has no value.

    Raises
    ------
    ValueError
        If it is no FITS file, or its headers are longer than they may be.
    """
    from astropy.io.fits import Header

    first = True
    left = LARGEST_HEADER
    while block := _read_header(stream, left, first=first):
        left -= len(block)
        text = _drop_orphans(block.decode("latin-1"))
        letters = _replace_letters(text)
        text = text.translate(letters)
        header = Header.fromstring(text)
        restored = {stand_in: code for code, stand_in in letters.items() if stand_in != ord("?")}
        yield _read_cards(header, restored, _group_cards(text))
        _skip(stream, _data_size(header))
        first = False


def _replace_letters(text: str) -> dict[int, int]:
    """Choose characters that stand in for those that are not ASCII, of which astropy takes none.

    Each that is used has one of its own, which does not occur otherwise; beyond that, ``?`` is it.
    """
    used = {*text}
    foreign = sorted(ord(letter) for letter in used if not letter.isascii())
    used.add("?")
    free = [code for code in range(0x7E, 0x20, -1) if chr(code) not in used]
    return {code: free[k] if k < len(free) else ord("?") for k, code in enumerate(foreign)}


def _restore_letters(text: str, letters: Mapping[int, int]) -> str:
    """Give a text its letters back: FITS allows none but ASCII, so they are UTF-8 or latin-1."""
    whole = text.translate(letters)
    try:
        return whole.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return whole


def _read_header(stream: IO[bytes], most: int, *, first: bool) -> bytes:
    """Read the blocks of one header; empty if the file ends before it."""
    found = bytearray()
    while True:
        block = stream.read(_BLOCK)
        if first and not found and not block.startswith(b"SIMPLE  ="):
            raise ValueError("it does not begin as a FITS file")
        if not found and not block.startswith((b"SIMPLE  =", b"XTENSION=")):
            return b""
        if len(block) < _BLOCK and not _has_end(block):
            raise ValueError("it ends within a header")
        found += block
        if _has_end(block):
            return bytes(found)
        if len(found) > most:
            raise ValueError(f"its headers are longer than {LARGEST_HEADER} bytes, or have no END")


def _drop_orphans(text: str) -> str:
    """Make comments of CONTINUE cards that continue nothing: astropy joins them to any card."""
    if "CONTINUE" not in text:
        return text
    cards = [text[k : k + _CARD] for k in range(0, len(text), _CARD)]
    for number, card in enumerate(cards):
        if card.startswith("CONTINUE") and not _CONTINUED.search(cards[number - 1]):
            cards[number] = f"COMMENT {card[8:]}"
    return "".join(cards)


def _has_end(block: bytes) -> bool:
    return any(block[k : k + _CARD].rstrip() == b"END" for k in range(0, len(block), _CARD))


def _data_size(header: Any) -> int:
    """Give the bytes of the data behind a header (FITS 4.0, equation 2), to the block's end."""
    axes = [_whole(header, f"NAXIS{k}", 0) for k in range(1, _whole(header, "NAXIS", 0) + 1)]
    if axes and axes[0] == 0 and header.get("GROUPS") is True:
        axes = axes[1:]
    count = math.prod(axes) if axes else 0
    bits = abs(_whole(header, "BITPIX", 8))
    size = bits // 8 * _whole(header, "GCOUNT", 1) * (_whole(header, "PCOUNT", 0) + count)
    return -(-size // _BLOCK) * _BLOCK


def _whole(header: Any, name: str, default: int) -> int:
    value = _card_value(header.cards[name]) if name in header else default
    least = -64 if name == "BITPIX" else 0
    if not isinstance(value, int) or not least <= value < 2**48:
        raise ValueError(f"its {name} is no size")
    return value


def _skip(stream: IO[bytes], size: int) -> None:
    if stream.seekable():
        stream.seek(size, io.SEEK_CUR)
        return
    while size > 0 and (chunk := stream.read(min(size, 1024**2))):
        size -= len(chunk)


def _first_that_speaks(headers: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """Give the cards of the first unit that says something, after those of the first of all."""
    primary = next(headers)
    if not _is_preface(primary):
        return primary
    for each in islice(headers, _MOST_UNITS):
        cards = _image_cards(each)
        if not _STRUCTURE.issuperset(name for name in cards if not name.startswith(_TABLE)):
            return primary | cards
    return primary


def _is_preface(primary: Mapping[str, Any]) -> bool:
    """Return whether a first unit has no data, and says nothing of when an observation was."""
    from epnkit.fits.dates import DATE_NAMES

    if _STRUCTURE.issuperset(primary):
        return True
    return primary.get("NAXIS") == 0 and not set(DATE_NAMES) & set(primary)


def _image_cards(cards: Mapping[str, Any]) -> dict[str, Any]:
    """Give the cards of the image that a tile-compressed table stands for."""
    if cards.get("ZIMAGE") is not True:
        return dict(cards)
    own = {name: value for name, value in cards.items() if not name.startswith(_TABLE)}
    image = {
        name[1:]: value for name, value in own.items() if name.startswith(("ZNAXIS", "ZBITPIX"))
    }
    return {name: value for name, value in own.items() if not name.startswith("Z")} | image


def _read_cards(
    header: Any, letters: Mapping[int, int], written: list[list[str]]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for card, lines in zip(header.cards, written, strict=True):
        if card.keyword in {"", "COMMENT", "HISTORY", "END"}:
            continue
        value = _quoted_value(lines) if len(lines) > 1 or _QUOTE in lines[0] else _UNQUOTED
        if value is _UNQUOTED:
            value = _card_value(card)
        if isinstance(value, str):
            found.setdefault(card.keyword, _restore_letters(value.rstrip(), letters))
        elif isinstance(value, bool | int | float):
            found.setdefault(card.keyword, value)
    return found


def _card_value(card: Any) -> Any:
    from astropy.io.fits import VerifyError

    try:
        return card.value
    except (VerifyError, ValueError):
        return None


def _group_cards(text: str) -> list[list[str]]:
    """Cut a header into its cards, each with those that continue it."""
    found: list[list[str]] = []
    for start in range(0, len(text), _CARD):
        card = text[start : start + _CARD]
        if card.startswith("CONTINUE") and found:
            found[-1].append(card)
        elif card.rstrip() == "END":
            break
        else:
            found.append([card])
    return found


def _quoted_value(lines: list[str]) -> Any:
    """Read a text with a quote in it, or one that is continued.

    After a quote astropy ends a text at a slash, or drops a blank; of a text that is continued it
    drops an ampersand at its end.
    """
    start = _START.match(lines[0])
    if start is None:
        return _UNQUOTED
    return _join_chunks([lines[0][start.end() :], *(line[8:] for line in lines[1:])])


def _join_chunks(chunks: list[str]) -> str | None:
    """Join the parts of a text (FITS 4.0, section 4.2.1.2); None if one of them has no end.

    They are joined before quotes are looked for: astropy writes the two of one into two cards.
    """
    *parts, last = (chunk.strip() for chunk in chunks)
    found = [_PART.match(part) for part in parts]
    start = "".join(part[1] or part[2] or "" for part in found if part)
    whole = _TEXT.match(f"'{start}{last[1:]}")
    if whole is None or None in found:
        return None
    return whole[1].replace(_QUOTE, "'")
