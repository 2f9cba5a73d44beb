"""TFCat documents: features of every kind, axes of every kind, and documents almost right."""

from __future__ import annotations

import datetime as dt
import functools
import gzip
import json
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from epnkit.errors import ConfigurationError, SourceError
from epnkit.sources import open_source
from epnkit.sources.base import SOURCE_DIGEST, UNREADABLE, Order, Reconcilable, Source, Window
from epnkit.sources.files.limits import SMALL_JSON
from epnkit.sources.tfcat.axes import TIME_AXES, read_axes
from epnkit.sources.tfcat.geometries import read_positions, wind_rings
from epnkit.sources.tfcat.text import locate_features

CRS: dict[str, Any] = {
    "type": "local",
    "properties": {
        "name": "Time-Frequency",
        "time_coords_id": "unix",
        "spectral_coords": {"type": "frequency", "unit": "MHz"},
        "ref_position_id": "wind",
    },
}

FIELDS = {
    "quality": {"info": "how sure", "datatype": "int", "ucd": "meta.code.qual"},
    "line": {"info": "a name that the record has", "datatype": "str", "ucd": "meta.id"},
}


def crs(**changes: Any) -> dict[str, Any]:
    properties = {**CRS["properties"], **changes}
    return {"type": "local", "properties": {k: v for k, v in properties.items() if v is not None}}


def feature(coordinates: Any = (0, 10.0), kind: str = "Point", **more: Any) -> dict[str, Any]:
    given = list(coordinates) if isinstance(coordinates, tuple) else coordinates
    geometry = {"type": kind, "coordinates": given}
    return {"type": "Feature", "geometry": geometry, "properties": {}, **more}


def collection(*features: Any, **more: Any) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "properties": {"title": "Bursts", "authors": ["A. Author", "B. Author"]},
        "fields": FIELDS,
        "crs": CRS,
        "features": list(features),
        **more,
    }


def write(directory: Path, name: str, document: Any, indent: int | None = 1) -> Path:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = document if isinstance(document, str) else json.dumps(document, indent=indent)
    path.write_text(text, encoding="utf-8")
    return path


def source(directory: Path, *lines: str, order: Order | None = None) -> Source:
    path = directory.parent / f"{directory.name}.toml"
    path.write_text("\n".join(['kind = "tfcat"', f'directory = "{directory}"', *lines]))
    return open_source(path, order or Order("modified", ("path", "feature")))


def read(found: Source, window: Window | None = None) -> list[dict[str, Any]]:
    batches = found.batches() if window is None else found.batches(window)
    return [record for batch in batches for record in batch.to_dicts()]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (made := tmp_path / "catalogues").mkdir()
    return made


class TestRecords:
    def test_a_record_has_its_feature_its_document_and_its_file(self, directory: Path) -> None:
        burst = feature(
            [[86400, 10.0], [86401.5, 30.0]], "LineString", id="b1", properties={"quality": 2}
        )
        path = write(directory, "2001/bursts.tfcat", collection(burst))
        (record,) = read(source(directory, 'address = "https://archive.example/t/"'))
        assert record["path"] == "2001/bursts.tfcat"
        assert record["file_size"] == path.stat().st_size
        assert record["url"] == "https://archive.example/t/2001/bursts.tfcat"
        assert (record["feature"], record["number"], record["line"]) == ("b1", 1, 35)
        assert (record["quality"], record["catalogue.title"]) == (2, "Bursts")
        assert record["catalogue.authors"] == ["A. Author", "B. Author"]
        assert (record["geometry"], record["positions"]) == ("LineString", 2)
        assert record["time_min"] == 2440588.5
        assert record["time_max"] == pytest.approx(2440588.5 + 1.5 / 86400, abs=1e-9)
        assert (record["frequency_min"], record["frequency_max"]) == (1e7, 3e7)
        assert record["wavelength_min"] == pytest.approx(9.99308193)
        assert record["wavelength_max"] == pytest.approx(29.9792458)
        assert record["ref_position"] == "wind"

    def test_a_feature_is_a_document_of_its_own(self, directory: Path) -> None:
        burst = feature(id=7, properties={"quality": 2})
        write(directory, "bursts.json", collection(feature(id=6), burst))
        record = read(source(directory))[1]
        alone = json.loads(record["document"])
        assert alone["features"] == [burst]
        assert alone["fields"] == {"quality": FIELDS["quality"]}
        assert (alone["crs"], alone["properties"]["title"]) == (CRS, "Bursts")

    def test_a_property_named_as_a_field_of_the_record_has_another_name(
        self, directory: Path
    ) -> None:
        write(directory, "a.tfcat", collection(feature(properties={"line": "Hα"})))
        (record,) = read(source(directory))
        assert (record["own.line"], record["number"]) == ("Hα", 1)

    def test_features_are_named_by_their_ids_if_each_has_its_own(self, directory: Path) -> None:
        write(directory, "a.tfcat", collection(feature(id=3), feature(id="x")))
        write(directory, "b.tfcat", collection(feature(id=3), feature(id=3)))
        write(directory, "c.tfcat", collection(feature(id=3), feature()))
        names = [(record["path"], record["feature"]) for record in read(source(directory))]
        assert [name for _, name in names] == ["3", "x", "1", "2", "1", "2"]
        assert len({*names}) == 6

    def test_a_collection_is_a_record_too_if_that_is_wanted(self, directory: Path) -> None:
        write(directory, "a.tfcat", collection(feature((60, 5.0)), feature((0, 20.0))))
        whole, *rest = read(source(directory, "catalogues = true"))
        assert (whole["type"], whole["feature"], whole["features"]) == ("FeatureCollection", "", 2)
        assert whole["time_min"] == 2440587.5
        assert whole["time_max"] == pytest.approx(2440587.5 + 60 / 86400, abs=1e-9)
        assert (whole["frequency_min"], whole["frequency_max"]) == (5e6, 2e7)
        assert whole["catalogue.title"] == "Bursts"
        assert [record["type"] for record in rest] == ["Feature", "Feature"]

    def test_the_nearest_crs_counts(self, directory: Path) -> None:
        own = feature((1, 2.0), crs=crs(time_coords_id="mjd"))
        inner = feature((1, 2.0))
        inner["geometry"]["crs"] = crs(time_coords_id="jd")
        write(directory, "a.tfcat", collection(own, inner, feature((1, 2.0))))
        # Of a Julian date of 1 nothing is left: it is in no year from 1 to 9999.
        mjd, jd, unix = read(source(directory))
        assert (mjd["time_min"], UNREADABLE in jd, unix["time_scale"]) == (2400001.5, True, "UTC")
        assert "in no year" in jd[UNREADABLE]

    def test_a_compressed_document_is_read(self, directory: Path) -> None:
        (directory / "a.tfcat.gz").write_bytes(
            gzip.compress(json.dumps(collection(feature())).encode())
        )
        (record,) = read(source(directory, 'files = ["*.tfcat.gz"]'))
        assert record["time_min"] == 2440587.5

    def test_batches_have_one_type_and_hold_no_more_than_asked(self, directory: Path) -> None:
        write(directory, "a.tfcat", collection(*(feature((n, 1)) for n in range(25))))
        found = source(directory)
        batches = list(found.batches(size=10))
        assert [batch.height for batch in batches] == [10, 10, 5]
        assert len({tuple(batch.schema.items()) for batch in batches}) == 1
        assert found.count() == 25
        assert {*batches[0].columns} == {*found.schema(), SOURCE_DIGEST}

    def test_a_large_document_is_read_in_a_process_of_its_own(self, directory: Path) -> None:
        points = [[n, 1.5] for n in range(40_000)]
        path = write(directory, "a.tfcat", collection(feature(points, "MultiPoint")))
        assert path.stat().st_size > SMALL_JSON
        (record,) = read(source(directory))
        assert record["positions"] == 40_000
        assert record["time_max"] == pytest.approx(2440587.5 + 39_999 / 86400, abs=1e-9)


RING = [[0, 1.0], [9, 1.0], [9, 4.0], [0, 1.0]]


class TestGeometries:
    @pytest.mark.parametrize(
        ("kind", "coordinates", "count"),
        [
            ("Point", [0, 1.0], 1),
            ("MultiPoint", [[0, 1.0], [9, 4.0]], 2),
            ("LineString", [[0, 1.0], [9, 4.0]], 2),
            ("MultiLineString", [[[0, 1.0], [9, 4.0]], [[1, 1.0], [2, 4.0]]], 4),
            ("Polygon", [RING], 4),
            ("MultiPolygon", [[RING], [RING, RING]], 12),
        ],
    )
    def test_every_type_has_its_positions(self, kind: str, coordinates: Any, count: int) -> None:
        found = read_positions({"type": kind, "coordinates": coordinates})
        assert found.shape == (count, 2)
        assert found[0].tolist() == [0, 1]

    def test_a_collection_has_those_of_its_geometries(self) -> None:
        parts = [
            {"type": "Point", "coordinates": [5, 2]},
            {"type": "GeometryCollection", "geometries": [feature((6, 3))["geometry"]]},
        ]
        found = read_positions({"type": "GeometryCollection", "geometries": parts})
        assert found.tolist() == [[5, 2], [6, 3]]

    def test_rings_are_wound_as_readers_ask(self) -> None:
        # At the times of today, where a double has no digit left for the area of a fine contour.
        ring = [[1.7e9 + x, y] for x, y in ((0, 1.0), (1e-3, 1.0), (1e-3, 1.001), (0, 1.0))]
        polygon = {"type": "Polygon", "coordinates": [ring[::-1], ring]}
        found = wind_rings({"type": "GeometryCollection", "geometries": [polygon]})
        assert found["geometries"][0]["coordinates"] == [ring, ring[::-1]]
        several = wind_rings({"type": "MultiPolygon", "coordinates": [[ring], [ring[::-1]]]})
        assert several["coordinates"] == [[ring], [ring]]
        line = {"type": "LineString", "coordinates": ring[::-1]}
        assert wind_rings(line) == line

    @pytest.mark.parametrize(
        ("kind", "coordinates", "why"),
        [
            ("Point", [0], "is no position"),
            ("Point", [0, 1, 2], "is no position"),
            ("Point", ["2001-01-01", 1], "two numbers"),
            ("Point", [True, 1], "two numbers"),
            ("Point", None, "is no position"),
            ("LineString", [[0, 1]], "give it two or more"),
            ("LineString", [0, 1], "is no position"),
            ("Polygon", [RING[:3]], "give it four or more"),
            ("Polygon", [[*RING[:3], [5, 5]]], "not closed"),
            ("Polygon", [0, 1], "correct the brackets"),
            ("MultiPoint", [], "has no position"),
            ("Point", [10**400, 1], "is not finite"),
            ("Circle", [0, 1], "is no type of a geometry"),
            (["Point"], [0, 1], "is no type of a geometry"),
        ],
    )
    def test_what_is_wrong_is_said(self, kind: Any, coordinates: Any, why: str) -> None:
        with pytest.raises(ValueError, match=why):
            read_positions({"type": kind, "coordinates": coordinates})


class TestAxes:
    @pytest.mark.parametrize(
        ("name", "time", "expected"),
        [
            ("unix", 946684800.0, 2451544.5),
            ("jd", 2451544.5, 2451544.5),
            ("mjd", 51544.0, 2451544.5),
            ("mjd_cnes", 18262.0, 2451544.5),
            ("mjd_nasa", 11544.0, 2451544.5),
            # Midnight of TT was 64.184 s before that of UTC in 2000.
            ("cdf_tt2000", 64.184e9, 2451544.5),
        ],
    )
    def test_the_named_axes_of_time(self, name: str, time: float, expected: float) -> None:
        assert {*TIME_AXES} >= {name}
        axes = read_axes(crs(time_coords_id=name))
        found = axes.julian_dates(np.array([time]))[0]
        assert found == pytest.approx(expected, abs=1e-9)
        assert axes.properties["time_coords_id"] == name

    def test_tt2000_as_cdf_counts_it(self) -> None:
        axes = read_axes(crs(time_coords_id="cdf_tt2000"), tt2000_at_noon=True)
        # 2017-01-01T00:00:00 UTC, just after a leap second, as cdflib has it.
        found = axes.julian_dates(np.array([536500869184000000.0]))[0]
        assert found == pytest.approx(2457754.5, abs=1e-9)
        assert "time_coords_id" not in axes.properties

    @pytest.mark.parametrize(
        ("coords", "time", "expected"),
        [
            (("s", "1970-01-01T00:00:00.000Z", "TT"), 252703800.0, 2443512.3119307407),
            (("ms", "2001-02-03T00:00:00", "UTC"), 43200e3, 2451944.0),
            (("h", "2001-02-03", "SCET"), 12.0, 2451944.0),
            (("min", "2001-02-03T00:00:00", "TAI"), 720.0, 2451944.0 - 32 / 86400),
            (("d", "-4712-01-01T12:00:00.000", "UTC"), 2451944.0, 2451944.0),
        ],
    )
    def test_a_described_axis_of_time(
        self, coords: tuple[str, str, str], time: float, expected: float
    ) -> None:
        described = dict(zip(("unit", "time_origin", "time_scale"), coords, strict=True))
        axes = read_axes(crs(time_coords_id=None, time_coords={"name": "t", **described}))
        found = axes.julian_dates(np.array([time]))[0]
        assert found == pytest.approx(expected, abs=2e-9)
        assert axes.properties["time_coords"]["time_scale"] == coords[2]

    @pytest.mark.parametrize(
        ("spectral", "value", "hertz"),
        [
            ({"type": "frequency", "unit": "kHz"}, 20.0, 2e4),
            ({"unit": "Hz"}, 24730.0, 24730.0),
            ({"type": "wavelength", "unit": "m"}, 299.792458, 1e6),
            ({"type": "wavelength", "unit": "cm"}, 29.9792458, 1e9),
            ({"type": "wavenumber", "unit": "cm-1"}, 1.0, 29979245800.0),
            ({"type": "energy", "unit": "eV"}, 1.0, 2.417989242084918e14),
        ],
    )
    def test_the_spectral_axis(self, spectral: dict[str, str], value: float, hertz: float) -> None:
        axes = read_axes(crs(spectral_coords=spectral))
        assert axes.hertz(np.array([value]))[0] == pytest.approx(hertz, rel=1e-12)

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"time_coords_id": "unixx"}, "is no time axis of TFCat"),
            ({"time_coords_id": None}, "the time axis is incomplete"),
            ({"time_coords": {"time_scale": "SCLK"}}, "cannot be converted to UTC"),
            ({"time_coords": {"unit": "parsec"}}, "is no unit of time"),
            ({"time_coords": {"time_origin": "yesterday"}}, "is no time origin"),
            ({"spectral_coords": {"type": "frequency", "unit": "K"}}, "no unit of a spectral axis"),
            (
                {"spectral_coords": {"type": "frequency", "unit": "m"}},
                "m is no unit of a frequency",
            ),
            ({"spectral_coords": None}, "no unit of a spectral axis"),
            ({"ref_position_id": None}, "no reference position"),
        ],
    )
    def test_what_is_wrong_is_said(self, changes: dict[str, Any], why: str) -> None:
        with pytest.raises(ValueError, match=why):
            read_axes(crs(**changes))

    def test_a_wavelength_of_zero_has_no_frequency(self) -> None:
        axes = read_axes(crs(spectral_coords={"type": "wavelength", "unit": "m"}))
        with pytest.raises(ValueError, match="is no wavelength"):
            axes.hertz(np.array([0.0]))


class TestAlmostRight:
    def refusals(self, directory: Path, *lines: str) -> dict[str, str]:
        return {
            f"{record['path']}|{record['feature']}": record[UNREADABLE]
            for record in read(source(directory, *lines))
            if record.get(UNREADABLE)
        }

    @pytest.mark.parametrize(
        ("text", "line", "why"),
        [
            ('{"type": "Feature",\n"a": 1,\n}', 2, "a comma stands before }, take the comma out"),
            ('{"features": [\n1,\n2 ,\n\n]}', 3, "a comma stands before ], take the comma out"),
            ('{"type":\n"Feature"\n"a": 1}', 3, "expecting ',' delimiter"),
            ('{"type": "Feature",\n"a": [', 2, "it ends too early"),
            ("", 1, "it ends too early"),
            ('{"a":\n NaN}', 2, "NaN is no JSON, write null"),
            ("[]", 1, "it is no JSON object"),
            ('{"type": ["Point"]}', 1, "is no type of TFCat"),
            ('{"type": "Catalogue"}', 1, "'Catalogue' is no type of TFCat"),
            ('{"type": "FeatureCollection"}', 1, "it has no list of features"),
            ("[" * 100_000, 1, "nested too deep"),
            ("<html>login</html>", 1, "it is no JSON"),
        ],
    )
    def test_a_document_costs_itself_alone(
        self, directory: Path, text: str, line: int, why: str
    ) -> None:
        write(directory, "a.tfcat", text)
        write(directory, "b.tfcat", collection(feature()))
        found = self.refusals(directory)
        assert list(found) == ["a.tfcat|"]
        assert found["a.tfcat|"].startswith(f"*: a.tfcat, line {line}: ")
        assert why in found["a.tfcat|"]
        assert len(read(source(directory))) == 2

    def test_bytes_that_are_no_text_are_refused_with_their_line(self, directory: Path) -> None:
        (directory / "a.tfcat").write_bytes(b'{"type":\n "F\xe9ature"}')
        assert "line 2: it is not UTF-8" in self.refusals(directory)["a.tfcat|"]

    def test_a_feature_costs_itself_alone(self, directory: Path) -> None:
        features = [
            feature(id="good"),
            feature([1], id="short"),
            feature(id="undescribed", properties={"flux": 3}),
            feature(id="mistyped", properties={"quality": "3"}),
            {"type": "Feature", "id": "bare", "properties": {}},
            "no feature",
            feature((1e15, 3), id="late"),
            feature((1, -3.0), id="negative"),
            feature((1e300, 1e300), id="beyond"),
            feature(id="last", crs=crs(spectral_coords={"unit": "MHz", "scale": {}})),
        ]
        write(directory, "a.tfcat", collection(*features))
        found = self.refusals(directory)
        assert list(found) == [
            f"a.tfcat|{name}"
            for name in (
                "short",
                "undescribed",
                "mistyped",
                "bare",
                "#6",
                "late",
                "negative",
                "beyond",
            )
        ]
        assert (
            "line 58: feature undescribed: no field describes the property 'flux'"
            in (found["a.tfcat|undescribed"])
        )
        assert "its field says int" in found["a.tfcat|mistyped"]
        assert "is no type of a geometry" in found["a.tfcat|bare"]
        assert "it is no feature" in found["a.tfcat|#6"]
        assert "in no year" in found["a.tfcat|late"]
        assert "-3 MHz is no frequency" in found["a.tfcat|negative"]
        kept = [r["feature"] for r in read(source(directory)) if not r[UNREADABLE]]
        assert kept == ["good", "last"]

    def test_a_number_beyond_all_is_refused(self, directory: Path) -> None:
        fields = {"flux": {"info": "", "datatype": "float", "ucd": "phot.flux"}}
        text = json.dumps(collection(feature(properties={"flux": 1.5}), fields=fields))
        write(directory, "a.tfcat", text.replace("1.5", "1e999"))
        assert "beyond all that a double holds" in self.refusals(directory)["a.tfcat|1"]

    def test_the_lines_are_those_of_the_text(self, directory: Path) -> None:
        text = json.dumps(collection(feature(id="a"), feature(id="b"), feature(id="c")), indent=2)
        expected = [
            number
            for number, (line, after) in enumerate(
                zip(text.splitlines(), text.splitlines()[1:], strict=False), 1
            )
            if line == "    {" and '"type": "Feature"' in after
        ]
        assert locate_features(text) == expected
        assert len(expected) == 3

    def test_a_collection_without_a_readable_feature_is_refused(self, directory: Path) -> None:
        write(directory, "a.tfcat", collection())
        found = self.refusals(directory, "catalogues = true")
        assert "it has no feature that can be read" in found["a.tfcat|"]

    def test_a_name_that_no_column_can_have_is_left_out(self, directory: Path) -> None:
        text = json.dumps(collection(feature())).replace('"title"', '"\\ud800"')
        write(directory, "a.tfcat", text)
        (record,) = read(source(directory))
        assert record["catalogue.authors"] == ["A. Author", "B. Author"]


class TestIncremental:
    def set_time(self, path: Path, day: int) -> None:
        time = dt.datetime(2020, 1, day, tzinfo=dt.UTC).timestamp()
        os.utime(path, (time, time))

    def test_a_window_has_the_documents_that_changed_in_it(self, directory: Path) -> None:
        for day in (1, 2, 3):
            self.set_time(write(directory, f"{day}.tfcat", collection(feature())), day)
        found = source(directory)
        window = Window("2020-01-02", "2020-01-03", nulls=False)
        assert [record["path"] for record in read(found, window)] == ["2.tfcat"]
        assert found.count(window) == 1

    def test_a_window_needs_the_cursor(self, directory: Path) -> None:
        write(directory, "a.tfcat", collection(feature()))
        with pytest.raises(SourceError, match="needs a cursor"):
            read(source(directory, order=Order(None, ("path", "feature"))), Window(low=1))

    def test_no_other_field_is_a_cursor(self, directory: Path) -> None:
        with pytest.raises(ConfigurationError, match="no cursor 'time_min'"):
            source(directory, order=Order("time_min", ("path",)))

    def test_the_digest_of_a_feature_changes_with_it_alone(self, directory: Path) -> None:
        path = write(directory, "a.tfcat", collection(feature(id=1), feature(id=2)))
        found = source(directory)
        assert isinstance(found, Reconcilable)
        before = dict(found.keys(None, None).iter_rows())
        assert list(before) == ["a.tfcat|1", "a.tfcat|2"]
        write(directory, "a.tfcat", collection(feature(id=1), feature((9, 9.0), id=2)))
        self.set_time(path, 5)
        after = dict(found.keys(None, None).iter_rows())
        assert after["a.tfcat|1"] == before["a.tfcat|1"]
        assert after["a.tfcat|2"] != before["a.tfcat|2"]
        parts = found.digests(["a.tfcat|2"]).rows()
        assert parts == [(0, after["a.tfcat|1"]), (1, after["a.tfcat|2"])]
        assert list(found.keys("a.tfcat|2", None)["record_key"]) == ["a.tfcat|2"]
        (batch,) = found.fetch(["a.tfcat|2"])
        assert batch["feature"].to_list() == ["2"]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(directory: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(directory))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_address[1]}"
        found.shutdown()


class TestServer:
    def open_documents(self, tmp_path: Path, url: str, *names: str) -> Source:
        path = tmp_path / "source.toml"
        listed = json.dumps(names)
        path.write_text(f'kind = "tfcat"\nurl = "{url}"\ndocuments = {listed}\nattempts = 1\n')
        return open_source(path, Order("modified", ("path", "feature")))

    def test_documents_are_read_by_their_addresses(
        self, directory: Path, tmp_path: Path, server: str
    ) -> None:
        path = write(directory, "2001/a b.tfcat", collection(feature(id="x")))
        os.utime(path, (1577836800, 1577836800))
        found = self.open_documents(tmp_path, server, "2001/a b.tfcat")
        (record,) = read(found)
        assert (record["path"], record["feature"]) == ("2001/a b.tfcat", "x")
        assert record["url"] == f"{server}/2001/a%20b.tfcat"
        assert record["modified"] == dt.datetime(2020, 1, 1)
        assert read(found, Window("2020-01-02", None, nulls=False)) == []

    def test_a_missing_document_ends_the_reading(self, tmp_path: Path, server: str) -> None:
        with pytest.raises(SourceError, match="404"):
            read(self.open_documents(tmp_path, server, "none.tfcat"))

    @pytest.mark.parametrize("name", ["../a.tfcat", "/a.tfcat", ""])
    def test_a_document_is_below_the_address(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ConfigurationError, match="documents"):
            self.open_documents(tmp_path, "http://127.0.0.1:9", name)


@pytest.mark.shared
class TestRealSamples:
    def test_the_observation_of_jupiter(self, samples: Path, directory: Path) -> None:
        shutil.copy(samples / "tfcat" / "jupiter-obs.tfcat", directory)
        (record,) = read(source(directory))
        # 1978-01-03T19:30:00 TT, when TT was 49.184 s ahead of UTC.
        assert record["time_min"] == pytest.approx(2443512.3125 - 49.184 / 86400, abs=1e-9)
        assert record["time_max"] - record["time_min"] == pytest.approx(4.5 / 24, abs=1e-9)
        assert (record["frequency_min"], record["frequency_max"]) == (1e7, 5e7)
        assert (record["geometry"], record["ref_position"]) == ("Polygon", "GEOCENTER")

    def test_the_example_with_a_comma_too_many(self, samples: Path, directory: Path) -> None:
        text = (samples / "tfcat" / "doc-example.tfcat").read_text(encoding="utf-8")
        write(directory, "a.tfcat", text)
        (record,) = read(source(directory))
        assert "line 31: a comma stands before }" in record[UNREADABLE]
        write(directory, "a.tfcat", text.replace('patches",', 'patches"'))
        first, second = read(source(directory))
        assert (first["feature"], first["quality"]) == ("0", "3")
        assert (
            first["time_min"]
            == first["time_max"]
            == pytest.approx(2440587.5 + 1158051858 / 86400, abs=1e-9)
        )
        assert (second["frequency_min"], second["frequency_max"]) == (22770.0, 34130.0)
        assert first["catalogue.title"] == "Faraday Rotation (FR) patches"
        assert second["ref_position"] == "Cassini"

    def test_a_geometry_alone_says_nothing_of_its_axes(
        self, samples: Path, directory: Path
    ) -> None:
        shutil.copy(samples / "tfcat" / "example.tfcat", directory)
        (record,) = read(source(directory))
        assert "there is no CRS" in record[UNREADABLE]
