"""Dates and times of day in two fields, in the forms of other countries."""

from __future__ import annotations

import polars as pl
import pytest

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.draft import propose
from epnkit.mapping.declare import evaluate

DAYS = range(13, 28)


def first_time(**columns: list[str]) -> tuple[float, float]:
    """Return the first start that is proposed, and how sure it is."""
    ids = [f"e{n}" for n in DAYS]
    records = pl.DataFrame({"event_id": ids, **columns})
    start = propose(Sample("sql", records, len(ids)), "x").of("time_min")
    assert start is not None
    return evaluate(start.value.value, records).values[0], start.confidence


@pytest.mark.parametrize(
    ("names", "form", "clock", "julian"),
    [
        (("Datum", "Uhrzeit_UT"), "{}.02.2017", "18:42:17,36", 2457798.2793675927),
        (("obs_date", "obs_time"), "{}/02/2017", "18:42", 2457798.279166667),
        (("obs_date", "time_ut"), "02/{}/2017", "6:00:00", 2457797.75),
        (("date", "time_ut"), "2017-02-{}", "18:42:17,36", 2457798.2793675927),
    ],
)
def test_a_time_of_day_completes_a_date_in_any_order(
    names: tuple[str, str], form: str, clock: str, julian: float
) -> None:
    day, time = names
    columns = {day: [form.format(n) for n in DAYS], time: [clock] * len(DAYS)}
    made, confidence = first_time(**columns)
    assert made == pytest.approx(julian, abs=1e-8)
    assert confidence >= 0.85


def test_a_day_is_unsure_where_several_times_of_day_may_be_its_own() -> None:
    columns = {"obs_date": [f"{n}.02.2017" for n in DAYS]}
    clocks = {name: ["18:42:17"] * len(DAYS) for name in ("rise", "transit")}
    assert first_time(**columns, **clocks)[1] < 0.5


def test_a_field_with_the_time_of_day_comes_before_one_with_the_day() -> None:
    fine = [f"2017-02-{n}T18:00:00" for n in DAYS]
    half = len(fine) // 2
    columns = {
        "DATE-OBS": [fine[0][:10], *fine[1:half], *[""] * (len(fine) - half)],
        "DATE_OBS": [fine[0], *[""] * (half - 1), *fine[half:]],
    }
    assert first_time(**columns)[0] == 2457798.25
