"""TAP services (pyvo): a table read in windows and pages, truncation never taken for the end."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import polars as pl
import pyvo
import requests
import urllib3

from epnkit.errors import SourceError, TransientSourceError
from epnkit.sources.base import ALL, BATCH_SIZE, UNORDERED, CursorValue, Order, Window
from epnkit.sources.config.credentials import Secret, credential
from epnkit.sources.config.settings import Settings, settings_of
from epnkit.sources.mongo.query import require_values
from epnkit.sources.transport.retry import PATIENT, Patience, patience_of, persist, resumed
from epnkit.sources.values.window_ends import typed

Result = TypeVar("Result")

#: The types of VOTable (section 2.1) that aren't text here.
_TYPES: dict[str, pl.DataType] = {
    "boolean": pl.Boolean(),
    "bit": pl.Boolean(),
    "unsignedByte": pl.Int64(),
    "short": pl.Int64(),
    "int": pl.Int64(),
    "long": pl.Int64(),
    "float": pl.Float64(),
    "double": pl.Float64(),
}

#: Rows asked for where a table is read at once: more than that is an overflow.
_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class TapSettings:
    """What a source file says about a table of a TAP service.

    Parameters
    ----------
    table : str
        The table, ``gaia_dem.epn_core``.
    columns : tuple of str
        The columns; empty reads all.
    where : str
        A condition in ADQL.
    order : Order
        The cursor and the key; without either the table is read in one query.
    page : int
        Rows a page.
    patience : Patience
        How often to try again.
    """

    table: str
    columns: tuple[str, ...] = ()
    where: str = ""
    order: Order = field(default_factory=Order)
    page: int = 20_000
    patience: Patience = PATIENT


@dataclass(frozen=True)
class _Leg:
    conditions: tuple[str, ...]
    sort: tuple[str, ...]


@dataclass(frozen=True)
class _Place:
    leg: int
    last: tuple[Any, ...] = ()


class _Session(requests.Session):
    """A session that doesn't wait for ever, as pyvo's own would."""

    def __init__(self, silence: float, authorization: str = "") -> None:
        super().__init__()
        self.trust_env = False
        self._silence = silence
        if authorization:
            self.headers["Authorization"] = authorization

    def request(self, *words: Any, **more: Any) -> requests.Response:
        """Send a request, with a limit to the server's silence."""
        return super().request(*words, **{"timeout": self._silence, **more})


class TapSource:
    """Rows of one table.

    Parameters
    ----------
    secret : Secret
        The service's URL, perhaps with credentials, or followed by ``ApiKey ...`` or
        ``Bearer ...``.
    settings : TapSettings
        The table and what to read of it.
    """

    def __init__(self, secret: Secret, settings: TapSettings) -> None:
        self._secret, self._settings = secret, settings
        self.label = f"{settings.table} at {secret.shown}"

    @classmethod
    def from_file(cls, path: Path, order: Order = UNORDERED) -> TapSource:
        """Build the source that a ``source.toml`` describes.

        Raises
        ------
        ConfigurationError
            When the file or the credential it names is wrong.
        """
        with settings_of(path, "tap") as settings:
            secret = secret_of(settings)
            chosen = _tap_settings(settings, order)
        return cls(secret, chosen)

    def schema(self) -> dict[str, str]:
        """Give the table's columns and their types."""
        return {name: str(dtype) for name, dtype in self._types.items()}

    def count(self, window: Window = ALL) -> int:
        """Ask the service how many rows the window holds."""
        counts = (self._ask("COUNT(*) AS n", leg.conditions, (), 1) for leg in self._legs(window))
        return sum(int(answer["n"][0]) for answer in counts)

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read the rows of a window, ordered by cursor and key.

        Raises
        ------
        SourceError
            When the service truncates an answer (OVERFLOW, DALI section 4.4.1).
        """
        page = min(size, self._settings.page)
        return resumed(partial(self._read, self._legs(window), page), self._settings.patience)

    @cached_property
    def _service(self) -> pyvo.dal.TAPService:
        address, _, authorization = self._secret.reveal().partition(" ")
        session = _Session(self._settings.patience.silence, authorization.strip())
        return pyvo.dal.TAPService(address, session=session)

    @cached_property
    def _types(self) -> dict[str, pl.DataType]:
        answer = self._ask(self._columns, self._own, (), 1)
        return {str(f.name).lower(): _type(f) for f in answer.fielddescs}

    @property
    def _columns(self) -> str:
        return ", ".join(self._settings.columns) or "*"

    @property
    def _own(self) -> tuple[str, ...]:
        return (f"({self._settings.where})",) if self._settings.where else ()

    def _legs(self, window: Window) -> list[_Leg]:
        cursor, key = self._settings.order.cursor, self._settings.order.key
        if cursor is None:
            if window.everything:
                return [_Leg(self._own, key)]
            raise SourceError("a window needs a cursor column", where=self.label)
        ranged = _Leg(
            (*self._own, *_range(cursor, self._typed(window, cursor))),
            tuple(dict.fromkeys([cursor, *key])),
        )
        absent = _Leg((*self._own, f"{cursor} IS NULL"), key)
        return [ranged, absent] if window.nulls else [ranged]

    def _typed(self, window: Window, cursor: str) -> Window:
        return window if window.everything else typed(window, cursor.lower(), self._types)

    def _read(
        self, legs: list[_Leg], page: int, place: _Place | None
    ) -> Iterator[tuple[pl.DataFrame, _Place]]:
        start = place or _Place(0)
        for number, leg in enumerate(legs[start.leg :], start.leg):
            here = start if number == start.leg else _Place(number)
            for batch in self._pages(leg, page, here):
                here = _Place(number, tuple(batch[name.lower()][-1] for name in leg.sort))
                yield batch, here

    def _pages(self, leg: _Leg, page: int, here: _Place) -> Iterator[pl.DataFrame]:
        """Read page by page behind the last key, or all at once where there is no key."""
        paged = bool(self._settings.order.key) and bool(leg.sort)
        rows, conditions = page if paged else _AT_ONCE, leg.conditions
        while True:
            if here.last:
                require_values(here.last, leg.sort, self.label)
                conditions = (*leg.conditions, _behind(leg.sort, here.last))
            answer = self._ask(self._columns, conditions, leg.sort, rows, top=paged)
            batch = self._frame(answer)
            if batch.height:
                yield batch
            # A short page may have been cut by the service's own limit: only an empty one ends it.
            if not paged or not batch.height:
                return
            here = _Place(here.leg, tuple(batch[name.lower()][-1] for name in leg.sort))

    def _ask(
        self,
        columns: str,
        conditions: Sequence[str],
        sort: Sequence[str],
        rows: int,
        *,
        top: bool = True,
    ) -> Any:
        """Run a query, and refuse an answer that was truncated."""
        first = f"SELECT TOP {rows}" if top else "SELECT"
        head = f"{first} {columns} FROM {self._settings.table}"
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        order = f" ORDER BY {', '.join(sort)}" if sort else ""
        run = partial(self._run, head + where + order, rows)
        return persist(lambda: self._told(run), self._settings.patience)

    def _run(self, query: str, rows: int) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an overflow is looked at below, as an error
            answer = self._service.run_sync(query, maxrec=rows + 1)
        if answer.query_status == "OVERFLOW":
            raise SourceError(
                "the service gives a part of the rows only (OVERFLOW)",
                where=self.label,
                cure="Name a key and a smaller page in the source file, so that pages are read",
            )
        return answer

    def _frame(self, answer: Any) -> pl.DataFrame:
        columns = [
            pl.Series(name, _values(answer[found]), dtype=dtype, strict=False)
            for found, (name, dtype) in zip(answer.fieldnames, self._types.items(), strict=True)
        ]
        return pl.DataFrame(columns)

    def _told(self, action: Callable[[], Result]) -> Result:
        """Call pyvo, and tell its errors without the password."""
        try:
            return action()
        except pyvo.dal.DALQueryError as error:
            raise SourceError(
                "the service refuses the query",
                where=self.label,
                why=self._short(error),
                cure="Correct table, columns and condition in the source file",
            ) from None
        except (pyvo.dal.DALServiceError, requests.RequestException) as error:
            raise self._unserved(error) from None
        except pyvo.dal.DALFormatError as error:
            # A connection that breaks within the answer is told as a wrong format, too.
            if isinstance(error.cause, urllib3.exceptions.HTTPError | OSError):
                raise self._unserved(error.cause) from None
            raise SourceError(
                "the service answers no VOTable",
                where=self.label,
                why=self._short(error),
                cure="See that the address is the TAP service's own",
            ) from None

    def _unserved(self, error: Exception) -> SourceError:
        code = getattr(error, "code", None)
        passing = code is None or code in {408, 429} or code >= 500
        kind = TransientSourceError if passing else SourceError
        return kind(
            "the service does not answer",
            where=self.label,
            why=self._short(error),
            cure="See that it runs and that its address is right",
        )

    def _short(self, error: Exception) -> str:
        return self._secret.scrub(" ".join(str(error).split()))[:300]


def secret_of(settings: Settings) -> Secret:
    """Take the address of a service: a public ``url``, or the credential named ``connection``."""
    url = settings.text("url")
    if url is None:
        return credential(settings.take("connection", str))
    found = Secret("url", url)
    if found.shown != url:
        raise settings.wrong(
            "url",
            "it holds a password",
            "Move the address into a credential, and name that one as `connection`",
        )
    return found


def _tap_settings(settings: Settings, order: Order) -> TapSettings:
    return TapSettings(
        settings.take("table", str),
        settings.names("columns"),
        settings.take("where", str, ""),
        settings.order(order),
        settings.positive("page", TapSettings.page),
        patience_of(settings),
    )


def _type(described: Any) -> pl.DataType:
    """Choose a column's type for a FIELD of VOTable."""
    known = _TYPES.get(str(described.datatype), pl.String())
    several = known != pl.String() and described.arraysize not in (None, "", "1")
    return pl.List(known) if several else known


def _values(column: Any) -> list[Any]:
    """Take the values of a column, masked ones and not-a-numbers as nothing."""
    values = [None if v is None else _value(v) for v in column]
    mask = getattr(column, "mask", None)
    if mask is None or np.ndim(mask) != 1:
        return values
    return [None if hidden else value for value, hidden in zip(values, mask, strict=True)]


def _value(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return _value(value.tolist())  # which makes masked values None, also a single one
    if isinstance(value, list):
        return [_value(part) for part in value]
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, str):
        return value or None
    return None if isinstance(value, float) and np.isnan(value) else value


def _range(cursor: str, window: Window) -> list[str]:
    found = [f"{cursor} IS NOT NULL"]
    if window.low is not None:
        found.append(f"{cursor} >{'=' * window.low_closed} {_literal(window.low)}")
    if window.high is not None:
        found.append(f"{cursor} <{'=' * window.high_closed} {_literal(window.high)}")
    return found


def _behind(sort: Sequence[str], last: Sequence[Any]) -> str:
    """Say that a row follows another in an order."""
    first, *others = sort
    value = _literal(last[0])
    if not others:
        return f"{first} > {value}"
    return f"({first} > {value} OR ({first} = {value} AND {_behind(others, last[1:])}))"


def _literal(value: CursorValue) -> str:
    """Write a value in ADQL (section 2.2 of ADQL 2.0)."""
    if isinstance(value, bool | int | float):
        return repr(value)
    text = value if isinstance(value, str) else value.isoformat()
    return "'" + text.replace("'", "''") + "'"
