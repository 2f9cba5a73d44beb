"""Print the keys, digests and content hashes of a directory of files and of a table: one process.

``python identity.py DIRECTORY FORM`` or ``python identity.py CONNECTION``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from epnkit.loading.prepare.packing import record_keys
from epnkit.loading.prepare.stages import content_hash
from epnkit.sources.base import SOURCE_DIGEST, Order, Source
from epnkit.sources.config.credentials import Secret
from epnkit.sources.config.settings import Settings
from epnkit.sources.files.formats import read_formats
from epnkit.sources.files.settings import FilesSettings
from epnkit.sources.files.source import FilesSource
from epnkit.sources.sql.source import SqlSettings, SqlSource


def main(words: list[str]) -> None:
    source: Source
    if len(words) == 2:
        reader, globs = read_formats(Settings(Path("source.toml"), {"format": words[1]}))
        settings = FilesSettings(Path(words[0]), reader, globs, key=("path", "line"))
        source, key = FilesSource(settings), ("path", "line")
    else:
        query = SqlSettings("SELECT * FROM identity", Order(None, ("a", "b")))
        source, key = SqlSource(Secret("identity", words[0]), query), ("a", "b")
    frame = pl.concat(source.batches(), how="diagonal")
    frame = frame.with_columns(record_keys(frame, key).alias("key")).sort("key")
    if SOURCE_DIGEST in frame.columns:
        print(frame[SOURCE_DIGEST].to_list())
    nested = [
        pl.Series(name, [None if v is None else repr(list(v)) for v in frame[name]])
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.List)
    ]
    frame = frame.with_columns(nested).drop(SOURCE_DIGEST, strict=False)
    print(frame["key"].to_list())
    print(content_hash(frame).to_list())


if __name__ == "__main__":
    main(sys.argv[1:])
