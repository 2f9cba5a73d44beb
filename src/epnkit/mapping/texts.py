"""Texts as PostgreSQL and EPN-TAP take them: clean, and lists joined by ``#``."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

import polars as pl

from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import as_texts, first_reason, map_distinct, refuse_unread, without_nan

#: Characters that no text of a table may hold; PostgreSQL refuses the first of them altogether.
CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2060\ufeff\ufffe\uffff]"

#: What no item of a list may hold: an underscore takes its place (EPN-TAP 2.0, section 1.2).
_SPECIAL = r"[\"'`\\]"

#: What UTF-8 looks like when it was read as Latin-1 or Windows-1252.
_BROKEN = re.compile(r"[ÂÃâ][\u0080-\u00bf\u0152-\u2122]")


def clean(given: pl.Series, control: Literal["remove", "refuse"] = "remove") -> Outcome:
    """Clean texts: blanks around them, control characters, encodings read wrongly.

    Parameters
    ----------
    given : polars.Series
        Strings, or anything that can be written as one.
    control : str
        What becomes of control characters (NUL among them): removed, or the text is refused.

    Returns
    -------
    Outcome
        Strings in Unicode's composed form (NFC), null instead of blank.

    Examples
    --------
    >>> clean(pl.Series(["  NanÃ§ay ", " "])).values.to_list()
    ['Nançay', None]
    """
    written = as_texts(given)
    texts = repair_encoding(written)
    single = refuse_unread(given, written, "one text")
    if control == "refuse":
        bad = texts.str.contains(CONTROL).fill_null(value=False)
        made = Outcome.checked(texts, _normalize(texts.set(bad, None)), "holds control characters")
        return Outcome(made.values, first_reason(single, made))
    return Outcome(_normalize(texts.str.replace_all(CONTROL, "")), single.reasons)


def repair_encoding(texts: pl.Series) -> pl.Series:
    """Repair texts whose UTF-8 was read as Latin-1 or Windows-1252 (``NanÃ§ay``)."""
    broken = texts.str.contains(_BROKEN.pattern).fill_null(value=False)
    if not broken.any():
        return texts
    fixed = map_distinct(texts.filter(broken), repair_text)
    return texts.scatter(broken.arg_true(), fixed)


def repair_text(text: str) -> str:
    """Repair one text, or return it as it is if it isn't broken in this way."""
    for encoding in ("windows-1252", "latin-1"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return text


def hash_list(given: pl.Series, separators: str = "#") -> Outcome:
    """Make lists as EPN-TAP writes them: joined by ``#``, nothing empty, nothing twice.

    Quotes and backslashes become underscores, as the standard says.

    Parameters
    ----------
    given : polars.Series
        Lists of texts, or texts that are lists already (``#Saturn#Jupiter#``).
    separators : str
        The characters that separate the parts of a text.

    Returns
    -------
    Outcome
        Strings, in the order given, null if nothing is left (EPN-TAP 2.0, sections 1.2 and 2.1);
        and the reason if something is no text.

    Examples
    --------
    >>> hash_list(pl.Series([["Saturn", "Titan", "Saturn"], [], ["Côte d'Azur"]])).values.to_list()
    ['Saturn#Titan', None, 'Côte d_Azur']
    """
    if isinstance(given.dtype, pl.Array):
        given = given.arr.to_list()
    joined = (
        given.cast(pl.List(pl.String)).list.join("#", ignore_nulls=True)
        if isinstance(given.dtype, pl.List)
        else as_texts(given)
    )
    texts = clean(joined).values.str.replace_all(_SPECIAL, "_")
    parts = texts.str.replace_all(f"[{re.escape(separators)}#]", "#").str.split("#")
    items = parts.list.eval(
        pl.element().str.strip_chars().filter(pl.element().str.strip_chars() != "")
    )
    lists = items.list.unique(maintain_order=True).list.join("#")
    reasons = refuse_unread(without_nan(given), joined, "a text or a list of texts").reasons
    return Outcome(lists.set((lists == "").fill_null(value=False), None), reasons)


def _normalize(texts: pl.Series) -> pl.Series:
    """Compose characters, cut the blanks around, and make blank texts null."""
    plain = texts.str.normalize("NFC").str.strip_chars()
    return plain.set((plain == "").fill_null(value=False), None)


def ascii_of(text: str) -> str:
    """Write a text with the letters of ASCII alone (``Nançay`` becomes ``Nancay``)."""
    decomposed = unicodedata.normalize("NFKD", text)
    return decomposed.encode("ascii", "ignore").decode("ascii")
