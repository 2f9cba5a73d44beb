"""Whatever a record says, it is read or refused, and the load goes on.

Digits of other scripts are no numbers, though regular expressions and Python take them for such.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import json
import pkgutil
import re
from collections.abc import Callable, Iterator
from typing import Any

import polars as pl
import pytest

import epnkit.errors
import epnkit.mapping
from epnkit.epncore import rules
from epnkit.mapping import (
    compact_time,
    disc_position,
    duration_seconds,
    julian_date,
    sexagesimal,
    utc_time,
    written_outline,
)
from epnkit.mapping.polygons import are_polygons

#: In Arabic script, full width, and a superscript.
OTHERS = "\u0667\uff17\u00b2"

#: As they are written in code.
HOSTILE = (OTHERS[0], "", "9" * 25, "-", "1e400", "\\x00", "\U0001f600")

#: What an example raises if the name of a field, or some JSON in it, is changed.
OF_CHANGED_NAMES = (
    epnkit.errors.EpnkitError,
    LookupError,
    TypeError,
    json.JSONDecodeError,
    pl.exceptions.ColumnNotFoundError,
)

#: What reads texts with numbers, and a text that it reads.
READERS: dict[str, tuple[Callable[[pl.Series], Any], str]] = {
    "julian_date": (julian_date, "2014-05-06T07:08:09.5"),
    "a zone": (julian_date, "2014-05-06T09:08:09+02:00"),
    "the name of a month": (julian_date, "11-DEC-96 07:08"),
    "a day of the year": (julian_date, "2007:124:21:08:12"),
    "JSOC": (julian_date, "2014.05.06_07:08:44_TAI"),
    "utc_time": (utc_time, "2014-05-06 07:08:09"),
    # It takes no notice of what follows the time.
    "compact_time": (compact_time, "2014-05-06"),
    "duration_seconds": (duration_seconds, "P1DT3M12.5S"),
    "sexagesimal": (sexagesimal, "-10:30:00.5"),
    "disc_position": (lambda given: disc_position(given)["c1min"], "N15E30"),
    "STC-S": (are_polygons, "Polygon ICRS 1 0 2 0 2 1"),
    "pgsphere": (are_polygons, "{(1d,0d),(2d,0d),(2d,1d)}"),
    "WKT": (lambda given: written_outline(given)["s_region"], "POLYGON((1 0,2 0,2 1,1 0))"),
}


def replace_digits(text: str) -> Iterator[str]:
    """Put another digit in the place of each."""
    for place, character in enumerate(text):
        if character.isdigit():
            for other in OTHERS:
                yield text[:place] + other + text[place + 1 :]


@pytest.mark.parametrize("name", READERS)
def test_such_a_text_is_refused_and_the_others_are_read(name: str) -> None:
    read, text = READERS[name]
    changed = [*replace_digits(text)]
    made = read(pl.Series([text, *changed], dtype=pl.String))
    assert made.values[0] is not None
    assert made.reasons[0] is None
    assert made.reasons[1:].null_count() == 0


def test_the_rules_judge_such_texts() -> None:
    texts = [*replace_digits("{(1.5d,0d),(2d,0d),(2d,1d)}")]
    broken = rules.check_rows(pl.DataFrame({"s_region": texts}), service="", frame="body")
    assert len(broken.filter(pl.col("rule") == 83)) == len(texts)


#: A text in quotes; with an r before it, it is a pattern.
QUOTED = re.compile(r"""r?(['"]).*?\1""")


def list_examples() -> Iterator[doctest.DocTest]:
    """List the examples of all conversions."""
    for module in pkgutil.iter_modules(epnkit.mapping.__path__, "epnkit.mapping."):
        yield from doctest.DocTestFinder().find(importlib.import_module(module.name))


def change_texts(source: str) -> Iterator[str]:
    """Put something else in the place of each character within the texts of some code."""
    for text in QUOTED.finditer(source):
        if text[0].startswith("r"):
            continue
        for place in range(text.start() + 1, text.end() - 1):
            for other in HOSTILE:
                yield source[:place] + other + source[place + 1 :]


def run(source: str, names: dict[str, Any]) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, "example", "single"), names)  # noqa: S102 - our own examples


@pytest.mark.parametrize("example", list_examples(), ids=lambda each: each.name)
def test_no_conversion_ends_a_load(example: doctest.DocTest) -> None:
    names = dict(example.globs)
    for step in example.examples:
        for changed in change_texts(step.source):
            # What cannot be read is null with a reason; other errors are those of changed names.
            with contextlib.suppress(*OF_CHANGED_NAMES):
                run(changed, dict(names))
        run(step.source, names)
