"""What sources have in common that can be compared with the table: see :class:`Reconcilable`."""

from __future__ import annotations

import bisect
from abc import abstractmethod
from typing import ClassVar, Literal

import polars as pl

from epnkit.errors import SourceError


class ComparedByKey:
    """A source that lists keys, and hashes no record: what is new or gone is found."""

    compared_by: ClassVar[Literal["digest", "key"]] = "key"

    #: A name for messages.
    label: str

    def digests(self, bounds: list[str]) -> pl.DataFrame:
        """Sum up the records between consecutive keys.

        Raises
        ------
        SourceError
            Always: only keys can be compared.
        """
        raise SourceError("records are not hashed", where=self.label, cure="Compare their keys.")


class ComparedByDigest:
    """A source that lists all keys with the digests of their records, and sums them up itself."""

    compared_by: ClassVar[Literal["digest", "key"]] = "digest"

    @abstractmethod
    def keys(self, low: str | None, high: str | None) -> pl.DataFrame:
        """List the keys from low to below high, with their digests."""

    def digests(self, bounds: list[str]) -> pl.DataFrame:
        """Sum up the records between consecutive keys; see :class:`Reconcilable`."""
        listed = self.keys(None, None)
        parts = [bisect.bisect_right(bounds, key) for key in listed["record_key"]]
        grouped = listed.with_columns(pl.Series("part", parts, dtype=pl.Int64)).group_by("part")
        return grouped.agg(pl.col("record_digest").sum().alias("digest")).sort("part")
