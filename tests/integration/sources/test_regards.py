"""Products of REGARDS through a replica of its gateway, which the published client reads too."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import requests
from scripts.servers.processes import Server

from epnkit.errors import SourceError
from epnkit.replicas.regards_catalog import (
    PASSWORD,
    USER,
    RegardsCatalog,
    RegardsFile,
    RegardsProduct,
)
from epnkit.service import read_service
from epnkit.sources import open_source
from epnkit.sources.base import Order, Reconcilable, Window
from tests.conftest import ROOT
from tests.support.commands import run_epnkit
from tests.support.environments import make_environment
from tests.support.regards import (
    COUNT,
    CURSOR,
    Changing,
    Make,
    make_product,
    make_versions,
    minute,
    read,
    serve_catalog,
)

if TYPE_CHECKING:
    from tests.support.servers import Keep

pytest_plugins = ["tests.support.servers", "tests.support.regards_fixtures"]

JUDGE = ROOT / "tests" / "support" / "judges" / "with_sunpy_regards.py"


@pytest.mark.parametrize("order", [Order(), Order(None, ("providerId",))])
def test_deep_pages_are_in_the_order_of_the_first_ones(
    make: Make, products: list[RegardsProduct], order: Order
) -> None:
    catalog = RegardsCatalog("Solar", products, deep=COUNT // 2)
    assert sorted(read(make(catalog, order=order))) == list(range(COUNT))


@pytest.mark.parametrize("search", ["rs-catalog", "rs-access-project"])
@pytest.mark.parametrize("order", [CURSOR, Order(None, ("providerId",))])
def test_every_product_comes_once_by_both_interfaces(
    make: Make, products: list[RegardsProduct], search: str, order: Order
) -> None:
    source = make(RegardsCatalog("Solar", products), f'page = 100\nsearch = "{search}"', order)
    assert source.count() == COUNT
    found = read(source)
    assert sorted(found) == list(range(COUNT))
    if order is CURSOR:
        assert found == list(range(COUNT))


def test_properties_and_files_are_fields_of_a_record(
    make: Make, products: list[RegardsProduct]
) -> None:
    source = make(RegardsCatalog("Solar", products), 'files = ["RAWDATA", "DOCUMENT"]')
    schema = source.schema()
    assert schema["properties.date_obs"].startswith("Datetime")
    assert (schema["properties.wave.min"], schema["version"]) == ("Int64", "Int64")
    row = next(iter(source.batches())).row(1, named=True)
    urn = row["id"]
    assert urn.startswith("URN:AIP:DATA:Solar:")
    assert urn.endswith(":V1")
    assert row["virtualId"] == urn.removesuffix("V1") + "LAST"
    assert (row["providerId"], row["last"]) == ("gaia_dem:map-00001", True)
    assert row["properties.date_obs"] == datetime(2023, 3, 17, 0, 1, 0, 622_000)
    assert row["properties.wave.unit"] == "Angstrom"
    assert row["files.RAWDATA.filename"] == ["map-00001.fits"]
    assert row["files.RAWDATA.filesize"] == [6]
    (address,), (checksum,) = row["files.RAWDATA.uri"], row["files.RAWDATA.checksum"]
    assert address.endswith(f"/api/v1/rs-catalog/downloads/{urn}/files/{checksum}")
    assert row["files.DOCUMENT.uri"] == []
    assert "files.THUMBNAIL.uri" not in row


def test_nearline_and_reference_files_are_told_apart(make: Make) -> None:
    files = (
        RegardsFile("RAWDATA", "c.fits", "application/fits", b"c", online=False),
        RegardsFile("RAWDATA", "b.fits", "application/fits", b"b", url="https://soar.example/b"),
        RegardsFile("RAWDATA", "a.fits", "application/fits", b"a"),
    )
    source = make(RegardsCatalog("Solar", [make_product(0, files=files)]))
    row = next(iter(source.batches())).row(0, named=True)
    assert row["files.RAWDATA.filename"] == ["a.fits", "b.fits", "c.fits"]
    assert row["files.RAWDATA.access"] == ["online", "reference", "nearline"]
    assert row["files.RAWDATA.uri"][1] == "https://soar.example/b"


@pytest.mark.parametrize("order", [CURSOR, Order()])
def test_the_newest_versions_or_all_of_them_are_read(make: Make, order: Order) -> None:
    catalog = RegardsCatalog("Solar", make_versions())
    newest = make(catalog, "page = 7", order)
    assert sorted(read(newest)) == list(range(100))
    every = pl.concat(make(catalog, 'page = 7\nversions = "all"', order).batches())
    assert every.height == 110 == every["id"].n_unique()
    twins = every.filter(pl.col("providerId") == "gaia_dem:map-00010").sort("version")
    assert twins["version"].to_list() == [1, 2]
    # One URN, but for its last part.
    assert twins["id"].str.replace(r":V\d$", "").n_unique() == 1


def test_a_query_narrows_what_is_read(make: Make, products: list[RegardsProduct]) -> None:
    products[7] = make_product(7, properties={"instrument": "HMI"})
    catalog = RegardsCatalog("Solar", products)
    more = 'query = """properties.instrument:"HMI" OR properties.number:[530 TO *]"""'
    source = make(catalog, more)
    assert read(source) == [7, 530, 531, 532, 533]
    assert source.count() == 5


WINDOWS = [
    (Window("2023-03-17T02:00:00Z", None, nulls=False), range(120, COUNT)),
    (Window(minute(3), minute(10), nulls=False), range(3, 10)),
    (Window(None, minute(10), nulls=False), range(10)),
    (
        Window(
            make_product(4).properties["date_obs"],
            make_product(9).properties["date_obs"],
            nulls=False,
        ),
        range(4, 9),
    ),
    (
        Window(
            make_product(4).properties["date_obs"],
            make_product(9).properties["date_obs"],
            low_closed=False,
            high_closed=True,
            nulls=False,
        ),
        range(5, 10),
    ),
    # Ends between two milliseconds, which REGARDS does not tell apart.
    (
        Window(
            datetime(2023, 3, 17, 0, 4, 0, 622_500),
            datetime(2023, 3, 17, 0, 9, 0, 622_500),
            nulls=False,
        ),
        range(5, 10),
    ),
]


@pytest.mark.parametrize(("window", "held"), WINDOWS)
def test_a_window_holds_what_it_says(
    make: Make, products: list[RegardsProduct], window: Window, held: range
) -> None:
    source = make(RegardsCatalog("Solar", products))
    assert read(source, window) == list(held)
    assert source.count(window) == len(held)


def test_a_number_may_be_the_cursor(make: Make, products: list[RegardsProduct]) -> None:
    source = make(RegardsCatalog("Solar", products), order=Order("properties.number"))
    assert read(source) == list(range(COUNT))
    assert read(source, Window(-5, 7, nulls=False)) == list(range(7))
    assert source.count(Window(500, None, nulls=False)) == 34


def test_products_without_a_cursor_come_last_if_wanted(
    make: Make, products: list[RegardsProduct]
) -> None:
    for number in range(0, COUNT, 100):
        products[number] = make_product(number, properties={"date_obs": None})
    source = make(RegardsCatalog("Solar", products))
    dated = [number for number in range(COUNT) if number % 100]
    found = read(source)
    assert found[: len(dated)] == dated
    assert sorted(found[len(dated) :]) == list(range(0, COUNT, 100))
    assert source.count() == COUNT
    later = Window(minute(100), None, nulls=False)
    assert read(source, later) == [number for number in dated if number >= 100]


@pytest.mark.parametrize("page", [1, 3, 10])
def test_many_products_of_one_time_come_once_each(make: Make, page: int) -> None:
    date = {"date_obs": "2023-03-17T00:00:05.500Z"}
    made = [make_product(n, properties=date if 3 <= n < 20 else {}) for n in range(30)]
    # The same time, written in another way, and to the microsecond.
    made[4] = make_product(4, properties={"date_obs": "2023-03-17T01:00:05.5001+01:00"})
    source = make(RegardsCatalog("Solar", made), f"page = {page}")
    assert sorted(read(source)) == list(range(30))


def test_names_of_properties_may_stand_alone(make: Make) -> None:
    made = [make_product(n, properties={"label": "mine"}) for n in range(3)]
    source = make(RegardsCatalog("Solar", made), 'prefix = ""', Order("date_obs", ("providerId",)))
    row = next(iter(source.batches(Window(minute(1), None, nulls=False)))).row(0, named=True)
    assert (row["number"], row["wave.min"]) == (1, 94)
    # What every product has keeps its name.
    assert (row["label"], row["properties.label"]) == ("gaia_dem:map-00001", "mine")


def test_an_archive_of_no_products_has_the_fields_of_every_product(make: Make) -> None:
    catalog = RegardsCatalog("Solar", [])
    source = make(catalog, order=Order())
    assert (source.count(), list(source.batches())) == (0, [])
    assert source.schema()["files.RAWDATA.uri"] == "List(String)"


# Comparing with the table


def test_keys_are_listed_in_parts_and_fetched(make: Make, products: list[RegardsProduct]) -> None:
    catalog = Changing("Solar", [*products, *make_versions()[:10]])
    source = make(catalog)
    assert isinstance(source, Reconcilable)
    assert source.compared_by == "key"
    names = [product.provider_id for product in products]
    bounds = [None, names[100], names[101], "gaia_dem:map-00300x", "z", None]
    parts = [source.keys(low, high)["record_key"].to_list() for low, high in pairwise(bounds)]
    assert parts == [names[:100], names[100:101], names[101:301], names[301:], []]
    # All parts are of one listing: 6 pages, and the one that the types are found by.
    assert catalog.requests == 7
    assert source.keys(names[10], names[12])["record_key"].to_list() == names[10:12]
    fetched = pl.concat(source.fetch(names[::30]))
    assert sorted(fetched["providerId"]) == names[::30]
    # Only the newest version is.
    assert fetched["last"].all()


def test_a_key_of_several_fields_is_not_compared(make: Make) -> None:
    source = make(RegardsCatalog("Solar", [make_product(1)]), order=Order(None, ("id", "label")))
    assert isinstance(source, Reconcilable)
    with pytest.raises(SourceError, match=r"not one text.*providerId"):
        source.keys(None, None)


def test_a_draft_takes_what_all_versions_of_a_product_share_for_the_key(
    make: Make, products: list[RegardsProduct], tmp_path: Path
) -> None:
    make(RegardsCatalog("Solar", products))
    words = ["maps", "--from", str(tmp_path / "source.toml"), "--into", str(tmp_path / "drafted")]
    done = run_epnkit("new", *words)
    assert done.exit_code == 0, done.output
    drafted = read_service(tmp_path / "drafted" / "maps")
    assert drafted.key == ("providerId",)
    granules = drafted.mapping.apply(next(iter(make(RegardsCatalog("Solar", products)).batches())))
    assert granules.granules["granule_uid"][0].startswith("gaia_dem-map-00000")


# What the archive's own users read


def test_the_replica_is_what_sunpy_regards_reads(
    products: list[RegardsProduct], tmp_path: Path, make: Make
) -> None:
    # It asks for all of sunpy, of which it needs the searches alone.
    needed = ("sunpy[net]==7.0.5", "python-dotenv==1.2.4")
    python = make_environment("sunpy-regards", *needed, alone="sunpy-regards==1.0.0")
    dataset = {
        "label": "GAIA-DEM",
        "dataset_name": "GAIA-DEM data",
        "instrument": "AIA",
        "observatory": "SDO",
    }
    catalog = RegardsCatalog("Solar", products, datasets=[dataset])
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    with serve_catalog(catalog) as port:
        words = [f"http://127.0.0.1:{port}", USER, PASSWORD, "Solar", str(fetched)]
        command: list[str | Path] = [python, JUDGE, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout.splitlines()[-1])
    assert theirs["values"] == {
        "Dataset": ["GAIA-DEM data"],
        "Instrument": ["AIA"],
        "Observatory": ["SDO"],
        "Provider": ["REGARDS"],
    }
    # The same products, names and times as the source gives.
    held = pl.concat(make(catalog).batches(Window(None, minute(2.5), nulls=False)))
    times = held["properties.date_obs"].dt.strftime("%Y-%m-%dT%H:%M:%S.%3f")
    names = held["files.RAWDATA.filename"].list.first()
    assert theirs["found"] == [
        [time, "GAIA-DEM data", urn, name]
        for time, urn, name in zip(times, held["id"], names, strict=True)
    ]
    assert theirs["others"] == 0
    assert theirs["files"] == {f"map-0000{n}.fits": f"fits {n}" for n in range(3)}


def make_indexed(product: RegardsProduct, number: int) -> dict[str, Any]:
    """Make the document of REGARDS's index that its search reads a product from."""
    feature = product.describe("Solar", "https://archive.example")
    return {
        "type": "DATA",
        "ipId": feature["id"],
        "lastUpdate": f"2023-04-{1 + number % 28:02d}T00:00:00.000Z",
        "groups": ["Public"] if number % 2 else ["Team"],
        "feature": feature,
    }


def test_its_index_is_read_as_the_page_says(
    search_server: Server, keep: Keep, tmp_path: Path
) -> None:
    products = [*make_versions()[:10], *(make_product(number) for number in range(60))]
    lines = [
        json.dumps(each)
        for number, product in enumerate(products)
        for each in ({"index": {"_id": product.name("Solar")}}, make_indexed(product, number))
    ]
    url = f"{search_server.url}/solar"
    kind = {"Content-Type": "application/x-ndjson"}
    body = "\n".join([*lines, ""]).encode()
    done = requests.post(f"{url}/_bulk?refresh=true", data=body, headers=kind, timeout=60)
    done.raise_for_status()
    assert not done.json()["errors"], done.text[:500]
    page = (ROOT / "docs" / "howto" / "regards.md").read_text()
    (tmp_path / "source.json").write_text(page.split("```json\n")[1].partition("```")[0])
    keep("regards_index", search_server.url)
    source = open_source(tmp_path / "source.json", Order("lastUpdate"))
    try:
        found = pl.concat(source.batches())
    finally:
        requests.delete(url, timeout=30).raise_for_status()
    # Of sixty newest products every other one is public.
    assert found.height == 30
    assert found["lastUpdate"].is_sorted()
    first = found.sort("feature.providerId").row(0, named=True)
    assert first["feature.providerId"] == "gaia_dem:map-00001"
    assert first["feature.properties.wave.min"] == 94
    assert first["feature.files.RAWDATA.filename"] == "map-00001.fits"
    address = f"https://archive.example/api/v1/rs-catalog/downloads/{first['ipId']}/files/"
    assert str(first["feature.files.RAWDATA.uri"]).startswith(address)
