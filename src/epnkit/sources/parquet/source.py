"""Parquet files under a directory: their rows as records, file by file, in flat memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from epnkit.errors import SourceError, TransientSourceError
from epnkit.sources.base import ALL, BATCH_SIZE, UNORDERED, Order, Window
from epnkit.sources.config.settings import open_settings
from epnkit.sources.config.types import take_types
from epnkit.sources.transport.paging import (
    BatchAndCheckpoint,
    Checkpoint,
    Segment,
    read_segments,
    require_cursor,
)
from epnkit.sources.transport.retry import DEFAULT_RETRY, RetryPolicy, resume, take_retry_policy
from epnkit.sources.values.columns import convert_columns, field_type
from epnkit.sources.values.unreadable import drop_if_empty
from epnkit.sources.values.window_bounds import parse_window, window_filter

_ROW = "epnkit_row"


@dataclass(frozen=True)
class ParquetSettings:
    """What a source file says: where the files are and which, the order, types and retries."""

    directory: Path
    glob: str = "*.parquet"
    order: Order = UNORDERED
    types: dict[str, pl.DataType] = field(default_factory=dict)
    retry_policy: RetryPolicy = DEFAULT_RETRY


class ParquetSource:
    """Rows of the Parquet files under a directory, in the order of the files' paths."""

    def __init__(self, settings: ParquetSettings) -> None:
        self._settings = settings
        self.label = str(settings.directory / "**" / settings.glob)

    @classmethod
    def from_file(cls, path: Path, order: Order = UNORDERED) -> ParquetSource:
        """Build the source that a ``source.toml`` describes."""
        with open_settings(path, "parquet") as settings:
            directory = path.parent / settings.take("directory", str)
            glob, order = settings.take("glob", str, "*.parquet"), settings.take_order(order)
            types, policy = take_types(settings), take_retry_policy(settings)
        return cls(ParquetSettings(directory, glob, order, types, policy))

    def schema(self) -> dict[str, str]:
        """Return the fields that any of the files has, and their types."""
        return {name: str(dtype) for name, dtype in self._types.items()}

    def count(self, window: Window = ALL) -> int:
        """Count the rows of a window, of which the cursor alone is read."""
        cursor = self._settings.order.cursor or next(iter(self._types))
        return sum(map(len, self._read(window, BATCH_SIZE, [cursor])))

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read the rows of a window as the files hold them, not ordered by the cursor."""
        return self._read(window, size, list(self._types))

    def _read(self, window: Window, size: int, names: list[str]) -> Iterator[pl.DataFrame]:
        cursor, kept = self._settings.order.cursor, pl.lit(value=True)
        require_cursor(cursor, window, self.label)
        if cursor is not None and not window.everything:
            kept = window_filter(cursor, parse_window(window, cursor, self._types))
        read = partial(self._read_file, size=size, names=names, kept=kept)
        files: list[Segment[Path, str]] = [Segment(path, ()) for path in self._files]
        return resume(partial(read_segments, files, read), self._settings.retry_policy)

    def _read_file(
        self, file: Segment[Path, str], here: Checkpoint, size: int, names: list[str], kept: pl.Expr
    ) -> Iterator[BatchAndCheckpoint]:
        """Read a file from a row on, whose number is in the checkpoint."""
        start = here.last[0] if here.started else 0
        try:
            types = {name: self._types[name] for name in names}
            columns = convert_columns(pl.read_parquet_schema(file.condition), types)
            rows = pl.scan_parquet(file.condition, glob=False, row_index_name=_ROW)
            chosen = rows.select(_ROW, *columns).filter(pl.col(_ROW) >= start, kept)
            for batch in filter(len, chosen.collect_batches(chunk_size=size, lazy=True)):
                yield drop_if_empty(batch.drop(_ROW)), here.advance((batch[_ROW][-1] + 1,))
        except (OSError, PolarsError) as error:
            raise _file_error(file.condition, error) from error

    @property
    def _files(self) -> list[Path]:
        files = sorted(self._settings.directory.rglob(self._settings.glob))
        if not files:
            cure = "Correct `directory` or `glob` in the source file"
            raise SourceError("there are no Parquet files", where=self.label, cure=cure)
        return files

    @cached_property
    def _types(self) -> dict[str, pl.DataType]:
        found: dict[str, pl.DataType] = {}
        for path in self._files:
            try:
                schema = pl.read_parquet_schema(path)
            except (OSError, PolarsError) as error:
                raise _file_error(path, error) from error
            found = {name: field_type(dtype) for name, dtype in schema.items()} | found
        return found | self._settings.types


def _file_error(path: Path, error: Exception) -> SourceError:
    kind = TransientSourceError if isinstance(error, OSError) else SourceError
    cure = "See that it is there and whole, or declare the types of its fields under [types]"
    return kind("it cannot be read", where=str(path), why=str(error).splitlines()[0], cure=cure)
