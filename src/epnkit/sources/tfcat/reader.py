"""Reading one TFCat document: a record a feature, and one of the whole if that is wanted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2s
from pathlib import Path
from typing import Any, Final

from epnkit.sources.files.limits import SMALL_JSON, is_compressed
from epnkit.sources.tfcat.axes import Axes, read_axes, wavelength
from epnkit.sources.tfcat.fields import DIGEST, PROBLEM, TAKEN
from epnkit.sources.tfcat.geometries import is_geometry_type, read_positions, wind_rings
from epnkit.sources.tfcat.text import DocumentError, locate_features, parse_document, read_text
from epnkit.sources.values.documents import flatten

#: Where the properties of the document are, among the fields of a record.
_OF_DOCUMENT: Final = "catalogue"

#: The types that TFCat has for the values of a field.
_DATATYPES: Final[dict[str, tuple[type, ...]]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "str": (str,),
}


@dataclass(frozen=True)
class TfcatReader:
    """Reads the features of a document.

    A feature that is wrong is given with ``problem`` (what is wrong, and what to do), and costs no
    other.

    Parameters
    ----------
    catalogues : bool
        Whether a collection itself is a record too, before its features.
    tt2000_at_noon : bool
        Whether ``cdf_tt2000`` is counted from noon, as CDF does.
    """

    catalogues: bool = False
    tt2000_at_noon: bool = False

    def is_bounded(self, path: Path, size: int) -> bool:
        """Say that small texts need no process of their own; compressed ones may be large."""
        return size <= SMALL_JSON and not is_compressed(path)

    def __call__(self, path: Path) -> Iterator[dict[str, Any]]:
        """Read one file.

        Raises
        ------
        DocumentError
            If nothing of it can be read: it is no JSON, or no TFCat.
        """
        text = read_text(path)
        document = _Document(parse_document(text), self.tt2000_at_noon)
        lines = locate_features(text) if document.is_collection else [1]
        records = document.read_features(lines)
        if self.catalogues and document.is_collection:
            every = list(records)
            yield document.summarize(every, text)
            records = iter(every)
        yield from records


@dataclass
class _Document:
    """A document that is parsed, and the axes of each CRS in it."""

    content: dict[str, Any]
    tt2000_at_noon: bool
    _axes: dict[int, Axes] = field(default_factory=dict)

    @property
    def is_collection(self) -> bool:
        return self.content.get("type") == "FeatureCollection"

    @property
    def features(self) -> list[Any]:
        """The features: of a collection, of itself, or of a geometry alone."""
        kind = self.content.get("type")
        if self.is_collection:
            found = self.content.get("features")
            if not isinstance(found, list):
                raise DocumentError(1, "it has no list of features, write features = [ ]")
            return found
        if kind == "Feature":
            return [self.content]
        if is_geometry_type(kind):
            return [{"type": "Feature", "geometry": self.content, "properties": {}}]
        raise DocumentError(
            1, f"{str(kind)[:60]!r} is no type of TFCat, write a FeatureCollection or a Feature"
        )

    @property
    def properties(self) -> dict[str, Any]:
        """The properties of a collection; those of a feature are its own."""
        found = self.content.get("properties") if self.is_collection else None
        return found if isinstance(found, dict) else {}

    @property
    def fields(self) -> dict[str, Any]:
        found = self.content.get("fields")
        return found if isinstance(found, dict) else {}

    def _name_properties(self) -> dict[str, Any]:
        found = flatten({_OF_DOCUMENT: self.properties}) if self.properties else {}
        return {name: value for name, value in found.items() if name.isprintable()}

    def read_features(self, lines: Sequence[int]) -> Iterator[dict[str, Any]]:
        features = self.features
        names = _name_features(features)
        shared = self._name_properties()
        rows = zip(features, names, lines, strict=True)
        for number, (feature, name, line) in enumerate(rows, 1):
            position = {"line": line, "number": number, "feature": name, "type": "Feature"}
            try:
                made = self._read_feature(feature)
            except ValueError as error:
                made = {PROBLEM: f"line {line}: feature {name}: {error}", DIGEST: 0}
            yield {**shared, **made, **position}

    def _read_feature(self, feature: Any) -> dict[str, Any]:
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise ValueError('it is no feature, write {"type": "Feature", …}')
        geometry = feature.get("geometry")
        positions = read_positions(geometry)
        axes = self._find_axes(feature)
        own = self._check_properties(feature.get("properties"))
        times, spectral = axes.julian_dates(positions[:, 0]), axes.hertz(positions[:, 1])
        document = self._write_feature(feature, axes, own)
        return {
            **_clear_names(own),
            **_describe_axes(axes),
            **_describe_limits(times.min(), times.max(), spectral.min(), spectral.max()),
            "geometry": feature["geometry"]["type"],
            "positions": len(positions),
            "document": document,
            DIGEST: _hash_text(document),
        }

    def _find_axes(self, feature: dict[str, Any]) -> Axes:
        """Read the CRS that applies: the geometry's, the feature's or the document's."""
        holders = (feature["geometry"], feature, self.content)
        crs = next((each["crs"] for each in holders if each.get("crs") is not None), None)
        if id(crs) not in self._axes:
            self._axes[id(crs)] = read_axes(crs, self.tt2000_at_noon)
        return self._axes[id(crs)]

    def _check_properties(self, given: Any) -> dict[str, Any]:
        """Return the properties, each of which a field of the document describes."""
        own = {} if given is None else given
        if not isinstance(own, dict):
            raise ValueError("its properties are no object, write them in { }")
        for name, value in own.items():
            described = self.fields.get(name)
            if not isinstance(described, Mapping):
                raise ValueError(
                    f"no field describes the property {name!r}, add it to the document's fields"
                )
            _check_value(name, value, described.get("datatype"))
        return own

    def _write_feature(
        self, feature: dict[str, Any], axes: Axes, properties: dict[str, Any]
    ) -> str:
        """Write a feature as a document of its own, its CRS and rings as TFCat 1.0 has them."""
        geometry = wind_rings({n: part for n, part in feature["geometry"].items() if n != "crs"})
        own = {"id": feature["id"]} if isinstance(feature.get("id"), int | str) else {}
        made = {
            "type": "FeatureCollection",
            **({"properties": self.properties} if self.properties else {}),
            "fields": {name: self.fields[name] for name in properties},
            "crs": {"type": "local", "properties": axes.properties},
            "features": [
                {"type": "Feature", **own, "geometry": geometry, "properties": properties}
            ],
        }
        try:
            return json.dumps(made, separators=(",", ":"), allow_nan=False)
        except ValueError:
            raise ValueError("a number is beyond all that a double holds, correct it") from None

    def summarize(self, records: Sequence[Mapping[str, Any]], text: str) -> dict[str, Any]:
        """Make the record of the document: the limits of its features, and how many it has."""
        whole = [record for record in records if PROBLEM not in record]
        found: dict[str, Any] = {
            "line": 1,
            "number": 0,
            "feature": "",
            "type": str(self.content.get("type")),
            "features": len(records),
            DIGEST: _hash_text(text),
            **self._name_properties(),
        }
        if not whole:
            return {**found, PROBLEM: "line 1: it has no feature that can be read, correct them"}
        same = {name: whole[0][name] for name in _AXIS_FIELDS if _is_same(whole, name)}
        return {**found, **same, **_join_limits(whole)}


_AXIS_FIELDS: Final = (
    "time_unit",
    "time_origin",
    "time_scale",
    "spectral_type",
    "spectral_unit",
    "ref_position",
)


def _is_same(records: Sequence[Mapping[str, Any]], name: str) -> bool:
    return len({record[name] for record in records}) == 1


def _join_limits(records: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    return _describe_limits(
        min(record["time_min"] for record in records),
        max(record["time_max"] for record in records),
        min(record["frequency_min"] for record in records),
        max(record["frequency_max"] for record in records),
    )


def _describe_limits(begin: float, end: float, low: float, high: float) -> dict[str, float | None]:
    return {
        "time_min": float(begin),
        "time_max": float(end),
        "frequency_min": float(low),
        "frequency_max": float(high),
        "wavelength_min": wavelength(float(high)),
        "wavelength_max": wavelength(float(low)),
    }


def _describe_axes(axes: Axes) -> dict[str, str]:
    unit, origin, scale = axes.time_axis
    spectral = axes.properties["spectral_coords"]
    values = (unit, origin, scale, spectral["type"], spectral["unit"])
    return dict(zip(_AXIS_FIELDS, (*values, axes.properties["ref_position_id"]), strict=True))


def _name_features(features: Sequence[Any]) -> list[str]:
    """Name features by their ids if each has one that no other has, else by numbers."""
    ids = [each.get("id") if isinstance(each, Mapping) else None for each in features]
    given = [
        str(found)
        for found, each in zip(ids, features, strict=True)
        if isinstance(each, Mapping) and isinstance(found, int | str) and found is not True
    ]
    numbers = [str(number) for number in range(1, len(features) + 1)]
    count = sum(isinstance(each, Mapping) for each in features)
    if len({*given}) != count or len(given) != count:
        return numbers
    # What is no feature has no id: its number, so written that it is none of the others.
    return [
        str(found) if isinstance(each, Mapping) else f"#{number}"
        for found, each, number in zip(ids, features, numbers, strict=True)
    ]


def _check_value(name: str, value: Any, datatype: Any) -> None:
    kinds = _DATATYPES.get(str(datatype))
    if kinds is None:
        raise ValueError(
            f"the field {name!r} has the datatype {datatype!r}, write int, float, bool or str"
        )
    if value is not None and (type(value) not in kinds):
        shown = json.dumps(value)[:60]
        raise ValueError(
            f"the property {name!r} is {shown}, and its field says {datatype}, correct one of them"
        )


def _clear_names(own: Mapping[str, Any]) -> dict[str, Any]:
    """Name the properties of a feature; one whose name is taken is own.NAME.

    A name that cannot be printed could be that of no column.
    """
    return {
        f"own.{name}" if name in TAKEN or name.startswith(f"{_OF_DOCUMENT}.") else name: value
        for name, value in own.items()
        if name.isprintable()
    }


def _hash_text(text: str) -> int:
    return int.from_bytes(blake2s(text.encode(), digest_size=4).digest(), "big")
