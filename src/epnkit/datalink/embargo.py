"""Embargoes: granules that are announced before their data may be fetched.

A service declares one :class:`Embargo`.  Until the release of a record its granules have a
``release_date`` in the future, and neither they nor their links hold an address of the data; what
was withheld is nowhere but in the kept records, which DaCHS's readers cannot see.  When the release
has come, the next ``epnkit load`` makes the granules again from the kept records, whether the
source answers or not.

How to use it::

    from epnkit.service import Embargo, Service

    service = Service(..., embargo=Embargo(until=pl.col("embargo.until")))

The mapping says nothing of it: it gives ``access_url`` and the links as if all were open, and
leaves ``release_date`` to the embargo.  A source that marks records as embargoed, perhaps without
a date, says so in ``held``.  Links that everybody may follow are declared ``public``; those of
:func:`~epnkit.datalink.links.documentation` are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from epnkit.errors import ConfigurationError
from epnkit.mapping.declare import evaluate, fields_of
from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import first_reason
from epnkit.mapping.times import utc_time

#: The columns of EPNcore that lead to a granule's data, or tell of the file.
DATA_COLUMNS = (
    "access_url",
    "access_format",
    "access_estsize",
    "access_md5",
    "file_name",
    "thumbnail_url",
    "external_link",
)

#: The release date of what is held without a date.
NO_DATE = datetime(9999, 12, 31)

#: Columns that hold addresses of epnkit's own, which lead to nothing that is withheld.
_OWN = ("datalink_url",)


@dataclass(frozen=True)
class EmbargoStates:
    """What an embargo says of each record at a time.

    Parameters
    ----------
    release : polars.Series
        The release (UTC, naive), future or past; null if a record has none.
    embargoed : polars.Series
        Whether its data are withheld.
    reasons : polars.Series
        Null, or why a release could not be read; such a record counts as embargoed.
    """

    release: pl.Series
    embargoed: pl.Series
    reasons: pl.Series

    def of(self, origin: pl.Series) -> EmbargoStates:
        """Return the states of granules, given for each the number of its record."""
        return EmbargoStates(self.release[origin], self.embargoed[origin], self.reasons[origin])

    def with_embargoed(self, numbers: pl.Series) -> EmbargoStates:
        """Close records of which the source gave nothing that can be read, without a date."""
        lost = pl.select(pl.int_range(len(self.embargoed)).is_in(numbers.implode())).to_series()
        never = pl.select(pl.repeat(NO_DATE, len(lost), dtype=self.release.dtype)).to_series()
        return EmbargoStates(
            self.release.zip_with(~lost, never), self.embargoed | lost, self.reasons
        )


@dataclass(frozen=True)
class Embargo:
    """Until when the data of a record are withheld.

    The values are declared as those of a mapping: a constant, an expression over the fields of the
    record, or :func:`~epnkit.mapping.declare.compute` with a function and the fields it reads.

    Parameters
    ----------
    until
        The release, as a datetime, a date or a text in any form that
        :func:`~epnkit.mapping.times.julian_date` reads (UTC); null if there is none.  A record
        whose release cannot be read is refused.
    held : optional
        Whether the source says that the record is under embargo.  If it does, the record opens at
        its release, and without one not at all; if it says no, the record is open whatever the
        release; if it says nothing (null), the release counts.
    columns : tuple of str
        Further columns that are null until the release, besides :data:`DATA_COLUMNS`: the
        service's own ones that tell where the data are, such as the name of a data set.
    shown : bool
        Whether the granules are in the table before their release, without their data.  If not,
        nothing tells that they exist.

    Raises
    ------
    ConfigurationError
        If a column cannot be withheld.

    Examples
    --------
    >>> embargo = Embargo(until=pl.col("until"), held=pl.col("secret"))
    >>> records = pl.DataFrame({"until": ["2027-01-01", None, None], "secret": [None, True, False]})
    >>> states = embargo.evaluate(records, datetime(2026, 1, 1))
    >>> states.embargoed.to_list(), states.release.dt.year().to_list()
    ([True, True, False], [2027, 9999, None])
    """

    until: Any
    held: Any = None
    columns: tuple[str, ...] = ()
    shown: bool = True

    def __post_init__(self) -> None:
        if "granule_uid" in self.columns:
            raise ConfigurationError(
                "granule_uid cannot be withheld",
                why="it identifies the granule",
                cure="Make it of something that tells nothing of the data.",
            )

    @property
    def fields(self) -> set[str]:
        """The fields of a record that it reads."""
        return {*fields_of(self.until), *fields_of(self.held)}

    def evaluate(self, records: pl.DataFrame, now: datetime) -> EmbargoStates:
        """Evaluate which records are embargoed at a time.

        Parameters
        ----------
        records : polars.DataFrame
            The records of a batch.
        now : datetime.datetime
            The time (UTC, naive).
        """
        until = _read_release(evaluate(self.until, records))
        unread = until.reasons.is_not_null()
        held = _as_series(evaluate(self.held, records)).cast(pl.Boolean)
        values = pl.DataFrame({"until": until.values, "held": held, "unread": unread})
        future = pl.col("until") > now
        states = values.with_columns(
            pl.when("unread")
            .then(pl.lit(value=True))
            .when("held")
            .then(pl.col("until").is_null() | future)
            .when(pl.col("held").not_())
            .then(pl.lit(value=False))
            .otherwise(future)
            .fill_null(value=False)
            .alias("embargoed")
        )
        # What the source opened before its date has no release to come.
        release = pl.when("embargoed").then(pl.col("until").fill_null(NO_DATE)).when(~future)
        states = states.with_columns(release.then("until").alias("release"))
        return EmbargoStates(states["release"], states["embargoed"], until.reasons)

    def withhold(self, granules: pl.DataFrame, states: EmbargoStates) -> pl.DataFrame:
        """Set the release dates, and empty what leads to the data of embargoed granules.

        Parameters
        ----------
        granules : polars.DataFrame
            Granules with a ``release_date``.
        states : EmbargoStates
            The state of each granule.
        """
        names = [n for n in (*DATA_COLUMNS, *self.columns) if n in granules.columns]
        embargoed = pl.lit(states.embargoed)
        return granules.with_columns(
            pl.coalesce(pl.lit(states.release), "release_date").alias("release_date"),
            *(pl.when(~embargoed).then(pl.col(name)).alias(name) for name in names),
        )


def find_leaks(
    granules: pl.DataFrame, embargoed: pl.Series, withheld: pl.DataFrame
) -> dict[int, str]:
    """Find embargoed granules of which a text still holds an address that was withheld.

    Parameters
    ----------
    granules : polars.DataFrame
        Granules after :meth:`Embargo.withhold`.
    embargoed : polars.Series
        Which of them are embargoed.
    withheld : polars.DataFrame
        ``granule`` (its number) and ``url`` of each address.

    Returns
    -------
    dict of int to str
        The numbers of such granules, and the column that holds it.
    """
    texts = granules.select(pl.col(pl.String).exclude(*_OWN)).with_row_index("granule")
    given = withheld.filter(pl.lit(embargoed).gather("granule")).join(texts, on="granule")
    found: dict[int, str] = {}
    for name in texts.columns[1:]:
        holds = pl.col(name).str.contains(pl.col("url"), literal=True)
        found |= dict.fromkeys(given.filter(holds)["granule"].to_list(), name)
    return found


def list_addresses(granules: pl.DataFrame) -> pl.DataFrame:
    """List the addresses in the columns of granules: ``granule`` (its number) and ``url``."""
    names = [name for name in ("access_url", "thumbnail_url") if name in granules.columns]
    long = granules.select(names).with_row_index("granule").unpivot(index="granule")
    return long.select("granule", pl.col("value").alias("url").cast(pl.String)).drop_nulls()


def _read_release(given: Any) -> Outcome:
    """Read releases as naive datetimes, to the millisecond."""
    if isinstance(given, Outcome):
        read = utc_time(given.values)
        return Outcome(read.values, first_reason(given, read))
    return utc_time(given)


def _as_series(given: Any) -> pl.Series:
    return given.values if isinstance(given, Outcome) else given
