"""How far a service got: the cursor's value, kept with the data, and the next window to read."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from epnkit.errors import ConfigurationError, LoadError
from epnkit.loading.table.target import Target
from epnkit.service import Cursor, Service
from epnkit.sources.base import ALL, CursorValue, Source, Window


@dataclass(frozen=True)
class Position:
    """A value of the cursor, with the kind it has in the source.

    Parameters
    ----------
    kind : str
        ``number``, ``time``, ``date`` (a date without a time) or ``text`` (ISO, as text).
    value : str
        The value as text.
    """

    kind: str
    value: str

    @classmethod
    def of(cls, value: CursorValue | date) -> Position:
        """Write a value down."""
        if isinstance(value, datetime):
            return cls("time", value.isoformat())
        if isinstance(value, date):
            return cls("date", value.isoformat())
        return cls("text" if isinstance(value, str) else "number", str(value))

    def back(self, lag: timedelta | float) -> CursorValue:
        """Give the value a lag further back, in the source's own terms.

        Raises
        ------
        ConfigurationError
            Where the lag does not fit the kind of value.
        """
        if self.kind == "number":
            if isinstance(lag, timedelta):
                raise self._unfit(lag)
            return self._number() - lag
        if not lag:
            return self._plain()
        if not isinstance(lag, timedelta):
            raise self._unfit(lag)
        earlier = datetime.fromisoformat(self.value) - lag
        if self.kind == "text":
            return _in_form_of(self.value, earlier)
        return earlier

    def _number(self) -> int | float:
        return float(self.value) if set(self.value) & set(".en") else int(self.value)

    def _plain(self) -> CursorValue:
        return self.value if self.kind == "text" else datetime.fromisoformat(self.value)

    def _unfit(self, lag: object) -> ConfigurationError:
        return ConfigurationError(
            f"a lag of {lag!r} cannot be taken from the cursor {self.value!r}",
            cure="Give a timedelta for times, a number for numbers.",
        )


def definition(cursor: Cursor) -> str:
    """Hash what the cursor's value means, so that it is not mistaken for another's."""
    return hashlib.sha256(json.dumps([cursor.field]).encode()).hexdigest()[:16]


def position(target: Target, service: Service) -> Position | None:
    """Read how far the service got; None where nothing is known, or the cursor is another now."""
    if service.cursor is None:
        return None
    rows = target.query(
        "SELECT kind, value FROM epnkit.cursors WHERE service = %s AND definition = %s",
        (service.name, definition(service.cursor)),
    )
    return Position(*rows[0]) if rows else None


def require_kind(before: Position | None, service: Service, source: Source) -> None:
    """See that the source's cursor is what it was: values of two kinds compare as none or all.

    Parameters
    ----------
    before : Position, optional
        How far the service got.
    service : Service
        Whose cursor it is.
    source : Source
        What gives its values; of an empty one nothing is known.

    Raises
    ------
    LoadError
        Where the field's type changed at the source.
    """
    if before is None or service.cursor is None:
        return
    declared = source.schema().get(service.cursor.field, "")
    kind = "time" if declared.startswith("Datetime") else _KINDS.get(declared, before.kind)
    if kind != before.kind and source.count() > 0:
        raise _another_kind(before.kind, kind, service.cursor.field)


#: The kind of a cursor's values, by the type that a source names.
_KINDS = {"String": "text", "Int64": "number", "Float64": "number", "Date": "date"}


def _another_kind(before: str, now: str, field: str = "its field") -> LoadError:
    return LoadError(
        f"the cursor was a {before} and now is a {now}",
        why=f"the type of {field} changed at the source",
        cure="Load the service in full once: epnkit load SERVICE --full.",
    )


def next_window(service: Service, before: Position | None) -> Window:
    """Choose what the next run reads: everything at first, then from the cursor less its lag."""
    cursor = service.cursor
    if cursor is None:
        return ALL
    if before is None:
        return Window(low=cursor.initial_value)
    return Window(low=_present(before).back(cursor.lag), nulls=cursor.nulls != "first")


def advance(
    target: Target, service: Service, before: Position | None, highest: Any, run: int
) -> None:
    """Write down the highest value seen; it never goes back, and never beyond the present.

    A record that claims to be of the future would make every later one look old.

    Parameters
    ----------
    target : Target
        In whose transaction it is written.
    service : Service
        Whose cursor it is; without one nothing is written.
    before : Position, optional
        How far it was before the run.
    highest : optional
        The highest value that the run saw; None where it saw none.
    run : int
        The run's number in the ledger; 0 for one that is not in it.

    Raises
    ------
    LoadError
        Where the field's type changed at the source.
    """
    if service.cursor is None or highest is None:
        return
    reached = Position.of(_not_after(highest, _now()))
    if before is not None and _less(reached, _present(before)):
        reached = _present(before)
    target.execute(
        "INSERT INTO epnkit.cursors VALUES (%s, %s, %s, %s, %s) ON CONFLICT (service) DO UPDATE SET"
        " definition = excluded.definition, kind = excluded.kind, value = excluded.value,"
        " run = excluded.run",
        (service.name, definition(service.cursor), reached.kind, reached.value, run),
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _present(before: Position) -> Position:
    """Bring a position back to the present, where a clock that was ahead left it beyond."""
    if before.kind == "number":
        return before
    kept = _not_after(before.back(0), _now())
    if before.kind == "date":
        kept = kept.date()
    return replace(before, value=kept if isinstance(kept, str) else kept.isoformat())


def _not_after(value: Any, now: datetime) -> Any:
    if isinstance(value, datetime):
        return min(value.replace(tzinfo=None), now)
    if isinstance(value, date):
        return min(value, now.date())
    if isinstance(value, str) and _is_time(value):
        return min(value, _in_form_of(value, now))
    return value


def _in_form_of(text: str, moment: datetime) -> str:
    """Write a time as another one is written: texts are compared by their letters."""
    if len(text) == len("2026-03-21"):
        return moment.date().isoformat()
    return moment.isoformat("T" if "T" in text else " ", timespec="seconds")


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _less(one: Position, other: Position) -> bool:
    if one.kind != other.kind:
        raise _another_kind(other.kind, one.kind)
    if one.kind == "number":
        return float(one.value) < float(other.value)
    return one.value < other.value
