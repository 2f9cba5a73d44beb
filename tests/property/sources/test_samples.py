"""Every real file that lies beside the project is read by its source, or named as unreadable."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from epnkit.sources.base import UNREADABLE
from epnkit.sources.config.settings import Settings
from epnkit.sources.files.formats import FORMATS, read_formats
from epnkit.sources.files.settings import FilesSettings
from epnkit.sources.files.source import FilesSource

#: The formats by the ends of names; all others are tried by each format.
_ENDS = {
    ".fits": "fits",
    ".fz": "fits",
    ".cdf": "cdf",
    ".asdf": "asdf",
    ".json": "json",
    ".csv": "csv",
    ".lbl": "pds3",
    ".vot": "votable",
}

#: Formats that need settings of their own, or read nothing.
_OTHERS = {"records", "name"}

#: What every batch has.
_EMPTY = {"path": pl.String, "unreadable": pl.String, UNREADABLE: pl.String}

pytestmark = pytest.mark.shared


def read(directory: Path, form: str, globs: tuple[str, ...]) -> pl.DataFrame:
    reader, _ = read_formats(Settings(Path("source.toml"), {"format": form}))
    batches = FilesSource(FilesSettings(directory, reader, globs, seconds=20)).batches()
    return pl.concat([pl.DataFrame(schema=_EMPTY), *batches], how="diagonal")


def test_files_of_a_known_format_are_read(samples: Path) -> None:
    for form in set(_ENDS.values()):
        ends = sorted(_ends_of(form))
        globs = tuple(f"*{end}" for each in ends for end in (each, each.upper()))
        for root in (samples, samples.parent / "faults"):
            there = [path for path in root.rglob("*") if path.suffix.lower() in _ends_of(form)]
            if not there:
                continue
            found = read(root, form, globs)
            # A list or a table may hold nothing.
            left = {str(path.relative_to(root)) for path in there} - set(found["path"])
            assert not left or form in ("json", "csv", "votable"), left
            bad = found.filter(pl.col("unreadable").is_not_null())
            if root == samples and form != "csv":
                assert not bad.height or form == "json", bad.select("path", "unreadable").rows()
            if bad.height:
                assert all(why.startswith("*: ") for why in bad[UNREADABLE])


def _ends_of(form: str) -> set[str]:
    return {end for end, of in _ENDS.items() if of == form}


@pytest.mark.parametrize("form", sorted(set(FORMATS) - _OTHERS))
def test_a_file_of_any_other_format_ends_nothing(samples: Path, form: str) -> None:
    found = read(samples.parent / "faults", form, ("*",))
    assert found.height
    assert "Traceback" not in str(found["unreadable"].to_list())
