"""Cells of a VOTable file: texts of any length next to nulls, and arrays."""

from __future__ import annotations

from pathlib import Path

import pytest

from epnkit.sources.files.tables import read_votable

TABLE = """<?xml version="1.0"?>
<VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE>
<FIELD name="id" datatype="char" arraysize="*"/>
<FIELD name="mean" datatype="double"/>
<FIELD name="count" datatype="int"><VALUES null="-1"/></FIELD>
<FIELD name="pair" datatype="double" arraysize="2"/>
<DATA><TABLEDATA>
<TR><TD>a</TD><TD>1.5</TD><TD>3</TD><TD>1 2</TD></TR>
<TR><TD>bcd</TD><TD/><TD>-1</TD><TD>3 NaN</TD></TR>
</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>
"""


def test_texts_of_any_length_are_read_next_to_nulls(tmp_path: Path) -> None:
    path = tmp_path / "table.vot"
    path.write_text(TABLE)
    first, second = read_votable(path)
    assert first == {"id": "a", "mean": 1.5, "count": 3, "pair": [1.0, 2.0]}
    assert (second["id"], second["mean"], second["count"]) == ("bcd", None, None)
    assert second["pair"][0] == 3.0


def write_shorts(path: Path, null: str, *cells: str) -> Path:
    rows = "".join(f"<TR><TD>7</TD><TD>{cell}</TD></TR>" for cell in cells)
    path.write_text(
        TABLE.partition("<FIELD")[0]
        + f'<FIELD name="a" datatype="int"><VALUES null="{null}"/></FIELD>'
        + f'<FIELD name="b" datatype="short"><VALUES null="{null}"/></FIELD>'
        + f"<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    )
    return path


@pytest.mark.parametrize(
    ("null", "cells"),
    [("99999", ["99999", "5"]), ("-1", ["5", *["70000"] * 12]), ("70000", ["5", "70000"])],
)
def test_no_number_is_the_nearest_of_its_type(tmp_path: Path, null: str, cells: list[str]) -> None:
    """Of a null that its type does not hold nothing can be told from the greatest number."""
    with pytest.raises(ValueError, match="out of range"):
        list(read_votable(write_shorts(tmp_path / "t.vot", null, *cells)))
    good = list(read_votable(write_shorts(tmp_path / "t.vot", "-1", "5", "32767", "-1")))
    assert [row["b"] for row in good] == [5, 32767, None]
