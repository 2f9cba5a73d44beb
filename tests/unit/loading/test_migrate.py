"""New columns: the table is asked once what it has, and changed only where something is missing."""

from __future__ import annotations

from typing import Any, Self

from psycopg2 import sql

from epnkit.loading.table.add_columns import add_columns


class Noted:
    """A connection to a table with two columns, which notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def cursor(self) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End nothing."""

    def execute(self, query: str | sql.Composed, values: object = ()) -> None:
        self.asked.append(query)

    def fetchall(self) -> list[tuple[str]]:
        return [("granule_uid",), ("time_min",)]


def test_a_table_with_all_columns_is_asked_once_and_left_alone() -> None:
    own: Any = Noted()
    assert add_columns(own, "sun", "epn_core", {"granule_uid": "text", "time_min": "float8"}) == []
    assert len(own.asked) == 1


def test_all_that_is_missing_is_added_by_one_statement() -> None:
    own: Any = Noted()
    declared = {"granule_uid": "text", "filter": "text", "frequency": "float8"}
    assert add_columns(own, "sun", "epn_core", declared) == ["filter", "frequency"]
    changes = [query for query in own.asked if isinstance(query, sql.Composed)]
    assert len(changes) == 1
