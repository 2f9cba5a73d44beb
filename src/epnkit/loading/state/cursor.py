"""The cursor of a service: its value, saved with the data, and the next window to read."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from epnkit.errors import ConfigurationError, LoadError
from epnkit.loading.request import Request
from epnkit.loading.table.target import Target
from epnkit.service import Cursor, Service
from epnkit.sources.base import ALL, CursorValue, Source, Window
from epnkit.sources.values.object_ids import first_object_id, is_object_id_text, read_object_id_time
from epnkit.sources.values.times import to_naive_utc


@dataclass(frozen=True)
class CursorPosition:
    """A value of the cursor, with its kind in the source.

    Parameters
    ----------
    kind : str
        ``number``, ``time``, ``date`` (a date without a time) or ``text`` (ISO 8601, or an ObjectId
        of MongoDB).
    value : str
        The value as text.
    """

    kind: str
    value: str

    @classmethod
    def of(cls, value: CursorValue | date) -> CursorPosition:
        """Write a value as text."""
        if isinstance(value, datetime):
            return cls("time", value.isoformat())
        if isinstance(value, date):
            return cls("date", value.isoformat())
        return cls("text" if isinstance(value, str) else "number", str(value))

    def minus(self, lag: timedelta | float) -> CursorValue:
        """Return the value minus a lag, as the source compares it.

        Raises
        ------
        ConfigurationError
            If the lag does not fit the kind of value.
        """
        if self.kind == "number":
            if isinstance(lag, timedelta):
                raise self._lag_error(lag)
            return self._as_number() - lag
        if not lag:
            return self._as_value()
        if not isinstance(lag, timedelta):
            raise self._lag_error(lag)
        if is_object_id_text(self.value):
            return first_object_id(read_object_id_time(self.value) - lag)
        if not _is_time(self.value):
            raise self._lag_error(lag)
        earlier = datetime.fromisoformat(self.value) - lag
        if self.kind == "text":
            return _format_like(self.value, earlier)
        return earlier

    def _as_number(self) -> int | float:
        return float(self.value) if set(self.value) & set(".en") else int(self.value)

    def _as_value(self) -> CursorValue:
        return self.value if self.kind == "text" else datetime.fromisoformat(self.value)

    def _lag_error(self, lag: object) -> ConfigurationError:
        return ConfigurationError(
            f"a lag of {lag!r} cannot be taken from the cursor {self.value!r}",
            cure="Declare the lag as a timedelta for times in ISO 8601 and ObjectIds, as a number"
            " for numbers.",
        )


def _hash_definition(cursor: Cursor) -> str:
    """Hash the definition of a cursor, so that its value is not used for another cursor."""
    return hashlib.sha256(json.dumps([cursor.field]).encode()).hexdigest()[:16]


def read_position(target: Target, service: Service) -> CursorPosition | None:
    """Read how far the service got; None if it is unknown or the cursor's field has changed."""
    if service.cursor is None:
        return None
    rows = target.query(
        "SELECT kind, value FROM epnkit.cursors WHERE service = %s AND definition = %s",
        (service.name, _hash_definition(service.cursor)),
    )
    return CursorPosition(*rows[0]) if rows else None


def _require_kind(previous: CursorPosition | None, service: Service, source: Source) -> None:
    """Check that the source's cursor has its old type: values of two types cannot be compared."""
    if previous is None or service.cursor is None:
        return
    field_type = source.schema().get(service.cursor.field, "")
    kind = "time" if field_type.startswith("Datetime") else _KINDS.get(field_type, previous.kind)
    if kind != previous.kind and source.count() > 0:
        raise _kind_changed_error(previous.kind, kind, service.cursor.field)


#: The kind of a cursor's values, by the type in the source's schema.
_KINDS = {"String": "text", "Int64": "number", "Float64": "number", "Date": "date"}


def _kind_changed_error(previous: str, now: str, field: str = "its field") -> LoadError:
    return LoadError(
        f"the cursor was a {previous} and now is a {now}",
        why=f"the type of {field} changed at the source",
        cure="Load the service in full once: epnkit load SERVICE --full.",
    )


def choose_window(
    service: Service, previous: CursorPosition | None, source: Source, request: Request
) -> Window:
    """Choose what a run reads: everything at first, later from the cursor minus its lag.

    Parameters
    ----------
    service : Service
        The service.
    previous : CursorPosition, optional
        How far it got.
    source : Source
        Where the records come from; the type of an empty one is not checked.
    request : Request
        How the run differs from an ordinary one.

    Raises
    ------
    LoadError
        If the type of the cursor changed at the source.
    ConfigurationError
        If the lag does not fit the cursor.
    """
    _require_kind(previous, service, source)
    if request.kind != "load":
        return Window(low=request.low, high=request.high, nulls=request.kind == "full")
    cursor = service.cursor
    if cursor is None:
        return ALL
    if previous is None:
        return Window(low=cursor.initial_value)
    return Window(low=_cap_position(previous).minus(cursor.lag), nulls=cursor.nulls != "first")


def find_highest(*values: Any) -> Any:
    """Return the highest of some values of a cursor; None if there is none."""
    return max((value for value in values if value is not None), default=None)


def advance(
    target: Target, service: Service, previous: CursorPosition | None, highest: Any, run: int
) -> None:
    """Save the highest value seen; the cursor never goes back, nor beyond the present.

    After a record with a time in the future, every later record would seem to be old.

    Parameters
    ----------
    target : Target
        The table, in whose transaction it is written.
    service : Service
        The service; without a cursor nothing is written.
    previous : CursorPosition, optional
        The cursor before the run.
    highest : optional
        The highest value that the run saw; None if it saw none.
    run : int
        The run's number in the ledger; 0 for an import that is not in it.

    Raises
    ------
    LoadError
        If the field's type changed at the source.
    """
    if service.cursor is None or highest is None:
        return
    reached = CursorPosition.of(_cap_value(highest, _utc_now()))
    if previous is not None and _is_less(reached, _cap_position(previous)):
        reached = _cap_position(previous)
    target.execute(
        "INSERT INTO epnkit.cursors VALUES (%s, %s, %s, %s, %s) ON CONFLICT (service) DO UPDATE SET"
        " definition = excluded.definition, kind = excluded.kind, value = excluded.value,"
        " run = excluded.run",
        (service.name, _hash_definition(service.cursor), reached.kind, reached.value, run),
    )


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _cap_position(previous: CursorPosition) -> CursorPosition:
    """Limit a position to the present, if a wrong clock set it into the future."""
    if previous.kind == "number":
        return previous
    capped = _cap_value(previous.minus(0), _utc_now())
    if previous.kind == "date":
        capped = capped.date()
    return replace(previous, value=capped if isinstance(capped, str) else capped.isoformat())


def _cap_value(value: Any, now: datetime) -> Any:
    if isinstance(value, datetime):
        return min(to_naive_utc(value), now)
    if isinstance(value, date):
        return min(value, now.date())
    if isinstance(value, str) and is_object_id_text(value):
        return min(value, first_object_id(now))
    if isinstance(value, str) and _is_time(value):
        return min(value, _format_like(value, now))
    return value


#: What a time in ISO 8601 has after its day, hours, minutes and seconds: a fraction, a zone.
_BEYOND_SECONDS = re.compile(r"(?<=.{10})[.,+Zz-].*$")


def _format_like(text: str, time: datetime) -> str:
    """Write a time in the form of a text, so that the two compare as texts.

    It is cut to the text's last unit, or to seconds, and has no zone, so that it comes before all
    later texts of this form.
    """
    day = "%Y-%m-%d" if "-" in text[:5] else "%Y%m%d"
    given = _BEYOND_SECONDS.sub("", text)
    clock = "%H:%M:%S" if ":" in given else "%H%M%S"
    return time.strftime(f"{day}{'T' if 'T' in given else ' '}{clock}")[: len(given)]


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_less(one: CursorPosition, other: CursorPosition) -> bool:
    if one.kind != other.kind:
        raise _kind_changed_error(other.kind, one.kind)
    if one.kind == "number":
        return one._as_number() < other._as_number()
    return one.value < other.value
