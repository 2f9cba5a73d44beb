"""The records of several sources, one after the other, as those of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.base import ALL, UNORDERED, UNREADABLE, Order, Source, Window, read_batches
from epnkit.sources.config.settings import open_settings


class UnionSource:
    """Records of several sources, in the order in which they are named.

    A record has the fields that all sources have; the source file of one that lacks a field can
    declare it, under ``types``.

    Parameters
    ----------
    sources : sequence of Source
        The sources.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = tuple(sources)
        self.label = " and ".join(source.label for source in self._sources)

    @classmethod
    def from_file(cls, path: Path, order: Order = UNORDERED) -> UnionSource:
        """Build the source that a ``source.toml`` describes, with those that it names.

        Raises
        ------
        ConfigurationError
            If it names none, or a file is wrong.
        """
        from epnkit.sources import open_source

        with open_settings(path, "union") as settings:
            names = settings.take_names("sources")
            chosen = settings.take_order(order)
            if not names:
                raise settings.missing_key_error("sources")
            if path.name in {Path(name).name for name in names}:
                raise settings.invalid_key_error(
                    "sources", "it names itself", "Name the files of other sources"
                )
        return cls([open_source(path.parent / name, chosen) for name in names])

    def schema(self) -> dict[str, str]:
        """Return the fields that all of the sources have, and their types.

        Raises
        ------
        SourceError
            If two sources have a field of one name and different types.
        """
        return self._schema

    def count(self, window: Window = ALL) -> int:
        """Ask each source how many records the window holds."""
        return sum(source.count(window) for source in self._sources)

    def batches(self, window: Window = ALL, size: int = 0) -> Iterator[pl.DataFrame]:
        """Read the records of a window, source by source, each in its own order."""
        names = list(self._schema)
        for source in self._sources:
            for batch in read_batches(source, window, size):
                noted = [UNREADABLE] if UNREADABLE in batch.columns else []
                yield batch.select(*names, *noted)

    @cached_property
    def _schema(self) -> dict[str, str]:
        first, *others = (source.schema() for source in self._sources)
        shared = {name: kind for name, kind in first.items() if all(name in o for o in others)}
        for source, fields in zip(self._sources[1:], others, strict=True):
            for name, kind in shared.items():
                if fields[name] != kind:
                    raise SourceError(
                        f"the field {name!r} is of different types",
                        where=source.label,
                        why=f"{fields[name]} here, and {kind} in {self._sources[0].label}",
                        cure=f'Declare one in both source files: types = {{{name} = "..."}}',
                    )
        return shared
