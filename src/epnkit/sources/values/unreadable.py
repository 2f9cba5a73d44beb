"""Values that could not be read: named in their record, and in nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from epnkit.sources.base import UNREADABLE

#: What is wrong with records, by their number in the batch.
Problems = dict[int, list[str]]

#: What stands between the problems of a record, which have no semicolon.
SEPARATOR = "; "

#: How much of a value is named, in characters.
_SHOWN = 80

#: What a value may raise that is brought to a type, or put into a column.
CONVERSION_ERRORS = (
    TypeError,
    ValueError,
    ArithmeticError,
    RecursionError,
    pl.exceptions.PolarsError,
)


def describe_problem(name: str, value: object, why: str) -> str:
    """Write what is wrong with the value of a field, as :data:`UNREADABLE` holds it.

    Parameters
    ----------
    name : str
        The field.
    value : object
        Its value, of which the first characters are named.
    why : str
        What is wrong, to follow the value: ``is no date``.
    """
    shown = str(value)[:_SHOWN] if isinstance(value, str) else repr(value)[:_SHOWN]
    # A semicolon ends what is said of a field, and not every text can be held by a table.
    shown = "".join(c if c.isprintable() and c != ";" else "," if c == ";" else "?" for c in shown)
    return f"{name}: {shown} {why}"


def split_problems(text: str) -> list[tuple[str, str]]:
    """Split a text of :data:`~epnkit.sources.base.UNREADABLE` into fields and what is wrong.

    Parameters
    ----------
    text : str
        What :func:`describe_problem` wrote of each field, joined by :data:`SEPARATOR`.

    Returns
    -------
    list of (str, str)
        Each field, with the problem; a field may have several.

    Examples
    --------
    >>> split_problems("start: 0000-00-00 is no date; size: ? is not of type Int64")
    [('start', '0000-00-00 is no date'), ('size', '? is not of type Int64')]
    """
    parts = (each.partition(": ") for each in text.split(SEPARATOR))
    return [(field, why) for field, _, why in parts if field]


def add_problems(frame: pl.DataFrame, problems: Mapping[int, Sequence[str]]) -> pl.DataFrame:
    """Add the column :data:`~epnkit.sources.base.UNREADABLE` to a batch, if there are problems."""
    if not problems:
        return frame
    texts = [
        SEPARATOR.join(problems[row]) if row in problems else None for row in range(frame.height)
    ]
    return frame.with_columns(pl.Series(UNREADABLE, texts, dtype=pl.String))


def record_failures(
    problems: Problems, before: pl.Series, after: pl.Series, why: str = "cannot be read"
) -> None:
    """Note the values of a column that became null when it was brought to another type."""
    lost = before.is_not_null() & after.is_null()
    if lost.any():
        for row in lost.arg_true():
            problems.setdefault(row, []).append(describe_problem(after.name, before[row], why))


def null_misfits(
    name: str,
    values: Sequence[object],
    build: Callable[[object], object],
    problems: Problems,
    why: str,
) -> list[object]:
    """Replace the values of which a column cannot be built by None, and note them.

    Parameters
    ----------
    name : str
        The field.
    values : sequence
        Its values.
    build : callable
        Raises one of :data:`CONVERSION_ERRORS` for a value that does not fit.
    problems : dict
        Where they are noted.
    why : str
        What is wrong with them.
    """
    kept: list[object] = []
    for row, value in enumerate(values):
        try:
            build(value)
        except CONVERSION_ERRORS:
            problems.setdefault(row, []).append(describe_problem(name, value, why))
            kept.append(None)
        else:
            kept.append(value)
    return kept


def drop_if_empty(frame: pl.DataFrame) -> pl.DataFrame:
    """Leave out the column of what is unreadable if nothing is."""
    if UNREADABLE in frame.columns and frame[UNREADABLE].null_count() == frame.height:
        return frame.drop(UNREADABLE)
    return frame
