"""CDF files: global attributes, first and last time, and limits of variables (ISTP guidelines)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from epnkit.modules import requires_extra
from epnkit.sources.values.extended_json import to_plain

#: The types of times.
_EPOCHS = frozenset({"CDF_EPOCH", "CDF_EPOCH16", "CDF_TIME_TT2000"})

#: How many records are looked at together for one that is no fill value.
_CHUNK = 1024

#: What begins and ends the name of a variable with the time that others count from.
_BASE = "epoch0"

#: How the fill values of times begin when they are written.
_LAST_TEXT = "9999-12-31"


@dataclass(frozen=True)
class CdfReader:
    """Reads what a CDF file says of itself, without its data.

    The times are fields ``epoch_first`` and ``epoch_last``, texts of UTC, taken from the first
    variable of an epoch's type that has records; fill values are left out.

    Parameters
    ----------
    limits : tuple of str
        Variables whose least and greatest value are wanted, as fields ``NAME.min``, ``NAME.max``
        and ``NAME.unit``; such as the frequencies of a dynamic spectrum.
    """

    limits: tuple[str, ...] = ()

    def __call__(self, path: Path) -> Iterator[dict[str, Any]]:
        """Read one file."""
        with requires_extra("cdf"):
            import cdflib

        with cdflib.CDF(path, string_encoding="latin-1") as cdf:  # which keeps all bytes
            attributes = {
                _restore_letters(name): _unwrap_entry(value)
                for name, value in cdf.globalattsget().items()
            }
            found = [_read_limits(cdf, name) for name in self.limits]
            yield attributes | _read_epochs(cdf) | {k: v for each in found for k, v in each.items()}


def _unwrap_entry(value: Any) -> Any:
    """Take an attribute's only entry for the attribute, and an entry's only value for the entry."""
    entries = [_unwrap_values(entry) for entry in value]
    return entries[0] if len(entries) == 1 else entries


def _unwrap_values(entry: Any) -> Any:
    """Return an entry, which may be an array, as plain values."""
    plain = entry.tolist() if hasattr(entry, "tolist") else entry
    single = plain[0] if isinstance(plain, list) and len(plain) == 1 else plain
    return _restore_letters(single) if isinstance(single, str) else to_plain(single)


def _restore_letters(text: str) -> str:
    """Give a text that was read as latin-1 its letters, if it is UTF-8."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _read_limits(cdf: Any, name: str) -> dict[str, Any]:
    """Give the least and the greatest real value of a variable."""
    if name not in cdf.cdf_info().zVariables:
        return {}
    values, attributes = np.asarray(cdf.varget(name)), cdf.varattsget(name)
    real = values[_is_real(values, attributes)]
    if not real.size:
        return {}
    unit = {f"{name}.unit": _unwrap_values(attributes["UNITS"])} if "UNITS" in attributes else {}
    return {f"{name}.min": float(real.min()), f"{name}.max": float(real.max()), **unit}


def _is_real(values: Any, attributes: dict[str, Any]) -> Any:
    """Say which values are neither fill values, nor outside the valid range, nor infinite."""
    real = np.isfinite(values) if values.dtype.kind == "f" else np.ones(values.shape, bool)
    for name, compare in (("VALIDMIN", np.greater_equal), ("VALIDMAX", np.less_equal)):
        bound = _bound(attributes.get(name), values)
        if bound is not None:
            real &= compare(values, bound)
    fill = _bound(attributes.get("FILLVAL"), values)
    return real if fill is None else real & (values != fill)


def _bound(value: Any, values: Any) -> Any:
    """Give an attribute as something that values can be compared with, or None."""
    array = np.asarray(value)
    fits = array.dtype.kind in "fiu" and array.size in (1, values.shape[-1] if values.ndim else 1)
    if value is None or not fits:
        return None
    if values.dtype.kind == "f":
        # A fill value of -1e31 is another number in single precision, and only there it is found.
        with np.errstate(over="ignore"):
            array = array.astype(values.dtype)
    return array if array.size > 1 else array.reshape(())


def _read_epochs(cdf: Any) -> dict[str, str]:
    info = cdf.cdf_info()
    names = [
        name
        for name in [*info.zVariables, *info.rVariables]
        if cdf.varinq(name).Data_Type_Description in _EPOCHS and cdf.varinq(name).Last_Rec >= 0
    ]
    for name in sorted(names, key=lambda name: _is_base(cdf, name)):
        if _is_base(cdf, name):
            return _add_seconds(cdf, name)
        ends = _real_ends(cdf, name)
        if ends is not None:
            return dict(zip(("epoch_first", "epoch_last"), ends, strict=True))
    return {}


def _is_base(cdf: Any, name: str) -> bool:
    """Say whether other variables count their times from this one."""
    return name.lower().endswith(_BASE) and cdf.varinq(name).Last_Rec == 0


def _add_seconds(cdf: Any, name: str) -> dict[str, str]:
    """Give the times that are counted in seconds from a base; none if there are none."""
    wanted = name.lower().removesuffix(_BASE) + "time"
    info = cdf.cdf_info()
    found = [other for other in [*info.zVariables, *info.rVariables] if other.lower() == wanted]
    start = _real_ends(cdf, name)
    if not found or start is None:
        return {}
    seconds = np.asarray(cdf.varget(found[0])).reshape(-1)
    real = seconds[_is_real(seconds, cdf.varattsget(found[0]))]
    if not real.size or str(cdf.varattsget(found[0]).get("UNITS", "s")).lower()[:1] != "s":
        return {}
    base = np.datetime64(start[0])
    ends = [base + np.timedelta64(round(float(s) * 1e9), "ns") for s in (real[0], real[-1])]
    return {"epoch_first": str(ends[0]), "epoch_last": str(ends[1])}


def _real_ends(cdf: Any, name: str) -> tuple[str, str] | None:
    """Give the first and the last time of a variable that is no fill value."""
    last = cdf.varinq(name).Last_Rec
    first = _find_real(cdf, name, range(0, last + 1, _CHUNK), last, step=1)
    if first is None:
        return None
    end = _find_real(cdf, name, range(last // _CHUNK * _CHUNK, -1, -_CHUNK), last, step=-1)
    return first, end or first


def _find_real(cdf: Any, name: str, starts: range, last: int, step: int) -> str | None:
    attributes = cdf.varattsget(name)
    for start in starts:
        values = np.atleast_1d(
            cdf.varget(name, startrec=start, endrec=min(start + _CHUNK - 1, last))
        )
        real = values[_is_real_time(values, attributes)][::step]
        for value in real:
            text = _write_time(value)
            if not text.startswith(_LAST_TEXT):
                return text
    return None


def _is_real_time(values: Any, attributes: dict[str, Any]) -> Any:
    if values.dtype.kind == "c":  # CDF_EPOCH16: seconds and picoseconds
        return np.isfinite(values) & (values.real > 0)
    real = _is_real(values, attributes)
    # The fill values of the standard, also where no attribute names them.
    return real & (values > 0 if values.dtype.kind == "f" else values > np.iinfo(np.int64).min + 9)


def _write_time(value: Any) -> str:
    with requires_extra("cdf"):
        import cdflib

    return str(np.asarray(cdflib.cdfepoch.encode(value)).reshape(-1)[0])
