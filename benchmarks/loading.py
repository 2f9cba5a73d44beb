"""Loading: odbcGrammar, our bulk load and psql's copy of the same rows, in one run.

Usage: python benchmarks/loading.py [--rows 200000]

A catalogue of one table in SQLite becomes an EPN-TAP table of 60 columns on a throw-away DaCHS.
odbcGrammar maps each row in DaCHS's rowmaker; ours reads through the same ODBC driver, judges each
row by the rules and copies.  psql copies rows that are ready: nothing can be faster.  At the end
is timed what is left if a load read, mapped and checked in no time: DaCHS's import of a hundred
rows, and the copy of both tables as PostgreSQL itself writes them, with their indices.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.rd import head
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs

ROOT = Path(__file__).resolve().parent.parent

_RD = (
    head("{name}")
    + """\
  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="body" optional_columns="access_url access_format access_estsize
      thumbnail_url file_name datalink_url feature_name target_region">//epntap2#table-2_0</mixin>
    <index columns="time_min,time_max"/>
  </table>
  <data id="import" updating="True">
    <sources pattern="{source}"/>
    {grammar}
  </data>
</resource>
"""
)

_USUAL = """
    <odbcGrammar query="SELECT * FROM obs"/>
    <make table="epn_core"><rowmaker idmaps="*">
      <apply procDef="//epntap2#populate-2_0">
        <bind name="granule_uid">"obs_%s"%@id</bind>
        <bind name="granule_gid">"image"</bind>
        <bind name="obs_id">"obs_%s"%@id</bind>
        <bind name="dataproduct_type">"im"</bind>
        <bind name="target_name">"Sun"</bind>
        <bind name="target_class">"star"</bind>
        <bind name="time_min">dateTimeToJdn(parseTimestamp(@date_obs, "%Y-%m-%dT%H:%M:%S"))</bind>
        <bind name="time_max">dateTimeToJdn(parseTimestamp(@date_end, "%Y-%m-%dT%H:%M:%S"))</bind>
        <bind name="spectral_range_min">299792458/(float(@wave)*1e-9)</bind>
        <bind name="spectral_range_max">299792458/(float(@wave)*1e-9)</bind>
        <bind name="c1min">@lon</bind><bind name="c1max">@lon+1</bind>
        <bind name="c2min">@lat</bind><bind name="c2max">@lat+1</bind>
        <bind name="instrument_host_name">@host</bind>
        <bind name="instrument_name">@instrument</bind>
        <bind name="measurement_type">"phot.radiance;em.opt"</bind>
        <bind name="processing_level">3</bind>
        <bind name="creation_date">parseTimestamp(@date_obs, "%Y-%m-%dT%H:%M:%S")</bind>
        <bind name="modification_date">parseTimestamp(@date_obs, "%Y-%m-%dT%H:%M:%S")</bind>
        <bind name="release_date">parseTimestamp(@date_obs, "%Y-%m-%dT%H:%M:%S")</bind>
        <bind name="service_title">"usual"</bind>
      </apply>
      <map key="access_url">@url</map>
      <map key="access_format">"application/fits"</map>
      <map key="access_estsize">@size</map>
      <map key="thumbnail_url">@url.replace(".fits", ".png")</map>
      <map key="file_name">@file</map>
      <map key="datalink_url">None</map>
      <map key="feature_name">None</map>
      <map key="target_region">None</map>
    </rowmaker></make>
"""

_OURS = """
    <customGrammar module="../grammars/sql"/>
    <make table="epn_core"/>
"""

_SERVICE = """
import polars as pl

from epnkit.mapping.declare import Mapping, compute
from epnkit.mapping.spectral import hertz
from epnkit.mapping.times import julian_date
from epnkit.service import Service

uid = pl.format("obs_{}", "id")
service = Service(
    name="ours", frame="body", key=("id",),
    mapping=Mapping({
        "granule_uid": uid, "granule_gid": "image", "obs_id": uid,
        "dataproduct_type": "im", "target_name": "Sun", "target_class": "star",
        "time_min": compute(julian_date, "date_obs"), "time_max": compute(julian_date, "date_end"),
        "spectral_range_min": compute(hertz, "wave", unit="nm"),
        "spectral_range_max": compute(hertz, "wave", unit="nm"),
        "c1min": pl.col("lon"), "c1max": pl.col("lon") + 1,
        "c2min": pl.col("lat"), "c2max": pl.col("lat") + 1,
        "instrument_host_name": pl.col("host"), "instrument_name": pl.col("instrument"),
        "measurement_type": "phot.radiance;em.opt", "processing_level": 3,
        "access_url": pl.col("url"), "access_format": "application/fits",
        "access_estsize": pl.col("size"),
        "thumbnail_url": pl.col("url").str.replace(".fits", ".png", literal=True),
        "file_name": pl.col("file"),
    }),
)
"""


def catalogue(path: Path, rows: int) -> None:
    """Fill the catalogue that both ways read."""
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "CREATE TABLE obs (id INTEGER PRIMARY KEY, date_obs TEXT, date_end TEXT, wave REAL,"
            " lon REAL, lat REAL, host TEXT, instrument TEXT, url TEXT, size INTEGER, file TEXT)"
        )
        database.executemany(
            "INSERT INTO obs VALUES (?,?,?,?,?,?,?,?,?,?,?)", (_row(n) for n in range(1, rows + 1))
        )
        database.commit()


def _row(number: int) -> tuple[object, ...]:
    moment = f"20{number % 20:02d}-{number % 12 + 1:02d}-{number % 28 + 1:02d}T{number % 24:02d}"
    name = f"im{number:08d}.fits"
    return (
        number,
        f"{moment}:00:00",
        f"{moment}:30:00",
        393.37 + number % 3,
        number % 350 + 0.25,
        number % 80 - 40.5,
        "Meudon",
        "Spectroheliograph",
        f"https://example.org/data/{name}",
        4000 + number % 100,
        name,
    )


def lay(dachs: PrivateDachs, name: str, database: Path) -> None:
    """Lay a service: the usual way, ours, or the usual way for a hundred rows."""
    folder = dachs.inputs / name
    folder.mkdir(parents=True)
    source, grammar = ("source.toml", _OURS) if name == "ours" else ("driver.txt", _USUAL)
    if name == "hundred":
        grammar = grammar.replace("SELECT * FROM obs", "SELECT * FROM obs LIMIT 100")
    (folder / "q.rd").write_text(_RD.format(name=name, source=source, grammar=grammar))
    odbc = f"Driver=SQLite3;Database={database};StepAPI=1"
    (folder / "driver.txt").write_text(odbc)
    (folder / "service.py").write_text(_SERVICE)
    query = 'kind = "sql"\nconnection = "ours"\nquery = "SELECT * FROM obs"\n'
    (folder / "source.toml").write_text(query)
    credential = dachs.root / "credentials" / "ours"
    credential.write_text(odbc)
    credential.chmod(0o600)
    dachs.account.create_owned(dachs.inputs, credential.parent)


def measure_time(dachs: PrivateDachs, name: str) -> float:
    """Import a service and give the seconds."""
    start = time.monotonic()
    dachs.run("imp", f"{name}/q")
    return time.monotonic() - start


def run_psql(dachs: PrivateDachs, command: str) -> float:
    """Run a statement by psql and give the seconds."""
    place = ["-h", str(dachs.cluster.socket_directory), "-U", "dachsroot", "gavo"]
    start = time.monotonic()
    subprocess.run(["psql", "-X", "-q", *place, "-c", command], check=True)
    return time.monotonic() - start


def copy_rows(dachs: PrivateDachs, directory: Path) -> float:
    """Time psql's copy of the ready rows into an equal table without indices."""
    file = directory / "ready.csv"
    run_psql(dachs, f"\\copy ours.epn_core TO '{file}' CSV")
    run_psql(dachs, "CREATE TABLE public.ready (LIKE ours.epn_core)")
    return run_psql(dachs, f"\\copy public.ready FROM '{file}' CSV")


def copy_tables(dachs: PrivateDachs, directory: Path) -> float:
    """Time the quickest copy of all that a load writes: both tables in binary, then the indices."""
    seconds = 0.0
    for table in ("ours.epn_core", "epnkit.granules_ours"):
        file, copy = directory / table, f"public.{table.partition('.')[2]}_copy"
        columns, indices = describe_table(dachs, table)
        run_psql(dachs, f"\\copy {table} ({columns}) TO '{file}' BINARY")
        run_psql(dachs, f"CREATE TABLE {copy} AS SELECT {columns} FROM {table} WITH NO DATA")
        seconds += run_psql(dachs, f"\\copy {copy} FROM '{file}' BINARY")
        for index in indices:
            unnamed = re.sub(r"INDEX \S+ ON \S+", f"INDEX ON {copy}", index)
            seconds += run_psql(dachs, unnamed)
    return seconds


def describe_table(dachs: PrivateDachs, table: str) -> tuple[str, list[str]]:
    """Give the columns of a table that can be copied in binary, and what makes its indices."""
    with closing(dachs.cluster.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute, pg_type t"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND t.oid = atttypid AND typsend <> 0",
            (table,),
        )
        (columns,) = cursor.fetchone() or ("",)
        cursor.execute(
            "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %s::regclass",
            (table,),
        )
        return columns, [definition for (definition,) in cursor]


def main() -> None:
    """Run all three and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    rows = parser.parse_args().rows
    os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / "var" / "cache" / "numba"))
    directory = Path(tempfile.mkdtemp(prefix="epnkit-"))
    dachs = PrivateDachs(directory / "d", durable=False)
    try:
        dachs.start()
        inputs.install(dachs, ROOT / "resources" / "hfc1ar")
        database = dachs.root / "obs.sqlite"
        catalogue(database, rows)
        dachs.account.create_owned(dachs.inputs)
        for name in ("usual", "ours", "hundred"):
            lay(dachs, name, database)
        database.chmod(0o644)
        usual, ours = measure_time(dachs, "usual"), measure_time(dachs, "ours")
        again = measure_time(dachs, "ours")
        hundred = measure_time(dachs, "hundred")
        ready, tables = copy_rows(dachs, directory), copy_tables(dachs, directory)
    finally:
        dachs.stop()
        shutil.rmtree(directory, ignore_errors=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{rows:,} granules of 60 columns; {machine}; {datetime.now(UTC):%Y-%m-%d}")
    print(f"odbcGrammar, dachs imp whole       {usual:7.1f} s   {rows / usual:8,.0f} rows/s")
    print(
        f"epnkit, first load, dachs imp whole{ours:7.1f} s   {rows / ours:8,.0f} rows/s"
        f"   {usual / ours:.1f} times"
    )
    print(f"epnkit, all read again, unchanged  {again:7.1f} s")
    print(f"psql \\copy of ready rows, no index {ready:7.1f} s   (the limit)")
    print("What no first load leaves out:")
    print(f"odbcGrammar, 100 rows, dachs imp   {hundred:7.1f} s   (DaCHS's own time)")
    print(f"psql \\copy in binary, two tables  {tables:7.1f} s   (with their indices)")


if __name__ == "__main__":
    main()
