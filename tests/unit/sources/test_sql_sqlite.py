"""SQL sources over SQLite, by ODBC and by SQLAlchemy: the same records either way."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from epnkit.errors import ConfigurationError, SourceError
from epnkit.loading.parallel.windows import divide
from epnkit.sources import open_source
from epnkit.sources.base import (
    UNORDERED,
    UNREADABLE,
    Divisible,
    Order,
    Reconcilable,
    Source,
    Window,
)
from epnkit.sources.config.credentials import Secret, read_credential
from epnkit.sources.sql.columns import NO_OVERRIDES, read_query_schema
from epnkit.sources.sql.connect import open_session
from epnkit.sources.sql.pages import RowReader
from epnkit.sources.sql.reading import QueryReader
from epnkit.sources.sql.source import SqlSettings, SqlSource
from epnkit.sources.sql.statements import NO_CONDITION
from epnkit.sources.transport.paging import Checkpoint, Segment

ROWS = [
    (
        number,
        f"2020-01-01T00:00:{number % 5:02d}" if number % 7 else None,
        number if number % 2 else number + 0.5,
        number if number % 3 else "many",
        "Nançay",
        "Nançay".encode("latin-1"),
        None,
    )
    for number in range(25)
]

Make = Callable[..., Source]


@pytest.fixture(params=["Driver=SQLite3;Database={};PWD=canary-7", "sqlite:///{}"])
def make(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    database = tmp_path / "observations.db"
    with closing(sqlite3.connect(database)) as link, link:
        link.execute(
            "CREATE TABLE obs (id INTEGER PRIMARY KEY, T TIMESTAMP, x REAL, mixed INTEGER, s TEXT,"
            " b BLOB, empty VARCHAR(3))"
        )
        link.executemany("INSERT INTO obs VALUES (?, ?, ?, ?, ?, ?, ?)", ROWS)
    link.close()
    credential = tmp_path / "observations"
    credential.write_text(request.param.format(database), encoding="utf-8")
    credential.chmod(0o600)
    monkeypatch.setenv("EPNKIT_CREDENTIALS", str(tmp_path))

    def source(
        query: str = "SELECT * FROM obs;", more: str = "", order: Order = UNORDERED
    ) -> Source:
        path = tmp_path / "source.toml"
        path.write_text(
            'kind = "sql"\nconnection = "observations"\nkey = ["id"]\n'
            f'query = """{query}"""\n{more}',
            encoding="utf-8",
        )
        return open_source(path, order)

    return source


@pytest.mark.parametrize("make", ["Driver=SQLite3;Database={}"], indirect=True)
@pytest.mark.parametrize(
    ("columns", "longest", "most"), [(1, 100, 25_000), (40, 1, 10_000), (1, 600, 10_000)]
)
def test_batches_of_few_columns_and_short_texts_have_more_records(
    make: Make, tmp_path: Path, columns: int, longest: int, most: int
) -> None:
    names = [f"s{number}" for number in range(columns)]
    with closing(sqlite3.connect(tmp_path / "observations.db")) as link, link:
        link.execute(f"CREATE TABLE many (id INTEGER PRIMARY KEY, {' TEXT, '.join(names)} TEXT)")
        rows = ([number, "x" * longest, *[""] * (columns - 1)] for number in range(26_000))
        link.executemany(f"INSERT INTO many VALUES (?{', ?' * columns})", rows)
    source = make("SELECT * FROM many", order=Order(key=("id",)))
    sizes = [len(batch) for batch in source.batches()]
    assert sum(sizes) == 26_000
    # A block of ODBC has 16 MB at most, so that batches of many columns have somewhat fewer.
    assert most * 0.75 < max(sizes) <= most


def test_each_column_has_one_type_in_every_batch(make: Make) -> None:
    source = make()
    assert source.schema() == {
        "id": "Int64",
        "t": "String",
        "x": "Float64",
        "mixed": "String",
        "s": "String",
        "b": "Binary",
        "empty": "String",
    }
    assert len({tuple(batch.schema.items()) for batch in source.batches(size=4)}) == 1


def test_the_values_are_those_of_the_database(make: Make) -> None:
    read = pl.concat(make().batches(size=7))
    assert read.select("id", "t", "s", "b", "empty").rows() == [
        (row[0], row[1], *row[4:]) for row in ROWS
    ]
    assert read["mixed"].to_list() == [str(row[3]) for row in ROWS]
    assert read["x"].to_list() == [float(row[2]) for row in ROWS]


def test_a_number_that_the_query_computes_keeps_all_its_digits(make: Make) -> None:
    # The ODBC driver takes such a column for a text, and writes texts with 15 digits.
    (batch,) = make("SELECT id, (id + 0.5) / 3.0 AS third FROM obs").batches()
    assert batch["third"].to_list() == [(number + 0.5) / 3.0 for number in range(25)]


def test_whole_numbers_of_more_than_32_bits_arrive(make: Make) -> None:
    # Milliseconds since 1970, which the ODBC driver would cut off.
    query = "SELECT id, 1650340533000 + id AS ms, id * 1000000000 AS n FROM obs"
    for order in (Order(None, ("id",)), UNORDERED):
        read = pl.concat(make(query, order=order).batches(size=7)).sort("id")
        assert read["ms"].to_list() == [1650340533000 + number for number in range(25)]
        assert read["n"].to_list() == [number * 1_000_000_000 for number in range(25)]


def test_a_window_holds_its_ends_as_reported_and_the_records_without_a_cursor(make: Make) -> None:
    source = make(order=Order("t"))
    cases: list[tuple[Window, set[int | None]]] = [
        (Window(low="2020-01-01T00:00:02", high="2020-01-01T00:00:04"), {2, 3, None}),
        (Window(low="2020-01-01T00:00:02", low_closed=False, nulls=False), {3, 4}),
        (Window(high="2020-01-01T00:00:01", high_closed=True, nulls=False), {0, 1}),
    ]
    for window, expected in cases:
        held = [
            row[0] for row in ROWS if (None if row[1] is None else int(row[1][-2:])) in expected
        ]
        read = [key for batch in source.batches(window, 3) for key in batch["id"]]
        assert sorted(read) == held
        assert source.count(window) == len(held)


def test_records_are_ordered_by_cursor_and_key_and_come_last_without_cursor(make: Make) -> None:
    read = [
        row
        for batch in make(order=Order("t")).batches(size=4)
        for row in batch.select("t", "id").rows()
    ]
    expected = sorted((row[1] is None, row[1] or "", row[0]) for row in ROWS)
    assert [(t is None, t or "", key) for t, key in read] == expected


def test_the_count_is_the_database_s(make: Make) -> None:
    assert make().count() == len(ROWS)


def test_a_declared_encoding_makes_binaries_texts(make: Make) -> None:
    source = make(more='[encodings]\nb = "latin-1"\n')
    assert set(pl.concat(source.batches())["b"]) == {"Nançay"}


def test_a_declared_type_wins(make: Make) -> None:
    source = make(more='[types]\nt = "datetime"\n')
    times = pl.concat(source.batches())["t"]
    assert times.dtype == pl.Datetime("us")
    assert times.null_count() == sum(row[1] is None for row in ROWS)


def test_a_value_that_does_not_fit_a_declared_type_costs_itself(make: Make) -> None:
    plain = pl.concat(make().batches())
    found = pl.concat(make(more='[types]\nmixed = "integer"\n').batches(), how="diagonal")
    lost = found[UNREADABLE].is_not_null()
    assert 0 < lost.sum() < found.height
    assert found["mixed"].is_null().to_list() == (lost | plain["mixed"].is_null()).to_list()
    for text in found[UNREADABLE].drop_nulls():
        assert re.fullmatch(r"mixed: .* is not of type Int64", text)
    assert found.drop(UNREADABLE, "mixed").equals(plain.drop("mixed"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT * FROM nowhere", "a table that does not exist"),
        ("SELECT nothing_such FROM obs", "a column that does not exist"),
        ("SELECT * FROM obs WHERE (", "does not understand"),
    ],
)
def test_a_wrong_query_is_reported_in_one_line_without_the_password(
    make: Make, query: str, expected: str
) -> None:
    with pytest.raises(SourceError, match=expected) as caught:
        make(query).count()
    assert "canary" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_cursor_that_the_query_does_not_give_is_reported(make: Make) -> None:
    with pytest.raises(SourceError, match="no column 'run_date'"):
        make(order=Order("run_date")).count(Window(low="2020"))


def test_a_window_without_a_cursor_is_refused(make: Make) -> None:
    with pytest.raises(SourceError, match="needs a cursor"):
        make().count(Window(low="2020"))


def test_colons_and_percents_in_a_query_stay(make: Make) -> None:
    source = make("SELECT id, ' :30 %s ?' AS s FROM obs", order=Order("id"))
    assert set(pl.concat(source.batches(Window(low=3)))["s"]) == {" :30 %s ?"}


@pytest.mark.parametrize("name", ["seen?", "at :utc", "a `b` ?", "it's ?"])
def test_a_name_with_signs_of_placeholders_is_a_name(make: Make, name: str) -> None:
    source = make(f'SELECT id, x AS "{name}" FROM obs', order=Order(cursor=name))
    window = Window(low=5, high=9, nulls=False)
    assert source.count(window) == 4
    assert [row["id"] for batch in source.batches(window) for row in batch.to_dicts()] == [
        5,
        6,
        7,
        8,
    ]


def test_a_cursor_may_be_named_place_and_windows_are_cut_by_it(make: Make) -> None:
    source = make("SELECT id, 100 - id AS place FROM obs", order=Order(cursor="place"))
    assert isinstance(source, Divisible)
    assert source.cut_points(Window(), 10) == [85, 95]


@pytest.mark.parametrize(
    "cursor",
    [
        # Milliseconds since 1970, some of which fit into 32 bits.
        "CASE WHEN id < 10 THEN 1000 * (id + 1) ELSE 1700000000000 + id END",
        "1700000000000 + id",
        # A float, of which texts sort otherwise.
        "(id - 12) / 7.0",
    ],
)
@pytest.mark.parametrize("stored", [True, False])
def test_windows_are_cut_in_the_order_of_numbers_that_are_selected_as_texts(
    make: Make, tmp_path: Path, cursor: str, stored: bool
) -> None:
    if stored:
        with closing(sqlite3.connect(tmp_path / "observations.db")) as link, link:
            link.execute("CREATE TABLE numbers (id INTEGER, n INTEGER)")
            link.execute(f"INSERT INTO numbers SELECT id, {cursor} FROM obs")
    query = "SELECT * FROM numbers" if stored else f"SELECT id, {cursor} AS n FROM obs"
    source = make(query, order=Order("n"))
    assert isinstance(source, Divisible)
    values = pl.concat(source.batches()).sort("id")["n"].to_list()
    cuts = source.cut_points(Window(), 8)
    assert cuts == [values[7], values[15], values[23]]
    parts = [list(source.batches(window)) for window in divide(Window(), cuts)]
    assert [sum(map(len, batches)) for batches in parts] == [7, 8, 8, 2]


@pytest.mark.usefixtures("make")
def test_reading_continues_after_a_number_that_is_selected_as_a_text() -> None:
    query = "SELECT 1700000000000 + id AS ms, id FROM obs"
    with open_session(read_credential("observations"), 60) as session:
        schema = read_query_schema(session, query, NO_OVERRIDES, "obs")
        reader, rows = QueryReader(schema, True, "obs"), RowReader(session, schema.columns)
        segments = [Segment(NO_CONDITION, schema.columns)]
        first, checkpoint = next(reader.read(rows, segments, Checkpoint(), 10))
        rest = [batch for batch, _ in reader.read(rows, segments, checkpoint, 10)]
    # SQLite takes any text for greater than a number.
    assert pl.concat([first, *rest])["id"].to_list() == list(range(25))


def test_a_key_or_cursor_that_the_query_lacks_is_reported_with_the_source(make: Make) -> None:
    with pytest.raises(SourceError, match=r"observations.*the query has no column 'when'"):
        make(order=Order("when")).count(Window(low=3))


def test_a_flag_without_a_word_is_unreadable(make: Make) -> None:
    source = make(
        "SELECT id, CASE id WHEN 1 THEN '' WHEN 2 THEN 'no' ELSE 'yes' END AS flag FROM obs"
        " WHERE id BETWEEN 1 AND 3",
        '[types]\nflag = "boolean"',
    )
    read = pl.concat(source.batches())
    assert read["flag"].to_list() == [None, False, True]
    assert read[UNREADABLE].to_list() == ["flag:  is not of type Boolean", None, None]


def test_an_unknown_key_in_the_source_file_is_reported_with_its_line(make: Make) -> None:
    with pytest.raises(ConfigurationError, match=r"source\.toml:5: 'pages' is wrong"):
        make(more="pages = 3\n")
    with pytest.raises(ConfigurationError, match=r"'atempts' is wrong.*Did you mean 'attempts'\?"):
        make(more="atempts = 3\n")


@pytest.mark.parametrize(
    ("more", "cure"),
    [
        ("attempts = 0\n", "Write 1 or more"),
        ('attempts = "many"\n', "Write it as a whole number"),
        ('[types]\nt = "moment"\n', "Take one of integer, float"),
        ('[types]\nt = "list of integer"\n', "Take one of integer, float"),
    ],
)
def test_what_is_wrong_in_the_source_file_is_reported_with_a_cure(
    make: Make, more: str, cure: str
) -> None:
    with pytest.raises(ConfigurationError, match=cure):
        make(more=more)


def test_an_end_of_another_type_than_the_cursor_is_reported(make: Make) -> None:
    with pytest.raises(SourceError, match="cannot be compared with column 'T'"):
        make(order=Order("t")).count(Window(low=3))


@pytest.mark.parametrize("key", [("x",), ("id", "x")])
def test_a_key_that_the_database_writes_otherwise_is_not_compared(
    make: Make, key: tuple[str, ...]
) -> None:
    source = make(order=Order(None, key))
    assert isinstance(source, Reconcilable)
    with pytest.raises(SourceError, match="cannot be compared with the table") as caught:
        source.keys(None, None)
    assert "'x' is Float64" in str(caught.value)
    with pytest.raises(SourceError, match="cannot be compared with the table"):
        source.digests([])
    with pytest.raises(SourceError, match="cannot be compared with the table"):
        list(source.fetch(["1.0"]))


def test_a_key_of_whole_numbers_and_texts_is_compared(make: Make) -> None:
    source = make(order=Order(None, ("id", "s")))
    assert isinstance(source, Reconcilable)
    assert "3|Nançay" in source.keys(None, None)["record_key"].to_list()


class OtherDialect(SQLiteDialect_pysqlite):
    """SQLite, under the name of a database that epnkit does not know."""

    name = "other"
    supports_statement_cache = True


@pytest.mark.parametrize(
    ("url", "key", "cure"),
    [
        ("sqlite://", (), r'they have no key.*service\.py, key=\("id",\)'),
        ("other://", ("id",), "other is not supported.*epnkit load SERVICE --full"),
    ],
)
def test_the_cure_of_records_that_cannot_be_compared_is_that_of_the_fault(
    url: str, key: tuple[str, ...], cure: str
) -> None:
    registry.register("other", __name__, "OtherDialect")
    settings = SqlSettings("SELECT 1 AS id", Order(None, key))
    with pytest.raises(SourceError, match=cure):
        SqlSource(Secret("numbers", url), settings).keys(None, None)


def test_ends_written_as_texts_are_compared_as_numbers(make: Make) -> None:
    source = make(order=Order("id", ("id",)))
    window = Window("9", "20", nulls=False)
    assert source.count(window) == 11
    assert pl.concat(source.batches(window))["id"].to_list() == list(range(9, 20))
    with pytest.raises(SourceError, match="'2024-02-01' cannot be compared with column 'id'"):
        source.count(Window("2024-02-01"))


def test_texts_in_another_encoding_are_reported_with_what_to_declare(make: Make) -> None:
    read = pl.concat(make("SELECT id, CAST(b AS TEXT) AS s FROM obs").batches())
    assert read["s"].null_count() == len(ROWS)
    assert set(read[UNREADABLE]) == {
        "s: Nan?ay is no text in its encoding (see `encoding` in the source file)"
    }


def test_the_encoding_that_the_cure_names_is_one(make: Make) -> None:
    query = "SELECT id, CAST(b AS TEXT) AS s, s AS t FROM obs"
    source = make(query, 'encoding = "latin-1"')
    read = pl.concat(source.batches())
    assert set(read["s"]) == {"Nançay"}
    assert set(read["t"]) == {"Nançay".encode().decode("latin-1")}


def test_a_text_with_a_nul_comes_whole_or_is_reported(make: Make) -> None:
    source = make("SELECT id, s, s || char(0) || 'x' AS n FROM obs")
    assert isinstance(source, SqlSource)
    if "Driver" in source.label:
        with pytest.raises(SourceError, match=r"a NUL in it, in n: .* truncate it there.* URL"):
            list(source.batches())
    else:
        read = pl.concat(source.batches())
        assert set(read["n"]) == {"Nançay\0x"}
        assert set(read["s"]) == {"Nançay"}


def test_wide_records_come_in_few_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block has room for hundreds of them only, and each batch costs its mapping."""
    names = [f"t{number}" for number in range(12)]
    with closing(sqlite3.connect(tmp_path / "wide.db")) as link, link:
        columns = ", ".join(f"{name} TEXT" for name in names)
        link.execute(f"CREATE TABLE wide (id INTEGER PRIMARY KEY, {columns})")
        marks = ", ".join("?" for _ in names)
        rows = [(number, *map(str, range(12))) for number in range(4000)]
        link.executemany(f"INSERT INTO wide VALUES (?, {marks})", rows)
    link.close()
    credential = tmp_path / "wide"
    credential.write_text(f"Driver=SQLite3;Database={tmp_path / 'wide.db'}", encoding="utf-8")
    credential.chmod(0o600)
    monkeypatch.setenv("EPNKIT_CREDENTIALS", str(tmp_path))
    path = tmp_path / "source.toml"
    path.write_text(
        'kind = "sql"\nconnection = "wide"\nkey = ["id"]\nquery = "SELECT * FROM wide"\n',
        encoding="utf-8",
    )
    batches = list(open_source(path).batches(size=2000))
    assert pl.concat(batches)["id"].to_list() == list(range(4000))
    assert max(map(len, batches)) <= 2000
    assert len(batches) <= 4


def test_a_text_that_is_not_utf8_costs_its_value_and_nothing_else(
    make: Make, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "observations.db")) as link, link:
        # "Kanzelhöhe" in Latin-1, as old programs wrote it into a database of UTF-8.
        link.execute("UPDATE obs SET s = CAST(x'4b616e7a656c68f66865' AS TEXT) WHERE id = 3")
    link.close()
    read = pl.concat(make(order=Order(None, ("id",))).batches(), how="diagonal")
    wrong = read.filter(pl.col("id") == 3)
    assert wrong["s"].to_list() == [None]
    assert wrong[UNREADABLE].item().startswith("s: Kanzelh?he is no text in its encoding")
    assert read.filter(pl.col("id") != 3)["s"].unique().to_list() == ["Nançay"]
    assert read[UNREADABLE].is_not_null().sum() == 1
    declared = pl.concat(make(more='encoding = "latin-1"').batches(), how="diagonal")
    assert declared.filter(pl.col("id") == 3)["s"].to_list() == ["Kanzelhöhe"]


def test_all_figures_of_a_number_are_read(tmp_path: Path) -> None:
    """SQLite's ODBC driver writes 15 figures of what a column declared as a number holds."""
    numbers = [2456783.797326388, 0.12345678901234566, 1 / 3, -(2.0**63), 5e-324, None]
    path = tmp_path / "figures.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a REAL, b DOUBLE, c, d NUMERIC)")
        rows = [(number, *[value] * 4) for number, value in enumerate(numbers)]
        database.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows)
    for text in (f"Driver=SQLite3;Database={path}", f"sqlite:///{path}"):
        source = SqlSource(Secret("t", text), SqlSettings("SELECT * FROM t", Order(None, ("id",))))
        found = pl.concat(source.batches())
        assert [found[name].to_list() for name in "abcd"] == [numbers] * 4
