"""Packages of granules: typed values, what makes them others, and REGARDS's own examples."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT
from tests.support.ingestion import list_faults

from epnkit.errors import ConfigurationError
from epnkit.regards.answers import OddAnswerError, parse_answer
from epnkit.regards.broker import VIRTUAL_HOST, BrokerAddress, find_broker
from epnkit.regards.checksums import Checksums
from epnkit.regards.package import Package, UnreadyError, build_package, make_request_id
from epnkit.regards.settings import PackageSettings, read_package_settings
from epnkit.sources.config.credentials import Secret

SETTINGS = PackageSettings(
    "Solar", "epnkit", "maps", storages=({"pluginBusinessId": "Local", "targetTypes": []},)
)

GRANULE: dict[str, Any] = {
    "granule_uid": "DEM-AIA-width_2023-06-14T23-34-51.622",
    "target_name": "Sun",
    "time_min": 2460110.482541921,
    "time_max": 2460110.482541921,
    "c1min": float("nan"),
    "instrument_host_name": "SDO",
    "instrument_name": "AIA",
    "access_url": "https://synthetic.example/maps/a%20(1).fits",
    "access_format": "application/fits",
    "access_md5": "9A964ED3BE0E2E2786D82ACE9D971E90",
    "thumbnail_url": None,
    "bib_reference": "doi:10.1000/xyz",
    "service_title": "maps",
    "creation_date": datetime(2026, 1, 2, 3, 4, 5),
}


def build(links: list[dict[str, Any]] | None = None, **changes: Any) -> Package:
    archives = {"https://synthetic.example/looks/": Path(__file__).parent}
    checksums = Checksums(archives)
    return build_package({**GRANULE, **changes}, links or [], SETTINGS, checksums)


def message(package: Package) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(package.message("r", json.dumps(SETTINGS.metadata).encode()))
    return found


def test_a_package_has_the_values_of_its_granule() -> None:
    sent = message(build())
    sip = sent["sip"]
    assert list_faults(sip, sent["metadata"]) == []
    assert sip["id"] == "DEM-AIA-width_2023-06-14T23-34-51.622"
    assert sip["properties"]["descriptiveInformation"]["time_period"] == {
        "start_date": "2023-06-14T23:34:51.622Z",
        "stop_date": "2023-06-14T23:34:51.622Z",
    }
    assert "c1min" not in sip["properties"]["descriptiveInformation"]
    assert sip["properties"]["contentInformations"] == [
        {
            "dataObject": {
                "regardsDataType": "RAWDATA",
                "filename": "a (1).fits",
                # REGARDS takes no brackets in an address.
                "locations": [{"url": "https://synthetic.example/maps/a%20%281%29.fits"}],
                "checksum": "9a964ed3be0e2e2786d82ace9d971e90",
                "algorithm": "MD5",
            },
            "representationInformation": {
                "syntax": {"name": "FITS", "mimeType": "application/fits"}
            },
        }
    ]
    preserved = sip["properties"]["pdi"]
    assert preserved["provenanceInformation"] == {
        "history": [{"date": "2026-01-02T03:04:05Z", "comment": "Granule of maps"}],
        "facility": "SDO",
        "instrument": "AIA",
    }
    assert preserved["referenceInformation"] == {"publications": "doi:10.1000/xyz"}


def test_links_are_files_of_their_types_if_their_checksums_are_known() -> None:
    looks = "https://synthetic.example/looks/"
    links: list[dict[str, Any]] = [
        {"semantics": "#preview", "url": f"{looks}test_packages.py", "content_type": "image/png"},
        {"semantics": "#thumbnail", "url": f"{looks}missing.png", "content_type": "image/png"},
        {"semantics": "#documentation", "url": "https://a.example/", "content_type": "text/html"},
        {"semantics": "#counterpart", "url": f"{looks}test_packages.py", "content_type": None},
    ]
    files = build(links).sip["properties"]["contentInformations"]
    types = [each["dataObject"]["regardsDataType"] for each in files]
    assert types == ["QUICKLOOK_MD", "RAWDATA"]
    assert files[0]["dataObject"]["fileSize"] == Path(__file__).stat().st_size


def test_only_what_is_said_makes_another_package() -> None:
    first = build()
    assert build(creation_date=datetime(2027, 1, 1)).content == first.content
    assert build(instrument_name="HMI").content != first.content
    requests = {
        make_request_id("Solar", first.provider_id, first.content, attempt) for attempt in (0, 0, 1)
    }
    assert len(requests) == 2


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"access_md5": None}, "it has no access_md5"),
        ({"access_md5": "abc"}, "its access_md5 is no MD5"),
        ({"access_url": None}, "it has no file of the type RAWDATA"),
    ],
)
def test_a_granule_that_cannot_be_a_package_says_why(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(UnreadyError, match=why):
        build(**changes)


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["sipCollection", "sip_collection", "sip-with-storage-meta", "sips-with-date-A"]
)
def test_the_stand_in_takes_regards_own_packages(samples: Path, name: str) -> None:
    collection = json.loads((samples / "medoc/regards" / f"{name}.json").read_text())
    for sip in collection["features"]:
        # That file:/home is no URL by its later rule is said of the first alone.
        faults = list_faults(sip, collection["metadata"])
        assert faults == []


@pytest.mark.shared
def test_the_stand_in_refuses_the_older_layout(samples: Path) -> None:
    old = json.loads((samples / "medoc/regards/cdpp_collection.json").read_text())
    faults = list_faults(old["features"][0], old["metadata"])
    assert "at least one location is required" in faults
    assert "metadata.ingestChain is required" in faults


def test_answers_are_parsed_and_others_are_odd() -> None:
    request = "8d3f1d8e-1111-4222-8333-123456789abc"
    body = {"requestId": request, "state": "ERROR", "errors": ["a", "b\0"], "sipId": None}
    found = parse_answer(json.dumps(body).encode())
    assert (found.request, found.state, found.reason) == (request, "failed", "a; b")
    for odd in (b"", b"[]", b"3", b'{"requestId": "x", "state": "SUCCESS"}', b"\xff"):
        with pytest.raises(OddAnswerError):
            parse_answer(odd)
    with pytest.raises(OddAnswerError):
        parse_answer(json.dumps({**body, "state": "LOST"}).encode())


def write(directory: Path, text: str) -> Path:
    path = directory / "sip.toml"
    path.write_text(text)
    return path


def test_settings_are_read_with_their_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, 'tenant = "Solar"\n[[storage]]\nid = "Local"\npath = "/a"\n')
    read = read_package_settings(path, "maps")
    assert read.prefix == "maps:"
    assert read.metadata == {
        "sessionOwner": "epnkit",
        "session": "maps",
        "ingestChain": "DefaultProcessingChain",
        "versioningMode": "INC_VERSION",
        "categories": ["maps"],
        "storages": [{"pluginBusinessId": "Local", "storePath": "/a", "targetTypes": []}],
    }


def test_the_example_of_the_page_is_read(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "howto" / "sip.md").read_text()
    (example,) = re.findall(r"^```toml\n(.*?)^```", page, re.M | re.S)
    assert read_package_settings(write(tmp_path, example), "maps").tenant == "Solar"


def test_the_reference_lists_every_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="those known are") as refused:
        read_package_settings(write(tmp_path, 'tenant = "S"\nreference = "L"\nx = 1'), "maps")
    known = {*str(refused.value).rpartition("those known are ")[2].split(", ")}
    page = (ROOT / "docs" / "reference" / "sip.md").read_text()
    rows = re.findall(r"^\| (`.*?) \|", page, re.M)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == known


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "'tenant' is missing"),
        ('tenant = " "', "blank or too long"),
        ('tenant = "S"', "neither or both"),
        ('tenant = "S"\nreference = "L"\n[[storage]]\nid = "L"', "neither or both"),
        ('tenant = "S"\n[[storage]]\nname = "L"', "has no id"),
        ('tenant = "S"\nreference = "L"\nversioning = "LATEST"', "there is no 'LATEST'"),
        ('tenant = "S"\nreference = "L"\nchian = "x"', "no such key is known"),
        ('tenant = "S"\nreference = "L"\n[roles]\n"#preview" = "PICTURE"', "no type of file"),
    ],
)
def test_settings_that_regards_would_not_take_are_refused(
    tmp_path: Path, text: str, why: str
) -> None:
    with pytest.raises(ConfigurationError, match=why):
        read_package_settings(write(tmp_path, text), "maps")


def test_a_broker_is_an_address_without_a_password() -> None:
    assert find_broker("amqp://127.0.0.1:5672").parameters.virtual_host == VIRTUAL_HOST
    with pytest.raises(ConfigurationError, match="holds a password") as refused:
        find_broker("amqp://reader:canary@127.0.0.1/")
    assert "canary" not in str(refused.value)
    with pytest.raises(ConfigurationError, match="no address of a RabbitMQ"):
        _ = BrokerAddress(Secret("x", "https://127.0.0.1/")).parameters
