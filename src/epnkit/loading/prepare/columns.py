"""The columns of prepared granules and of refusals."""

from __future__ import annotations

from collections.abc import Set

import polars as pl

#: Columns with each granule: the record's key and digest, the links, and the granule's hash.
KEY, DIGEST, LINKS, CONTENT = "epnkit_key", "epnkit_digest", "epnkit_links", "epnkit_content"

#: All of them, with their types in the database; they are stored in the tracking table.
TRACKING_COLUMNS = {KEY: "text", DIGEST: "bigint", LINKS: "text", CONTENT: "uuid"}

#: The dates that the loader fills in if the mapping does not.
DATES = ("creation_date", "modification_date", "release_date")

#: A refusal while a batch is prepared; ``number`` is the record's position in the batch.
NUMBERED_REFUSAL = pl.Schema(
    {
        "number": pl.UInt32,
        "granule_uid": pl.String,
        "rule": pl.Int32,
        "field": pl.String,
        "reason": pl.String,
    }
)

#: A refusal as the quarantine stores it; ``record`` is the record in JSON.
REFUSAL = pl.Schema(
    {
        "record_key": pl.String,
        "granule_uid": pl.String,
        "rule": pl.Int32,
        "field": pl.String,
        "reason": pl.String,
        "record": pl.String,
    }
)

#: A record under an embargo: its key, and its release (UTC, naive).
EMBARGOED = pl.Schema({"record_key": pl.String(), "until": pl.Datetime("us")})


def list_kept_dates(given: Set[str]) -> set[str]:
    """List the dates that stay as they were when a granule changes.

    Parameters
    ----------
    given : set of str
        The columns that the mapping makes.
    """
    return {"creation_date", *({"release_date"} - given)}
