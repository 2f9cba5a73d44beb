"""Documents as archives answer: lists of objects, identifiers beside ``_id``, dates and clocks."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.draft_judge import judge_draft, of_documents

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.draft import propose

COUNT = 28


def documents(kind: str = "mongodb", **fields: Any) -> Sample:
    """Make documents; ``{n}`` in a text is the number of the document."""
    return of_documents(
        [
            {
                "_id": f"5f{n:022x}",
                "started": f"2012-04-{n + 1:02}T14:05:00",
                **{k: v.format(n=n) if isinstance(v, str) else v for k, v in fields.items()},
            }
            for n in range(COUNT)
        ],
        kind,
    )


@pytest.mark.parametrize("name", ["psa_id", "product_id", "missionProductLabelId", "name"])
def test_a_product_s_own_identifier_comes_before_that_of_the_store(name: str) -> None:
    found = documents(**{name: "PSA{n}"})
    assert judge_draft(found, "x", {"granule_uid": "PSA0"}).wrong == []
    assert propose(found, "x").key == ("_id",)


def test_names_in_lists_of_objects_are_read() -> None:
    found = documents(
        instruments=[{"displayName": "SOHO: LASCO/C2"}, {"displayName": "STEREO A: SECCHI/COR2"}]
    )
    expected = {"instrument_name": "LASCO/C2#SECCHI/COR2", "instrument_host_name": "SOHO#STEREO A"}
    assert judge_draft(found, "x", expected).wrong == []


@pytest.mark.parametrize(
    "value", [[{"id": 7, "name": "OMEGA"}], '{{"name": "OMEGA"}}', '[{{"name": "OMEGA"}}]']
)
def test_the_name_of_an_object_is_read(value: Any) -> None:
    found = documents(instruments=value, spacecraft=[{"title": "Mars Express"}])
    expected = {"instrument_name": "OMEGA", "instrument_host_name": "Mars Express"}
    assert judge_draft(found, "x", expected).wrong == []


@pytest.mark.parametrize(
    ("day", "clock"),
    [
        ({"yyyymmdd": "20120401"}, {"hhmmss": "140509"}),
        ({"jour": "2012-04-01"}, {"heure_tu": "14:05:09"}),
        ({"night": "2012-04-01"}, {"ut": "14:05:09"}),
        ({"Date": "2012-04-01"}, {"Time_UT": "14:05:09"}),
        ({"obs_date": "2012-04-01"}, {"start_ut": "14:05:09"}),
    ],
)
def test_a_date_and_a_time_of_day_go_together(day: dict[str, str], clock: dict[str, str]) -> None:
    rows = [{"flare_id": f"f{n}", **day, **clock} for n in range(COUNT)]
    found = of_documents(rows, "sql")
    assert judge_draft(found, "x", {"time_min": 2456019.0869097223}).wrong == []


def test_begin_and_end_in_figures_are_times_of_day() -> None:
    rows = [
        {"event": n, "date": "2012/04/01", "begin": "1405", "max": "1412", "end": "1435"}
        for n in range(COUNT)
    ]
    expected = {"time_min": 2456019.0868055555, "time_max": 2456019.107638889}
    assert judge_draft(of_documents(rows, "sql"), "x", expected).wrong == []


def test_parts_of_a_time_may_be_single_letters() -> None:
    rows = [{"noaa": n, "y": 2012, "mo": 4, "d": 1, "h": 8, "mi": 2, "s": 0} for n in range(COUNT)]
    expected = {"time_min": 2456018.8347222223}
    assert judge_draft(of_documents(rows, "sql"), "x", expected).wrong == []
