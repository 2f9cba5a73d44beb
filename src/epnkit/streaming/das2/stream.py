"""Das2 2.2 streams: headers, and packets of records.

A header is XML after a tag and six digits of its length, a packet follows its tag alone.  Times are
microseconds since 2000 without leap seconds (the unit ``us2000``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from epnkit.streaming.declare import FILL
from epnkit.streaming.times import Nanoseconds, write_times

#: The media type of streams.
MEDIA_TYPE = "application/vnd.das2.das2stream"

#: Nanoseconds from 1970 to 2000.
_YEAR_2000 = 946_684_800 * 10**9

#: Characters of a time and of a number in readable streams.
_TIME_WIDTH, _NUMBER_WIDTH = 25, 16


@dataclass(frozen=True)
class Plane:
    """One of the columns of a packet.

    Parameters
    ----------
    name, unit, label : str
        What it is.
    y_unit : str
        The unit of what its values belong to; empty for a scalar.
    operation, source : str
        How it was reduced, and from what; empty if it was not.
    """

    name: str
    unit: str
    label: str
    y_unit: str = ""
    operation: str = ""
    source: str = ""


def write_header(tag: str, text: str) -> bytes:
    """Write a header with its tag and its length."""
    content = text.encode()
    return b"[%s]%06d%s" % (tag.encode(), len(content), content)


def write_stream_header(properties: Mapping[str, str]) -> bytes:
    """Write what begins a stream.

    Parameters
    ----------
    properties : dict of str to str
        Names, with their types unless they are texts (``Datum:xTagWidth``), and values.
    """
    written = _write_properties(properties)
    return write_header("00", f'<stream version="2.2">\n{written}</stream>\n')


def _write_properties(properties: Mapping[str, str]) -> str:
    told = {name: value for name, value in properties.items() if value}
    if not told:
        return ""
    parts = " ".join(f"{name}={quoteattr(value)}" for name, value in told.items())
    return f"<properties {parts}/>\n"


def write_packet_header(
    number: int, planes: Sequence[Plane], y_tags: NDArray[np.float64], *, readable: bool
) -> bytes:
    """Write what packets of a number hold: a time, then the planes.

    Parameters
    ----------
    number : int
        The number, 1 to 99.
    planes : sequence of Plane
        The columns.
    y_tags : numpy.ndarray, shape (k,)
        What values of spectra belong to.
    readable : bool
        Whether times and numbers are texts.
    """
    kind = f"time{_TIME_WIDTH}" if readable else "little_endian_real8"
    parts = [f'<x type="{kind}" units="us2000"/>\n']
    scalars = [each for each in planes if not each.y_unit]
    spectra = [each for each in planes if each.y_unit]
    parts += [_write_plane(each, y_tags, readable=readable) for each in (*scalars, *spectra)]
    return write_header(f"{number:02d}", f"<packet>\n{''.join(parts)}</packet>\n")


def _write_plane(plane: Plane, y_tags: NDArray[np.float64], *, readable: bool) -> str:
    kind = f"ascii{_NUMBER_WIDTH}" if readable else "little_endian_real8"
    axis = "z" if plane.y_unit else "y"
    properties = _write_properties(
        {
            f"{axis}Label": plane.label,
            f"double:{axis}Fill": f"{FILL:g}",
            "operation": plane.operation,
            "source": plane.source,
        }
    )
    name = f'name={quoteattr(plane.name)} type="{kind}"'
    if not plane.y_unit:
        return f"<y {name} units={quoteattr(plane.unit)}>\n{properties}</y>\n"
    tags = ",".join(repr(float(each)) for each in y_tags)
    spectrum = f'nitems="{len(y_tags)}" yUnits={quoteattr(plane.y_unit)} yTags="{tags}"'
    return f"<yscan {name} zUnits={quoteattr(plane.unit)} {spectrum}>\n{properties}</yscan>\n"


def write_packets(
    number: int, times: Nanoseconds, columns: Sequence[NDArray[Any]], *, readable: bool
) -> bytes:
    """Write records as packets.

    Parameters
    ----------
    number : int
        Of their header.
    times : numpy.ndarray, shape (n,)
        Nanoseconds since 1970.
    columns : sequence of numpy.ndarray
        The planes, shape (n,) or (n, k), in the header's order.
    readable : bool
        Whether times and numbers are texts.
    """
    values = np.column_stack([np.asarray(each, "<f8").reshape(len(times), -1) for each in columns])
    if readable:
        return _write_readable(number, times, values)
    record = np.dtype([("tag", "S4"), ("time", "<f8"), ("values", "<f8", (values.shape[1],))])
    packets = np.empty(len(times), record)
    packets["tag"] = f":{number:02d}:".encode()
    packets["time"] = (times - _YEAR_2000) / 1000.0
    packets["values"] = values
    return packets.tobytes()


def _write_readable(number: int, times: Nanoseconds, values: NDArray[np.float64]) -> bytes:
    tag = f":{number:02d}:"
    texts = np.char.rstrip(write_times(times, 3).astype(str), "Z")
    lines = (
        f"{tag}{time:<{_TIME_WIDTH}}" + "".join(_pad(each) for each in row)
        for time, row in zip(texts.tolist(), values.tolist(), strict=True)
    )
    # The blank that ends the last number of a record is a newline.
    return "".join(f"{line[:-1]}\n" for line in lines).encode()


def _pad(value: float) -> str:
    """Write a number of nine digits, which single precision needs, and a blank."""
    return f"{value:<{_NUMBER_WIDTH}.8e}"[:_NUMBER_WIDTH]


def write_exception(kind: str, message: str) -> bytes:
    """Write that there is no answer, or no more of it."""
    return write_header("xx", f"<exception type={quoteattr(kind)}>{escape(message)}</exception>\n")


def write_failure() -> bytes:
    """Write a stream that says that the server failed."""
    return write_stream_header({}) + write_exception("ServerError", "the server's log says why")


def empty_stream(kind: str, message: str) -> Iterator[bytes]:
    """Give a stream without packets, which says why."""
    yield write_stream_header({})
    yield write_exception(kind, message)
