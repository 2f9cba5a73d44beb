"""When records were made and became public."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from epnkit.drafts.inspect.sample import Declared, Sample
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
        ("ingestedOn", "2001-02-{}", "creation_date"),
        ("registered", "2001-02-{}T00:00:00", "creation_date"),
        ("db_entry", "2001-02-{}", "creation_date"),
        ("saisie_le", "{}/02/2001", "creation_date"),
        ("archived", "2001-02-{}", "creation_date"),
        ("lastrev", "2001-02-{}T00:00:00", "modification_date"),
        ("_meta.lastTouched", "2001-02-{}T00:00:00Z", "modification_date"),
        ("lastEdit", "2001-02-{}", "modification_date"),
        ("refreshed", "2001-02-{}", "modification_date"),
        ("db_update", "2001-02-{}", "modification_date"),
        ("corrige_le", "{}/02/2001", "modification_date"),
        ("_meta.openFrom", "2001-02-{}", "release_date"),
        ("frozenUntil", "2001-02-{}", "release_date"),
        ("psa_public", "2001-02-{}", "release_date"),
        ("pds_date", "2001-02-{}", "release_date"),
    ],
)
def test_dates_of_records_are_read_in_any_order(name: str, form: str, column: str) -> None:
    days = [form.format(n + 13) for n in range(COUNT)]
    records = pl.DataFrame({"event_id": [f"e{n}" for n in range(COUNT)], name: days})
    proposal = propose(Sample("sql", records, COUNT), "x").of(column)
    assert proposal is not None
    assert evaluate(proposal.value.value, records).values[0] == dt.datetime(2001, 2, 13)


def test_what_was_changed_was_made_before() -> None:
    days = [f"2001-02-{n + 13}" for n in range(COUNT)]
    records = pl.DataFrame({"event_id": [f"e{n}" for n in range(COUNT)], "lastrev": days})
    created = propose(Sample("sql", records, COUNT), "x").of("creation_date")
    assert created is not None
    assert created.fields == ("lastrev",)
    assert created.confidence < 0.8


def test_headers_and_ucds_say_when_too() -> None:
    days = [f"2001-02-{n + 13}T00:00:00" for n in range(COUNT)]
    names = [f"{n}.fits" for n in range(COUNT)]
    of_file = {"path": names, "file_name": names, "modified": days}
    records = pl.DataFrame({**of_file, "NAXIS": [2] * COUNT, "DATE": days, "out": days})
    draft = propose(Sample("files", records, COUNT, Declared(ucds={"out": "time.release"})), "x")
    found = {name: draft.of(name) for name in ("creation_date", "release_date")}
    fields = {name: each.fields for name, each in found.items() if each is not None}
    assert fields == {"creation_date": ("DATE",), "release_date": ("out",)}
    assert draft.of("modification_date") is None  # of the file, and of no record


def test_a_date_of_which_the_order_is_unknown_is_left() -> None:
    days = [f"02/{n % 12 + 1:02}/2001" for n in range(COUNT)]
    records = pl.DataFrame({"event_id": [f"e{n}" for n in range(COUNT)], "ReleaseDate": days})
    assert propose(Sample("sql", records, COUNT), "x").of("release_date") is None
