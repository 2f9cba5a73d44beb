"""Answers of several tables as one: types of EPNcore, rows once, sorted."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
from astropy.table import MaskedColumn, Table, vstack

from epnkit.client.ask import TableAnswer
from epnkit.client.targets import EpnTable
from epnkit.epncore.columns import COLUMNS

#: The column that says where a row is from, and where that is.
SERVICE, ACCESS = "service", "tap_url"


def merge_answers(answers: Iterable[TableAnswer], order: str = "time_min") -> Table:
    """Merge answers into one table.

    Parameters
    ----------
    answers : iterable of Answer
        What tables answered.
    order : str
        The column that rows are sorted by, if there is one of that name.

    Returns
    -------
    astropy.table.Table
        The rows of all, each once by service and granule_uid, with the name of the table in
        ``service`` and its TAP service in ``tap_url``; what a table lacks is masked.
    """
    found = [answer for answer in answers if len(answer.rows)]
    names = _name_services([answer.target for answer in found])
    parts = [_prepare_rows(answer, names[answer.target]) for answer in found]
    if not parts:
        return Table(names=(SERVICE, ACCESS), dtype=(str, str))
    _unite_types(parts)
    merged = vstack(parts, metadata_conflicts="silent")
    merged.meta.clear()
    return _sort(_drop_repeated(merged), order)


def _name_services(targets: Iterable[EpnTable]) -> dict[EpnTable, str]:
    """Name tables by their schema, and by their host where two have the same."""
    names: dict[EpnTable, str] = {}
    schemas = {target: target.table.removesuffix(".epn_core") for target in targets}
    for target, schema in schemas.items():
        same = [other for other, name in schemas.items() if name == schema]
        names[target] = f"{schema}@{urlsplit(target.url).netloc}" if len(same) > 1 else schema
    return names


def _prepare_rows(answer: TableAnswer, name: str) -> Table:
    rows = Table(answer.rows, masked=True, copy=False)
    for column in rows.colnames:
        rows[column] = _to_declared(rows[column], column)
    rows.add_column([name] * len(rows), index=0, name=SERVICE)
    rows.add_column([answer.target.url] * len(rows), index=1, name=ACCESS)
    return rows


def _to_declared(column: MaskedColumn, name: str) -> MaskedColumn:
    """Give a column the type that EPNcore declares, if its values allow it."""
    declared = COLUMNS.get(name)
    if column.dtype.kind == "O":
        column = _to_text(column)
    if declared is None or declared.epn_type in ("text", "timestamp") or column.dtype.kind in "US":
        return column
    wanted = np.int64 if declared.epn_type == "integer" else np.float64
    return column if column.dtype == wanted else column.astype(wanted)


def _to_text(column: MaskedColumn) -> MaskedColumn:
    # By its plain array: a masked one makes another of each value, which takes ten times as long.
    mask = _mask_of(column).reshape(len(column), -1).all(axis=1)
    values = [
        "" if masked or value is np.ma.masked else _write_value(value)
        for value, masked in zip(column.data.data, mask, strict=True)
    ]
    made = MaskedColumn(values, name=column.name, dtype=str, mask=mask)
    made.mask |= made.data.data == ""
    made.unit, made.description, made.meta = column.unit, column.description, column.meta
    return made


def _mask_of(column: MaskedColumn) -> npt.NDArray[np.bool_]:
    mask: npt.NDArray[np.bool_] = np.ma.getmaskarray(column)  # type: ignore[no-untyped-call]
    return mask


def _write_value(value: object) -> str:
    if isinstance(value, np.ndarray):
        return " ".join(str(each) for each in value.ravel())
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _unite_types(parts: list[Table]) -> None:
    """Make columns texts that are texts in one table and numbers in another."""
    for name in {name for part in parts for name in part.colnames}:
        columns = [part[name] for part in parts if name in part.colnames]
        kinds = {"text" if column.dtype.kind in "US" else "number" for column in columns}
        shapes = {column.shape[1:] for column in columns}
        if len(kinds) > 1 or len(shapes) > 1:
            for part in (part for part in parts if name in part.colnames):
                part[name] = _to_text(part[name].astype(object))


def _drop_repeated(rows: Table) -> Table:
    if "granule_uid" not in rows.colnames:
        return rows
    # A row without an identifier repeats none.
    uids = [uid or (number,) for number, uid in enumerate(rows["granule_uid"].tolist())]
    keys = list(zip(rows[SERVICE].tolist(), uids, strict=True))
    first = {key: number for number, key in reversed(list(enumerate(keys)))}
    return rows if len(first) == len(rows) else rows[sorted(first.values())]


def _sort(rows: Table, order: str) -> Table:
    if order not in rows.colnames:
        return rows
    column = rows[order]
    masked = _mask_of(column)
    filled = np.asarray(column.filled("" if column.dtype.kind in "US" else 0))
    return rows[np.lexsort((filled, masked))]
