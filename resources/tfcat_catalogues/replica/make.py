"""Synthetic TFCat catalogues: features that were never observed, in every form that documents have.

The forms are those of the published examples (github.com/mbtaylor/tfcat); so is the contour of the
first feature of Jupiter, whose CRS counts in TT.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from epnkit.replicas.archive import write_file
from epnkit.replicas.synthetic import NOTICE

#: 2000-01-01T00:00:00 UTC in seconds since 1970.
_BEGIN = 946684800

#: Seconds between two features.
_STEP = 40_000


def files(directory: Path) -> None:
    """Write the catalogues, and the documents that are almost right."""
    _write(directory, "cassini/faraday_rotation_2006.tfcat", _patches())
    _write(directory, "nancay/jupiter_dam_1978.tfcat", _jupiter_of_1978())
    content = json.dumps(_jupiter_of_2000()).encode()
    write_file(directory / "nancay/jupiter_dam_2000.tfcat.gz", gzip.compress(content, mtime=0))
    _write(directory, "wind/type_iii_2000.json", _bursts())
    _write(directory, "earth/akr.tfcat", _kilometric())
    _write_traps(directory)


def _patches() -> dict[str, Any]:
    """Write points and lines with the CRS of a draft: no type, and a position in an object."""
    features = []
    for number in range(300):
        time, low = 1158051858 + number * _STEP, 20_000.0 + 50 * number
        shape = (
            _shape("Point", [time, low])
            if number % 2
            else _shape("LineString", [[time, low], [time + 16, low / 1.5]])
        )
        features.append(_feature(number, shape, quality=str(1 + number % 3)))
    crs = {
        "type": "Cartesian",
        "properties": {
            "name": "Time-Spectrogram",
            "time_coords": {
                "name": "Timestamp",
                "id": "unix",
                "unit": "s",
                "time_origin": "1970-01-01T00:00:00.000Z",
                "time_scale": "UTC",
            },
            "spectral_coords": {"name": "Frequency", "unit": "Hz"},
            "ref_position": {"id": "Cassini"},
        },
    }
    fields = {"quality": _field("str", "meta.code.qual", "1 (good), 2 (medium) or 3 (bad)")}
    return _collection("Faraday rotation patches", crs, fields, features)


def _jupiter_of_1978() -> dict[str, Any]:
    """Write one contour in TT."""
    crs = _crs(
        {"type": "frequency", "unit": "MHz"},
        "GEOCENTER",
        time_coords={
            "name": "Timestamp (Unix Time)",
            "unit": "s",
            "time_origin": "1970-01-01T00:00:00.000",
            "time_scale": "TT",
        },
    )
    ring = _ring(252703800.0, 252720000.0, 10.0, 50.0)
    return _collection("Jupiter in 1978", crs, {}, [_feature("obs-0", _shape("Polygon", [ring]))])


def _jupiter_of_2000() -> dict[str, Any]:
    """Write contours as Modified Julian Dates, with fractions and texts that need care."""
    features = []
    for number in range(400):
        time = 51544.0 + number * _STEP / 86400
        outer = _ring(time, time + 0.05, 10.0 + number % 7, 39.5)
        inner = _ring(time + 0.01, time + 0.02, 20.0, 25.0)
        shape = _shape("Polygon", [outer, inner] if number % 5 == 0 else [outer])
        note = "Io-A, 100% sure" if number % 2 else 'it\'s "Io-B" — see a%22b'
        own = {"note": note, "cml": round(number * 11.7 % 360, 1), "polarized": number % 3 > 0}
        features.append(_feature(f"dam-{number:03d}", shape, **own))
    fields = {
        "note": _field("str", "meta.note", "What the observer wrote"),
        "cml": {**_field("float", "pos.bodyrc.lon", "Central meridian"), "unit": "deg"},
        "polarized": _field("bool", "meta.code", "Whether it is polarized"),
    }
    crs = _crs({"type": "frequency", "unit": "MHz"}, "nancay-decameter-array", "mjd")
    return _collection("Émissions décamétriques de Jupiter", crs, fields, features)


def _bursts() -> dict[str, Any]:
    """Write bursts of several parts in TT2000, without ids."""
    features = []
    for number in range(350):
        time = 64_184_000_000 + number * _STEP * 1_000_000_000
        late = time + 900_000_000_000
        high = _ring(time, late, 1000.0, 13825.0)
        low = _ring(time + 300_000_000_000, late, 20.0, 900.0)
        shape = (
            _shape("MultiPolygon", [[high], [low]])
            if number % 3
            else {
                "type": "GeometryCollection",
                "geometries": [_shape("Polygon", [high]), _shape("Point", [late, 20.0])],
            }
        )
        features.append(_feature(None, shape))
    crs = _crs({"type": "frequency", "unit": "kHz", "scale": "log"}, "wind", "cdf_tt2000")
    return _collection("Type III bursts", crs, {}, features)


def _kilometric() -> dict[str, Any]:
    """Write wavelengths, the names of features, and four features that are wrong."""
    features = []
    for number in range(60):
        time = _BEGIN + number * _STEP
        line = [[time, 600.0], [time + 600, 1500.0]]
        shape = (
            _shape("MultiLineString", [line, [[time, 700.0], [time + 60, 800.0]]])
            if number % 2
            else _shape("MultiPoint", line)
        )
        features.append(_feature(f"akr{number}", shape, feature_name="AKR"))
    ring = _ring(_BEGIN, _BEGIN + 60, 600.0, 900.0)
    wrong = (
        _feature("open_ring", _shape("Polygon", [[*ring[:-1], [_BEGIN, 1.0]]])),
        _feature("text", _shape("Point", [str(_BEGIN), "700"])),
        _feature("milliseconds", _shape("Point", [_BEGIN * 1e6, 700.0])),
        _feature("undescribed", _shape("Point", [_BEGIN, 700.0]), flux=3.5),
    )
    fields = {"feature_name": _field("str", "meta.id;src", "What it is")}
    crs = _crs({"type": "wavelength", "unit": "m"}, "wind", "unix")
    return _collection("Auroral kilometric radiation", crs, fields, [*features, *wrong])


def _write_traps(directory: Path) -> None:
    """Write documents that are almost right, and one that is of no catalogue."""
    text = json.dumps(_patches(), indent=1)
    comma = text.replace(f'"{NOTICE}"', f'"{NOTICE}",', 1)
    write_file(directory / "cassini/faraday_rotation_2007.tfcat", comma.encode())
    write_file(directory / "cassini/faraday_rotation_2008.tfcat", text[: len(text) // 2].encode())
    point = _feature(1, _shape("Point", [_BEGIN, 20.0]))
    bare = {"type": "FeatureCollection", "properties": {}, "fields": {}, "features": [point]}
    _write(directory, "cassini/faraday_rotation_2009.tfcat", bare)
    crs = _crs({"type": "frequency", "unit": "MHz"}, "GEOCENTER", "unix")
    _write(directory, "unknown.tfcat", _collection("Unknown", crs, {}, [point]))


def _write(directory: Path, name: str, document: dict[str, Any]) -> None:
    write_file(directory / name, json.dumps(document, indent=1).encode())


def _collection(
    title: str, crs: dict[str, Any], fields: dict[str, Any], features: Iterable[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "properties": {"title": title, "notice": NOTICE},
        "fields": fields,
        "crs": crs,
        "features": list(features),
    }


def _crs(
    spectral: dict[str, str], position: str, identifier: str | None = None, **time: Any
) -> dict[str, Any]:
    named = {} if identifier is None else {"time_coords_id": identifier}
    properties = {
        "name": "Time-Frequency",
        **named,
        **time,
        "spectral_coords": spectral,
        "ref_position_id": position,
    }
    return {"type": "local", "properties": properties}


def _field(datatype: str, ucd: str, info: str) -> dict[str, str]:
    return {"info": info, "datatype": datatype, "ucd": ucd}


def _feature(identifier: int | str | None, shape: dict[str, Any], **own: Any) -> dict[str, Any]:
    named = {} if identifier is None else {"id": identifier}
    return {"type": "Feature", **named, "geometry": shape, "properties": own}


def _shape(kind: str, coordinates: Any) -> dict[str, Any]:
    return {"type": kind, "coordinates": coordinates}


def _ring(begin: float, end: float, low: float, high: float) -> list[list[float]]:
    return [[begin, low], [end, low], [end, high], [begin, high], [begin, low]]
