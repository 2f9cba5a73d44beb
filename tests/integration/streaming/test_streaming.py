"""The whole way: services in DaCHS, ``epnkit stream serve``, and readers that others wrote."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg2
import pytest
import requests
from pyvo.dal.adhoc import DatalinkResults

from epnkit.dachs.private import PrivateDachs
from epnkit.replicas.archive import archive_directory
from epnkit.service import DataSet, read_service
from epnkit.streaming.index import EpnIndex
from epnkit.streaming.installed import make_connector
from epnkit.streaming.times import parse_time
from tests.conftest import ROOT, bring_up
from tests.support.environments import JUDGES, make_environment
from tests.support.link_followers import read_links
from tests.support.stream_server import run_stream_server
from tests.support.streams import ask, read_binary, read_csv, read_json

SERVICES = (
    "nda",
    "juno_waves",
    "cassini_kronos",
    "wind_waves",
    "lofar_sun",
    "hfc1t3",
    "voyager_pra",
    "expres",
    "orfees",
    "tfcat_catalogues",
)

#: How many values a record of each data set of files has, in the replicas; 0 if one a parameter.
DATA_SETS = {
    "nda_routine_jup": 20,
    "nda_routine_sun": 20,
    "nda_newroutine_jup": 20,
    "nda_newroutine_sun": 20,
    "juno_waves_v01": 24,
    "juno_waves_v02": 24,
    "cassini_kronos_n1": 0,
    "cassini_kronos_n2": 400,
    "cassini_kronos_n3b": 400,
    "cassini_kronos_n3d": 400,
    "cassini_kronos_n3e": 400,
    "wind_waves_rad1_60s": 16,
    "wind_waves_rad2_60s": 16,
    "lofar_sun_spectra": 64,
    "voyager1_pra_lowband": 70,
    "voyager2_pra_lowband": 70,
    "voyager1_pra_48s": 70,
    "voyager2_pra_48s": 70,
    "expres_earth_aurorae": 16,
    "expres_earth_io_vipal": 16,
    "expres_earth_io_jrm33": 16,
    "expres_juno_ganymede_jrm33": 16,
    "expres_juno_europa_jrm09": 16,
    "orfees": 40,
    "orfees_1s": 40,
}

#: Data sets of events, and the services that they are of.
EVENTS = {
    "hfc1t3_bursts": "hfc1t3",
    "tfcat_cassini_faraday_rotation": "tfcat_catalogues",
    "tfcat_jupiter_decametric": "tfcat_catalogues",
    "tfcat_wind_type_iii": "tfcat_catalogues",
    "tfcat_earth_akr": "tfcat_catalogues",
}


def name_service(dataset: str) -> str:
    """Give the service of a data set."""
    if dataset.startswith("voyager"):
        return "voyager_pra"
    return next(name for name in SERVICES if dataset.startswith(name))


@pytest.fixture(scope="module")
def base(scratch: PrivateDachs) -> Iterator[str]:
    for name in SERVICES:
        bring_up(scratch, name)
    # Those of orfees are an index: where their files lie is said by the command.
    directory = archive_directory(scratch, "orfees")
    archive = f"--archive={scratch.url}/static/replica/orfees/={directory}"
    with run_stream_server(scratch, archive) as address:
        yield address


def sample(base: str, dataset: str) -> tuple[dict[str, Any], dict[str, str]]:
    info = ask(base, "hapi/info", dataset=dataset).json()
    return info, {"start": info["sampleStartDate"], "stop": info["sampleStopDate"]}


def test_every_service_has_its_data_sets_and_listings(base: str) -> None:
    listed = {each["id"] for each in ask(base, "hapi/catalog").json()["catalog"]}
    assert listed == {
        *DATA_SETS,
        *EVENTS,
        *(f"{name}/availability" for name in SERVICES),
        *(f"{name}/files" for name in SERVICES if name != "hfc1t3"),
    }


@pytest.mark.parametrize("dataset", DATA_SETS)
def test_each_parameter_is_the_same_in_each_format(base: str, dataset: str) -> None:
    whole, span = sample(base, dataset)
    sizes = {parameter.get("size", [0])[0] for parameter in whole["parameters"][1:]}
    assert max(sizes) == DATA_SETS[dataset]
    assert sizes <= {0, DATA_SETS[dataset]}
    for parameter in whole["parameters"][1:]:
        query = {"dataset": dataset, "parameters": parameter["name"]}
        info = ask(base, "hapi/info", **query).json()
        csv = read_csv(ask(base, "hapi/data", **query, **span).text, info)
        binary = ask(base, "hapi/data", format="binary", **query, **span).content
        assert csv == read_json(ask(base, "hapi/data", format="json", **query, **span).text)
        read = read_binary(binary, info)
        assert len(csv) == len(read) > 0
        np.testing.assert_array_equal(read[parameter["name"]], [each[1] for each in csv])


@pytest.mark.parametrize("dataset", DATA_SETS)
def test_each_data_set_has_a_picture_and_a_das2_stream(base: str, dataset: str) -> None:
    _, span = sample(base, dataset)
    picture = ask(base, "plot", dataset=dataset, **span)
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/png")
    query = {"server": "dataset", "dataset": f"{name_service(dataset)}/{dataset}"}
    times = {"start_time": span["start"], "end_time": span["stop"]}
    for more in ({}, {"resolution": "3600"}, {"ascii": "1"}):
        content = ask(base, "das/server", **query, **times, **more).content
        assert b"<packet>" in content
        assert b"<exception" not in content


def test_the_times_of_a_known_observation(base: str) -> None:
    """Compare with maser4py's values of the file, as the replica has them."""
    query = {"dataset": "nda_routine_jup", "parameters": "LL"}
    span = {"start": "2016-01-30T22:47:06.030Z", "stop": "2016-01-31T06:45:58.681Z"}
    lines = ask(base, "hapi/data", **query, **span).text.splitlines()
    assert (lines[0][:24], lines[-1][:24]) == (
        "2016-01-30T22:47:06.030Z",
        "2016-01-31T06:45:58.680Z",
    )
    assert len(lines) == 61


def test_availability_is_what_tap_has(base: str, scratch: PrivateDachs) -> None:
    with scratch.cluster.connect().cursor() as cursor:
        cursor.execute("SELECT COUNT(DISTINCT time_min), COUNT(*) FROM nda.epn_core")
        ((times, granules),) = cursor.fetchall()
    for name, count in (("availability", times), ("files", granules)):
        info = ask(base, "hapi/info", dataset=f"nda/{name}").json()
        span = {"start": info["startDate"], "stop": info["stopDate"]}
        lines = ask(base, "hapi/data", dataset=f"nda/{name}", **span).text.splitlines()
        assert len(lines) == count, name
        assert sorted({line.split(",")[0] for line in lines}) == [
            line.split(",")[0] for line in lines
        ]


@pytest.mark.parametrize("dataset", EVENTS)
def test_events_are_those_of_the_catalogue(base: str, scratch: PrivateDachs, dataset: str) -> None:
    service = EVENTS[dataset]
    group = "." if service == "hfc1t3" else f"^{dataset.removeprefix('tfcat_')}$"
    with scratch.cluster.connect().cursor() as cursor:
        cursor.execute(
            "SELECT granule_uid, spectral_range_min, spectral_range_max"
            f" FROM {service}.epn_core WHERE granule_gid ~ %s",
            [group],
        )
        known = {uid: limits for uid, *limits in cursor.fetchall()}
    info = ask(base, "hapi/info", dataset=dataset).json()
    span = {"dataset": dataset, "start": info["startDate"], "stop": info["stopDate"]}
    rows = read_csv(ask(base, "hapi/data", **span).text, info)
    assert {row[5]: [row[2], row[3]] for row in rows} == known
    assert len(rows) == len(known) > 1
    assert read_json(ask(base, "hapi/data", format="json", **span).text) == rows
    binary = read_binary(ask(base, "hapi/data", format="binary", **span).content, info)
    assert [each.decode() for each in binary["granule_uid"]] == [row[5] for row in rows]


def test_the_role_may_read_and_nothing_else(scratch: PrivateDachs) -> None:
    connect = make_connector(scratch.settings)
    index = EpnIndex(connect)
    span = (parse_time("2016-01-30Z"), parse_time("2016-01-31Z"))
    found = [each.uid for each in index.find("nda", {"granule_uid": "_cdf$"}, *span)]
    assert "J160131_cdf" in found
    connection = connect()
    for statement in (
        "CREATE TABLE public.x (a int)",
        "DELETE FROM nda.epn_core",
        "SELECT * FROM epnkit.ledger",
        "SET default_transaction_read_only = off; DELETE FROM nda.epn_core",
    ):
        with pytest.raises(psycopg2.Error), connection.cursor() as cursor:
            cursor.execute(statement)
    connection.close()


def test_a_service_that_is_not_imported_has_no_granules(scratch: PrivateDachs) -> None:
    index = EpnIndex(make_connector(scratch.settings))
    assert index.measure("bass2000", {}) is None
    assert index.find_newest("bass2000", {}, 3) == []
    assert list(index.find("bass2000", {}, 0, 2**60)) == []


def test_values_are_bound(scratch: PrivateDachs) -> None:
    index = EpnIndex(make_connector(scratch.settings))
    strange = "'; DROP TABLE nda.epn_core; --"
    assert index.measure("nda", {"granule_uid": strange}) is None
    assert index.measure("nda", {"granule_uid": "."}) is not None


def test_the_page_of_the_server_shows_a_picture(base: str) -> None:
    page = requests.get(f"{base}/", timeout=30)
    assert (page.status_code, page.url) == (200, f"{base}/hapi")
    assert "from hapiclient import hapi" in page.text
    assert all(f"<code>{name}</code>" in page.text for name in DATA_SETS)


def judge_description(document: str, records: str) -> None:
    """See that the document describes HAPI as pyvo and STILTS understand it."""
    (described,) = DatalinkResults.from_result_url(document).iter_procs()
    query = {each.name: each.value for each in described.input_params}
    assert query == {
        "dataset": "nda_routine_jup",
        "start": "2016-01-30T22:47:06Z",
        "stop": "2016-01-31T06:45:59Z",
        "format": "csv",
    }
    address = described.access_url
    answer = requests.get(address, params=query, timeout=60)
    assert answer.content == requests.get(records, timeout=60).content
    done = subprocess.run(
        ["stilts", "datalinklint", f"votable={document}"],
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert "FIXED parameter count 4 [dataset, start, stop, format]" in said, said
    assert not [line for line in said.splitlines() if line.startswith("E-SD")], said


def judge_registry_record(scratch: PrivateDachs, dachs: str, base: str) -> None:
    """See that the registry record of a table leads to its records, and is valid."""
    query = {"verb": "GetRecord", "metadataPrefix": "ivo_vor"}
    query["identifier"] = "ivo://epnkit.example/nda/q/epn_core"
    record = requests.get(f"{dachs}/oai.xml", params=query, timeout=60).content
    assert b"<relationshipType>IsSupplementedBy</relationshipType>" in record
    assert f"by HAPI, {base}/hapi</relatedResource>".encode() in record
    judge = (
        "import sys; from gavo.helpers import testtricks as t; print(t.getXSDErrors("
        "sys.stdin.buffer.read()) or 'valid')"
    )
    done = subprocess.run(
        [sys.executable, "-c", judge],
        input=record,
        env=scratch.environment,
        capture_output=True,
        check=False,
    )
    assert done.stdout.strip() == b"valid", (done.stdout, done.stderr[-500:])


def test_datalink_leads_to_the_records_of_a_granule(base: str, scratch: PrivateDachs) -> None:
    program = Path(sys.executable).with_name("epnkit")
    words = ["stream", "link", "--dachs", str(scratch.root)]
    done = subprocess.run([program, *words, base], capture_output=True, text=True, check=True)
    declared = sum(
        isinstance(each, DataSet)
        for name in SERVICES
        for each in read_service(scratch.inputs / name).streams
    )
    said = done.stdout.splitlines()
    assert said[0] == f"datalink leads to {declared} data sets at {base}"
    assert said[1].startswith("Now: dachs pub ALL")
    assert declared >= len(DATA_SETS)
    scratch.run("pub", "nda/q")
    with scratch.run_server() as dachs:
        document = f"{dachs}/nda/q/dl/dlmeta?ID="
        links = read_links(f"{document}J160131_cdf")
        found = {
            str(each["semantics"]): str(each["access_url"])
            for each in links
            if base in each["access_url"]
        }
        assert sorted(found) == ["#derivation", "#preview"]
        assert [each["semantics"] for each in links if each["service_def"]] == ["#proc"]
        records = requests.get(found["#derivation"], timeout=60).text.splitlines()
        assert (len(records), records[0][:24]) == (61, "2016-01-30T22:47:06.030Z")
        picture = requests.get(found["#preview"], timeout=60)
        assert picture.headers["Content-Type"] == "image/png"
        judge_description(f"{document}J160131_cdf", found["#derivation"])
        judge_registry_record(scratch, dachs, base)
        # The raw file is part of no data set.
        raw = read_links(f"{document}J160131_rt1")
        assert not [each for each in raw if base in each["access_url"]]
        subprocess.run([program, *words], check=True, capture_output=True)
        after = read_links(f"{document}J160131_cdf")
        assert not [each for each in after if base in each["access_url"]]


@pytest.mark.all
def test_hapiclient_reads_the_same_from_csv_binary_and_json(base: str) -> None:
    python = make_environment("hapiclient", "hapiclient==0.3.3")
    judge = ROOT / "tests" / "support" / "judges" / "with_hapiclient.py"
    done = subprocess.run(
        [python, "-W", "ignore", judge, f"{base}/hapi"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.splitlines()[-1].split()[0]) >= 150


@pytest.mark.all
def test_maser_reads_the_same_values(base: str, scratch: PrivateDachs) -> None:
    """Compare with maser-data, which knows the formats of Kronos, Wind and the NDA."""
    python = make_environment("maser", "maser-data==0.5.2")
    judge = ROOT / "tests" / "support" / "judges" / "with_maser.py"
    archive = scratch.root / "web" / "nv_static" / "replica"
    done = subprocess.run(
        [python, "-W", "ignore", judge, base, archive], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    compared = json.loads(done.stdout.splitlines()[-1])
    assert compared == {
        "cassini_kronos_n2": 60,
        "cassini_kronos_n3b": 60,
        "cassini_kronos_n3d": 60,
        "cassini_kronos_n3e": 60,
        "voyager1_pra_lowband": 240,
        "voyager2_pra_lowband": 240,
        "voyager1_pra_48s": 24,
        "expres_earth_aurorae": 24,
        "expres_earth_io_vipal": 24,
        "wind_waves_rad1_60s": 96,
        "nda_newroutine_sun": 61,
        "nda_routine_jup": 61,
        "nda_routine_sun": 61,
        "orfees": 40,
        "juno_waves_v02": 73,
    }


def fetch_das_verify() -> Path:
    """Fetch das2py's sources, of which its validator of headers is; its library is not built."""
    folder = JUDGES / "das2py"
    if not (folder / "scripts" / "das_verify").exists():
        with tempfile.TemporaryDirectory() as name:
            words = ["download", "-q", "--no-deps", "--no-binary", ":all:", "-d", name]
            subprocess.run([sys.executable, "-m", "pip", *words, "das2py==2.3.0"], check=True)
            (archive,) = Path(name).glob("*.tar.gz")
            subprocess.run(["tar", "xzf", archive, "-C", name], check=True)
            shutil.move(Path(name) / "das2py-2.3.0", folder)
    return folder


@pytest.mark.all
def test_das2_validates_every_stream(base: str, tmp_path: Path) -> None:
    folder = fetch_das_verify()
    stub = ROOT / "tests" / "support" / "judges"
    path = {"PYTHONPATH": f"{stub}{os.pathsep}{folder}"}
    for dataset in DATA_SETS:
        _, span = sample(base, dataset)
        query = {"dataset": f"{name_service(dataset)}/{dataset}"}
        times = {"start_time": span["start"], "end_time": span["stop"]}
        for number, more in enumerate(
            (
                {"server": "dataset", **times},
                {"server": "dataset", "resolution": "3600", **times},
                {"server": "dataset", "ascii": "1", **times},
                {"server": "dsdf"},
            )
        ):
            stream = tmp_path / f"{dataset}-{number}.d2s"
            stream.write_bytes(ask(base, "das/server", **query, **more).content)
            done = subprocess.run(
                [sys.executable, folder / "scripts" / "das_verify", stream],
                env={**os.environ, **path},
                capture_output=True,
                text=True,
                check=False,
            )
            assert "Stream validates as a das-basic-stream version 2.2" in done.stdout, (
                stream.name,
                done.stdout[-800:],
                done.stderr[-800:],
            )


def build_das2py() -> Path:
    """Build das2py with the library that it binds, which no registry has; give its Python.

    The sources of das2C are fetched unless they lie in the directory of environments already.
    """
    library = build_das2c()
    python = make_environment("das2py-built", "numpy<2", "lxml", "setuptools<81", "wheel")
    if subprocess.run([python, "-c", "import das2"], check=False).returncode != 0:
        show = [str(python), "-c", "import numpy; print(numpy.get_include())"]
        include = subprocess.run(show, capture_output=True, text=True, check=True).stdout.strip()
        places = {"DAS2C_LIBDIR": str(library), "DAS2C_INCDIR": str(library)}
        environment = {**os.environ, **places, "CFLAGS": f"-I{include}"}
        words = ["pip", "install", "-q", "--no-build-isolation", "das2py==2.3.0"]
        subprocess.run([python, "-m", *words], env=environment, check=True)
    return python


def build_das2c() -> Path:
    """Build the library of das2py; give the directory of its sources, where it is."""
    sources = fetch_sources("das2C", "https://github.com/das-developers/das2C", "--branch=v2.3.0")
    library = sources / "libdas2.3.a"
    if not library.exists():
        settings = ["-std=c99", "-O2", "-fPIC", "-w", "-I.", "-D_XOPEN_SOURCE=600"]
        words = ["cc", "-c", *settings, "-DWISDOM_FILE=/etc/fftw/wisdom"]
        words += [str(path) for path in (sources / "das2").glob("*.c") if path.stem != "spice"]
        subprocess.run(words, cwd=sources, check=True)
        made = map(str, sources.glob("*.o"))
        subprocess.run(["ar", "rc", str(library), *made], check=True)
    return sources


def fetch_sources(name: str, address: str, *more: str) -> Path:
    """Give the directory of a program that no registry has; it is fetched unless it is there."""
    sources = JUDGES / name
    if not sources.is_dir():
        words = ["git", "clone", "-q", "--depth=1", "--recurse-submodules", *more, address]
        if subprocess.run([*words, str(sources)], check=False).returncode != 0:
            pytest.fail(f"it is neither in {sources} nor can it be fetched from {address}")
    return sources


@pytest.mark.all
def test_das2py_reads_every_stream_as_hapi_has_it(base: str) -> None:
    # Its directory has what stands for the library where it is not built: not to be found here.
    judge = ROOT / "tests" / "support" / "judges" / "with_das2py.py"
    done = subprocess.run(
        [build_das2py(), "-P", judge, base], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1]).keys() == DATA_SETS.keys()


@pytest.mark.all
def test_the_verifier_of_hapi_finds_no_failure(base: str) -> None:
    address = "https://github.com/hapi-server/verifier-nodejs"
    folder = fetch_sources("hapi-verifier", address)
    if not (folder / "node_modules").is_dir():
        words = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=dev"]
        subprocess.run(words, cwd=folder, check=True)
    patience = ["--metatimeout", "60000", "--datatimeout", "60000"]
    words = ["node", "verify.js", "--url", f"{base}/hapi", "--output", "console", *patience]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    (counts,) = re.findall(r"Pass: (\d+); Warn: \d+; Fail: (\d+)", done.stdout)
    assert int(counts[1]) == 0, done.stdout[-3000:]
    assert int(counts[0]) > 5000
