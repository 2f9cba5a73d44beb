"""Das2's endpoint: what it lists and describes, and streams read by an own parser of packets."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lxml import etree
from tests.support.streams import (
    SPECTRA,
    ask,
    make_archive,
    make_feeds,
    make_values,
    serve,
    shorten,
)

from epnkit.streaming.das2.records import describe_plane
from epnkit.streaming.declare import Axis, Variable
from epnkit.streaming.pyramid import Pyramid
from epnkit.streaming.readers.tables import Table, TableFile, group_sweeps
from epnkit.streaming.times import parse_time

YEAR_2000 = 946_684_800 * 10**9


@dataclass
class Stream:
    """What a stream holds: headers by tag, and the packets of each number."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    packets: dict[str, list[bytes]] = field(default_factory=dict)

    def properties(self, number: int = 0) -> str:
        return self.headers[number][1]


def read_stream(content: bytes) -> Stream:
    """Take a stream apart as the standard says; packets have the length that headers give."""
    stream, position, sizes = Stream(), 0, {}
    while position < len(content):
        tag = content[position : position + 4].decode()
        if tag[0] == "[":
            size = int(content[position + 4 : position + 10])
            text = content[position + 10 : position + 10 + size].decode()
            assert text.endswith("\n")
            # Names of properties have types before a colon, which XML takes for namespaces.
            etree.fromstring(re.sub(r" (\w+):(\w+)=", r" \1_\2=", text))
            stream.headers.append((tag[1:3], text))
            sizes[tag[1:3]] = _size(text)
            position += 10 + size
        else:
            size = sizes[tag[1:3]]
            stream.packets.setdefault(tag[1:3], []).append(
                content[position + 4 : position + 4 + size]
            )
            position += 4 + size
    return stream


def _size(text: str) -> int:
    size = 0
    for found in re.finditer(r"<(x|y|yscan) .*?type=\"([a-z_]+?)(\d+)\"([^>]*)>", text):
        count = re.search(r'nitems="(\d+)"', found[4])
        size += int(found[3]) * (int(count[1]) if count else 1)
    return size


def unpack(packets: list[bytes]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Give times, nanoseconds since 1970, and values."""
    rows = np.array([struct.unpack(f"<{len(each) // 8}d", each) for each in packets])
    return np.rint(rows[:, 0]).astype(np.int64) * 1000 + YEAR_2000, rows[:, 1:]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    archive = tmp_path_factory.mktemp("archive")
    with (
        closing(Pyramid(archive / "reductions.sqlite")) as pyramid,
        serve(make_feeds(archive, make_archive(archive)), pyramid=pyramid) as address,
    ):
        yield address


def ask_das2(base: str, **query: Any) -> Stream:
    answer = ask(base, "das/server", server="dataset", dataset="synthetic/spectra", **query)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/vnd.das2.das2stream"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    return read_stream(answer.content)


def test_data_sets_are_listed_by_folder(base: str) -> None:
    for word in ("list", "discovery"):
        lines = ask(base, "das/server", server=word).text.splitlines()
        assert lines == [
            "synthetic/|synthetic",
            "synthetic/spectra|Spectra that were never observed",
        ]


def test_the_server_says_what_it_is(base: str) -> None:
    assert ask(base, "das/server", server="id").text == "Spectra that were never observed\n"
    logo = ask(base, "das/server", server="logo")
    assert (logo.headers["Content-Type"], logo.content[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    peers = etree.fromstring(ask(base, "das/server", server="peers").content)
    assert peers.findtext("peers/server/url") == "http://127.0.0.1/das/server"


def test_a_data_set_is_described(base: str) -> None:
    answer = ask(base, "das/server", server="dsdf", dataset="synthetic/spectra")
    (header,) = read_stream(answer.content).headers
    assert 'validRange="2016-12-30T00:00:00.000 to 2017-01-01T23:59:00.001 UTC"' in header[1]
    assert "techContact" in header[1]


def test_records_are_those_of_the_files(base: str) -> None:
    stream = ask_das2(base, start_time="2016-12-30 10:00", end_time="2016-12-31T02:00")
    assert [tag for tag, _ in stream.headers] == ["00", "01"]
    times, values = unpack(stream.packets["01"])
    assert len(times) == 16 * 60
    assert times[0] == parse_time("2016-12-30T10:00Z")
    assert times[-1] == parse_time("2016-12-31T01:59Z")
    written = make_values(600, 960)
    flux = np.where(np.isnan(written["Data"]), np.float32(-1e31), written["Data"]).astype("f8")
    flux[flux < -1e30] = -1e31
    np.testing.assert_array_equal(values[:, :5], flux)
    np.testing.assert_array_equal(values[:, 5:], written["RR"])


def test_readable_records_are_the_same_numbers(base: str) -> None:
    span = {"start_time": "2016-12-30T00:00", "end_time": "2016-12-30T01:00"}
    _, exact = unpack(ask_das2(base, **span).packets["01"])
    packets = ask_das2(base, ascii="1", **span).packets["01"]
    lines = [each.decode() for each in packets]
    assert all(line.endswith("\n") for line in lines)
    assert lines[1].startswith("2016-12-30T00:01:00.000 ")
    read = np.array([[float(part) for part in line.split()[1:]] for line in lines])
    np.testing.assert_allclose(read, exact, rtol=1e-8)


def test_a_resolution_gives_averages_and_peaks(base: str) -> None:
    span = {"start_time": "2016-12-30", "end_time": "2017-01-02"}
    stream = ask_das2(base, resolution="5000", **span)
    header = stream.properties()
    assert 'Datum:xCacheResolution="4096 s"' in header
    assert 'Datum:xTagWidth="4096 s"' in header
    names = re.findall(r'yscan name="([\w.]+)"', stream.properties(1))
    assert names == ["flux", "flux.max", "raw", "raw.max"]
    assert re.findall(r'operation="(\w+)" source="(\w+)"', stream.properties(1)) == [
        ("BIN_AVG", "flux"),
        ("BIN_MAX", "flux"),
        ("BIN_AVG", "raw"),
        ("BIN_MAX", "raw"),
    ]
    times, values = unpack(stream.packets["01"])
    step = 4096 * 10**9
    written = make_values(0, 4320)
    flux = written["Data"].astype("f8")
    flux[(flux < -1e30)] = np.nan
    numbers = (parse_time("2016-12-30") + np.arange(4320) * 60 * 10**9) // step
    for row, (time, found) in enumerate(zip(times, values, strict=True)):
        inside = numbers == time // step
        assert time % step == step // 2, row
        np.testing.assert_allclose(found[:5], np.nanmean(flux[inside], axis=0), rtol=1e-12)
        np.testing.assert_array_equal(found[5:10], np.nanmax(flux[inside], axis=0))
        np.testing.assert_array_equal(found[15:], written["RR"][inside].max(axis=0))


def test_a_resolution_finer_than_the_records_gives_records(base: str) -> None:
    span = {"start_time": "2016-12-30T00:00", "end_time": "2016-12-30T01:00"}
    assert ask_das2(base, resolution="60", **span) == ask_das2(base, **span)


def test_an_empty_interval_is_an_exception(base: str) -> None:
    for more in ({}, {"resolution": "600"}):
        stream = ask_das2(base, start_time="2018-01-01", end_time="2018-01-02", **more)
        assert stream.headers[-1][0] == "xx"
        assert 'type="NoDataInInterval"' in stream.headers[-1][1]


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ({}, "IllegalArgument"),
        ({"server": "nothing"}, "IllegalArgument"),
        ({"server": "list", "x": "1"}, "IllegalArgument"),
        ({"server": "dsdf", "dataset": "none"}, "NoSuchDataSource"),
        ({"server": "dataset", "dataset": "none"}, "NoSuchDataSource"),
        ({"server": "dataset", "dataset": "synthetic/spectra"}, "IllegalArgument"),
        (
            {
                "server": "dataset",
                "dataset": "synthetic/spectra",
                "start_time": "2016-12-31",
                "end_time": "2016-12-30",
            },
            "IllegalArgument",
        ),
        (
            {
                "server": "dataset",
                "dataset": "synthetic/spectra",
                "start_time": "2016-12-30",
                "end_time": "2016-12-31",
                "resolution": "nan",
            },
            "IllegalArgument",
        ),
        (
            {
                "server": "dataset",
                "dataset": "synthetic/spectra",
                "start_time": "2016-01-01",
                "end_time": "2016-12-31",
            },
            "IllegalArgument",
        ),
    ],
)
def test_what_is_wrong_is_an_exception(base: str, query: dict[str, str], kind: str) -> None:
    stream = read_stream(ask(base, "das/server", **query).content)
    assert f'<exception type="{kind}">' in stream.headers[-1][1]


def test_frequencies_that_change_have_headers_of_their_own(tmp_path: Path) -> None:
    index = make_archive(tmp_path, 1, 2)
    axis = Axis("f", "kHz", varies=True, limits=(1.0, 100.0))
    start = index.granules[0].start
    times = start + np.repeat(np.arange(6), [3, 3, 2, 2, 3, 3]) * 10**9
    frequency = np.array([1.0, 2, 3, 1, 2, 3, 5, 6, 5, 6, 1, 2, 3, 1, 2, 3])
    swept = shorten(
        SPECTRA,
        reader=TableFile(lambda path: _sweep(times, frequency)),
        variables=(Variable("value", "V2 Hz-1", "A value", axis),),
    )
    with serve(make_feeds(tmp_path, index, swept)) as base:
        stream = ask_das2(base, start_time="2016-12-30T00:00", end_time="2016-12-30T00:01")
        assert re.findall(r'yTags="([\d.,]+)"', "".join(text for _, text in stream.headers)) == [
            "1.0,2.0,3.0",
            "5.0,6.0",
        ]
        assert [len(each) for each in stream.packets.values()] == [4, 2]
        _, values = unpack(stream.packets["02"])
        assert values.tolist() == [[6.0, 7.0], [8.0, 9.0]]
        info = ask(base, "hapi/info", dataset="spectra").json()
        assert [each["name"] for each in info["parameters"]] == ["Time", "f", "value"]
        assert info["parameters"][2]["bins"][0]["centers"] == "f"


@pytest.mark.parametrize(
    ("unit", "written", "label"),
    [
        ("V2 Hz-1", "V**2 Hz**-1", "Flux density"),
        ("1e-22 W m-2 Hz-1", "", "Flux density (1e-22 W m-2 Hz-1)"),
        (None, "", "Flux density"),
    ],
)
def test_units_are_those_that_das2_reads(unit: str | None, written: str, label: str) -> None:
    plane = describe_plane(Variable("flux", unit, "Flux density", Axis("f", "kHz")))
    assert (plane.unit, plane.label, plane.y_unit) == (written, label, "kHz")


def _sweep(times: np.ndarray[Any, Any], frequency: np.ndarray[Any, Any]) -> Table:
    return group_sweeps(times, {"f": frequency, "value": np.arange(16.0)}, 4)
