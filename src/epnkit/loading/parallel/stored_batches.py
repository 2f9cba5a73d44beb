"""Batches on their way through ``epnkit.load_batches``, in the binary format of PostgreSQL's COPY.

As values of a statement, all their bytes would be written as digits, parsed and read again, which
takes four times as long.

References
----------
PostgreSQL's documentation, "COPY", section "Binary Format".
"""

from __future__ import annotations

import io
import struct
from dataclasses import astuple, dataclass

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class

#: The beginning of the format, with no flag and no extension of the header; and its end.
_HEADER, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), struct.pack("!h", -1)

#: The number of fields in the row of a batch; those of :class:`BatchKey`, each after its length;
#: and the length of the batch, which follows.
_ROW = struct.Struct("!h iq ii ii ii i")

#: The same if the row has the batch alone.
_BATCH = struct.Struct("!h i")

#: How much psycopg passes on at a time, in bytes.
_PASSED = 1 << 20

_STORE = "COPY epnkit.load_batches (run, part, attempt, nth, batch) FROM STDIN (FORMAT binary)"
_FETCH = """
    COPY (SELECT batch FROM epnkit.load_batches
          WHERE (run, part, attempt, nth) = ({}, {}, {}, {})) TO STDOUT (FORMAT binary)
"""


@dataclass(frozen=True)
class BatchKey:
    """Which batch it is.

    Parameters
    ----------
    run, part, attempt, nth : int
        The run's number in the ledger, the part, how often that was taken, and which of its batches
        this is, from 0.
    """

    run: int
    part: int
    attempt: int
    nth: int


def store_batch(connection: Connection, key: BatchKey, batch: bytes) -> None:
    """Store a batch.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database.
    key : BatchKey
        Which it is.
    batch : bytes
        The batch.
    """
    lengths_and_numbers = (8, key.run, 4, key.part, 4, key.attempt, 4, key.nth)
    row = _ROW.pack(5, *lengths_and_numbers, len(batch))
    with connection.cursor() as cursor:
        content = io.BytesIO(b"".join((_HEADER, row, batch, _END)))
        cursor.copy_expert(_STORE, content, _PASSED)


def fetch_batch(connection: Connection, key: BatchKey) -> bytes:
    """Fetch a batch; an empty one if it is not there.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database.
    key : BatchKey
        Which it is.
    """
    content = io.BytesIO()
    with connection.cursor() as cursor:
        numbers = map(sql.Literal, astuple(key))
        cursor.copy_expert(sql.SQL(_FETCH).format(*numbers), content, _PASSED)
    return content.getvalue()[len(_HEADER) + _BATCH.size : -len(_END)]
