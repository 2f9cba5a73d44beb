"""Granules copied in other forms: what the table gets is what PostgreSQL reads from text."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from psycopg2 import sql

from epnkit.dachs.cluster import Cluster
from epnkit.dachs.pgsphere import create_pgsphere
from epnkit.errors import LoadError
from epnkit.loading.prepare.columns import TRACKING_COLUMNS
from epnkit.loading.table import copying, shared_values
from epnkit.loading.table import target as target_module
from epnkit.loading.table.binary_rows import encode_rows
from epnkit.loading.table.target import BatchEncoder, Target
from epnkit.loading.table.validated_polygons import (
    SAMPLES,
    choose_encoder,
    install_polygon_functions,
)

#: MOCs of which granules have one each.
MOCS = ("0/1 3 1/8 21", "3/81 84-85", "4/321 333 2/1")

_TABLES = """
    CREATE SCHEMA s;
    CREATE TABLE s.epn_core (granule_uid text, coverage smoc, s_region spoly);
    CREATE TABLE epnkit.granules_s (granule_uid text, epnkit_key text, epnkit_digest bigint,
        epnkit_links text, epnkit_content uuid);
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Run a PostgreSQL with pgsphere, the functions for polygons."""
    with tempfile.TemporaryDirectory(prefix="epnkit-") as directory:
        cluster = Cluster(Path(directory) / "p", durable=False)
        cluster.start()
        try:
            with closing(cluster.connect(autocommit=False)) as opened:
                create_pgsphere(opened)
                opened.autocommit = True
                with opened.cursor() as cursor:
                    cursor.execute("CREATE ROLE gavoadmin")
                    install_polygon_functions(opened)
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture
def target(cluster: Cluster) -> Iterator[Target]:
    """Give a new table, in a transaction that is rolled back."""
    with closing(cluster.connect(autocommit=False)) as opened:
        with opened.cursor() as cursor:
            cursor.execute(_TABLES)
        columns = ("granule_uid", "coverage", "s_region")
        yield Target(opened, "s", "epn_core", columns, validated_columns=("s_region",))


def _make(count: int, coverages: list[str | None], regions: list[str | None]) -> pl.DataFrame:
    numbers = range(count)
    made = pl.DataFrame(
        {
            "granule_uid": [f"u{number}" for number in numbers],
            "coverage": [coverages[number % len(coverages)] for number in numbers],
            "s_region": [regions[number % len(regions)] for number in numbers],
        },
        schema={"granule_uid": pl.String, "coverage": pl.String, "s_region": pl.String},
    )
    zero = "00000000-0000-0000-0000-000000000000"
    values = {"text": pl.lit(""), "bigint": pl.lit(0), "uuid": pl.lit(zero)}
    return made.with_columns(values[kind].alias(n) for n, kind in TRACKING_COLUMNS.items())


@pytest.mark.parametrize(
    ("coverages", "regions"),
    [
        ([*MOCS, None], [*SAMPLES, None]),
        ([*MOCS, None], [None]),
        ([None], [None]),
        ([f"5/{number}" for number in range(100)], [*SAMPLES]),
        (
            [f"5/{number}" for number in range(100)],
            [f"{{({n}d,1d),({n + 1}d,1d),({n}d,2d)}}" for n in range(100)],
        ),
    ],
)
@pytest.mark.parametrize("validated", [True, False])
@pytest.mark.parametrize("few", [100, 2])
def test_the_table_gets_the_values_of_the_text_in_their_order(
    target: Target,
    coverages: list[str | None],
    regions: list[str | None],
    validated: bool,
    few: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared_values, "_FEW", few)
    if not validated:
        target = replace(target, validated_columns=())
    granules = _make(100, coverages, regions)
    for some in (granules[:60], granules[60:]):  # the second finds the tables of the first
        target.copy_direct(some)
    found = target.query("SELECT granule_uid, coverage::text, s_region::text FROM s.epn_core")
    written = granules.select("granule_uid", "coverage", "s_region").rows()
    read = [target.query("SELECT %s, %s::smoc::text, %s::spoly::text", row)[0] for row in written]
    assert found == read


def test_of_shared_values_the_bad_one_costs_its_own_granules_only(target: Target) -> None:
    granules = _make(40, [*MOCS, "3/nothing"], [None])
    copied, refused = target.copy_accepted(granules, direct=True)
    assert copied == 30
    assert [number for number, _ in refused] == [*range(3, 40, 4)]
    assert all("MOC" in reason for _, reason in refused), refused
    (count,) = target.query("SELECT count(*) FROM s.epn_core WHERE coverage IS NULL")[0]
    assert count == 0


def test_more_batches_take_no_more_locks(target: Target) -> None:
    counts: list[int] = []
    for _ in range(4):
        target.copy_accepted(_make(40, [*MOCS], [*SAMPLES[:2]]), direct=True)
        counts += target.query("SELECT count(*) FROM pg_locks WHERE locktype = 'relation'")[0]
    assert len({*counts[1:]}) == 1, counts


def test_more_batches_take_no_more_files(target: Target) -> None:
    files: list[object] = []
    for _ in range(4):
        target.copy_accepted(_make(40, [*MOCS], [*SAMPLES[:2]]), direct=True)
        files += target.query(
            "SELECT array_agg(pg_relation_filenode(oid) ORDER BY oid) FROM pg_class"
            " WHERE relnamespace = pg_my_temp_schema()"
        )
    assert len({str(numbers) for numbers in files}) == 1, files


#: A question of each kind that pgsphere answers about a MOC, and a MOC that it makes.
_ASKED = """
    SELECT {moc} && '4/321'::smoc, {moc} @> '5/1284'::smoc, {moc} <@ '0/0-11'::smoc,
        {moc} = {moc}, {moc} @> spoint '(40d,10d)', ({moc} | '6/7')::text,
        ({moc} & '0/1')::text, smoc_degrade(3, {moc})::text, smoc_info({moc})
    FROM s.epn_core ORDER BY granule_uid
"""


@pytest.mark.parametrize("few", [100, 2])
def test_shared_values_are_compressed_and_answer_as_before(
    target: Target, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_values, "_FEW", few)
    discs = [("4", "60", "33"), ("3", "40", "20"), ("4", "55", "-41"), ("4", "30", "5")]
    made = "SELECT smoc_disc(%s, radians(%s), radians(%s), radians(40))::text"
    mocs: list[str | None] = [target.query(made, disc)[0][0] for disc in discs]
    ring = ",".join(f"({100 + n / 4}d,{10 + n % 2 / 9}d)" for n in range(120))
    regions: list[str | None] = [f"{{{ring},(115d,40d)}}", SAMPLES[0]]
    assert target.copy_accepted(_make(40, mocs, regions), direct=True) == (40, [])
    sizes = target.query(
        "SELECT pg_column_compression(coverage), pg_column_size(coverage),"
        " pg_column_size(coverage::text::smoc) FROM s.epn_core"
    )
    assert {method is not None and 2 * stored < whole for method, stored, whole in sizes} == {True}
    answers = target.query(_ASKED, moc=sql.SQL("coverage"))
    assert answers == target.query(_ASKED, moc=sql.SQL("coverage::text::smoc"))
    target.execute("CREATE INDEX ON s.epn_core USING gin (coverage); SET enable_seqscan = off")
    found = target.query("SELECT granule_uid FROM s.epn_core WHERE coverage && '4/321'::smoc")
    assert len(found) == sum(overlaps for overlaps, *_ in answers)
    polygons = target.query(
        "SELECT s_region = s_region::text::spoly, s_region && s_region::text::spoly FROM s.epn_core"
    )
    assert {*polygons} == {(True, True)}


@pytest.mark.parametrize(("order", "count"), [("9", 4), ("5", 1100)])
def test_long_values_and_many_are_shared_as_they_are(
    target: Target, order: str, count: int
) -> None:
    disc = "smoc_disc(%s, radians(n * 0.3), 0.1, radians(40))::text"
    made = f"SELECT {disc} FROM generate_series(1, %s) n"
    mocs: list[str | None] = [moc for (moc,) in target.query(made, (order, count))]
    assert target.copy_accepted(_make(4 * count, mocs, [None]), direct=True) == (4 * count, [])
    methods = target.query("SELECT DISTINCT pg_column_compression(coverage) FROM s.epn_core")
    assert methods == [(None,)]
    found = target.query("SELECT granule_uid, coverage::text FROM s.epn_core")
    assert {*found} == {(f"u{number}", mocs[number % count]) for number in range(4 * count)}


def test_each_column_of_each_batch_is_compressed_or_not(target: Target) -> None:
    """As its values are, whatever another column, or the batch before, has."""
    long, short = (
        target.query("SELECT smoc_disc(%s, 0.3, 0.1, radians(40))::text", (order,))[0][0]
        for order in ("9", "4")
    )
    ring = ",".join(f"({100 + n / 4}d,{10 + n % 2 / 9}d)" for n in range(120))
    polygon = f"{{{ring},(115d,40d)}}"
    for moc in (short, long, short):
        target.execute("TRUNCATE s.epn_core, epnkit.granules_s")
        assert target.copy_accepted(_make(8, [moc], [polygon]), direct=True) == (8, [])
        found = target.query(
            "SELECT DISTINCT pg_column_compression(coverage), pg_column_compression(s_region)"
            " FROM s.epn_core"
        )
        assert found == [("pglz" if moc == short else None, "pglz")]


def test_granules_share_values_of_an_array_too(target: Target) -> None:
    target.execute("ALTER TABLE s.epn_core ADD COLUMN pair real[]")
    target = replace(target, columns=(*target.columns, "pair"))
    pairs = ["{1,2}", "{3,4,5,6,7,8,9,10,11,12}", None, "{}"] * 10
    granules = _make(40, [MOCS[0]], [None]).with_columns(pl.Series("pair", pairs))
    assert target.copy_accepted(granules, direct=True) == (40, [])
    found = target.query("SELECT pair::text FROM s.epn_core")
    assert [pair for (pair,) in found] == pairs


def test_a_batch_that_is_halved_is_copied_once(target: Target) -> None:
    granules = _make(40, [*MOCS[:2], "3/nothing", MOCS[2]], [*SAMPLES[:2]])
    for _ in range(2):
        copied, refused = target.copy_accepted(granules, direct=True)
        assert (copied, len(refused)) == (30, 10)
    (count,) = target.query("SELECT count(*) FROM s.epn_core")[0]
    assert count == 60


#: Values of each type of PostgreSQL that have a binary form, and those that odd texts are made of.
VALUES: dict[str, pl.Series] = {
    "text": pl.Series(["", "\\N", "NULL", 'a "quoted" \n\t\r line', "é ☉", "x" * 70_000, None]),
    "character varying(5)": pl.Series(["", "a,b", "éé", None]),
    "character(3)": pl.Series(["", "ab", None]),
    "double precision": pl.Series(
        [0.1, -0.0, 5e-324, 1.7976931348623157e308, math.nan, math.inf, -math.inf, None]
    ),
    "real": pl.Series(
        [0.1, 1 + 2**-24, 1.17549435e-38, 1e-45, 3.4028234e38, math.nan, math.inf, 0.0, None]
    ),
    "smallint": pl.Series([-32768, 32767, 0, None]),
    "integer": pl.Series([-(2**31), 2**31 - 1, 0, None]),
    "bigint": pl.Series([-(2**63), 2**63 - 1, 0, None]),
    "boolean": pl.Series([True, False, None]),
    "date": pl.Series([date(1, 1, 1), date(1999, 12, 31), date(9999, 12, 31), None]),
    "timestamp without time zone": pl.Series(
        [datetime(1, 1, 1), datetime(1999, 12, 31, 23, 59, 59, 999_999), datetime(2026, 2, 3), None]
    ),
    "bytea": pl.Series([b"", b"\x00\\xff'", None]),
    "uuid": pl.Series(["00" * 16, "0123456789abcdef" * 2, None]),
}

#: Values that no column of a type takes, which PostgreSQL refuses with a reason of its own.
REFUSED: dict[str, pl.Series] = {
    "text": pl.Series(["a NUL \x00 in it"]),
    "character varying(5)": pl.Series(["longer than it may be"]),
    "real": pl.Series([1e300, -1e39, 1e-300, 1e-46]),
    "smallint": pl.Series([32768]),
    "integer": pl.Series([2**31, -(2**40)]),
    "bigint": pl.Series([2**63], dtype=pl.UInt64),
    "integer[]": pl.Series(["{1,x}"]),
    "date": pl.Series([2_932_897, -719_163], dtype=pl.Int32).cast(pl.Date),
    "timestamp without time zone": pl.Series([253_402_300_800_000_000, -(2**62)]).cast(
        pl.Datetime("us")
    ),
    "uuid": pl.Series(["0123", "not a uuid"]),
}


def _make_table(target: Target, kind: str) -> Target:
    """Let the table have one column of a type, ``value``."""
    target.execute("ALTER TABLE s.epn_core ADD value {kind}", kind=sql.SQL(kind))
    return replace(target, columns=(*target.columns, "value"))


def _with_values(values: pl.Series) -> pl.DataFrame:
    return _make(len(values), [None], [None]).with_columns(values.alias("value"))


def _read_values(target: Target) -> list[tuple[str, str | None]]:
    return target.query("SELECT granule_uid, value::text FROM s.epn_core ORDER BY granule_uid")


def _copy_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (copying, target_module):
        monkeypatch.setattr(module, "encode_rows", lambda *_: None)


@pytest.mark.parametrize("kind", VALUES)
def test_the_binary_format_gives_the_values_of_the_text(
    target: Target, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = _make_table(target, kind)
    granules = _with_values(VALUES[kind])
    assert encode_rows(granules.select("value"), {"value": target.kinds["value"]}) is not None
    target.copy_direct(granules)
    found = _read_values(target)
    assert len(found) == len(granules)
    target.execute("TRUNCATE s.epn_core, epnkit.granules_s")
    _copy_as_text(monkeypatch)
    target.copy_direct(granules)
    assert found == _read_values(target)


@pytest.mark.parametrize("kind", REFUSED)
def test_postgresql_refuses_what_is_beyond_a_type_either_way(
    target: Target, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = _make_table(target, kind)
    bad = REFUSED[kind]
    granules = _with_values(pl.concat([bad.clear(3), bad, bad.clear(2)]))
    copied, refused = target.copy_accepted(granules, direct=True)
    assert (copied, [number for number, _ in refused]) == (5, [*range(3, 3 + len(bad))])
    assert _read_values(target) == [(uid, None) for uid, _ in _read_values(target)]
    target.execute("TRUNCATE s.epn_core, epnkit.granules_s")
    _copy_as_text(monkeypatch)
    assert target.copy_accepted(granules, direct=True) == (copied, refused)


def test_a_number_of_single_precision_keeps_its_digits(target: Target) -> None:
    target = _make_table(target, "double precision")
    values = pl.Series([0.1, math.nan, -math.inf, 1e-45, None], dtype=pl.Float32)
    target.copy_direct(_with_values(values))
    expected = ["0.1", "NaN", "-Infinity", "1e-45", None]
    assert [value for _, value in _read_values(target)] == expected


def test_a_batch_that_is_encoded_before_is_copied_as_one_that_is_not(target: Target) -> None:
    granules = _make(40, [*MOCS, "3/nothing", *(f"5/{n}" for n in range(20))], [*SAMPLES, None])
    encoder = choose_encoder(target, granules.columns)
    assert encoder is not None
    encoded = encoder.encode(granules)
    assert encoded is not None
    assert encoded.validated == target.validated_columns
    first = target.copy_accepted(granules, direct=True, encoded=encoded)
    found = target.query("SELECT t::text FROM s.epn_core t ORDER BY granule_uid")
    assert first[0] == len(found) == 38
    target.execute("TRUNCATE s.epn_core, epnkit.granules_s")
    assert target.copy_accepted(granules, direct=True) == first
    assert target.query("SELECT t::text FROM s.epn_core t ORDER BY granule_uid") == found


def test_a_column_that_the_table_lacks_is_told_by_its_name(target: Target) -> None:
    granules = _make(2, [None], [None]).with_columns(pl.lit(1).alias("unheard_of"))
    assert BatchEncoder(target.kinds, ()).encode(granules) is None
    with pytest.raises(LoadError, match="the table has no column unheard_of"):
        target.copy_accepted(granules, direct=True)


def test_a_number_for_a_column_of_another_type_is_converted_by_postgresql(target: Target) -> None:
    """A text for a number, a number for a text: rows that have no binary form are text."""
    target.execute("ALTER TABLE s.epn_core ADD number integer, ADD code text, ADD sizes integer[]")
    target = replace(target, columns=(*target.columns, "number", "code", "sizes"))
    made = _make(1, [None], [None])
    target.copy_direct(
        made.with_columns(number=pl.lit("12"), code=pl.lit(7), sizes=pl.lit("{1,2}"))
    )
    assert target.query("SELECT number, code, sizes FROM s.epn_core") == [(12, "7", [1, 2])]
