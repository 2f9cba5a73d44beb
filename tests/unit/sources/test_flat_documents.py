"""Nested documents are taken apart, and no field takes the place of another."""

from __future__ import annotations

from epnkit.sources.base import UNREADABLE
from epnkit.sources.values.documents import flatten_document


def test_a_nested_field_has_the_names_on_the_way_to_it() -> None:
    document = {"a": {"b": {"c": 1}, "d": [1, 2]}, "e": {}, "f.g": 3}
    assert flatten_document(document) == {"a.b.c": 1, "a.d": [1, 2], "e": {}, "f.g": 3}


def test_two_fields_of_one_name_have_no_value() -> None:
    document = {"a.b": 1, "a": {"b": 2, "c": 3}, "d": {"e": {"f": 1}, "e.f": 2}}
    found = dict(flatten_document(document))
    assert found.pop(UNREADABLE) == (
        "d.e.f: two fields have this name; a.b: two fields have this name"
    )
    assert found == {"a.b": None, "a.c": 3, "d.e.f": None}
