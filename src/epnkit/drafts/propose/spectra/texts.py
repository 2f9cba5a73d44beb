"""Spectral ranges that stand in texts: ``12-25 keV``, ``171 A``, ``Johnson V``, ``X-band``."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.inspect.tables import read_table
from epnkit.drafts.propose.code import CodeValue, by_value, call
from epnkit.drafts.propose.proposal import Proposal, abbreviate
from epnkit.mapping.spectral import hertz_limits, unit_of
from epnkit.quoting import python_text

_RANGE = ("spectral_range_min", "spectral_range_max")

#: Words of names of fields that say in texts which light was seen.
_NAMING = frozenset(
    ["filter", "filters", "band", "bands", "passband", "waveband", "wavelength", "frequency"]
) | frozenset(["energy", "spectral", "channel", "line", "wavenumber", "range"])

#: How numbers with a unit are written, of one number and of two.
_NUMBER = r"(\d+(?:\.\d+)?)"
_UNIT = r"([A-Za-zµμÅ]+(?:\^?-1)?)"
_ONE = rf"^\s*{_NUMBER}\s*{_UNIT}\s*$"
_TWO = rf"^\s*{_NUMBER}\s*(?:{_UNIT})?\s*(?:-|–|to|bis|\.\.)\s*{_NUMBER}\s*{_UNIT}\s*$"

_WITHIN = (
    r"(?:^|[^\d.])(\d+(?:\.\d+)?)\s?(nm|um|µm|Å|Angstrom|keV|eV|kHz|MHz|GHz|THz|mm|cm)(?:\W|$)"
)

#: How sure numbers with units are, those among other words, lines, and bands, whose edges are a
#: convention.
_WRITTEN, _AMONG, _OF_LINES, _OF_BANDS = 0.85, 0.76, 0.78, 0.7

#: How many names a field may have, and the least share of them that has to be known.
_MOST, _KNOWN = 40, 0.5

#: Metres in a nanometre, and in a wave of one gigahertz.
_GIGAHERTZ_IN_NANOMETRES = 299792458.0


def propose_spectral_texts(sample: Sample) -> Iterator[Proposal]:
    """Propose the range that the first field of texts tells.

    Parameters
    ----------
    sample : Sample
        The records.
    """
    for field in sample:
        if _NAMING & {*field.words, *field.context[-1:]} and 0 < field.texts.n_unique() <= _MOST:
            found = _read_numbers(field) or _read_names(field)
            if found is not None:
                made, score, reason = found
                yield Proposal(_RANGE, made, (field.name,), score, reason)
                return


_Read = tuple[CodeValue, float, str]


def _read_numbers(field: Field) -> _Read | None:
    """Read numbers that have a unit."""
    values = field.texts.unique()
    forms = ((_ONE, (1, 1, 2), _WRITTEN), (_TWO, (1, 3, 4), _WRITTEN), (_WITHIN, (1, 1, 2), _AMONG))
    for pattern, places, score in forms:
        found = [re.search(pattern, value) for value in values]
        if all(each is not None and unit_of(each[places[2]]) is not None for each in found):
            parts = (_extract(field.name, pattern, place) for place in places)
            return call(hertz_limits, *parts), score, f"texts such as {values.sort()[0]}"
    return None


def _extract(name: str, pattern: str, place: int) -> CodeValue:
    code = f"pl.col({python_text(name)}).str.extract({python_text(pattern)}, {place})"
    return CodeValue(pl.col(name).str.extract(pattern, place), code)


def _read_names(field: Field) -> _Read | None:
    """Read names of lines and of bands; what has none, such as ``clear``, gets no range."""
    values = sorted({*field.texts})
    for find, score in ((_find_line, _OF_LINES), (_find_band, _OF_BANDS)):
        known = {value: limits for value in values if (limits := find(value, values))}
        if len(known) >= _KNOWN * len(values):
            low, high = (
                by_value(field.name, {value: limits[end] for value, limits in known.items()})
                for end in (0, 1)
            )
            reason = f"wavelengths of {abbreviate(known)} by their names"
            return call(hertz_limits, low, high, unit="nm"), score, reason
    return None


_Limits = tuple[float, float]


def _find_line(value: str, _values: list[str]) -> _Limits | None:
    """Return the wavelength of a line, in nm."""
    plain = re.sub(r"[\s_]+", " ", value.lower().replace("α", "alpha").replace("β", "beta")).strip()
    lines = read_table("bands")["lines"]
    found = next((float(length) for length, names in lines.items() if plain in names), None)
    return None if found is None else (found, found)


def _find_band(value: str, values: list[str]) -> _Limits | None:
    """Return the limits of a band of photometry or of radio, in nm."""
    table = read_table("bands")
    words = re.findall(r"[A-Za-z]+", value)
    letters = [word for word in words if word.lower() not in table["systems"]["names"]]
    if words and not letters:
        letters = [word for word in words if len(word) == 1]
    if len(letters) != 1:
        return None
    if _are_radio(values) and letters[0] in table["radio"]:
        low, high = table["radio"][letters[0]]
        return _GIGAHERTZ_IN_NANOMETRES / high, _GIGAHERTZ_IN_NANOMETRES / low
    if letters[0] not in table["photometric"]:
        return None
    middle, width = table["photometric"][letters[0]]
    return middle - width / 2, middle + width / 2


def _are_radio(values: list[str]) -> bool:
    """Return whether some letters are those of radio bands alone."""
    table = read_table("bands")
    letters = {re.sub(r"[\s_-]*band$", "", value.strip(), flags=re.IGNORECASE) for value in values}
    return letters <= table["radio"].keys() and not letters <= table["photometric"].keys()
