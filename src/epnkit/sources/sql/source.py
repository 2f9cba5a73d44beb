"""SQL databases by ODBC or SQLAlchemy: a service's query, read in windows with flat memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Literal

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.base import ALL, BATCH_SIZE, UNORDERED, CursorValue, Order, Window
from epnkit.sources.config.credentials import Secret, credential
from epnkit.sources.config.settings import Settings, read_settings
from epnkit.sources.config.types import declared
from epnkit.sources.sql.arrow import Blocks, NotInBlocksError, fits
from epnkit.sources.sql.column_types import Column, Row, frame
from epnkit.sources.sql.columns import NO_WISHES, Shape, Wishes, shape_of
from epnkit.sources.sql.connect import session
from epnkit.sources.sql.driver_errors import label
from epnkit.sources.sql.keys import DIGEST, KNOWN, Keys
from epnkit.sources.sql.pages import Rows
from epnkit.sources.sql.reading import Leg, Place, Reading
from epnkit.sources.sql.reconcile import Register
from epnkit.sources.sql.session import Session, Statement
from epnkit.sources.sql.statements import ANY, Condition
from epnkit.sources.transport.prefetch import ahead
from epnkit.sources.transport.retry import PATIENT, Patience, patience_of, persist, resumed

#: How many seconds a database may say nothing: it may have to sort before its first row.
_SILENCE = 600


@dataclass(frozen=True)
class SqlSettings:
    """What a source file says about a SQL source.

    Parameters
    ----------
    query : str
        One SELECT; its columns are the fields of a record.
    order : Order
        The cursor and the key.
    encoding : str, optional
        The encoding of texts, where the driver doesn't say it.
    wishes : Wishes
        The types and encodings of columns that the database doesn't tell or tells wrongly.
    digest : bool
        Whether the database hashes each record, where it can and the key is known; what changed
        is found by it.
    patience : Patience
        How often to try again.
    """

    query: str
    order: Order = UNORDERED
    encoding: str | None = None
    wishes: Wishes = NO_WISHES
    digest: bool = True
    patience: Patience = PATIENT


class SqlSource:
    """Records of one SELECT.

    Parameters
    ----------
    secret : Secret
        An ODBC connection string or a SQLAlchemy URL.
    settings : SqlSettings
        The query and how to read its answer.
    """

    def __init__(self, secret: Secret, settings: SqlSettings) -> None:
        self._secret, self._settings = secret, settings
        self.label = label(secret)

    @classmethod
    def from_file(cls, path: Path, order: Order = UNORDERED) -> SqlSource:
        """Build the source that a ``source.toml`` describes.

        Raises
        ------
        ConfigurationError
            When the file or the credential it names is wrong.
        """
        settings = read_settings(path)
        settings.choice("kind", ("sql",))
        secret = credential(settings.take("connection", str))
        chosen = _sql_settings(settings, order)
        settings.finish()
        return cls(secret, chosen)

    def schema(self) -> dict[str, str]:
        """Give the query's columns, lower-cased, and their types."""
        columns = (column for column in self._shape.columns if column.field != DIGEST)
        return {column.field: str(column.dtype) for column in columns}

    def count(self, window: Window = ALL) -> int:
        """Ask the database how many records the window holds."""
        statement = self._shape.wrapped.select("COUNT(*)", self._condition(window))
        rows = persist(partial(self._ask, statement), self._settings.patience)
        return int(rows[0][0])

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read the records of a window, ordered by cursor and key.

        Records without a value in the cursor come last. When the connection breaks, reading goes
        on behind the last whole batch, which needs a key.
        """
        read = partial(self._read, self._legs(window), size)
        return resumed(read, self._settings.patience)

    def cuts(self, window: Window, size: int) -> list[CursorValue]:
        """Ask the database for values of the cursor to cut at; see :class:`Divisible`."""
        if self._cursor is None:
            raise SourceError("only a source with a cursor can be cut", where=self.label)
        ranged, *_ = self._legs(window)
        statement = self._shape.wrapped.every(self._cursor, ranged.condition, size)
        rows = persist(partial(self._ask_all, statement), self._settings.patience)
        return list(frame(rows, [self._cursor], self.label).to_series())

    @property
    def compares(self) -> Literal["digest", "key"]:
        """Whether the database hashes records, or only lists keys."""
        return "digest" if self._shape.digest else "key"

    def digests(self, bounds: list[str]) -> pl.DataFrame:
        """Sum up the records between consecutive keys; see :class:`Reconcilable`."""
        return self._registered(lambda link, register: register.digests(link, bounds))

    def keys(self, low: str | None, high: str | None) -> pl.DataFrame:
        """List the keys from low to below high, with their digests."""
        return self._registered(lambda link, register: register.listed(link, low, high))

    def fetch(self, keys: list[str]) -> Iterator[pl.DataFrame]:
        """Read the records with these keys."""
        for statement in self._register.wanted(keys):
            rows = persist(partial(self._ask_all, statement), self._settings.patience)
            if rows:
                yield frame(rows, self._shape.columns, self.label)

    @cached_property
    def _register(self) -> Register:
        shape = self._shape
        if not self._key or shape.dialect not in KNOWN:
            raise SourceError(
                "the records cannot be compared with the table",
                where=self.label,
                why="they have no key" if not self._key else f"{shape.dialect} is not known well",
                cure='Name the key in the source file, key = ["id"], or load in full',
            )
        self._refuse_written_otherwise()
        return Register(shape, Keys(shape.wrapped, shape.dialect, self._key))

    def _refuse_written_otherwise(self) -> None:
        """Refuse keys that the database writes as other texts than the book holds."""
        for column in self._key:
            if column.dtype not in (pl.Int64, pl.String):
                raise SourceError(
                    "the records cannot be compared with the table",
                    where=self.label,
                    why=f"the key's column {column.field!r} is {column.dtype}, which a database"
                    " writes in its own way",
                    cure="Take a key of whole numbers or texts, or load in full",
                )

    def _registered(self, ask: Callable[[Session, Register], pl.DataFrame]) -> pl.DataFrame:
        def asked() -> pl.DataFrame:
            with self._session() as link:
                return ask(link, self._register)

        return persist(asked, self._settings.patience)

    def _ask_all(self, statement: Statement) -> Sequence[Row]:
        with self._session() as link:
            answer = link.ask(statement)
            return [row for rows in iter(partial(answer.take, BATCH_SIZE), []) for row in rows]

    @cached_property
    def _shape(self) -> Shape:
        return persist(self._ask_shape, self._settings.patience)

    def _ask_shape(self) -> Shape:
        chosen = self._settings
        with self._session() as link:
            shape = shape_of(link, chosen.query, chosen.wishes, self.label)
        return shape.hashed() if chosen.digest and chosen.order.key else shape

    def _session(self) -> AbstractContextManager[Session]:
        settings = self._settings
        keyed, silence = bool(settings.order.key), settings.patience.silence
        return session(self._secret, silence, settings.encoding, paged=keyed)

    def _ask(self, statement: Statement) -> Sequence[Row]:
        with self._session() as link:
            return link.ask(statement).take(1)

    @cached_property
    def _key(self) -> tuple[Column, ...]:
        return tuple(self._shape.column(name) for name in self._settings.order.key)

    @cached_property
    def _cursor(self) -> Column | None:
        name = self._settings.order.cursor
        return None if name is None else self._shape.column(name)

    def _condition(self, window: Window) -> Condition:
        """Describe a window in one condition."""
        if window.everything:
            return ANY
        ranged, *absent = [leg.condition for leg in self._legs(window)]
        return ranged | absent[0] if absent else ranged

    def _legs(self, window: Window) -> list[Leg]:
        """Split a window in the records with a value in the cursor and those without."""
        if self._cursor is None:
            self._refuse_window(window)
            return [Leg(ANY, self._key)]
        wrapped = self._shape.wrapped
        order = tuple(dict.fromkeys((self._cursor, *self._key)))
        ranged = Leg(wrapped.between(self._cursor, window), order)
        absent = Leg(wrapped.absent(self._cursor), self._key)
        return [ranged, absent] if window.nulls else [ranged]

    def _refuse_window(self, window: Window) -> None:
        if not window.everything:
            raise SourceError(
                "a window needs a cursor column",
                where=self.label,
                cure="Name the cursor in the service's mapping, or read the source whole",
            )

    def _read(
        self, legs: list[Leg], size: int, place: Place | None
    ) -> Iterator[tuple[pl.DataFrame, Place]]:
        start = place or Place(0)
        if self._in_blocks:
            try:
                for batch, behind in self._blocks(legs, size, start):
                    start = behind
                    yield batch, behind
            except NotInBlocksError:
                self._in_blocks = False  # from here on, and from now on
            else:
                return
        yield from self._rows(legs, size, start)

    def _blocks(
        self, legs: list[Leg], size: int, start: Place
    ) -> Iterator[tuple[pl.DataFrame, Place]]:
        shape, silence = self._shape, self._settings.patience.silence
        with closing(Blocks(self._secret, shape.dialect, shape.columns, silence)) as link:
            yield from ahead(self._reading.legs(link, legs, start, size))

    def _rows(
        self, legs: list[Leg], size: int, start: Place
    ) -> Iterator[tuple[pl.DataFrame, Place]]:
        with self._session() as link:
            rows = Rows(link, self._shape.columns, self.label)
            read = self._reading.legs(rows, legs, start, size)
            # The next page is asked for while this one is worked on.  A driver that gives row by
            # row would only hand the interpreter to and fro.
            yield from read if link.streams else ahead(read)

    @cached_property
    def _reading(self) -> Reading:
        return Reading(self._shape, bool(self._key), self.label)

    @cached_property
    def _in_blocks(self) -> bool:
        """Whether answers are fetched in blocks: what those can't hold is read on behind a key."""
        if not self._key or self._secret.kind != "odbc" or self._settings.encoding:
            return False
        return fits(self._shape, (*self._key, *filter(None, [self._cursor])))


def _sql_settings(settings: Settings, order: Order) -> SqlSettings:
    types = {name.lower(): dtype for name, dtype in declared(settings, lists=False).items()}
    encodings = {
        name.lower(): str(code) for name, code in settings.take("encodings", dict, {}).items()
    }
    return SqlSettings(
        settings.take("query", str),
        settings.order(order),
        settings.text("encoding"),
        Wishes(types, encodings),
        settings.take("digest", bool, default=True),
        patience_of(settings, _SILENCE),
    )
