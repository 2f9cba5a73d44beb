"""Small files of scientific formats, for replicas: real in form, synthetic in content."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from epnkit.modules import requires_extra

#: The notice in each file, if its format can hold one.
NOTICE = "synthetic: made for a replica, no observation"

#: CDF's numbers of data types.
TT2000, REAL4, UINT1, INT2, CHAR = 33, 21, 11, 2, 51


@dataclass(frozen=True)
class CdfVariable:
    """A variable of a CDF file.

    Parameters
    ----------
    kind : int
        CDF's number of its data type.
    values : numpy.ndarray
        Its values; the first axis is records if it varies.
    varies : bool
        Whether it has a record for each time.
    attributes : dict
        Its attributes.
    """

    kind: int
    values: np.ndarray[Any, np.dtype[Any]]
    varies: bool = True
    attributes: Mapping[str, Any] = field(default_factory=dict)


def write_cdf(attributes: Mapping[str, Any], variables: Mapping[str, CdfVariable]) -> bytes:
    """Write a CDF file.

    Parameters
    ----------
    attributes : dict
        Global attributes: texts or numbers, lists of them for several entries.
    variables : dict
        Its variables by name.
    """
    with requires_extra("cdf"):
        from cdflib.cdfwrite import CDF

    descriptor, name = tempfile.mkstemp(suffix=".cdf")
    os.close(descriptor)
    path = Path(name)
    with CDF(path, delete=True) as file:
        file.write_globalattrs({key: _entries(value) for key, value in attributes.items()})
        for title, variable in variables.items():
            shape = variable.values.shape[1:] if variable.varies else variable.values.shape
            specification = {
                "Variable": title,
                "Data_Type": variable.kind,
                "Num_Elements": _count_characters(variable.values),
                "Rec_Vary": variable.varies,
                "Dim_Sizes": list(shape),
            }
            file.write_var(specification, dict(variable.attributes), variable.values)
    content = path.read_bytes()
    path.unlink()
    return content


def _count_characters(values: np.ndarray[Any, np.dtype[Any]]) -> int:
    """Count the characters of texts; numbers are one element each."""
    return max(map(len, values.flat)) if values.dtype.kind == "U" else 1


def make_epochs(*times: str) -> CdfVariable:
    """Make the variable of times (``2016-01-30T22:47:06.030``, UTC) of a CDF file."""
    with requires_extra("cdf"):
        from cdflib import cdfepoch

    values = [
        cdfepoch.parse(f"{time:0<29}" if "." in time else f"{time}.000000000") for time in times
    ]
    return CdfVariable(TT2000, np.array(values).reshape(-1), attributes={"UNITS": "ns"})


def make_bursts(records: int, channels: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Make three bursts that drift down in frequency, shape (records, channels).

    The values are between 0 and 255; the last channel has the highest frequency.
    """
    time, depth = np.meshgrid(np.arange(records), np.linspace(1.0, 0.0, channels), indexing="ij")
    values = 40.0 + 25.0 * depth
    for start, drift, strength in ((0.08, 0.10, 150.0), (0.40, 0.22, 190.0), (0.68, 0.05, 110.0)):
        delay = time / records - start - drift * depth**2  # after the front of a burst
        values += strength * np.where(delay > 0, np.exp(-delay / 0.05), 0.0)
    return np.clip(values, 0.0, 255.0)


def space_times(begin: str, end: str, count: int) -> list[str]:
    """Give evenly spaced times from the first to the last of them, in CDF's form."""
    first, last = (np.datetime64(each, "us") for each in (begin, end))
    steps = np.linspace(0.0, float((last - first).astype(np.int64)), count)
    inner = first + np.rint(steps[1:-1]).astype("m8[us]")
    return [begin, *(str(each) for each in inner), end]


def write_fits(cards: Mapping[str, Any], size: int = 4, tables: Sequence[Any] = ()) -> bytes:
    """Write a FITS file with these cards, a small image, and tables."""
    from astropy.io import fits as astropy_fits

    image = astropy_fits.PrimaryHDU(np.arange(size * size, dtype="u1").reshape(size, size))
    image.header.update(cards)
    image.header["COMMENT"] = NOTICE
    written = BytesIO()
    astropy_fits.HDUList([image, *tables]).writeto(written)
    return written.getvalue()


@cache
def write_pdf(text: str) -> bytes:
    """Write a PDF file of one page with one line."""
    page = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    return _document(objects)


def _document(objects: list[bytes]) -> bytes:
    """Join the objects of a PDF file, and list their offsets (ISO 32000-1, section 7.5)."""
    content, offsets = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    return content + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (count, table, count, len(content))
    )


def _entries(value: Any) -> dict[int, Any]:
    """Return the entries by number of an attribute, numbers in double precision."""
    entries = value if isinstance(value, list) else [value]
    return {
        n: each if isinstance(each, str) else [each, "CDF_REAL8"] for n, each in enumerate(entries)
    }
