"""HAPI's endpoints: status codes, metadata, and the same values in each format."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import astropy.units
import numpy as np
import pytest
import requests
from jsonschema import Draft7Validator  # type: ignore[import-untyped]
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7
from tests.support.streams import (
    ADDRESS,
    DAY,
    HOUR,
    SPECTRA,
    ask,
    make_archive,
    make_feeds,
    make_values,
    minutes,
    read_binary,
    read_csv,
    read_json,
    serve,
    shorten,
    write_spectra,
)

from epnkit.errors import ConfigurationError
from epnkit.streaming.declare import Axis, Variable
from epnkit.streaming.hapi.status import MESSAGES
from epnkit.streaming.index import Granule
from epnkit.streaming.times import parse_time

SPAN = {"start": "2016-12-30T00:00Z", "stop": "2017-01-01T00:00Z"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archive")


@pytest.fixture(scope="module")
def base(archive: Path) -> Iterator[str]:
    with serve(make_feeds(archive, make_archive(archive))) as address:
        yield address


def read_info(base: str, **query: Any) -> dict[str, Any]:
    answer = ask(base, "hapi/info", **query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(
    ("endpoint", "query", "code", "status"),
    [
        ("about", {}, 1200, 200),
        ("capabilities", {}, 1200, 200),
        ("catalog", {}, 1200, 200),
        ("catalog", {"depth": "all"}, 1200, 200),
        ("catalog", {"depth": "some"}, 1413, 400),
        ("about", {"x": "1"}, 1401, 400),
        ("nowhere", {}, 1400, 400),
        ("data/nowhere", {}, 1400, 400),
        ("info", {}, 1400, 400),
        ("info", {"dataset": "none"}, 1406, 404),
        ("info", {"dataset": "spectra", "parameters": "none"}, 1407, 404),
        ("info", {"dataset": "spectra", "parameters": "raw,flux"}, 1411, 400),
        ("info", {"dataset": "spectra", "parameters": "raw,raw"}, 1411, 400),
        ("info", {"dataset": "spectra", "resolve_references": "no"}, 1412, 400),
        ("info", {"dataset": "spectra", "start": "2016Z"}, 1401, 400),
        ("data", {}, 1400, 400),
        ("data", {"dataset": "spectra", "stop": "2017Z"}, 1402, 400),
        ("data", {"dataset": "spectra", "start": "2016Z"}, 1403, 400),
        ("data", {"dataset": "spectra", **SPAN, "start": "2016-13Z"}, 1402, 400),
        ("data", {"dataset": "spectra", **SPAN, "stop": "20161231"}, 1403, 400),
        ("data", {"dataset": "spectra", **SPAN, "stop": SPAN["start"]}, 1404, 400),
        ("data", {"dataset": "spectra", **SPAN, "start": "2016-12-29Z"}, 1405, 400),
        ("data", {"dataset": "spectra", **SPAN, "stop": "2017-02Z"}, 1405, 400),
        ("data", {"dataset": "none", **SPAN}, 1406, 404),
        ("data", {"dataset": "spectra", **SPAN, "parameters": "flux,none"}, 1407, 404),
        ("data", {"dataset": "spectra", **SPAN, "format": "x_hdf"}, 1409, 400),
        ("data", {"dataset": "spectra", **SPAN, "include": "all"}, 1410, 400),
        ("data", {"dataset": "spectra", **SPAN, "parameters": "level,flux"}, 1411, 400),
        ("data", {"dataset": "spectra", **SPAN, "avg": "5s"}, 1401, 400),
    ],
)
def test_each_request_has_its_status(
    base: str, endpoint: str, query: dict[str, str], code: int, status: int
) -> None:
    answer = ask(base, f"hapi/{endpoint}", **query)
    told = answer.json()
    assert (answer.status_code, told["status"]["code"]) == (status, code)
    assert told["HAPI"] == "3.3"
    assert told["status"]["message"].startswith(MESSAGES[code])
    assert answer.headers["HAPI-Status"].startswith(str(code))
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_what_was_asked_is_not_echoed(base: str) -> None:
    strange = "<script>alert(1)</script>"
    for query in (
        {strange: "1"},
        {"dataset": strange},
        {"dataset": "spectra", "parameters": strange},
    ):
        assert "script" not in ask(base, "hapi/info", **query).text


def test_too_long_a_span_is_refused(tmp_path: Path) -> None:
    from datetime import timedelta

    dataset = shorten(longest=timedelta(days=1))
    with serve(make_feeds(tmp_path, make_archive(tmp_path), dataset)) as base:
        answer = ask(base, "hapi/data", dataset="spectra", **SPAN)
        assert (answer.status_code, answer.json()["status"]["code"]) == (400, 1408)
        day = {**SPAN, "stop": "2016-12-31Z"}
        assert ask(base, "hapi/data", dataset="spectra", **day).status_code == 200
        assert read_info(base, dataset="spectra")["maxRequestDuration"] == "P1D"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_only_get_and_head_are_answered(base: str, method: str) -> None:
    assert requests.request(method, f"{base}/hapi/catalog", timeout=10).status_code == 405


@pytest.mark.parametrize("endpoint", ["about", "catalog", "info?dataset=spectra"])
def test_head_says_what_get_would(base: str, endpoint: str) -> None:
    got = requests.get(f"{base}/hapi/{endpoint}", timeout=10)
    head = requests.head(f"{base}/hapi/{endpoint}", timeout=10)
    assert head.content == b""
    same = ("Content-Type", "Content-Length", "HAPI-Status")
    assert [head.headers[name] for name in same] == [got.headers[name] for name in same]


def test_head_of_data_reads_nothing(base: str) -> None:
    query = {"dataset": "spectra", **SPAN}
    head = requests.head(f"{base}/hapi/data", params=query, timeout=10)
    got = ask(base, "hapi/data", **query)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == got.headers["ETag"]


def test_a_slash_too_many_is_redirected(base: str) -> None:
    answer = ask(base, "hapi/info/", dataset="spectra")
    assert (answer.status_code, answer.headers["Location"]) == (301, "../info?dataset=spectra")


def test_the_catalogue_lists_data_sets_and_listings(base: str) -> None:
    listed = ask(base, "hapi/catalog").json()["catalog"]
    assert [each["id"] for each in listed] == [
        "spectra",
        "synthetic/availability",
        "synthetic/files",
        "events",
    ]
    assert all(0 < len(each["title"]) <= 40 for each in listed)
    deep = ask(base, "hapi/catalog", depth="all").json()["catalog"]
    for each in deep:
        info = read_info(base, dataset=each["id"])
        assert each["info"] == {k: v for k, v in info.items() if k not in ("HAPI", "status")}


def test_metadata_describe_the_axis_of_the_files(base: str) -> None:
    info = read_info(base, dataset="spectra")
    assert info["startDate"] == "2016-12-30T00:00:00.000Z"
    assert info["stopDate"] == "2017-01-01T23:59:00.001Z"
    assert (info["cadence"], info["maxRequestDuration"]) == ("PT60S", "P40D")
    assert info["modificationDate"] == "2020-01-03T00:00:00Z"
    names = [each["name"] for each in info["parameters"]]
    assert names == ["Time", "flux", "raw", "level"]
    time, flux, raw, level = info["parameters"]
    assert (time["length"], time["fill"], time["units"]) == (24, None, "UTC")
    (bins,) = flux["bins"]
    assert bins["centers"] == np.array([10.0, 15, 20, 30, 39.925], "f4").astype(float).tolist()
    assert (flux["size"], flux["fill"], raw["type"]) == ([5], "-1e31", "integer")
    assert "size" not in level
    assert info["unitsSchema"] == "astropy3"
    for each in info["parameters"][1:]:
        assert each["units"] is None or astropy.units.Unit(each["units"]) is not None


def test_metadata_say_when_the_newest_granule_changed(base: str) -> None:
    answer = ask(base, "hapi/info", dataset="spectra")
    assert answer.headers["Last-Modified"] == "Fri, 03 Jan 2020 00:00:00 GMT"


def test_references_are_written_once_if_they_may_be(base: str) -> None:
    whole = read_info(base, dataset="spectra")
    brief = read_info(base, dataset="spectra", resolve_references="false")
    definitions = brief.pop("definitions")
    for each in brief["parameters"]:
        for number, bins in enumerate(each.get("bins", [])):
            each["bins"][number] = definitions[bins["$ref"].removeprefix("#/definitions/")]
    assert brief == whole
    assert "definitions" not in whole


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (None, ["Time", "flux", "raw", "level"]),
        ("", ["Time", "flux", "raw", "level"]),
        ("Time", ["Time"]),
        ("raw", ["Time", "raw"]),
        ("Time,flux,level", ["Time", "flux", "level"]),
    ],
)
@pytest.mark.parametrize("dataset", ["spectra"])
def test_csv_binary_and_json_have_the_values_of_the_files(
    base: str, dataset: str, asked: str | None, expected: list[str]
) -> None:
    query = {"dataset": dataset, **SPAN, **({} if asked is None else {"parameters": asked})}
    chosen = {k: v for k, v in query.items() if k in ("dataset", "parameters")}
    info = read_info(base, **chosen)
    assert [each["name"] for each in info["parameters"]] == expected
    csv = read_csv(ask(base, "hapi/data", **query).text, info)
    binary = read_binary(ask(base, "hapi/data", format="binary", **query).content, info)
    json = read_json(ask(base, "hapi/data", format="json", **query).text)
    assert len(csv) == 2880
    assert csv == json
    times = [f"{each}Z" for day in range(2) for each in minutes(day)]
    assert [each[0] for each in csv] == times == binary["Time"].astype(str).tolist()
    written = make_values(0, 2880)
    flux = np.where(np.isnan(written["Data"]), np.float32(-1e31), written["Data"]).astype("f8")
    flux[flux == float(np.float32(-1e31))] = -1e31
    truth = {"flux": flux, "raw": written["RR"], "level": written["level"]}
    for number, name in enumerate(expected[1:], start=1):
        np.testing.assert_array_equal(binary[name], truth[name])
        np.testing.assert_array_equal(np.array([each[number] for each in csv]), truth[name])


@pytest.mark.parametrize("name", ["synthetic/availability", "synthetic/files", "events"])
def test_listings_are_the_same_in_each_format(base: str, name: str) -> None:
    info = read_info(base, dataset=name)
    csv = read_csv(ask(base, "hapi/data", dataset=name, **SPAN).text, info)
    binary = read_binary(
        ask(base, "hapi/data", dataset=name, format="binary", **SPAN).content, info
    )
    json = read_json(ask(base, "hapi/data", dataset=name, format="json", **SPAN).text)
    assert len(csv) == 2
    texts = [
        tuple(part.decode() if isinstance(part, bytes) else part for part in each)
        for each in binary.tolist()
    ]
    assert csv == json == texts
    assert len({each[0] for each in csv}) == 2


def test_availability_and_files_are_those_of_the_granules(base: str) -> None:
    query = {"start": "2016-12-30Z", "stop": "2017-01-01T23:59Z"}
    lines = ask(base, "hapi/data", dataset="synthetic/availability", **query).text.splitlines()
    assert lines[0] == "2016-12-30T00:00:00.000Z,2016-12-30T23:59:00.000Z"
    assert len(lines) == 3
    files = ask(base, "hapi/data", dataset="synthetic/files", **query).text.splitlines()
    assert files[2].split(",")[1:] == [
        f"{ADDRESS}s2.cdf",
        "application/x-cdf",
        f"{ADDRESS}s2.png",
        "s2",
    ]
    described = read_info(base, dataset="synthetic/files")["parameters"]
    assert [each["name"] for each in described if each.get("stringType") == "uri"] == [
        "file",
        "picture",
    ]


def test_events_are_granules_with_their_frequencies(base: str) -> None:
    lines = ask(base, "hapi/data", dataset="events", **SPAN).text.splitlines()
    assert lines == [
        "2016-12-30T00:00:00.000000000Z,2016-12-30T23:59:00.000Z,0.0,2000000.0,type III burst,s0",
        "2016-12-31T00:00:00.000000000Z,2016-12-31T23:59:00.000Z,-1e+31,2000000.0,-,s1",
    ]


def test_texts_with_commas_and_quotes_are_csv(tmp_path: Path) -> None:
    index = make_archive(tmp_path, 1, 2)
    strange = f'{ADDRESS}a,"b".cdf'
    index.granules.append(Granule("é,1", index.granules[0].start, index.granules[0].stop, strange))
    with serve(make_feeds(tmp_path, index)) as base:
        info = read_info(base, dataset="synthetic/files")
        query = {"dataset": "synthetic/files", "start": "2016-12-30Z", "stop": "2016-12-30T00:01Z"}
        csv = read_csv(ask(base, "hapi/data", **query).content.decode(), info)
        assert [each[0][-6:] for each in csv] == ["00000Z", "00000Z"]
        assert csv[1][0] == "2016-12-30T00:00:00.001000000Z"
        assert (csv[1][1], csv[1][3], csv[1][4]) == (strange, "-", "é,1")
        assert csv == read_json(ask(base, "hapi/data", format="json", **query).content.decode())


def test_the_start_is_inclusive_and_the_stop_exclusive(base: str) -> None:
    query = {"start": "2016-12-30T00:01:00.000Z", "stop": "2016-12-30T00:03:00.000Z"}
    lines = ask(base, "hapi/data", dataset="spectra", **query).text.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "2016-12-30T00:01:00.000Z",
        "2016-12-30T00:02:00.000Z",
    ]


def test_parts_one_after_the_other_are_the_whole(base: str) -> None:
    whole = ask(base, "hapi/data", dataset="spectra", **SPAN).text
    bounds = ["2016-12-30T00:00Z", "2016-365T07:31:00.001Z", "2016-12-31", "2017-01-01T00:00"]
    parts = [
        ask(base, "hapi/data", dataset="spectra", start=start, stop=stop).text
        for start, stop in pairwise(bounds)
    ]
    assert "".join(parts) == whole


def test_the_names_of_hapi_2_are_understood(base: str) -> None:
    old = {"id": "spectra", "time.min": SPAN["start"], "time.max": SPAN["stop"]}
    assert (
        ask(base, "hapi/data", **old).text == ask(base, "hapi/data", dataset="spectra", **SPAN).text
    )
    assert ask(base, "hapi/info", id="spectra").json() == read_info(base, dataset="spectra")


def test_an_answer_without_records_says_so(base: str) -> None:
    query = {"dataset": "spectra", "start": "2016-12-30T00:00:01Z", "stop": "2016-12-30T00:00:02Z"}
    answer = ask(base, "hapi/data", **query)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["HAPI-Status"].startswith("1201")
    told = ask(base, "hapi/data", format="json", **query).json()
    assert (told["status"]["code"], told["data"]) == (1201, [])


def test_a_header_comes_first_if_asked_for(base: str) -> None:
    query = {"dataset": "spectra", **SPAN, "include": "header"}
    for form in ("csv", "binary"):
        content = ask(base, "hapi/data", format=form, **query).content
        head, _, rest = content.partition(b"\n#}\n")
        told = json.loads((head + b"\n#}").replace(b"\n#", b"\n").removeprefix(b"#"))
        assert told.pop("format") == form
        assert told == read_info(base, dataset="spectra")
        assert rest == ask(base, "hapi/data", dataset="spectra", format=form, **SPAN).content


def test_answers_are_compressed_for_who_understands_it(base: str) -> None:
    query = {"dataset": "spectra", **SPAN}
    plain = requests.get(
        f"{base}/hapi/data", params=query, headers={"Accept-Encoding": "identity"}, timeout=10
    )
    packed = requests.get(
        f"{base}/hapi/data",
        params=query,
        headers={"Accept-Encoding": "gzip"},
        timeout=10,
        stream=True,
    )
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    raw = packed.raw.read(decode_content=False)
    assert len(raw) < len(plain.content) / 2
    assert gzip.decompress(raw) == plain.content


def test_what_a_client_has_is_not_sent_again(tmp_path: Path) -> None:
    with serve(make_feeds(tmp_path, make_archive(tmp_path))) as base:
        query = {"dataset": "spectra", **SPAN}
        first = ask(base, "hapi/data", **query)
        known = {
            "If-None-Match": first.headers["ETag"],
            "If-Modified-Since": first.headers["Last-Modified"],
        }
        assert first.headers["Last-Modified"] == "Thu, 02 Jan 2020 00:00:00 GMT"
        for name, value in known.items():
            again = requests.get(
                f"{base}/hapi/data", params=query, headers={name: value}, timeout=10
            )
            assert (again.status_code, again.content) == (304, b""), name
        other = requests.get(
            f"{base}/hapi/data", params={**query, "format": "binary"}, headers=known, timeout=10
        )
        assert other.status_code == 200
        write_spectra(tmp_path / "s1.cdf", minutes(1), 7)
        changed = requests.get(
            f"{base}/hapi/data",
            params=query,
            headers={"If-None-Match": first.headers["ETag"]},
            timeout=10,
        )
        assert (changed.status_code, changed.text == first.text) == (200, False)


def test_new_granules_are_served_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("epnkit.streaming.catalogue.REMEMBERED", 0.0)
    index = make_archive(tmp_path, 2)
    (later,) = (index.granules.pop(),)
    with serve(make_feeds(tmp_path, index)) as base:
        before = read_info(base, dataset="spectra")["stopDate"]
        index.granules.append(later)
        after = read_info(base, dataset="spectra")["stopDate"]
        assert (before, after) == ("2016-12-30T23:59:00.001Z", "2016-12-31T23:59:00.001Z")
        query = {"start": "2016-12-31T00:00Z", "stop": after}
        assert len(ask(base, "hapi/data", dataset="spectra", **query).text.splitlines()) == 1440


def test_files_that_overlap_give_each_time_once(tmp_path: Path) -> None:
    index = make_archive(tmp_path, 1, 20)
    write_spectra(tmp_path / "over.cdf", minutes(0, 30)[10:], 100)
    first = index.granules[0]
    index.granules.append(
        Granule("sover", first.start + 10 * 60 * 10**9, first.start + HOUR, f"{ADDRESS}over.cdf")
    )
    with serve(make_feeds(tmp_path, index)) as base:
        query = {"start": f"{DAY}T00:00Z", "stop": f"{DAY}T00:30Z", "parameters": "raw"}
        lines = ask(base, "hapi/data", dataset="spectra", **query).text.splitlines()
        times = [line.split(",")[0] for line in lines]
        assert times == [f"{each}Z" for each in minutes(0, 30)]
        assert lines[19].split(",")[1] == str(19 * 5)
        assert lines[20].split(",")[1] == str(110 * 5 % 250)


def test_records_out_of_order_are_sent_in_order(tmp_path: Path) -> None:
    index = make_archive(tmp_path, 1, 20)
    times = minutes(0, 20)
    write_spectra(tmp_path / "s0.cdf", times[10:] + times[:10], 0)
    with serve(make_feeds(tmp_path, index)) as base:
        query = {"start": f"{DAY}T00:00Z", "stop": f"{DAY}T00:19Z", "parameters": "raw"}
        lines = ask(base, "hapi/data", dataset="spectra", **query).text.splitlines()
        assert [line.split(",")[0] for line in lines] == [f"{each}Z" for each in times[:19]]
        assert lines[0].split(",")[1] == "50"


def test_a_leap_second_is_the_end_of_its_day(tmp_path: Path) -> None:
    index = make_archive(tmp_path, 1, 2)
    times = ["2016-12-31T23:59:59", "2016-12-31T23:59:60", "2017-01-01T00:00:00"]
    write_spectra(tmp_path / "s0.cdf", times, 0)
    index.granules[:] = [
        Granule(
            "s0", parse_time("2016-12-31T23:59:59"), parse_time("2017-01-01"), f"{ADDRESS}s0.cdf"
        )
    ]
    with serve(make_feeds(tmp_path, index)) as base:
        query = {"start": "2016-12-31T23:59:59Z", "stop": "2017-01-01T00:00:00.001Z"}
        lines = ask(base, "hapi/data", dataset="spectra", **query).text.splitlines()
        assert [line.split(",")[0] for line in lines] == [
            "2016-12-31T23:59:59.000Z",
            "2016-12-31T23:59:59.999Z",
            "2017-01-01T00:00:00.000Z",
        ]


@pytest.mark.shared
def test_documents_follow_the_schemas_of_hapi(base: str, samples: Path) -> None:
    schemas = json.loads((samples / "hapi" / "HAPI-data-access-schema-3.3.json").read_bytes())
    parts = [(f"/{name}", each) for name, each in schemas.items() if isinstance(each, dict)]
    registry: Any = Registry().with_resources(
        [(name, Resource.from_contents(each, DRAFT7)) for name, each in parts]
    )

    def judge(kind: str, document: Any) -> list[str]:
        validator = Draft7Validator(schemas[kind], registry=registry)
        return [error.message for error in validator.iter_errors(document)]

    whole = ask(base, "hapi/catalog", depth="all").json()
    assert not judge("catalog", whole)
    for word in ("about", "capabilities", "catalog"):
        assert not judge(word, ask(base, f"hapi/{word}").json()), word
    assert not judge("error", ask(base, "hapi/info", dataset="none").json())
    for each in whole["catalog"]:
        for resolved in ("true", "false"):
            query = {"dataset": each["id"], "resolve_references": resolved}
            info = ask(base, "hapi/info", **query).json()
            assert not judge("info", info), each["id"]
            del info["startDate"]
            assert judge("info", info)


def test_a_coordinate_says_which_and_of_what_system(tmp_path: Path) -> None:
    place = Variable(
        "level", "deg", "Longitude", frame="The tower's", component="longitude", scale="linear"
    )
    feeds = make_feeds(tmp_path, make_archive(tmp_path, 1, 5), shorten(variables=(place,)))
    with serve(feeds) as address:
        level = read_info(address, dataset="spectra")["parameters"][1]
    assert level["coordinateSystemName"] == "The tower's"
    assert level["vectorComponents"] == "longitude"


@pytest.mark.parametrize(
    "changes",
    [
        {"frame": "The tower's"},
        {"component": "longitude"},
        {"frame": "The tower's", "component": "width"},
        {"frame": "The tower's", "component": "x", "axis": Axis("f", "kHz")},
    ],
)
def test_a_coordinate_of_no_system_or_kind_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="cannot be a coordinate"):
        Variable("level", "deg", "Longitude", **changes)


def test_a_name_of_two_parameters_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="two parameters flux"):
        shorten(SPECTRA, variables=(*SPECTRA.variables, Variable("FLUX", None, "again")))
