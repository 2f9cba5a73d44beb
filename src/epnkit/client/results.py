"""Answers of several tables as one: types of EPNcore, rows once, sorted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
from astropy.table import Column, MaskedColumn, Table

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
    names_of_all = dict.fromkeys(name for part in parts for name in part)
    columns = {name: _join(parts, name) for name in names_of_all}
    chosen = _choose_rows(columns, order)
    return Table([column[chosen] for column in columns.values()], copy=False)


def _name_services(targets: Iterable[EpnTable]) -> dict[EpnTable, str]:
    """Name tables by their schema, and by their host where two have the same."""
    names: dict[EpnTable, str] = {}
    schemas = {target: target.table.removesuffix(".epn_core") for target in targets}
    for target, schema in schemas.items():
        same = [other for other, name in schemas.items() if name == schema]
        names[target] = f"{schema}@{urlsplit(target.url).netloc}" if len(same) > 1 else schema
    return names


def _prepare_rows(answer: TableAnswer, name: str) -> dict[str, MaskedColumn]:
    count = len(answer.rows)
    given = {SERVICE: np.full(count, name), ACCESS: np.full(count, answer.target.url)}
    made = {key: MaskedColumn(values, name=key) for key, values in given.items()}
    return made | {key: _to_declared(answer.rows[key], key) for key in answer.rows.colnames}


def _to_declared(column: Column, name: str) -> MaskedColumn:
    """Give a column the type that EPNcore declares, if its values allow it."""
    declared = COLUMNS.get(name)
    if not isinstance(column, MaskedColumn):
        column = MaskedColumn(column, copy=False)
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
        "" if masked else value if isinstance(value, str) else _write_value(value)
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
    if value is np.ma.masked:
        return ""
    if isinstance(value, np.ndarray):
        return " ".join(str(each) for each in value.ravel())
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _unite_types(parts: list[dict[str, MaskedColumn]]) -> None:
    """Make columns texts that are texts in one table and numbers in another."""
    for name in {name for part in parts for name in part}:
        columns = [part[name] for part in parts if name in part]
        kinds = {"text" if column.dtype.kind in "US" else "number" for column in columns}
        shapes = {column.shape[1:] for column in columns}
        if len(kinds) > 1 or len(shapes) > 1:
            for part in (part for part in parts if name in part):
                part[name] = _to_text(part[name].astype(object))


def _join(parts: list[dict[str, MaskedColumn]], name: str) -> MaskedColumn:
    """Put a column's values below each other; those of parts that lack it are masked."""
    own = [part[name] for part in parts if name in part]
    shape = (sum(len(part[SERVICE]) for part in parts), *own[0].shape[1:])
    values = np.zeros(shape, np.result_type(*(column.dtype for column in own)))
    mask = np.ones(shape, bool)
    end = 0
    for part in parts:
        start, end = end, end + len(part[SERVICE])
        if name in part:
            values[start:end] = part[name].data.data
            mask[start:end] = _mask_of(part[name])
    unit = next((column.unit for column in own if column.unit is not None), None)
    described = next((column.description for column in own if column.description), None)
    # Limits that one service declares do not hold for all.
    meta = {key: value for key, value in own[0].meta.items() if key != "values"}
    return MaskedColumn(
        values, name, mask=mask, unit=unit, description=described, meta=meta, copy=False
    )


def _choose_rows(columns: Mapping[str, MaskedColumn], order: str) -> npt.NDArray[np.intp]:
    """Find the rows to give, in their order: each once."""
    first = _find_first(columns)
    if order not in columns:
        return first
    column = columns[order][first]
    filled = np.asarray(column.filled("" if column.dtype.kind in "US" else 0))
    ordered: npt.NDArray[np.intp] = first[np.lexsort((filled, _mask_of(column)))]
    return ordered


def _find_first(columns: Mapping[str, MaskedColumn]) -> npt.NDArray[np.intp]:
    """Find the rows that repeat none before them."""
    count = len(columns[SERVICE])
    if "granule_uid" not in columns:
        return np.arange(count)
    # A row without an identifier repeats none.
    uids = [uid or (number,) for number, uid in enumerate(columns["granule_uid"].tolist())]
    keys = zip(columns[SERVICE].tolist(), uids, strict=True)
    first = {key: number for number, key in reversed([*enumerate(keys)])}
    return np.sort(np.fromiter(first.values(), np.intp, len(first)))
