"""HFC1AR from its catalogue to an indexed table: odbcGrammar with sunpy, and epnkit.

Usage: python -m benchmarks.hfc1ar [--rows 10000 100000] [--usual 10000]

The regions are synthetic, clean and on the disc, all of MDI's size: pgsphere takes no polygon of
the many points that the usual way makes of a contour in an image of HMI.  The usual way maps each
row in DaCHS's rowmaker and takes its contour to Carrington coordinates by sunpy, one at a time; it
is run on the sizes up to the one given, since it takes its time.  Both build the same indices but
for the one over footprints, which pgsphere builds in a time that grows with the square of the
vertices: it is timed on a sample of both tables, and with the index class of ``extension/`` on all
of epnkit's.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.conftest import throw_away_dachs
from tests.support.index_class import build_library, write_script

from benchmarks.rd import head
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.loading.request import Request
from epnkit.replicas import database
from epnkit.replicas.sources import ReplicaSources, load_replica

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "resources" / "hfc1ar"

#: Footprints that are indexed to time it.
_SAMPLE = 150

_USUAL = (
    head("usual")
    + """\
  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="body"
      optional_columns="thumbnail_url feature_name target_region">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#times"/>
    <index columns="c1min,c1max"/>
    <index columns="c2min,c2max"/>
  </table>
  <data id="import">
    <sources pattern="driver.txt"/>
    <odbcGrammar><query>{query}</query></odbcGrammar>
    <make table="epn_core"><rowmaker idmaps="*">
      <apply name="contour">
        <setup><code>
          import sys
          sys.path.insert(0, "{root}")
          import numpy
          from benchmarks.regions import by_hand
          from epnkit.regions.contours.chaincode import decode
          from gavo.utils import pgsphere
        </code></setup>
        <code>
          pixels = decode(@CC, int(@CC_X_PIX), int(@CC_Y_PIX))[:-1]
          centred = pixels - numpy.array([@CENTER_X, @CENTER_Y])
          ring = by_hand(centred, @CDELT1, @DATE_OBS)
          @s_region = pgsphere.SPoly.fromDALI([float(v) for v in ring.ravel()])
          low, high = ring.min(0), ring.max(0)
          @c1min, @c2min = [float(v) for v in low]
          @c1max, @c2max = [float(v) for v in high]
          stamp = @DATE_OBS[:19].replace("-", "").replace(":", "").replace("T", "_")
          @uid = "ar_%s_%s_%s"%(stamp, @CC_X_PIX, @CC_Y_PIX)
        </code>
      </apply>
      <apply procDef="//epntap2#populate-2_0">
        <bind name="granule_uid">@uid</bind>
        <bind name="granule_gid">"active_region"</bind>
        <bind name="obs_id">@uid</bind>
        <bind name="dataproduct_type">"ci"</bind>
        <bind name="target_name">"Sun"</bind>
        <bind name="target_class">"star"</bind>
        <bind name="time_min">dateTimeToJdn(parseISODT(@DATE_OBS))</bind>
        <bind name="time_max">dateTimeToJdn(parseISODT(@DATE_END))</bind>
        <bind name="c1min">@c1min</bind><bind name="c1max">@c1max</bind>
        <bind name="c2min">@c2min</bind><bind name="c2max">@c2max</bind>
        <bind name="s_region">@s_region</bind>
        <bind name="instrument_host_name">@OBSERVAT</bind>
        <bind name="instrument_name">@INSTRUME</bind>
        <bind name="measurement_type">"phys.magField"</bind>
        <bind name="processing_level">5</bind>
        <bind name="creation_date">parseISODT(@DATE_OBS)</bind>
        <bind name="modification_date">parseISODT(@DATE_OBS)</bind>
        <bind name="release_date">parseISODT(@DATE_OBS)</bind>
        <bind name="service_title">"usual"</bind>
      </apply>
      <map key="thumbnail_url">@URL</map>
      <map key="feature_name">"active region"</map>
      <map key="target_region">"solar-active-regions"</map>
    </rowmaker></make>
  </data>
</resource>
"""
)

_QUERY = """
SELECT a.CC_X_PIX, a.CC_Y_PIX, a.CC, o.DATE_OBS, o.DATE_END, o.CENTER_X, o.CENTER_Y, o.CDELT1,
       o.URL, y.OBSERVAT, y.INSTRUME
FROM ACTIVEREGIONS a JOIN OBSERVATIONS o ON o.ID_OBSERVATIONS = a.OBSERVATIONS_ID
JOIN OBSERVATORY y ON y.ID_OBSERVATORY = o.OBSERVATORY_ID
"""


def main() -> None:
    """Run each size and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--usual", type=int, default=10_000)
    asked = parser.parse_args()
    os.environ["NUMBA_CACHE_DIR"] = str(ROOT / "var" / "cache" / "numba")
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"HFC1AR, catalogue to table; {machine}; {datetime.now(UTC):%Y-%m-%d}", flush=True)
    for rows in asked.rows:
        with throw_away_dachs() as dachs:
            dachs.root.parent.chmod(0o755)  # sunpy asks whether it may write where it may
            database = fill(dachs, rows)
            ours = run_import(dachs, "hfc1ar")
            print(f"{rows:,} regions: epnkit {ours:.1f} s, {stages(dachs)}", flush=True)
            two = run_import(dachs, "hfc1ar", jobs=2)
            print(f"  in two processes {two:.1f} s, {stages(dachs)}", flush=True)
            index = build_index(dachs, "hfc1ar")
            install_index_class(dachs)
            linear = build_index(dachs, "hfc1ar", rows, "epnkit_spoly")
            print(
                f"  index over footprints, epnkit's class {linear * 1e6:.0f} µs a row", flush=True
            )
            if rows <= asked.usual:
                lay_usual(dachs, database)
                usual = run_import(dachs, "usual")
                by_hand = build_index(dachs, "usual")
                print(
                    f"  odbcGrammar with sunpy {usual:.1f} s: {usual / ours:.0f} times as long,"
                    f" {usual / two:.0f} times that of two processes"
                )
                indexed = usual + rows * by_hand
                print(
                    f"  index over footprints, a row: usual {by_hand * 1000:.0f} ms, epnkit"
                    f" {index * 1000:.1f} ms; with it {indexed / (ours + rows * index):.0f} times"
                    f" as long, with epnkit's class {indexed / (ours + rows * linear):.0f}"
                )


def fill(dachs: PrivateDachs, rows: int) -> Path:
    """Fill the catalogue with so many regions; give its file."""
    with ReplicaSources(dachs, ROOT) as sources:
        sources.fill(FOLDER)
    make: Any = load_replica(FOLDER / "replica" / "make.py")
    make._HMI = make._MDI
    make._IMAGES = -(-rows // make._REGIONS_AN_IMAGE)
    tables = make.tables()
    tables["ACTIVEREGIONS"] = tables["ACTIVEREGIONS"][:rows]
    tables["NOAA_AR"] = []
    path = dachs.root / "sources" / "hfc1ar.sqlite"
    schema = database.read_schema(make.SCHEMA)
    database.fill(f"sqlite:///{path}", schema, tables)
    dachs.account.create_owned(dachs.root / "sources")
    inputs.install(dachs, FOLDER)
    rd = dachs.inputs / "hfc1ar" / "q.rd"
    limits = '<index columns="c1min,c1max"/><index columns="c2min,c2max"/>'
    rd.write_text(rd.read_text().replace('<FEED source="epnkit/q#place"/>', limits))
    return path


def lay_usual(dachs: PrivateDachs, database: Path) -> None:
    """Lay the service that is made by hand."""
    folder = dachs.inputs / "usual"
    folder.mkdir()
    (folder / "q.rd").write_text(_USUAL.format(query=_QUERY, root=ROOT))
    (folder / "driver.txt").write_text(f"Driver=SQLite3;Database={database};StepAPI=1")
    settings = dachs.root / "home" / "sunpy"
    settings.mkdir()
    dachs.account.create_owned(dachs.inputs, settings)


def run_import(dachs: PrivateDachs, name: str, jobs: int = 1) -> float:
    """Import a service from nothing; give the seconds."""
    dachs.run("drop", f"{name}/q", check=False)
    settings = {"SUNPY_CONFIGDIR": str(dachs.root / "home" / "sunpy")}
    start = time.monotonic()
    dachs.run("imp", f"{name}/q", environment=settings | Request(jobs=jobs).to_environment())
    return time.monotonic() - start


def install_index_class(dachs: PrivateDachs) -> None:
    """Build the index class, and create it in the database."""
    script = write_script(build_library(dachs.root / "extension"))
    with dachs.cluster.connect() as link, link.cursor() as cursor:
        cursor.execute(script)


def build_index(
    dachs: PrivateDachs, name: str, rows: int = _SAMPLE, index_class: str = "spoly"
) -> float:
    """Build an index over so many footprints; give the seconds a row."""
    link = dachs.cluster.connect()
    link.autocommit = True
    with link.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE sample AS SELECT s_region FROM {name}.epn_core"
            f" ORDER BY granule_uid LIMIT {rows}"
        )
        start = time.monotonic()
        cursor.execute(f"CREATE INDEX ON sample USING GIST (s_region {index_class})")
        seconds = time.monotonic() - start
    link.close()
    return seconds / rows


def stages(dachs: PrivateDachs) -> str:
    """Tell the time by stage, and what became of the records."""
    with dachs.cluster.connect() as link, link.cursor() as cursor:
        cursor.execute("SELECT seconds, read, loaded FROM epnkit.runs ORDER BY run DESC LIMIT 1")
        seconds, read, loaded = cursor.fetchone() or ({}, 0, 0)
    parts = ", ".join(f"{name} {value:.1f}" for name, value in seconds.items())
    return f"stages {parts}; {read:,} read, {loaded:,} loaded"


if __name__ == "__main__":
    main()
