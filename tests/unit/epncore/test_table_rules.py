"""Rules that only all rows of a table together decide."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from epnkit.epncore import rules
from epnkit.epncore.rulebook import RULES

Table = Callable[..., pl.DataFrame]


def _second(**changes: object) -> dict[str, object]:
    return {"granule_uid": "second", "obs_id": "second", **changes}


def test_different_granules_are_kept(table: Table) -> None:
    assert rules.check_table(table({}, _second())).is_empty()


def test_repeated_granule_uid_is_found_in_each_row(table: Table) -> None:
    found = rules.check_table(table({}, {"obs_id": "other"}, _second()))
    assert found.select("row", "rule").rows() == [(0, 30), (1, 30)]


def test_two_files_of_an_observation_need_two_groups(table: Table) -> None:
    same = table({}, {"granule_uid": "second"})
    assert set(rules.check_table(same)["rule"]) == {35}
    other = table({}, {"granule_uid": "second", "granule_gid": "preview"})
    assert rules.check_table(other).is_empty()


def test_items_of_a_catalogue_may_share_observation_and_group(table: Table) -> None:
    items = table({"dataproduct_type": "ci"}, {"dataproduct_type": "ci", "granule_uid": "second"})
    assert rules.check_table(items).is_empty()


def test_internal_references_lead_to_granules(table: Table) -> None:
    first = table({})["granule_uid"][0]
    assert rules.check_table(table({}, _second(internal_reference=first))).is_empty()
    astray = rules.check_table(table({}, _second(internal_reference=f"{first}#third")))
    assert astray.select("row", "rule").rows() == [(1, 104)]


def test_every_rule_on_tables_is_covered_here() -> None:
    assert {r.number for r in RULES.values() if "table" in r.judged_by} == {30, 35, 104}
