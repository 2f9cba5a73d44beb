"""When records were made and became public."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.draft import propose
from epnkit.mapping.declare import evaluate

COUNT = 12


@pytest.mark.parametrize(
    ("name", "form", "column"),
    [
        ("createDate", "2001-02-{}T00:00:00", "creation_date"),
        ("product.created", "2001-02-{}T00:00:00Z", "creation_date"),
        ("product.published", "2001-02-{}", "release_date"),
        ("ReleaseDate", "02/{}/2001", "release_date"),
        ("release_date", "{}.02.2001", "release_date"),
    ],
)
def test_dates_of_records_are_read_in_any_order(name: str, form: str, column: str) -> None:
    days = [form.format(n + 13) for n in range(COUNT)]
    records = pl.DataFrame({"event_id": [f"e{n}" for n in range(COUNT)], name: days})
    proposal = propose(Sample("sql", records, COUNT), "x").of(column)
    assert proposal is not None
    assert evaluate(proposal.value.value, records).values[0] == dt.datetime(2001, 2, 13)


def test_a_date_of_which_the_order_is_unknown_is_left() -> None:
    days = [f"02/{n % 12 + 1:02}/2001" for n in range(COUNT)]
    records = pl.DataFrame({"event_id": [f"e{n}" for n in range(COUNT)], "ReleaseDate": days})
    assert propose(Sample("sql", records, COUNT), "x").of("release_date") is None
