"""Any number of synthetic records of AIA and HMI in PostgreSQL, made there in one statement.

They have the columns and the rates of real ones: in 720 seconds AIA takes 480 images, of seven
channels each 12 seconds and of two more each 24, and three products of HMI are made of a slot.  The
source file ``resources/medoc_sdo/sql.toml`` reads them, for the mapping of that service.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg2 import sql

#: How many records there are in a slot.
PER_SLOT = 483

#: From when HMI's slots of 720 seconds are numbered, in TAI.
_HMI_EPOCH = datetime(1993, 1, 1)


@dataclass(frozen=True)
class SdoRecords:
    """What records are made.

    Parameters
    ----------
    count : int
        How many.
    first : datetime.datetime
        The day of the first (UTC).
    every : int
        How many slots of 720 seconds lie between two for which records are made; 10,000,000
        records are of half a year with 1, and of 14 years with 30.
    table : str
        The table they go into, which is made again.
    """

    count: int
    first: datetime = datetime(2011, 1, 1)
    every: int = 1
    table: str = "sdo_records"

    def fill(self, connection: Any) -> int:
        """Make the table, its records and its indices in one transaction.

        Parameters
        ----------
        connection : psycopg2 connection
            To the database.

        Returns
        -------
        int
            How many records it has.
        """
        name = sql.Identifier(self.table)
        slot = (self.first - _HMI_EPOCH).days * 120
        values = {"count": self.count, "first": self.first, "every": self.every, "slot": slot}
        with connection, connection.cursor() as cursor:
            cursor.execute(sql.SQL(_TABLE).format(table=name))
            cursor.execute(sql.SQL(_RECORDS).format(table=name), values)
            made = int(cursor.rowcount)
            cursor.execute(sql.SQL("CREATE UNIQUE INDEX ON {} (series_name, recnum)").format(name))
            cursor.execute(sql.SQL("CREATE INDEX ON {} (date__obs)").format(name))
            cursor.execute(sql.SQL("ANALYZE {}").format(name))
        return made


_TABLE = """
DROP TABLE IF EXISTS {table};
CREATE TABLE {table} (
    recnum bigint NOT NULL,
    sunum bigint NOT NULL,
    series_name text NOT NULL,
    date__obs timestamp NOT NULL,
    wavelnth integer NOT NULL,
    ias_location text NOT NULL,
    exptime double precision,
    t_rec_index bigint NOT NULL,
    ias_path text NOT NULL,
    harpnum integer
)
"""

# Of the records of a slot the first 480 are of AIA, eight a cycle of 12 seconds.  AIA counts
# seconds from 1977 in TAI, 34 seconds ahead of UTC in 2011; later leap seconds are left out.
_RECORDS = """
INSERT INTO {table}
SELECT
    100000000 + n,
    500000000 + n,
    series,
    begun + made.seconds * interval '1 second',
    wave,
    '/SUM' || n %% 90 || '/D' || 500000000 + n || '/S00000',
    CASE WHEN is_aia THEN 2.0 END,
    CASE WHEN is_aia
        THEN extract(epoch FROM begun - timestamp '1977-01-01')::bigint + 34 + seconds::bigint
        ELSE %(slot)s + slot * %(every)s END,
    'https://synthetic.example/medoc_sdo/' || series || '/' || n
        || CASE WHEN is_aia THEN '/image_lev1.fits' ELSE '' END,
    NULL
FROM generate_series(0, %(count)s - 1) AS n
CROSS JOIN LATERAL (SELECT n / 483 AS slot, n %% 483 AS place) AS numbered
CROSS JOIN LATERAL (SELECT
    place < 480 AS is_aia,
    %(first)s::timestamp + slot * %(every)s * interval '720 seconds' AS begun,
    CASE WHEN place < 480 THEN place / 8 * 12 + place %% 8 * 1.5 + 0.34 ELSE -80 END AS seconds,
    CASE WHEN place >= 480 THEN 6173
        WHEN place %% 8 = 7 THEN 1600 + place / 8 %% 2 * 100
        ELSE (ARRAY[94, 131, 171, 193, 211, 304, 335])[place %% 8 + 1] END AS wave,
    CASE place WHEN 480 THEN 'hmi.m_720s' WHEN 481 THEN 'hmi.ic_720s'
        WHEN 482 THEN 'hmi.ic_nolimbdark_720s' ELSE 'aia.lev1' END AS series
) AS made
"""
